import type { Parameters } from "../routes/service";

const BASE = "/v1/docker-flow-swarm-listener";

function urlOf(address: string, path: string): string {
  return `http://${address.includes(":") ? address : `${address}:8080`}${BASE}/${path}`;
}

async function get(url: string, timeoutMs: number): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new Error(`${url} answered ${response.status}`);
}

/**
 * Asks swarm-listeners for all services that want a route.
 * @throws Error when one does not answer or answers something else
 */
export async function fetchServices(
  addresses: readonly string[],
  timeoutMs = 10_000,
): Promise<Parameters[]> {
  const lists = await Promise.all(
    addresses.map(async (address) => {
      const url = urlOf(address, "get-services");
      const body: unknown = await (await get(url, timeoutMs)).json();
      // Go writes an empty list as null.
      if (body === null) return [];
      if (!Array.isArray(body)) throw new Error(`${url} did not answer with a list`);
      return body.map((item: unknown) => toParameters(item, url));
    }),
  );
  return lists.flat();
}

/** Asks swarm-listeners to send a reconfigure request for every service. @throws Error when one does not answer */
export async function requestNotifications(
  addresses: readonly string[],
  timeoutMs = 10_000,
): Promise<void> {
  await Promise.all(
    addresses.map(async (address) => {
      await (await get(urlOf(address, "notify-services"), timeoutMs)).body?.cancel();
    }),
  );
}

function toParameters(item: unknown, url: string): Parameters {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    throw new Error(`${url} listed something that is not a service`);
  }
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(item)) {
    if (["string", "number", "boolean"].includes(typeof value)) parameters[name] = String(value);
  }
  return parameters;
}

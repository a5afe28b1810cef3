import { setTimeout as sleep } from "node:timers/promises";

import { findPeers, type PeerOptions } from "../control/peers";
import { type Log, messageOf } from "../log";
import { Refusal } from "../routes/refusal";
import type { Certificates } from "./certificates";

/*
 * A key never leaves by an answer: whoever lacks certificates asks to be sent them, and whoever is asked sends them
 * only to an address that DNS knows as a proxy's.
 */

/** What resending needs of the certificates. */
type Held = Pick<Certificates, "requested">;

const BASE = "/v1/docker-flow-proxy";
const COMPANION_PORT = 8080;
const TIMEOUT_MS = 5_000;

/**
 * Sends all certificates that were put here to another proxy, which keeps those that are newer than its own.
 * @returns how many
 * @throws Refusal (403) when `tasks.SERVICE_NAME` does not have the address, Refusal (500) when it does not take them
 */
export async function sendAll(
  address: string,
  certificates: Held,
  peerOptions: PeerOptions | undefined,
): Promise<number> {
  if (peerOptions === undefined)
    throw new Refusal(403, "MODE is not swarm: no other proxy is known");
  const peers = await findPeers(peerOptions).catch((): string[] => []);
  if (!peers.includes(address)) {
    throw new Refusal(403, `${address} is not an address of tasks.${peerOptions.serviceName}`);
  }
  const all = certificates.requested();
  const results = await Promise.allSettled(
    all.map(async ({ name, certificate }) => {
      const query = new URLSearchParams({ certName: name, ifNewer: "true" }).toString();
      const url = `http://${address}:${peerOptions.port}${BASE}/cert?${query}`;
      const response = await fetch(url, {
        method: "PUT",
        body: certificate.pem,
        signal: AbortSignal.timeout(3 * TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${name} (${response.status})`);
    }),
  );
  const failed = results.flatMap((result) =>
    result.status === "rejected" ? [messageOf(result.reason)] : [],
  );
  if (failed.length > 0) {
    throw new Refusal(500, `${address} did not take these certificates: ${failed.join(", ")}`);
  }
  return all.length;
}

/** Whom a proxy that starts asks for certificates. */
export interface AskForCertificatesOptions {
  readonly certificates: Held;
  /** How the other proxies are found; absent where there are none to know. */
  readonly peers: PeerOptions | undefined;
  /** Host, or host:port, of the companion; absent where there is none. */
  readonly companionAddress: string | undefined;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Milliseconds after which whoever has not answered is given up. */
  readonly patienceMs?: number;
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 2_000;

/**
 * Asks the other proxies again and again for what they have and this one has not, so that a request that one of them
 * missed is made up for. Resolves when `signal` ends it.
 */
export async function keepCertificatesEqual(
  options: AskForCertificatesOptions,
  intervalMs = 30_000,
): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await askForCertificates({ ...options, companionAddress: undefined, patienceMs: 0 });
  }
}

/**
 * Asks each other proxy and the companion once, again and again until it has answered: DNS knows a task only when its
 * health check has passed, and until then it is refused. Resolves when all have answered, at the latest after a minute.
 */
export async function askForCertificates(options: AskForCertificatesOptions): Promise<void> {
  const { certificates, peers, companionAddress, signal, log, patienceMs = 60_000 } = options;
  const deadline = performance.now() + patienceMs;
  const until = async (whom: string, ask: () => Promise<void>): Promise<void> => {
    for (let wait = FIRST_RETRY_MS; !signal.aborted; wait = Math.min(wait * 2, LAST_RETRY_MS)) {
      try {
        return await ask();
      } catch (error) {
        if (performance.now() + wait > deadline) {
          log.warn("certificates were asked for in vain", { whom, error: messageOf(error) });
          return;
        }
      }
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  };
  const asked: Promise<void>[] = [];
  if (companionAddress !== undefined) {
    const host = companionAddress.includes(":")
      ? companionAddress
      : `${companionAddress}:${COMPANION_PORT}`;
    const url = `http://${host}/v1/letsencrypt-companion/resend`;
    asked.push(until(companionAddress, () => get(url, signal).then(() => undefined)));
  }
  // Without a name in DNS there is no other proxy yet; those that come later ask this one.
  const addresses = peers === undefined ? [] : await findPeers(peers).catch((): string[] => []);
  for (const address of addresses) {
    const base = `http://${address}:${peers?.port}${BASE}`;
    asked.push(
      until(address, async () => {
        const listed = await get(`${base}/certs`, signal);
        if (lacks(certificates, listed)) await get(`${base}/certs/resend`, signal);
      }),
    );
  }
  await Promise.all(asked);
}

async function get(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS * 4)]),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${response.status}`);
  }
  return response.json();
}

/** Whether a peer's list has a certificate that was put there, is still valid, and is not the one of that name here. */
function lacks(certificates: Held, listed: unknown): boolean {
  const own = new Map(
    certificates.requested().map(({ name, certificate }) => [name, certificate.fingerprint]),
  );
  const { Certs: list } = (listed ?? {}) as { Certs?: unknown };
  if (!Array.isArray(list)) return true;
  return list.some((item: unknown) => {
    const { name, source, fingerprint, notAfter } = (item ?? {}) as Record<string, unknown>;
    const isNews = fingerprint !== null && own.get(String(name)) !== fingerprint;
    // What has expired is not sent, however often it is asked for.
    return source === "request" && isNews && !(Date.parse(String(notAfter)) <= Date.now());
  });
}

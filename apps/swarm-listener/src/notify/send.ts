import { Agent, request } from "node:http";
import type { Parameters } from "../swarm/parameters";
import type { Call } from "./endpoints";

/**
 * Few connections at a time, so that many services at once do not flood a receiver; none kept,
 * so that every attempt asks DNS anew and reaches a receiver that is alive.
 */
const agent = new Agent({ keepAlive: false, maxSockets: 8 });

/** How long to wait for a connection: a machine that is gone does not refuse, it is just silent. */
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Sends one notification, once.
 * @returns the status of the answer; its body may repeat secret parameters and is not looked at
 * @throws if there is no answer, or none within the time after the connection began
 */
export function send(
  { url, method }: Call,
  parameters: Parameters,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let limitMs = Math.min(CONNECT_TIMEOUT_MS, timeoutMs);
    const options = { method, agent, signal, timeout: limitMs };
    const outgoing = request(withParameters(url, parameters), options, (response) => {
      response.on("error", reject);
      response.on("end", () => resolve(response.statusCode ?? 0));
      response.resume();
    });
    outgoing.once("socket", (socket) =>
      socket.once("connect", () => socket.setTimeout((limitMs = timeoutMs))),
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${limitMs} ms`)));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** Adds the parameters, in the order of their names, to those that the URL has. */
export function withParameters(url: URL, parameters: Parameters): URL {
  const result = new URL(url);
  for (const name of Object.keys(parameters).sort()) {
    result.searchParams.append(name, parameters[name] ?? "");
  }
  return result;
}

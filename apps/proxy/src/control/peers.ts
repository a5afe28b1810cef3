import { lookup } from "node:dns/promises";

import { isWithin } from "./addresses";
import { messageOf } from "../log";
import { statusOf, Unreachable } from "./request";

/** How the other proxies are found and asked. */
export interface PeerOptions {
  readonly serviceName: string;
  readonly port: number;
  /** The peers' control APIs listen in this network only. */
  readonly controlSubnet: string | undefined;
  readonly ownAddresses: () => readonly string[];
  /** All addresses of a name; rejects when it does not resolve. */
  readonly resolve?: (name: string) => Promise<string[]>;
  /** Milliseconds that a peer's answer may take. */
  readonly timeoutMs?: number;
  /** Milliseconds that each attempt at a connection to a peer may take: they are on one network, and a dead machine never answers. */
  readonly connectMs?: number;
}

/**
 * A packet that is lost is sent again by the kernel after a second (RFC 6298, 2.1): sooner than that, another connection tells
 * a peer that is there from one that is not. One that is taken for gone hears of a route half a minute later.
 */
const CONNECT_MS = 400;
const CONNECT_ATTEMPTS = 3;

async function resolveAll(name: string): Promise<string[]> {
  return (await lookup(name, { all: true, family: 4 })).map(({ address }) => address);
}

/**
 * The addresses of the other proxies. `tasks.NAME` knows a service's tasks, whatever its endpoint mode.
 * @throws Error when neither `tasks.NAME` nor NAME resolves, or not into the control network
 */
export async function findPeers(options: PeerOptions): Promise<string[]> {
  const { serviceName, controlSubnet, resolve = resolveAll } = options;
  const found = await resolve(`tasks.${serviceName}`)
    .catch(() => resolve(serviceName))
    .catch(() => {
      throw new Error(
        `no proxy is known under tasks.${serviceName}; is SERVICE_NAME the name of the proxy's service?`,
      );
    });
  const reachable = [...new Set(found)].filter(
    (address) => controlSubnet === undefined || isWithin(address, controlSubnet),
  );
  if (reachable.length === 0) {
    throw new Error(
      `${serviceName} resolves to ${found.join(", ")}, none of which is in CONTROL_SUBNET`,
    );
  }
  const own = new Set(options.ownAddresses());
  return reachable.filter((address) => !own.has(address));
}

/**
 * Resends a request to every other proxy, as one that is not to be resent.
 * @param path path and query of the request
 * @param body makes it a PUT
 * @returns those that no connection was had to, with the reason
 * @throws Error that names the proxies that were reached and did not take it
 */
export async function distribute(
  path: string,
  options: PeerOptions,
  body?: string,
): Promise<string[]> {
  const url = new URL(path, "http://peer");
  url.searchParams.set("distribute", "false");
  const peers = await findPeers(options);
  const unreached: string[] = [];
  const failures: string[] = [];
  await Promise.all(
    peers.map(async (peer) => {
      try {
        const status = await persist(() =>
          statusOf(`http://${peer}:${options.port}${url.pathname}${url.search}`, {
            body,
            connectMs: options.connectMs ?? CONNECT_MS,
            answerMs: options.timeoutMs ?? 5_000,
          }),
        );
        if (status < 200 || status > 299) failures.push(`${peer} (${status})`);
      } catch (error) {
        (error instanceof Unreachable ? unreached : failures).push(`${peer} (${messageOf(error)})`);
      }
    }),
  );
  if (failures.length > 0) throw notTaken([...failures, ...unreached]);
  return unreached;
}

/** Tries again where no connection was had, so that nothing was sent. */
async function persist(send: () => Promise<number>): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Unreachable) || attempt === CONNECT_ATTEMPTS) throw error;
    }
  }
}

/** The failure of a distribution. */
export function notTaken(peers: readonly string[]): Error {
  return new Error(`not taken by these proxies: ${peers.join(", ")}`);
}

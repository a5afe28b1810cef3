/** The proxies' logs: of requests, in which each is found by the id that its client gave it, and of their servers. */
import { attempt } from "../../e2e/support/run";
import { lines } from "../../e2e/support/engine";
import type { Exchange } from "../../e2e/support/load";
import { inside, machine, managers } from "./cluster";

/** A line, as far as tests look at it. */
export interface Entry {
  readonly time: string;
  readonly status: number;
  /** Attempts after the first one. */
  readonly retries: number;
  readonly server: string;
  readonly request_id: string;
  readonly client_request_id: string;
}

/** The lines of all proxies since a moment, those of proxies that have ended included. */
export async function accessLog(since: Date): Promise<Entry[]> {
  const logs = await Promise.all(managers.map((manager) => logOn(manager, since)));
  // HAProxy itself says here only when it stops.
  return logs.flatMap(({ requests }) => jsonLines<Entry>(requests));
}

/** When each manager's proxy took a server out, in milliseconds since the epoch: from then on it sends it nothing. */
export async function serversOut(
  since: Date,
): Promise<readonly { readonly manager: string; readonly at: number }[]> {
  const logs = await Promise.all(managers.map((manager) => logOn(manager, since)));
  return logs.flatMap(({ notices }, index) =>
    jsonLines<Notice>(notices)
      .filter(({ message }) => /^Server app1-\S+ is (going )?DOWN/.test(message))
      .map(({ time }) => ({ manager: managers[index] ?? "", at: Date.parse(time) })),
  );
}

/** A line of the proxy's own log. */
interface Notice {
  readonly time: string;
  readonly message: string;
}

const jsonLines = <Line>(text: string): Line[] =>
  lines(text)
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);

/** What an engine says of the log of a container that goes, or has gone, since it was listed. */
const REMOVED = /dead or marked for removal|No such container/;

/** What the proxies on a manager wrote since a moment. */
async function logOn(
  manager: string,
  since: Date,
): Promise<{ readonly requests: string; readonly notices: string }> {
  const filter = ["--filter", "label=com.docker.swarm.service.name=proxy"];
  const ids = lines(await inside(manager, "ps", "--all", "--quiet", ...filter));
  const logs = await Promise.all(
    ids.map(async (id) => {
      const command = ["docker", "logs", "--since", since.toISOString(), id];
      const found = await attempt("docker", ["exec", machine(manager), ...command]);
      if (found.status === 0) return found;
      // The engine is just removing it, as one of an earlier task.
      if (REMOVED.test(found.stderr)) return { stdout: "", stderr: "" };
      throw new Error(`${manager}: docker logs ${id}: ${found.stderr}`);
    }),
  );
  return {
    requests: logs.map(({ stdout }) => stdout).join(""),
    notices: logs.map(({ stderr }) => stderr).join(""),
  };
}

/** What the log says of requests that were answered well. */
export interface Comparison {
  /** Requests whose lines are not one with status 200 under the id that the answer carried: it was another's answer. */
  readonly mismatches: readonly string[];
  /** The share of requests that have a line: HAProxy drops one rather than wait for whoever reads its log. */
  readonly logged: number;
}

/** Compares answers with the log, by the id that each request was given. */
export function compare(exchanges: readonly Exchange[], log: readonly Entry[]): Comparison {
  const byId = new Map<string, Entry[]>();
  for (const entry of log) {
    const id = entry.client_request_id;
    byId.set(id, [...(byId.get(id) ?? []), entry]);
  }
  const answered = exchanges.filter(({ failure }) => failure === undefined);
  const logged = answered.filter(({ id }) => byId.has(id));
  const mismatches = logged.flatMap(({ id, proxyId }) => {
    const entries = byId.get(id) ?? [];
    const [entry] = entries;
    const matches = entries.length === 1 && entry?.status === 200 && entry.request_id === proxyId;
    return matches ? [] : [`${id}, answered as ${proxyId}: ${JSON.stringify(entries)}`];
  });
  return { mismatches, logged: logged.length / Math.max(1, answered.length) };
}

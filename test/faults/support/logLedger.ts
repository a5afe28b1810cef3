/** Which of the app's request logs are found in the log, and which were dropped and counted. */
import { eventually } from "../../e2e/support/eventually";
import type { Exchange } from "../../e2e/support/load";
import { LogIndex, of } from "../../e2e/support/logIndex";
import { lines } from "../../e2e/support/engine";
import { containersOf, inside, workers } from "./cluster";
import { stack } from "./workspace";

export const index = new LogIndex(stack);

/** What an app says of the lines that it sends (apps/nodeapp1/src/libs/logger). */
interface Stats {
  readonly waiting: number;
  readonly dropped: number;
  readonly resent: number;
}

/** A line of the app's; a request's has an id. */
interface AppLine {
  readonly requestId?: string;
  readonly task: string;
  /** `request` of the one line that each request has; others may tell of the same request. */
  readonly message: string;
}

export interface Account {
  /** Requests that were answered: the app wrote a line of each. */
  readonly accepted: number;
  /** Of these, those that have no line in the log. */
  readonly missing: readonly string[];
  /** Those that have more than one line by the same task. */
  readonly twice: readonly string[];
  /** The tasks that wrote the lines. */
  readonly tasks: readonly string[];
  /** How long after the load the last line was found, in milliseconds. */
  readonly foundAfterMs: number;
}

/**
 * Looks for the line of every request that was answered, by the id that the answer carried.
 * @param withinMs how long lines may be under way after the load
 */
export async function account(
  exchanges: readonly Exchange[],
  since: Date,
  withinMs: number,
): Promise<Account> {
  const ids = exchanges.flatMap(({ failure, proxyId }) =>
    failure === undefined && proxyId !== undefined ? [proxyId] : [],
  );
  const begun = performance.now();
  let counts = new Map<string, number>();
  let tasks = new Set<string>();
  let missing: string[] = ids;
  const look = async () => {
    const found = (await index.find(of("app1", since), [
      "requestId",
      "task",
      "message",
    ])) as readonly Partial<AppLine>[];
    counts = new Map();
    tasks = new Set();
    for (const { requestId, task, message } of found) {
      if (message !== "request" || requestId === undefined || task === undefined) continue;
      const key = `${requestId} ${task}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      tasks.add(task);
    }
    const there = new Set([...counts.keys()].map((key) => key.split(" ")[0]));
    missing = ids.filter((id) => !there.has(id));
    return missing.length === 0 ? true : undefined;
  };
  // What is still missing then is for the caller to judge.
  await eventually("all lines", { withinMs, everyMs: 2_000 }, look).catch(() => undefined);
  const foundAfterMs = performance.now() - begun;
  const twice = [...counts].filter(([, count]) => count > 1).map(([key]) => key);
  return { accepted: ids.length, missing, twice, tasks: [...tasks].sort(), foundAfterMs };
}

/** Not by Node: a second one would be too much for the memory of the app's container. */
const ASK =
  "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /app1/health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3";

/** What the tasks of app1 that run say of the lines that they send, added up. */
export async function sent(): Promise<Stats> {
  const containers = await containersOf("app1", workers);
  const all = await Promise.all(
    containers.map(async ({ machine, id }) => {
      const answer = await inside(machine, "exec", id, "bash", "-c", ASK);
      return (JSON.parse(lines(answer).at(-1) ?? "") as { logs: Stats }).logs;
    }),
  );
  const sum = (key: keyof Stats) => all.reduce((total, stats) => total + stats[key], 0);
  return { waiting: sum("waiting"), dropped: sum("dropped"), resent: sum("resent") };
}

/** Lines that tasks of app1, those that ended included, said in the end that they may not have delivered. */
export async function undelivered(): Promise<number> {
  const filter = ["--filter", "label=com.docker.swarm.service.name=app1"];
  const logs = await Promise.all(
    workers.map(async (worker) => {
      const ids = lines(await inside(worker, "ps", "--all", "--quiet", ...filter));
      return (await Promise.all(ids.map((id) => inside(worker, "logs", id)))).join("\n");
    }),
  );
  const said = logs.flatMap((log) =>
    lines(log).filter((line) => line.includes("log lines may not have reached logstash")),
  );
  return said.reduce((sum, line) => sum + (JSON.parse(line) as { lines: number }).lines, 0);
}

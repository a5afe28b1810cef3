/** A fault, several times, under the load that counts what fails. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { failuresWithCause } from "../../e2e/support/cause";
import { type LoadOptions, type LoadReport, openLoad } from "../../e2e/support/load";
import { note } from "../../e2e/support/note";
import { accessLog, compare, type Comparison, type Entry } from "./accessLog";
import { outputs, settled } from "./cluster";
import { index } from "./logLedger";
import { record } from "./results";
import { ephemeral } from "./workspace";

export interface Fault extends Partial<LoadOptions> {
  /** As the table of results names it. */
  readonly name: string;
  readonly times: number;
  /** Injects it, and waits until what it does is over. */
  readonly inject: (round: number) => Promise<void>;
}

export interface Outcome {
  readonly report: LoadReport;
  /** The proxies' access log of that time. */
  readonly log: readonly Entry[];
  /** The answers compared with that log. */
  readonly comparison: Comparison;
}

/** Runs a fault under load, app1's unless another is said, on a cluster that is whole before and after. */
export async function underLoad({ name, times, inject, ...load }: Fault): Promise<Outcome> {
  await settled();
  const { app1Url } = await outputs();
  const since = new Date();
  const begun = Date.now();
  const marks: string[] = [];
  const running = openLoad({ url: app1Url, contains: "Hello World!", ...load });
  try {
    for (let round = 1; round <= times; round++) {
      marks.push(`round ${round} from ${Date.now() - begun} ms`);
      await inject(round);
    }
    marks.push(`over at ${Date.now() - begun} ms`);
  } finally {
    await running.stop();
  }
  const report = await running.stop();
  record(name, times, report);
  const log = await accessLog(since);
  keep(name, marks, report, log);
  await settled();
  const [p50, p99, slowest] = [0.5, 0.99, 1].map((share) => Math.round(report.withinMs(share)));
  note(
    `${report.exchanges.length} requests, ${report.failures.length} failed, ${report.resent} sent again; ` +
      `p50 ${p50} ms, p99 ${p99} ms, slowest ${slowest} ms`,
  );
  return { report, log, comparison: compare(report.exchanges, log) };
}

/** For whoever looks for a cause: what failed, when, and what the proxies say of it. */
function keep(
  name: string,
  marks: readonly string[],
  { failures, exchanges }: LoadReport,
  log: readonly Entry[],
): void {
  const notable = exchanges.filter(
    ({ failure, resent, tookMs }) => failure || resent || tookMs > 500,
  );
  const ids = new Set(notable.map(({ id }) => id));
  const entries = log.filter((entry) => ids.has(entry.client_request_id) || entry.retries > 0);
  const file = join(ephemeral.artefacts, `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.json`);
  writeFileSync(file, JSON.stringify({ marks, failures, notable, entries }, null, 1));
}

/**
 * Every request was answered well, by an answer that is its own, and there were enough to tell: so many of the answers
 * are in the proxies' logs.
 */
export async function expectAllServed(
  { report, comparison }: Outcome,
  leastLogged = 0.95,
): Promise<void> {
  expect((await failuresWithCause(index, report)).slice(0, 20)).toEqual([]);
  expect(comparison.mismatches.slice(0, 10)).toEqual([]);
  expect(comparison.logged).toBeGreaterThan(leastLogged);
  expect(report.exchanges.length).toBeGreaterThan(500);
}

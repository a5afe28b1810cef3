/** What was measured: one JSON object a line in artefacts/faults/results.jsonl, and a table of them. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadReport } from "../../e2e/support/load";
import { ephemeral } from "./workspace";

interface Result {
  readonly fault: string;
  readonly times: number;
  readonly requests: number;
  readonly failed: number;
  readonly resent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
}

const file = join(ephemeral.artefacts, "results.jsonl");

export function record(fault: string, times: number, report: LoadReport): void {
  const result: Result = {
    ...{ fault, times, requests: report.exchanges.length, failed: report.failures.length },
    ...{ resent: report.resent, p50Ms: report.withinMs(0.5), p99Ms: report.withinMs(0.99) },
    slowestMs: report.withinMs(1),
  };
  appendFileSync(file, `${JSON.stringify(result)}\n`);
}

/** Writes and prints the results as a table in Markdown. */
export function printTable(): void {
  if (!existsSync(file)) return;
  const results = readFileSync(file, "utf8").trim().split("\n");
  const rows = results.map((line) => {
    const { fault, times, ...rest } = JSON.parse(line) as Result;
    const figures = [times, rest.requests, rest.failed, rest.resent];
    const latencies = [rest.p50Ms, rest.p99Ms, rest.slowestMs].map(Math.round);
    return `| ${[fault, ...figures, ...latencies].join(" | ")} |`;
  });
  const titles = [
    "fault",
    "times",
    "requests",
    "failed",
    "sent again",
    "p50",
    "p99",
    "slowest, ms",
  ];
  const table = [`| ${titles.join(" | ")} |`, `|${"---|".repeat(titles.length)}`, ...rows].join(
    "\n",
  );
  writeFileSync(join(ephemeral.artefacts, "table.md"), `${table}\n`);
  process.stderr.write(`\n${table}\n`);
}

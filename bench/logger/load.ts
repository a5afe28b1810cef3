/** Requests to several servers by turns, each when it is due, and what their processes used for them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "undici";
import { median } from "../table";

/** What was measured of one server in a round. Times in milliseconds, unless the name says something else. */
export interface RequestReport {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  /** What the process used of the processors, in user and kernel mode, for one request. */
  readonly cpuMicroseconds: number;
}

/** A server, and its process. */
export interface Target {
  readonly origin: string;
  readonly pid: number;
}

const CONNECTIONS = 16;
const SECONDS = Number(process.env["SECONDS"] ?? 20);
/** To each server: with three of them, half of what one processor does. */
const PER_SECOND = 100;
const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/**
 * Sends requests for so many seconds, to one server after another, so that whatever else the machine does meets all
 * alike; a request begins when it is due, whatever became of those before it.
 * @returns a report for each target, in their order
 * @throws when a request fails
 */
export async function load(targets: readonly Target[], path: string): Promise<RequestReport[]> {
  const runs = targets.map(({ origin, pid }) => ({
    pool: new Pool(origin, { connections: CONNECTIONS, pipelining: 1 }),
    cpuBefore: cpuSeconds(pid),
    pid,
    took: [] as number[],
  }));
  const request = async (number: number, due: number): Promise<void> => {
    const run = runs[number % runs.length];
    if (run === undefined) return;
    const { statusCode, body } = await run.pool.request({ method: "GET", path });
    await body.dump();
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`);
    run.took.push(performance.now() - due);
  };
  const begun = performance.now();
  const gap = 1_000 / (PER_SECOND * targets.length);
  const all: Promise<void>[] = [];
  for (let number = 0; number * gap < SECONDS * 1_000; number++) {
    const due = begun + number * gap;
    const wait = due - performance.now();
    if (wait > 0) await pause(wait);
    all.push(request(number, due));
  }
  await Promise.all(all);
  const reports = runs.map(({ pid, took, cpuBefore }) => {
    took.sort((a, b) => a - b);
    return {
      requests: took.length,
      p50: median(took),
      p99: took[Math.floor(took.length * 0.99)] ?? NaN,
      cpuMicroseconds: ((cpuSeconds(pid) - cpuBefore) / took.length) * 1e6,
    };
  });
  await Promise.all(runs.map(({ pool }) => pool.close()));
  return reports;
}

/** User and system time, fields 14 and 15 of proc(5); the name before them may hold spaces. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

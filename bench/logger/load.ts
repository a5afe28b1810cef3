/** A closed loop of requests on kept connections, and what the server's process used for them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Pool } from "undici";
import { median } from "../table";

/** What was measured of one load. Times in milliseconds, unless the name says something else. */
export interface RequestReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** What the process used of the processors, in user and kernel mode, for one request. */
  readonly cpuMicroseconds: number;
}

const CONNECTIONS = 16;
const SECONDS = Number(process.env["SECONDS"] ?? 5);
const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/**
 * Sends requests for so many seconds, as fast as they are answered.
 * @param pid of the process that answers
 * @throws when one of them fails
 */
export async function load(origin: string, path: string, pid: number): Promise<RequestReport> {
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const took: number[] = [];
  const cpuBefore = cpuSeconds(pid);
  const begun = performance.now();
  const client = async (): Promise<void> => {
    for (let at = begun; at < begun + SECONDS * 1_000;) {
      const { statusCode, body } = await pool.request({ method: "GET", path });
      await body.dump();
      if (statusCode !== 200) throw new Error(`${origin}${path} answered ${statusCode}`);
      const now = performance.now();
      took.push(now - at);
      at = now;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const seconds = (performance.now() - begun) / 1_000;
  const cpu = cpuSeconds(pid) - cpuBefore;
  await pool.close();
  took.sort((a, b) => a - b);
  return {
    requests: took.length,
    requestsPerSecond: took.length / seconds,
    p50: median(took),
    p99: took[Math.floor(took.length * 0.99)] ?? NaN,
    cpuMicroseconds: (cpu / took.length) * 1e6,
  };
}

/** User and system time, fields 14 and 15 of proc(5); the name before them may hold spaces. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

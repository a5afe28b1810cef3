/** Load on a URL: wrk, in a container on the machines' network. */
import { join } from "node:path";
import { repository } from "../../test/e2e/support/clone";
import { docker, lines } from "../../test/e2e/support/engine";

/** What a load met: latencies in milliseconds. */
export interface LoadReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Where the load comes from: any engine, asked through its own client. */
export interface LoadSource {
  readonly docker: (...args: string[]) => Promise<string>;
  readonly network: string;
}

const IMAGE = "swarm-bench-load";
const CONNECTIONS = 32;
const SECONDS = 2;

/** Builds the image of the load generator; from the cache, when it is there. */
export async function buildLoadImage(): Promise<string> {
  await docker("build", "--quiet", "--tag", IMAGE, join(repository, "bench/frontend/load"));
  return IMAGE;
}

/** @throws when a request failed, as its time is none of an answer. */
export async function load(source: LoadSource, url: string): Promise<LoadReport> {
  const output = await source.docker(
    ...["run", "--rm", "--network", source.network, IMAGE],
    ...["--threads", "1", "--connections", String(CONNECTIONS), "--duration", `${SECONDS}s`, url],
  );
  const report = JSON.parse(lines(output).at(-1) ?? "") as LoadReport & { failed: number };
  if (report.failed > 0) throw new Error(`${report.failed} requests to ${url} failed`);
  return report;
}

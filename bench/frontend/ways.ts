/** The ways to a path: through edge and proxy, through what someone would write by hand, and none in between. */
import { docker } from "../../test/e2e/support/engine";
import { run } from "../../test/e2e/support/run";
import type { SwarmView } from "../../test/e2e/support/swarm";
import { buildLoadImage, load, type LoadReport } from "./load";
import { addressOf, startRival, stopRival, type Upstream } from "./rival";

/** What one way to a path reached, each time that it was tried. */
export interface Way {
  readonly path: string;
  readonly way: "edge and proxy" | "by hand" | "direct";
  readonly reports: readonly LoadReport[];
}

export interface WaysOptions {
  readonly stack: string;
  readonly swarm: SwarmView;
  /** The proxy's image, which the rival takes its HAProxy from. */
  readonly image: string;
  /** The port of the edge. */
  readonly edgePort: string;
  readonly upstreams: readonly Upstream[];
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** Loads every path by each way in turn, round by round, after one that warms up. */
export async function compareWays(options: WaysOptions): Promise<Way[]> {
  const { stack, swarm, upstreams, rounds, say } = options;
  const network = `swarm-${stack}`;
  try {
    const rivalUrl = await startRival(stack, swarm, options.image, upstreams);
    const own = `http://${await addressOf(`${network}-edge`, network)}:${options.edgePort}`;
    const loadImage = await buildLoadImage();
    const copy = `docker save ${loadImage} | docker exec -i ${swarm.container} docker load`;
    await run("sh", ["-c", copy]);
    const outside = { docker, network };
    const inside = { docker: (...args: string[]) => swarm.docker(...args), network: "main" };
    const plans = upstreams.flatMap(({ path, addresses: [first = ""], port }) => [
      { path, way: "edge and proxy", source: outside, url: `${own}${path}` } as const,
      { path, way: "by hand", source: outside, url: `${rivalUrl}${path}` } as const,
      { path, way: "direct", source: inside, url: `http://${first}:${port}${path}` } as const,
    ]);
    const ways = plans.map(({ path, way }) => ({ path, way, reports: [] as LoadReport[] }));
    for (let round = 0; round <= rounds; round++) {
      for (const [i, { path, way, source, url }] of plans.entries()) {
        const report = await load(source, url);
        if (round === 0) continue;
        ways[i]?.reports.push(report);
        const { requestsPerSecond, p99 } = report;
        say(`${path}, ${way}: ${requestsPerSecond.toFixed(0)} requests/s, p99 ${p99} ms`);
      }
    }
    return ways;
  } finally {
    await stopRival(stack);
  }
}

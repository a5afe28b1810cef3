/** The ways to a path: through edge and proxy, through what someone would write by hand, and none in between. */
import { docker } from "../../test/e2e/support/engine";
import { run } from "../../test/e2e/support/run";
import type { SwarmView } from "../../test/e2e/support/swarm";
import { bare, likeForLike, type Upstream } from "./byHand";
import { cpuOf } from "./cpu";
import { buildLoadImage, load, type LoadReport } from "./load";
import { addressOf, type Rival, startRival, stopRival } from "./rival";

/** A load by one way. */
export interface WayReport extends LoadReport {
  /** Processor time that the proxies, or what was in their place, took for a request, in microseconds. */
  readonly cpu: number;
}

/** What one way to a path reached, each time that it was tried. */
export interface Way {
  readonly path: string;
  readonly way: "edge and proxy" | "by hand, like for like" | "by hand, bare" | "direct";
  readonly reports: readonly WayReport[];
}

export interface WaysOptions {
  readonly stack: string;
  readonly swarm: SwarmView;
  /** The managers' containers. */
  readonly machines: readonly string[];
  /** The proxy's image, which the rivals take their HAProxy from. */
  readonly image: string;
  /** The port of the edge. */
  readonly edgePort: string;
  readonly upstreams: readonly Upstream[];
  readonly rounds: number;
  readonly say: (line: string) => void;
}

/** Loads every path by each way in turn, round by round, every other one backwards, after one that warms up. */
export async function compareWays(options: WaysOptions): Promise<Way[]> {
  const { stack, swarm, machines, upstreams, rounds, say } = options;
  const network = `swarm-${stack}`;
  const path = upstreams[0]?.path ?? "/";
  const hand: Rival = { name: "by-hand", port: 8088, configuration: likeForLike(8088, upstreams) };
  const plain: Rival = { name: "by-hand-bare", port: 8089, configuration: bare(8089, upstreams) };
  try {
    const handUrl = await startRival(stack, swarm, options.image, hand, path);
    const plainUrl = await startRival(stack, swarm, options.image, plain, path);
    const own = `http://${await addressOf(`${network}-edge`, network)}:${options.edgePort}`;
    const loadImage = await buildLoadImage();
    const copy = `docker save ${loadImage} | docker exec -i ${swarm.container} docker load`;
    await run("sh", ["-c", copy]);
    const outside = { docker, network };
    const inside = { docker: (...args: string[]) => swarm.docker(...args), network: "main" };
    const through = (way: Way["way"], url: string, service: string) =>
      ({ way, url, service, source: outside }) as const;
    const plans = upstreams.flatMap(({ path, addresses: [first = ""], port }) =>
      [
        through("edge and proxy", own, "proxy"),
        through("by hand, like for like", handUrl, hand.name),
        through("by hand, bare", plainUrl, plain.name),
        {
          way: "direct",
          url: `http://${first}:${port}`,
          service: undefined,
          source: inside,
        } as const,
      ].map((plan) => ({ ...plan, path, reports: [] as WayReport[] })),
    );
    for (let round = 0; round <= rounds; round++) {
      for (const plan of round % 2 === 0 ? plans : [...plans].reverse()) {
        const { service } = plan;
        const cpu = async () => (service === undefined ? 0 : cpuOf(machines, service));
        const before = await cpu();
        const report = await load(plan.source, `${plan.url}${plan.path}`);
        const used = ((await cpu()) - before) / report.requests;
        if (round === 0) continue;
        plan.reports.push({ ...report, cpu: used });
        const figures = `${report.requestsPerSecond.toFixed(0)} requests/s, p99 ${report.p99} ms, ${used.toFixed(0)} µs`;
        say(`${plan.path}, ${plan.way}: ${figures}`);
      }
    }
    return plans.map(({ path, way, reports }) => ({ path, way, reports }));
  } finally {
    for (const rival of [hand, plain]) await stopRival(stack, rival);
  }
}

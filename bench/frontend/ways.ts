/** The ways to a path: through edge and proxy, through what someone would write by hand, and none in between. */
import { docker } from "../../test/e2e/support/engine";
import { run } from "../../test/e2e/support/run";
import type { SwarmView } from "../../test/e2e/support/swarm";
import { bare, likeForLike, type Upstream } from "./byHand";
import { cpuOf } from "./cpu";
import { buildLoadImage } from "./load";
import { addressOf, type Rival, startRival, stopRival } from "./rival";
import { loadInTurn, type Plan, type Way } from "./turns";

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

/** Loads every path by each way. */
export async function compareWays(options: WaysOptions): Promise<Way[]> {
  const { stack, swarm, machines, image, upstreams, rounds, say } = options;
  const network = `swarm-${stack}`;
  const served = upstreams[0]?.path ?? "/";
  const hand = rival("by-hand", 8088, likeForLike, upstreams);
  const plain = rival("by-hand-bare", 8089, bare, upstreams);
  try {
    const handUrl = await startRival(stack, swarm, image, hand, served);
    const plainUrl = await startRival(stack, swarm, image, plain, served);
    const own = `http://${await addressOf(`${network}-edge`, network)}:${options.edgePort}`;
    const loadImage = await buildLoadImage();
    const copy = `docker save ${loadImage} | docker exec -i ${swarm.container} docker load`;
    await run("sh", ["-c", copy]);
    const inside = { docker: (...args: string[]) => swarm.docker(...args), network: "main" };
    const through = (path: string, way: Way["way"], url: string, service: string): Plan => ({
      ...{ path, way, url, source: { docker, network } },
      cpu: () => cpuOf(machines, service),
    });
    const plans = upstreams.flatMap(({ path, addresses: [first = ""], port }): Plan[] => [
      through(path, "proxy", own, "proxy"),
      through(path, "by hand, like for like", handUrl, hand.name),
      through(path, "by hand, bare", plainUrl, plain.name),
      {
        ...{ path, way: "direct", url: `http://${first}:${port}`, source: inside },
        cpu: () => Promise.resolve(0),
      },
    ]);
    return await loadInTurn(plans, rounds, say);
  } finally {
    for (const one of [hand, plain]) await stopRival(stack, one);
  }
}

/** A rival behind an edge, which says whose requests it passes on. */
function rival(
  name: string,
  port: number,
  configuration: (bind: string, upstreams: readonly Upstream[]) => string,
  upstreams: readonly Upstream[],
): Rival {
  return { name, port, configuration: configuration(`:${port} accept-proxy`, upstreams) };
}

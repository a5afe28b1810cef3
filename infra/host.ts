/**
 * The host's engine before anything is changed: which machines of the stack stand, and what is in
 * its way. Commands have no Read, so this is how a machine that vanished is seen by `preview`.
 */
import { local } from "@pulumi/command";
import { overlaps } from "./addresses";
import type { StackConfig } from "./config";
import { refusal } from "./refusal";

/** The host's engine. Never taken from DOCKER_HOST: the machines must be where their ports are. */
export const hostEngine = "unix:///var/run/docker.sock";

/** What images are built for and tasks run on, such as `linux` and `amd64`. */
export interface HostPlatform {
  readonly os: string;
  readonly architecture: string;
}

export interface Host {
  readonly platform: HostPlatform;
  /**
   * A value that changes when the container of that name has to be made or started again: the
   * running container carries it as a label; where none runs, it is new.
   */
  generation(container: string): string;
  /** Image name to what it really is, for those that carry a stand-in label. */
  readonly standIns: Readonly<Record<string, string>>;
}

/** What `scripts/host/inspect.sh` reports. */
export interface HostFacts {
  readonly platform: HostPlatform;
  readonly containers: readonly { name: string; state: string; generation: string }[];
  readonly networks: readonly { name: string; stack: string; subnets: readonly string[] }[];
  readonly listening: ReadonlySet<number>;
  readonly standIns: Readonly<Record<string, string>>;
}

/**
 * Asks the engine and refuses what cannot work.
 * @throws pulumi.RunError when no engine answers, a port is taken, or the subnet collides.
 */
export async function inspectHost(config: StackConfig, images: readonly string[]): Promise<Host> {
  const facts = parseFacts(await report(config.stack, images));
  const obstacle = findObstacle(config, facts);
  if (obstacle) throw refusal(obstacle);
  const fresh = Date.now().toString(36);
  return {
    platform: facts.platform,
    generation: (name) =>
      facts.containers.find((c) => c.name === name && isUp(c.state))?.generation ?? fresh,
    standIns: facts.standIns,
  };
}

async function report(stack: string, images: readonly string[]): Promise<string> {
  try {
    const { stdout } = await local.run({
      command: "bash scripts/host/inspect.sh",
      environment: { STACK: stack, ENGINE: hostEngine, IMAGES: images.join("\n") },
      logging: "none",
    });
    return stdout;
  } catch (error) {
    // The plugin puts what the script said at the end of its own message.
    const lines = String(error instanceof Error ? error.message : error)
      .trimEnd()
      .split("\n");
    throw refusal(lines.at(-1) ?? "");
  }
}

/** A container that restarts comes back by its restart policy: nothing to do. */
const isUp = (state: string): boolean => state === "running" || state === "restarting";

export function parseFacts(text: string): HostFacts {
  const rows = text.split("\n").map((line) => line.split("\t"));
  const of = (kind: string) => rows.filter((row) => row[0] === kind);
  const [, os = "linux", architecture = "amd64"] = of("platform")[0] ?? [];
  return {
    platform: { os, architecture },
    containers: of("container").map(([, name = "", state = "", generation = ""]) => ({
      name,
      state,
      generation,
    })),
    networks: of("network").map(([, name = "", stack = "", subnets = ""]) => ({
      name,
      stack,
      subnets: subnets.split(" ").filter((s) => s.includes(".")),
    })),
    listening: new Set(of("listening").map(([, port]) => Number(port))),
    standIns: Object.fromEntries(
      of("image")
        .filter(([, , standIn]) => standIn)
        .map(([, name = "", standIn = ""]) => [name, standIn]),
    ),
  };
}

/** The first thing in the stack's way, as a sentence that names the key and the remedy. */
export function findObstacle(config: StackConfig, facts: HostFacts): string | undefined {
  const ownNetwork = facts.networks.find((n) => n.name === config.prefix);
  if (ownNetwork && !ownNetwork.subnets.includes(config.subnet)) {
    return (
      `subnet: the stack stands on ${ownNetwork.subnets.join(", ")} and cannot move to ${config.subnet} ` +
      `while it is up. Set subnet back, or destroy the stack first ("make down").`
    );
  }
  const collision = facts.networks.find(
    (n) => n.name !== config.prefix && n.subnets.some((s) => overlaps(s, config.subnet)),
  );
  if (collision) {
    return (
      `subnet: ${config.subnet} collides with the Docker network "${collision.name}" ` +
      `(${collision.subnets.join(", ")}). Choose another with "pulumi config set subnet 10.N.N.0/24".`
    );
  }
  // A port held by the stack's own containers is no clash; they hold theirs as long as they run.
  const publishers = { http: "edge", https: "edge", engine: "edge", registry: "registry" } as const;
  for (const [name, publisher] of Object.entries(publishers)) {
    const number = config.ports[name as keyof typeof publishers];
    const own = facts.containers.some(
      (c) => c.name === `${config.prefix}-${publisher}` && isUp(c.state),
    );
    if (!own && facts.listening.has(number)) {
      return (
        `${name}Port: something else listens on port ${number}. ` +
        `End it, or choose another with "pulumi config set ${name}Port N".`
      );
    }
  }
  return undefined;
}

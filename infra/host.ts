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
  readonly containers: readonly {
    name: string;
    state: string;
    generation: string;
    /** Ports of the host that it holds. */
    ports: readonly number[];
  }[];
  readonly networks: readonly { name: string; subnets: readonly string[] }[];
  /** Where the host sends packets other than by default. */
  readonly routes: readonly { device: string; subnet: string }[];
  readonly listening: ReadonlySet<number>;
  readonly standIns: Readonly<Record<string, string>>;
}

/**
 * Asks the engine and refuses what cannot work.
 * @throws pulumi.RunError when no engine answers, a port is taken, or the subnet collides.
 */
export async function inspectHost(config: StackConfig, images: readonly string[]): Promise<Host> {
  const facts = parseFacts(await report(config.stack, images));
  // Machines that are servers have no ports and no network here.
  const obstacle = config.hosts ? undefined : findObstacle(config, facts);
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
  const [, os, architecture] = of("platform")[0] ?? [];
  if (!os || !architecture) throw new Error("scripts/host/inspect.sh named no platform");
  return {
    platform: { os, architecture },
    containers: of("container").map(([, name = "", state = "", generation = "", ports = ""]) => ({
      name,
      state,
      generation,
      ports: publishedPorts(ports),
    })),
    networks: of("network").map(([, name = "", subnets = ""]) => ({
      name,
      subnets: subnets.split(" ").filter((s) => s.includes(".")),
    })),
    routes: of("route").map(([, device = "", destination = "", mask = ""]) => ({
      device,
      subnet: `${dotted(destination)}/${ones(mask)}`,
    })),
    listening: new Set(of("listening").map(([, port]) => Number(port))),
    standIns: Object.fromEntries(
      of("image")
        .filter(([, , standIn]) => standIn)
        .map(([, name = "", standIn = ""]) => [name, standIn]),
    ),
  };
}

/** The host's ports of `127.0.0.1:8080->80/tcp, 127.0.0.1:9000-9002->9000-9002/tcp`. */
const publishedPorts = (text: string): number[] =>
  [...text.matchAll(/:(\d+)(?:-(\d+))?->/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
  );

/** `0026CF0A` as the kernel writes it, lowest byte first, is 10.207.38.0. */
const dotted = (hex: string): string => [...Buffer.from(hex, "hex")].reverse().join(".");

/** The length of a network mask written so. */
const ones = (hex: string): number =>
  [...parseInt(hex, 16).toString(2)].filter((bit) => bit === "1").length;

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
  const route = ownNetwork
    ? undefined
    : facts.routes.find((r) => overlaps(r.subnet, config.subnet));
  if (route) {
    return (
      `subnet: this machine reaches ${route.subnet} through ${route.device}, so ${config.subnet} would hide ` +
      `part of it. Choose another with "pulumi config set subnet 10.N.N.0/24".`
    );
  }
  // What the stack's own containers hold is theirs as long as they run.
  const own = new Set(
    facts.containers.filter((c) => isUp(c.state)).flatMap((container) => container.ports),
  );
  const wanted: readonly (readonly [string, number])[] = [
    ...Object.entries<number>({ ...config.ports }).map(([name, n]) => [`${name}Port`, n] as const),
    ...config.proxyTcpPorts.map((n, i) => [`--path proxyTcpPorts[${i}]`, n] as const),
  ];
  for (const [name, port] of wanted) {
    if (facts.listening.has(port) && !own.has(port)) {
      return (
        `${name.replace("--path ", "")}: something else listens on port ${port}. ` +
        `End it, or choose another with "pulumi config set ${name} N".`
      );
    }
  }
  return undefined;
}

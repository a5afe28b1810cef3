import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Marks everything that the tests make on the engine. */
export const LABEL = "swarm.test=proxy";

/** Runs the docker command; answers its standard output. @throws Error with its standard error */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** The image under test. */
export const IMAGE = process.env["PROXY_IMAGE"] ?? "proxy-integration-test:latest";

const BACKEND = readFileSync(join(__dirname, "backend.js"), "utf8");

/** A backend in 10 MB, for tests that need many: says its host's name. */
const LIGHT_BACKEND = `defaults
  mode http
  timeout client 1m
  timeout server 1m
  timeout connect 1m
frontend f
  bind :8080
  http-request return status 200 content-type text/plain lf-string %[hostname]
`;

export interface Container {
  readonly name: string;
  /** Address on each network, by the network's name. */
  readonly addresses: Readonly<Record<string, string>>;
  /** On the first network. */
  readonly address: string;
}

interface Started {
  readonly alias?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: readonly string[];
  readonly options?: readonly string[];
}

/** A network and containers on it, with the engine's own DNS; gone with `remove`. */
export class Bench {
  readonly id = `proxy-it-${randomBytes(4).toString("hex")}`;
  private readonly containers: string[] = [];
  private readonly networks: string[] = [];

  /** The network that everything is on unless it says otherwise. */
  get network(): string {
    return this.networks[0] ?? "";
  }

  /** Makes a network; answers its name, subnet and the host's address on it. */
  async addNetwork(): Promise<{ name: string; subnet: string; gateway: string }> {
    const name = `${this.id}-${this.networks.length}`;
    await docker("network", "create", "--label", LABEL, name);
    this.networks.push(name);
    const config = await docker("network", "inspect", "-f", "{{json .IPAM.Config}}", name);
    const [first] = JSON.parse(config) as { Subnet: string; Gateway: string }[];
    return { name, subnet: first?.Subnet ?? "", gateway: first?.Gateway ?? "" };
  }

  proxy(started: Started = {}): Promise<Container> {
    return this.start("proxy", [], started);
  }

  /** A task of a service: DNS knows it as `tasks.SERVICE`. */
  task(service: string, started: Started = {}): Promise<Container> {
    return this.start(service, ["node", "-e", BACKEND], {
      ...started,
      alias: [`tasks.${service}`],
    });
  }

  lightTask(service: string): Promise<Container> {
    const command = `printf '%s' "$CONFIG" > /tmp/haproxy.cfg && exec haproxy -f /tmp/haproxy.cfg`;
    return this.start(service, ["sh", "-c", command], {
      alias: [`tasks.${service}`],
      environment: { CONFIG: LIGHT_BACKEND },
    });
  }

  async start(kind: string, command: readonly string[], started: Started): Promise<Container> {
    const { alias = [], environment = {}, networks = [this.network], options = [] } = started;
    const name = `${this.id}-${kind}-${this.containers.length}`;
    this.containers.push(name);
    const [first = "", ...others] = networks;
    await docker(
      "create",
      ...["--name", name, "--hostname", name, "--label", LABEL, "--network", first],
      ...["--memory", "128m", "--no-healthcheck"],
      ...alias.flatMap((value) => ["--network-alias", value]),
      ...Object.entries(environment).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
      ...options,
      IMAGE,
      ...command,
    );
    for (const network of others) {
      await docker("network", "connect", network, name);
    }
    await docker("start", name);
    return this.inspect(name, first);
  }

  private async inspect(name: string, network: string): Promise<Container> {
    const json = await docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", name);
    const networks = JSON.parse(json) as Record<string, { IPAddress: string }>;
    const addresses = Object.fromEntries(
      Object.entries(networks).map(([key, { IPAddress }]) => [key, IPAddress]),
    );
    return { name, addresses, address: addresses[network] ?? "" };
  }

  /** Removes all that was made here. */
  async remove(): Promise<void> {
    if (this.containers.length > 0) {
      await docker("rm", "-f", "-v", ...this.containers).catch(() => undefined);
    }
    for (const network of this.networks) await docker("network", "rm", network);
  }
}

/** Lines of a container's log: of a proxy, requests and what the proxy itself has to say. */
export async function logsOf(
  container: Container,
): Promise<{ requests: string[]; control: string[] }> {
  const { stdout, stderr } = await run("docker", ["logs", container.name], { maxBuffer: 1 << 28 });
  return { requests: stdout.split("\n"), control: stderr.split("\n") };
}

/** Calls `make` so many times, some at a time. */
export async function several<T>(count: number, make: () => Promise<T>, atOnce = 8): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const batch = Array.from({ length: Math.min(atOnce, count - made.length) }, make);
    made.push(...(await Promise.all(batch)));
  }
  return made;
}

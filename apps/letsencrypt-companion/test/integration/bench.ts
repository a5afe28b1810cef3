import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import type { Endpoint } from "../../../../test/acme/handshakes";
import { Pebble, type PebbleOptions } from "../../../../test/acme/pebble";
import type { CertificateStatus, Status } from "../../src/status";

const run = promisify(execFile);

/** Marks everything that the tests make on the engine. */
const LABEL = "swarm.test=companion";

/** Runs the docker command; answers its standard output. @throws Error with its standard error */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** Waits until `look` answers something; an error counts as not yet, and is what is thrown in the end. */
export async function eventually<T>(
  withinMs: number,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let last: unknown = new Error(`not within ${withinMs / 1000} s: ${look.toString()}`);
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw last;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A proxy; made anew, it may have another address. */
export interface Container {
  readonly name: string;
  address: string;
}

/** Where a proxy serves HTTPS. */
export const httpsOf = ({ address }: Container): Endpoint => ({ host: address, port: 443 });

/** Proxies and CAs on a network, with the engine's DNS in the place of a swarm's. */
export class Bench {
  readonly id = `companion-it-${randomBytes(4).toString("hex")}`;
  readonly proxies: Container[] = [];
  private readonly containers: string[] = [];
  private readonly volumes: string[] = [];
  private readonly pebbles: Pebble[] = [];

  async start(): Promise<void> {
    const [a, b] = randomBytes(2);
    // With a subnet of its own, so that a CA that comes back has the address that it had.
    const subnet = ["--subnet", `10.${224 + ((a ?? 0) % 16)}.${b}.0/24`];
    await docker("network", "create", "--label", LABEL, ...subnet, this.id);
    for (let i = 0; i < 2; i++) this.proxies.push(await this.proxy(i));
    await Promise.all(this.proxies.map((proxy) => this.awaitControl(proxy)));
  }

  async ca(
    hostname: string,
    more: Pick<PebbleOptions, "validitySeconds" | "rejectedNoncesPercent">,
  ): Promise<Pebble> {
    const pebble = await Pebble.start({
      ...{ name: `${this.id}-${hostname}`, network: this.id, labels: [LABEL], hostname },
      ...{ httpPort: 80, ...more },
    });
    this.pebbles.push(pebble);
    return pebble;
  }

  /** A volume as a service would have it. */
  volume(): string {
    const name = `${this.id}-${this.volumes.length}`;
    this.volumes.push(name);
    return name;
  }

  /** Starts a companion, the only one there is while it runs. */
  async companion(
    volume: string,
    { caBundleFile, directoryUrl }: Pick<Pebble, "caBundleFile" | "directoryUrl">,
    environment: Readonly<Record<string, string>>,
  ): Promise<Companion> {
    const name = `${this.id}-companion-${this.containers.length}`;
    this.containers.push(name);
    const all = {
      CERTBOT_EMAIL: "ops@a.example",
      PROXY_ADDRESS: "proxy-control",
      ACME_DIRECTORY_URL: directoryUrl,
      ACME_CA_BUNDLE: "/etc/companion/ca.pem",
      RETRY_INTERVAL: "3",
      RECONCILE_INTERVAL: "1",
      ...environment,
    };
    await docker(
      ...["create", "--name", name, "--label", LABEL, "--network", this.id, "--memory", "256m"],
      ...["letsencrypt-companion", "tasks.letsencrypt-companion"].flatMap((alias) => [
        "--network-alias",
        alias,
      ]),
      ...Object.entries(all).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
      ...["--volume", `${volume}:/etc/letsencrypt`],
      ...["--volume", `${caBundleFile}:/etc/companion/ca.pem:ro`],
      process.env["COMPANION_IMAGE"] ?? "",
    );
    const companion = new Companion(name, this);
    await companion.start();
    return companion;
  }

  /** Has every proxy route the challenges, as the listener would. */
  async route(): Promise<void> {
    for (const { address } of this.proxies) {
      const query = new URLSearchParams({
        serviceName: "letsencrypt-companion",
        servicePath: "/.well-known/acme-challenge",
        port: "80",
        replicas: "1",
      });
      const answer = await fetch(
        `http://${address}:8080/v1/docker-flow-proxy/reconfigure?${query.toString()}`,
      );
      if (!answer.ok) throw new Error(await answer.text());
    }
  }

  async restart(proxy: Container): Promise<void> {
    await docker("rm", "--force", "--volumes", proxy.name);
    const index = this.proxies.indexOf(proxy);
    Object.assign(proxy, await this.proxy(index));
    await this.awaitControl(proxy);
  }

  async addressOf(name: string): Promise<string> {
    const format = `{{(index .NetworkSettings.Networks "${this.id}").IPAddress}}`;
    return docker("inspect", "--format", format, name);
  }

  async remove(): Promise<void> {
    for (const pebble of this.pebbles) await pebble.remove();
    const names = [...this.containers, ...this.proxies.map(({ name }) => name)];
    await docker("rm", "--force", "--volumes", ...names).catch(() => undefined);
    for (const volume of this.volumes) await docker("volume", "rm", "--force", volume);
    await docker("network", "rm", this.id);
  }

  private async proxy(index: number): Promise<Container> {
    const name = `${this.id}-proxy-${index}`;
    const environment = [
      ...["MODE=swarm", "SERVICE_NAME=proxy-control", "COMPANION_ADDRESS=letsencrypt-companion"],
    ];
    await docker(
      ...["run", "--detach", "--name", name, "--label", LABEL, "--network", this.id],
      ...["--memory", "256m", "--no-healthcheck", "--network-alias", "proxy-control"],
      ...["--network-alias", "tasks.proxy-control"],
      ...environment.flatMap((variable) => ["--env", variable]),
      process.env["PROXY_IMAGE"] ?? "",
    );
    return { name, address: await this.addressOf(name) };
  }

  private async awaitControl(proxy: Container): Promise<void> {
    await eventually(30_000, async () => {
      const answer = await fetch(`http://${proxy.address}:8080/v1/docker-flow-proxy/ping`);
      return answer.ok ? true : undefined;
    });
  }
}

/** A companion's container; its volume outlives it. */
export class Companion {
  private address = "";

  constructor(
    readonly name: string,
    private readonly bench: Bench,
  ) {}

  async start(): Promise<void> {
    await docker("start", this.name);
    this.address = await this.bench.addressOf(this.name);
  }

  async status(): Promise<Status> {
    const url = `http://${this.address}:8080/v1/letsencrypt-companion/status`;
    return (await (await fetch(url)).json()) as Status;
  }

  async certificate(name: string): Promise<CertificateStatus> {
    const found = (await this.status()).certificates.find((status) => status.name === name);
    if (found === undefined) throw new Error(`${name} is not there`);
    return found;
  }

  /** Waits until the certificate of a name is as `condition` says. */
  async until(
    name: string,
    withinMs: number,
    condition: (status: CertificateStatus) => boolean,
  ): Promise<CertificateStatus> {
    let last: CertificateStatus | undefined;
    try {
      return await eventually(withinMs, async () => {
        last = await this.certificate(name);
        return condition(last) ? last : undefined;
      });
    } catch (error) {
      throw new Error(`${String(error)}; last: ${JSON.stringify(last)}`);
    }
  }

  /** Lines of its log. */
  async logs(): Promise<string[]> {
    return (await docker("logs", this.name)).split("\n");
  }

  kill(): Promise<string> {
    return docker("kill", "--signal", "KILL", this.name);
  }

  stop(): Promise<string> {
    return docker("stop", "--time", "30", this.name);
  }

  exec(...command: string[]): Promise<string> {
    return docker("exec", this.name, ...command);
  }
}

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The image under test, started with what `infra/store/member.ts` gives it. */
const IMAGE = process.env["MONGO_IMAGE"] ?? "mongo:8";
const HEALTHCHECK = join(__dirname, "../../../../infra/images/mongo/mongo-healthcheck");
const LABEL = "swarm.test=mongo-keeper";

export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** What the image says that it stands in for; empty for the genuine one. */
export const standsInFor = (): Promise<string> =>
  docker("image", "inspect", "--format", '{{index .Config.Labels "swarm.stand-in.image"}}', IMAGE);

/** A network of the engine on which members have the addresses that they are called by. */
export class StoreNetwork {
  readonly name = `mongo-it-${randomBytes(4).toString("hex")}`;
  /** What all members on it share. */
  key = randomBytes(64).toString("hex");
  private prefix = "";
  private taken = 1;

  async create(): Promise<void> {
    // Only a network with a subnet of its own takes fixed addresses.
    for (let attempt = 0; attempt < 20; attempt++) {
      const prefix = `10.231.${randomBytes(1)[0]}`;
      try {
        const subnet = `${prefix}.0/24`;
        await docker("network", "create", "--label", LABEL, "--subnet", subnet, this.name);
        this.prefix = prefix;
        return;
      } catch (error) {
        if (!/overlaps/.test(String(error))) throw error;
      }
    }
    throw new Error("no free subnet in 10.231.0.0/16");
  }

  nextAddress(): string {
    this.taken += 1;
    return `${this.prefix}.${this.taken}`;
  }

  async remove(): Promise<void> {
    await docker("network", "rm", this.name).catch(() => undefined);
  }
}

/** One member in a container, under its address as its name, so that the test reaches it by that. */
export class StoreContainer {
  private readonly name = `mongo-it-${randomBytes(4).toString("hex")}`;
  private folder = "";
  private address = "";

  constructor(private readonly network: StoreNetwork) {}

  get host(): string {
    return `${this.address}:27017`;
  }

  async create(mode = 0o400): Promise<void> {
    this.address = this.network.nextAddress();
    this.folder = await mkdtemp(join(tmpdir(), "mongo-it-"));
    await chmod(this.folder, 0o755);
    await this.writeKey(mode);
    await this.make();
  }

  private async writeKey(mode: number): Promise<void> {
    const keyFile = join(this.folder, "key");
    await writeFile(keyFile, this.network.key);
    await chmod(keyFile, mode);
    await chown(keyFile, 999, 999);
  }

  /** Another container with the same volume, and the key that the network has now. */
  async startAnew(): Promise<void> {
    await docker("stop", this.name);
    await docker("rm", this.name);
    await this.writeKey(0o400);
    await this.make();
    await this.start();
  }

  private async make(): Promise<void> {
    await docker("volume", "create", "--label", LABEL, this.name);
    await docker(
      ...["create", "--name", this.name, "--label", LABEL, "--memory", "512m"],
      ...["--network", this.network.name, "--ip", this.address, "--hostname", this.address],
      ...["--volume", `${this.name}:/data/db`],
      ...["--volume", `${join(this.folder, "key")}:/run/secrets/mongo-keyfile:ro`],
      ...["--volume", `${HEALTHCHECK}:/usr/local/bin/mongo-healthcheck:ro`],
      IMAGE,
      ...["mongod", "--replSet", "rs0", "--keyFile", "/run/secrets/mongo-keyfile"],
      ...["--bind_ip_all", "--wiredTigerCacheSizeGB", "0.25"],
    );
  }

  /** It comes back with nothing. */
  async loseVolume(): Promise<void> {
    await docker("rm", "--force", "--volumes", this.name);
    await docker("volume", "rm", this.name);
    await this.make();
    await this.start();
  }

  /** Nobody reaches it, and it reaches nobody. */
  async cutOff(): Promise<void> {
    await docker("network", "disconnect", this.network.name, this.name);
  }

  async reconnect(): Promise<void> {
    await docker("network", "connect", "--ip", this.address, this.network.name, this.name);
  }

  async start(): Promise<void> {
    await this.begin();
    await this.until(() => this.isHealthy());
  }

  async isHealthy(): Promise<boolean> {
    try {
      await docker("exec", this.name, "timeout", "2", "mongo-healthcheck");
      return true;
    } catch {
      return false;
    }
  }

  /** Runs a shell command in the container. */
  exec(command: string): Promise<string> {
    return docker("exec", this.name, "bash", "-c", command);
  }

  kill(): Promise<string> {
    return docker("kill", this.name);
  }

  /** Stops or continues its process, not the container: other processes in it run on. */
  signal(name: "STOP" | "CONT"): Promise<string> {
    return docker("kill", "--signal", name, this.name);
  }

  /** Does not wait until it answers. */
  begin(): Promise<string> {
    return docker("start", this.name);
  }

  async logs(): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", this.name]);
    return stdout + stderr;
  }

  inspect(): Promise<string> {
    return docker("inspect", this.name);
  }

  async exitCode(): Promise<number> {
    return Number(await docker("wait", this.name));
  }

  async until(condition: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`waited in vain: ${await this.logs()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async remove(): Promise<void> {
    await docker("rm", "--force", "--volumes", this.name).catch(() => undefined);
    await docker("volume", "rm", this.name).catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true });
  }
}

import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandProvider } from "../../src/command/provider";
import { dockerProvider } from "../../src/docker/provider";
import type { RunningPlugin } from "../../src/protocol/main";
import { startPlugin } from "../../src/protocol/main";
import type { PropertyMap, Value } from "../../src/protocol/values";
import { isMap, isSecret, mapValues, secret } from "../../src/protocol/values";
import { FakeEngine } from "./fakeEngine";
import { FakeSsh, PASSWORD } from "./fakeSsh";
import type { Json, Outcome } from "./protocol";
import { PluginClient } from "./protocol";
import type { RecordedCall } from "./recordings";

/** A loopback port on which nothing ever listens. */
const DEAD_HOST = "tcp://127.0.0.1:9";

/**
 * Everything that the recorded calls need: the project's directory, an engine with a swarm, a host with SSH, and
 * the plugins. What had an address of its own when the recordings were made has one on loopback here.
 */
export class World {
  readonly engine = new FakeEngine();
  readonly ssh = new FakeSsh();
  private readonly clients = new Map<string, PluginClient>();
  private readonly plugins: RunningPlugin[] = [];
  private readonly home = process.cwd();
  private readonly directory = mkdtempSync(join(tmpdir(), "conformance-"));
  private engineHost = "";
  private sshPort = 0;

  static async create(): Promise<World> {
    const world = new World();
    world.engineHost = await world.engine.listen();
    world.sshPort = await world.ssh.listen();
    world.prepareProject();
    for (const [name, provider] of [
      ["docker", dockerProvider()],
      ["command", commandProvider()],
    ] as const) {
      const plugin = await startPlugin(provider, "");
      world.plugins.push(plugin);
      world.clients.set(name, new PluginClient(plugin.port));
    }
    return world;
  }

  /** Replays one call. */
  async replay({ plugin, method, request, response }: RecordedCall): Promise<Outcome> {
    this.prepareEngine(request, response);
    const client = this.clients.get(plugin);
    if (!client) throw new Error(`no plugin ${plugin}`);
    const sent =
      method === "Configure" ? this.redirect(request) : withConnection(request, this.here);
    const outcome = await client.call(method, sent);
    return withConnection(outcome as Json, THERE);
  }

  /** From now on the engine's host is down. */
  killHost(): void {
    this.engineHost = DEAD_HOST;
  }

  async destroy(): Promise<void> {
    process.chdir(this.home);
    for (const client of this.clients.values()) client.close();
    for (const plugin of this.plugins) plugin.stop();
    await Promise.all([this.engine.close(), this.ssh.close()]);
    rmSync(this.directory, { recursive: true });
  }

  /** File modes count in a build context's digest, and a clone's depend on the umask. */
  private prepareProject(): void {
    cpSync(join(__dirname, "../fixtures/program"), this.directory, { recursive: true });
    chmodSync(join(this.directory, "app/Dockerfile"), 0o644);
    process.chdir(this.directory);
  }

  /** Makes the engine hand out the ids and digests that the recordings go on with. */
  private prepareEngine(request: Json, response: Json | undefined): void {
    if (typeof response?.id === "string" && request.preview !== true) {
      this.engine.ids.splice(0, Infinity, response.id);
    }
    const properties = response?.properties;
    const digest = isMap(properties) ? properties.repoDigest : undefined;
    if (typeof digest === "string") this.engine.digest = digest.split("@")[1] ?? "";
  }

  private redirect(request: Json): Json {
    const args = request.args as PropertyMap;
    return {
      ...request,
      args: args.host === undefined ? args : { ...args, host: this.engineHost },
    };
  }

  private get here(): PropertyMap {
    return {
      dialErrorLimit: 3,
      host: "127.0.0.1",
      perDialTimeout: 5,
      port: this.sshPort,
      password: secret(PASSWORD),
      user: "root",
    };
  }
}

/** The recorded connection: the key itself is not in the recordings. */
const THERE: PropertyMap = {
  dialErrorLimit: 3,
  host: "172.30.0.101",
  perDialTimeout: 5,
  port: 22,
  privateKey: secret("PRIVATE-KEY"),
  user: "root",
};

/** The message with one connection in place of whichever it has. */
function withConnection(message: Json, connection: PropertyMap): Json {
  const replace = (value: Value, key: string): Value => {
    if (key === "connection" && isSecret(value)) return secret(connection);
    if (Array.isArray(value)) return value.map((item) => replace(item, ""));
    return isMap(value) ? mapValues(value, replace) : value;
  };
  return mapValues(message as PropertyMap, replace);
}

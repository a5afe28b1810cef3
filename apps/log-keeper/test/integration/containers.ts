import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(__dirname, "../../../..");
const VERSION = "9.2.0";
/** Ours, made of their folders. */
const APPS = ["log-keeper", "log-shipper"];

export const passwords = {
  elastic: randomBytes(12).toString("hex"),
  kibana: randomBytes(12).toString("hex"),
  writer: randomBytes(12).toString("hex"),
};

/** Runs the docker command; answers its standard output. @throws Error with its standard error */
export async function docker(...args: string[]): Promise<string> {
  return (await run("docker", args, { maxBuffer: 16 * 1024 * 1024 })).stdout.trim();
}

/** Waits for something to come true: what `look` answers, once that is not undefined. */
export async function eventually<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  const deadline = Date.now() + 100_000;
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} did not come true`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Elasticsearch, Logstash, Kibana, the keeper and a shipper, as the stack runs them, on a network of their own. */
export class Logging {
  private readonly name = `logging-it-${randomBytes(4).toString("hex")}`;
  private readonly secrets = mkdtempSync(join(tmpdir(), "logging-"));

  /** @param elasticsearch options of its container */
  async start(elasticsearch: readonly string[] = ["--memory", "768m"]): Promise<void> {
    for (const [name, password] of Object.entries(passwords)) {
      const file = join(this.secrets, name);
      writeFileSync(file, password);
      chownSync(file, 1000, 1000);
      chmodSync(file, 0o400);
    }
    await docker("network", "create", this.name);
    const build = (app: string) =>
      docker("build", "--quiet", "--tag", this.image(app), join(root, "apps", app));
    await Promise.all(APPS.map(build));
    await this.run(
      "elasticsearch",
      ...elasticsearch,
      ...["--env", "ELASTIC_PASSWORD_FILE=/run/secrets/elastic"],
      ...[...this.secret("elastic"), `elasticsearch:${VERSION}`],
    );
    await this.run(
      "log-keeper",
      ...["--env", "ELASTIC_PASSWORD_FILE=/run/secrets/elastic"],
      ...["--env", "KIBANA_PASSWORD_FILE=/run/secrets/kibana"],
      ...["--env", "WRITER_PASSWORD_FILE=/run/secrets/writer"],
      ...["--env", "RETENTION=7d", "--env", "INTERVAL=1"],
      ...this.secret("elastic"),
      ...this.secret("kibana"),
      ...[...this.secret("writer"), this.image("log-keeper")],
    );
    await this.run(
      "logstash",
      ...["--memory", "128m", "--env", "ELASTICSEARCH_HOST=elasticsearch"],
      ...["--env", "ELASTICSEARCH_USER=logstash_writer"],
      ...[...this.secret("writer", "logstash-password"), `logstash:${VERSION}`],
    );
    await this.run(
      "kibana",
      ...["--memory", "128m", "--env", "SERVER_BASEPATH=/kibana"],
      ...["--env", "ELASTICSEARCH_HOSTS=http://elasticsearch:9200", `kibana:${VERSION}`],
    );
  }

  /**
   * A container that writes lines as a task of a service does, and a shipper for it, `SERVICE-shipper`. `say` makes it write what a
   * shell script prints.
   */
  async startService(service: string): Promise<{ say(script: string): Promise<void> }> {
    const name = `${this.name}-${service}`;
    const fifo = "mkfifo /tmp/lines && exec 3<>/tmp/lines && exec cat <&3";
    await docker(
      ...["run", "--detach", "--name", name, "--init"],
      ...["--label", `com.docker.swarm.service.name=${service}`],
      ...["--label", `com.docker.swarm.task.name=${service}.1.xyz`],
      ...["--log-driver", "json-file", "--log-opt", "max-size=10m", "--log-opt", "max-file=3"],
      ...["--log-opt", "labels=com.docker.swarm.service.name,com.docker.swarm.task.name"],
      ...["debian:trixie-slim", "bash", "-c", fifo],
    );
    const log = await docker("inspect", "--format", "{{.LogPath}}", name);
    const folder = dirname(log);
    await this.run(
      `${service}-shipper`,
      ...["--memory", "96m", "--env", "LOGSTASH_HOST=logstash", "--env", "NODE_NAME=worker-1"],
      ...["--volume", `${folder}:/var/lib/docker/containers/${folder.split("/").at(-1)}:ro`],
      this.image("log-shipper"),
    );
    return {
      say: async (script) => {
        await docker("exec", name, "bash", "-c", `{ ${script}\n} >/tmp/lines`);
      },
    };
  }

  /** Asks Elasticsearch. */
  async ask(
    path: string,
    body?: object,
    user = "elastic",
    password = passwords.elastic,
    method = body ? "POST" : "GET",
  ) {
    const response = await fetch(`http://${await this.address("elasticsearch")}:9200${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** Sends bytes to port 9000; done when the server has read them all and closed its side as well. */
  async send(...parts: (string | Buffer)[]): Promise<void> {
    const host = await this.address("logstash");
    await eventually(
      () =>
        new Promise<boolean>((resolve, reject) => {
          const socket = connect(9000, host, () => {
            for (const part of parts) socket.write(part);
            socket.end();
          });
          socket.on("error", reject);
          socket.on("close", (hadError) => (hadError ? reject(new Error("cut")) : resolve(true)));
          socket.resume();
        }),
      "a connection to Logstash",
    );
  }

  /** Kills without a word. */
  async kill(part: string): Promise<void> {
    await docker("kill", "--signal", "KILL", `${this.name}-${part}`);
  }

  async startAgain(part: string): Promise<void> {
    await docker("start", `${this.name}-${part}`);
  }

  async exec(part: string, ...command: string[]): Promise<string> {
    return docker("exec", `${this.name}-${part}`, ...command);
  }

  async logs(part: string): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", `${this.name}-${part}`]);
    return stdout + stderr;
  }

  async address(part: string): Promise<string> {
    const format = `{{(index .NetworkSettings.Networks "${this.name}").IPAddress}}`;
    return docker("inspect", "--format", format, `${this.name}-${part}`);
  }

  async remove(): Promise<void> {
    const ids = await docker("ps", "--all", "--quiet", "--filter", `name=^/${this.name}-`);
    if (ids !== "") await docker("rm", "--force", "--volumes", ...ids.split("\n"));
    await docker("network", "rm", this.name).catch(() => undefined);
    for (const app of APPS) {
      await docker("rmi", "--no-prune", this.image(app)).catch(() => undefined);
    }
    rmSync(this.secrets, { recursive: true });
  }

  private image(app: string): string {
    return `${this.name}-${app}`;
  }

  private async run(part: string, ...args: string[]): Promise<void> {
    await docker(
      ...["run", "--detach", "--name", `${this.name}-${part}`, "--hostname", part],
      ...["--network", this.name, "--network-alias", part, "--no-healthcheck", ...args],
    );
  }

  private secret(name: keyof typeof passwords, file: string = name): string[] {
    return ["--volume", `${join(this.secrets, name)}:/run/secrets/${file}:ro`];
  }
}

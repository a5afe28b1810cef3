import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Marks everything that the tests make on the engine. */
const LABEL = "swarm.test=socket-proxy";
const IMAGE = "socket-proxy-integration-test:latest";
export const ENGINE_SOCKET = "/var/run/docker.sock";
const PORT = 2375;

/** Runs the docker command; answers its standard output. @throws Error with its standard error */
export async function docker(...args: string[]): Promise<string> {
  return (await run("docker", args)).stdout.trim();
}

/** Builds the image under test. */
export async function buildImage(): Promise<void> {
  await docker("build", "-q", "-t", IMAGE, join(__dirname, "..", ".."));
}

/** Takes the name off the image; its layers stay as the cache of the next build. */
export async function untagImage(): Promise<void> {
  await docker("rmi", "--no-prune", IMAGE);
}

/** A new name for something on the engine. */
export const newName = (): string => `socket-proxy-it-${randomBytes(4).toString("hex")}`;

/** The image, run in front of a socket. */
export class SocketProxy {
  private constructor(
    readonly name: string,
    readonly host: string,
  ) {}

  /** @param socket the socket on this computer that stands where the engine's does */
  static async start(socket = ENGINE_SOCKET): Promise<SocketProxy> {
    const name = newName();
    await docker(
      ...["run", "--detach", "--name", name, "--label", LABEL, "--no-healthcheck"],
      ...["--memory", "32m", "--volume", `${socket}:/var/run/docker.sock:ro`],
      IMAGE,
    );
    const format = "{{.NetworkSettings.IPAddress}}";
    return new SocketProxy(name, await docker("inspect", "--format", format, name));
  }

  async remove(): Promise<void> {
    await docker("rm", "--force", this.name);
  }

  /** The exit code of Docker's health check. */
  async health(): Promise<number> {
    try {
      await docker("exec", this.name, "healthcheck");
      return 0;
    } catch (error) {
      return (error as { code: number }).code;
    }
  }

  /** Waits until the proxy takes connections. */
  async listening(): Promise<void> {
    const deadline = Date.now() + 10_000;
    while ((await this.raw("").catch(() => undefined)) === undefined) {
      if (Date.now() > deadline) throw new Error(`${this.name} does not listen`);
    }
  }

  /** Sends bytes as they are, ends, and answers what comes back. */
  raw(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(PORT, this.host, () => socket.end(bytes));
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      socket.on("error", reject);
      socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
    });
  }

  /** The status of a request line and headers that are sent as they are. */
  async status(...lines: string[]): Promise<number> {
    const answer = await this.raw(`${lines.join("\r\n")}\r\n\r\n`);
    return Number(/^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1]);
  }

  get(path: string): Promise<IncomingMessage> {
    return open({ host: this.host, port: PORT, path });
  }
}

/** Asks the engine itself, past the proxy. */
export const askEngine = (path: string): Promise<IncomingMessage> =>
  open({ socketPath: ENGINE_SOCKET, path });

const open = (target: object): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request({ ...target, agent: false }, resolve)
      .on("error", reject)
      .end();
  });

/** Status and body of an answer. */
export async function read(answer: IncomingMessage): Promise<{ status: number; body: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
}

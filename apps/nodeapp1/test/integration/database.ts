import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../harness";

/** The user that a database with a password has. */
export const USER = "app1";

/** A database of a test's own, which can be killed and started again with what it has kept. */
export class Database {
  readonly #directory = mkdtempSync(join(tmpdir(), "guest-book-db-"));
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly password: string | undefined,
  ) {}

  /** @param password of {@link USER}; without it there are no users */
  static async start(password?: string): Promise<Database> {
    const database = await Database.reserve(password);
    await database.start();
    return database;
  }

  /** A database that does not run yet. */
  static async reserve(password?: string): Promise<Database> {
    return new Database(await freePort(), password);
  }

  /** Where it is; `port` may be that of a proxy before it. */
  url(database: string, port = this.port, password = this.password): string {
    const user = password === undefined ? "" : `${USER}:${encodeURIComponent(password)}@`;
    const options = port === this.port ? "replicaSet=rs0" : "directConnection=true";
    const auth = password === undefined ? "" : "&authSource=admin";
    return `mongodb://${user}127.0.0.1:${port}/${database}?${options}${auth}`;
  }

  /** The file that an app reads the URL from. */
  urlFile(url: string): string {
    const file = join(mkdtempSync(join(this.#directory, "secret-")), "url");
    writeFileSync(file, `${url}\n`, { mode: 0o400 });
    return file;
  }

  async start(): Promise<void> {
    const auth =
      this.password === undefined
        ? []
        : [
            "--test-enable-new-auth",
            "--setup-database=admin",
            `--setup-username=${USER}`,
            `--setup-password=${this.password}`,
          ];
    this.#process = spawn(
      process.env["FERRETDB"] ?? "ferretdb",
      [
        "--handler=sqlite",
        `--sqlite-url=file:${this.#directory}/`,
        `--state-dir=${this.#directory}`,
        `--listen-addr=127.0.0.1:${this.port}`,
        "--repl-set-name=rs0",
        "--debug-addr=-",
        "--telemetry=disable",
        "--log-level=error",
        ...auth,
      ],
      { stdio: ["ignore", "inherit", "inherit"], env: {} },
    );
    await until(() => answers(this.port));
  }

  /** As when its machine loses power. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** What stands between the app and the database and can lose what passes. */
export class Link {
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  /** What happens to the database's answers; by default they are passed on. */
  onAnswer: (answer: Buffer, client: Socket) => void = passOn;
  /** How many connections to come are refused. */
  refusals = 0;
  /** What happens to the app's requests. */
  onRequest: (request: Buffer, server: Socket) => void = passOn;

  private constructor(private readonly target: number) {}

  static async open(target: number): Promise<Link> {
    const link = new Link(target);
    link.#server = createServer((client) => link.#join(client));
    await new Promise<void>((resolve) => link.#server?.listen(0, "127.0.0.1", resolve));
    return link;
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo).port;
  }

  #join(client: Socket): void {
    if (this.refusals > 0) {
      this.refusals--;
      client.destroy();
      return;
    }
    const server = connect(this.target, "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
    client.on("data", (data: Buffer) => this.onRequest(data, server));
    server.on("data", (data: Buffer) => this.onAnswer(data, client));
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

function passOn(data: Buffer, to: Socket): void {
  to.write(data);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { generateKeyPairSync } from "node:crypto";
import { spawn } from "node:child_process";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { utils, Server } from "ssh2";
import type { Connection as ServerConnection, SFTPWrapper, Session } from "ssh2";

/** The password that the server takes. */
export const PASSWORD = "secret";

/** An SSH server in the test's own process: runs commands with /bin/sh, accepts one variable, takes files. */
export class FakeSsh {
  /** Files written over SFTP: path → content. */
  readonly files = new Map<string, string>();
  readonly directories = new Set<string>(["/", "/srv"]);
  /** Connections made through the server. */
  tunnels = 0;
  private readonly server: Server;
  readonly hostKey: string;

  constructor() {
    const { privateKey } = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      privateKeyEncoding: { type: "pkcs1", format: "pem" },
      publicKeyEncoding: { type: "pkcs1", format: "pem" },
    });
    const parsed = utils.parseKey(privateKey);
    if (parsed instanceof Error) throw parsed;
    this.hostKey = `ssh-rsa ${parsed.getPublicSSH().toString("base64")}`;
    this.server = new Server({ hostKeys: [privateKey] }, (client) => this.accept(client));
  }

  /** @returns the port */
  async listen(): Promise<number> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await new Promise<void>((done) => this.server.close(() => done()));
  }

  private accept(client: ServerConnection): void {
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      if (context.method === "password" && context.password === PASSWORD) context.accept();
      else context.reject(["password"]);
    });
    client.on("ready", () => {
      client.on("session", (accept) => this.serveSession(accept()));
      client.on("tcpip", (accept, _reject, { destIP, destPort }) => {
        this.tunnels++;
        const socket = connect(destPort, destIP);
        const channel = accept();
        channel.pipe(socket).on("error", () => channel.destroy());
        socket.pipe(channel);
      });
    });
  }

  private serveSession(session: Session): void {
    const env: NodeJS.ProcessEnv = { PATH: process.env.PATH };
    session.on("env", (accept, _reject, { key, val }) => {
      if (key === "LC_ACCEPTED") env[key] = val;
      accept?.();
    });
    session.on("exec", (accept, _reject, { command }) => {
      const channel = accept();
      const child = spawn("/bin/sh", ["-c", command], { env, detached: true });
      channel.once("close", () => {
        if (child.exitCode === null) process.kill(-(child.pid ?? 0), "SIGKILL");
      });
      channel.pipe(child.stdin).on("error", () => undefined);
      child.stdout.on("data", (chunk: Buffer) => channel.write(chunk));
      child.stderr.on("data", (chunk: Buffer) => channel.stderr.write(chunk));
      child.once("close", (code) => {
        channel.exit(code ?? 255);
        channel.end();
      });
    });
    session.on("sftp", (accept) => this.serveFiles(accept()));
  }

  /** As much of SFTP as writing files takes: everything is in memory. */
  private serveFiles(sftp: SFTPWrapper): void {
    const handles = new Map<string, { path: string; chunks: Buffer[] }>();
    const done = (request: number, code = utils.sftp.STATUS_CODE.OK) => sftp.status(request, code);
    const stat = (request: number, path: string) => {
      const isDirectory = this.directories.has(path);
      if (!isDirectory && !this.files.has(path)) {
        return done(request, utils.sftp.STATUS_CODE.NO_SUCH_FILE);
      }
      const mode = isDirectory ? 0o040755 : 0o100644;
      sftp.attrs(request, { mode, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 });
    };
    sftp.on("STAT", stat);
    sftp.on("LSTAT", stat);
    sftp.on("MKDIR", (request, path) => {
      this.directories.add(path);
      done(request);
    });
    sftp.on("OPEN", (request, path) => {
      const handle = String(handles.size);
      handles.set(handle, { path, chunks: [] });
      sftp.handle(request, Buffer.from(handle));
    });
    sftp.on("WRITE", (request, handle, _offset, chunk) => {
      handles.get(handle.toString())?.chunks.push(Buffer.from(chunk));
      done(request);
    });
    for (const event of ["FSETSTAT", "SETSTAT"] as const)
      sftp.on(event, (request: number) => done(request));
    sftp.on("CLOSE", (request, handle) => {
      const open = handles.get(handle.toString());
      if (open) this.files.set(open.path, Buffer.concat(open.chunks).toString("utf8"));
      done(request);
    });
  }
}

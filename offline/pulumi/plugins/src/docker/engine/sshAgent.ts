import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { Agent } from "node:http";
import { Duplex } from "node:stream";

/** An HTTP agent whose connections are the stdin and stdout of a command, one process each. */
export class CommandAgent extends Agent {
  /** @param command program and arguments */
  constructor(private readonly command: readonly string[]) {
    super({ keepAlive: true, maxSockets: 4 });
  }

  override createConnection(): Duplex {
    const [program = "", ...args] = this.command;
    return new ProcessSocket(spawn(program, args, { stdio: "pipe" }), program);
  }
}

/** A process's stdio in the shape of a socket. */
class ProcessSocket extends Duplex {
  private complaint = "";

  constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    program: string,
  ) {
    super();
    child.stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stderr.on("data", (chunk: Buffer) => (this.complaint += chunk.toString()));
    child.stdin.on("error", () => undefined); // "close" tells more
    child.once("error", (error) => this.destroy(error));
    // The end of stdout alone would look like a server that hung up, whatever the command had to say.
    child.once("close", (code) => {
      if (code === 0) this.push(null);
      else this.destroy(new Error(`${program}: ${this.complaint.trim() || `exit status ${code}`}`));
    });
  }

  override _read(): void {
    this.child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void) {
    // A command that has gone says why when it closes.
    this.child.stdin.write(chunk, () => done());
  }

  override _final(done: () => void): void {
    this.child.stdin.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.child.kill();
    done(error);
  }

  // What Node's HTTP client calls on a socket and a process has no use for.
  setTimeout = () => this;
  setNoDelay = () => this;
  setKeepAlive = () => this;
  ref = () => this;
  unref = () => this;
}

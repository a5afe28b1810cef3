import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * What a server does with a connection:
 * - `read`: reads it, and closes it when the other side does, as Logstash's tcp input
 * - `slow`: the same, a little at a time
 * - `stall`: accepts it and reads nothing
 * - `lose`: accepts it and closes it without reading
 * - `reset`: reads some of it, then resets it
 * - `crash`: reads some of it, forgets that, and closes it
 * - `refuse-the-end`: reads it and never closes it
 * - `end-at-once`: closes its side first, then reads nothing
 */
export type Behaviour =
  "read" | "slow" | "stall" | "lose" | "reset" | "crash" | "refuse-the-end" | "end-at-once";

/** How much `reset` and `crash` read. */
const SOME_BYTES = 20_000;

/** A server of JSON lines on 127.0.0.1, which keeps the ids that it got. */
export class LogstashDouble {
  /** How many times each id was found. */
  readonly found = new Map<string, number>();
  /** The lines, in the order of their arrival. */
  readonly lines: Record<string, unknown>[] = [];
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private behaviour: Behaviour = "read";

  constructor() {
    this.server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => this.sockets.delete(socket));
      this.apply(socket);
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many lines there are, each id once. */
  get count(): number {
    return this.found.size;
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return this;
  }

  /** From now on; connections that stall are treated so, too. */
  behave(behaviour: Behaviour): void {
    const stalled = this.behaviour === "stall" ? [...this.sockets] : [];
    this.behaviour = behaviour;
    for (const socket of stalled) this.apply(socket);
  }

  /** Forgets the last lines that it got, as a server that kept them in memory and was killed. */
  forgetLast(count: number): void {
    for (const line of this.lines.splice(-count)) this.found.delete(String(line["event_id"]));
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private apply(socket: Socket): void {
    switch (this.behaviour) {
      case "read":
        return this.read(socket);
      case "slow":
        return this.read(socket, () => {
          socket.pause();
          setTimeout(() => socket.resume(), 2);
        });
      case "stall":
        return;
      case "lose":
        socket.destroy();
        return;
      case "reset":
        return this.readSome(socket, (text) => {
          this.keep(text.slice(0, text.lastIndexOf("\n") + 1));
          socket.resetAndDestroy();
        });
      case "crash":
        return this.readSome(socket, () => socket.destroy());
      case "refuse-the-end":
        socket.on("data", () => undefined).resume();
        return;
      case "end-at-once":
        socket.end();
        return;
    }
  }

  private read(socket: Socket, afterwards?: () => void): void {
    let rest = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      const end = (rest + text).lastIndexOf("\n") + 1;
      this.keep((rest + text).slice(0, end));
      rest = (rest + text).slice(end);
      afterwards?.();
    });
    socket.once("end", () => socket.end());
    socket.resume();
  }

  private readSome(socket: Socket, then: (text: string) => void): void {
    let text = "";
    socket.setEncoding("utf8");
    const enough = (): void => {
      socket.removeAllListeners("data");
      then(text);
    };
    socket.on("data", (part: string) => {
      text += part;
      if (text.length >= SOME_BYTES) enough();
    });
    socket.once("end", enough);
    socket.resume();
  }

  private keep(text: string): void {
    for (const json of text.split("\n").slice(0, -1)) {
      const line = JSON.parse(json) as Record<string, unknown>;
      const id = String(line["event_id"]);
      if (!this.found.has(id)) this.lines.push(line);
      this.found.set(id, (this.found.get(id) ?? 0) + 1);
    }
  }
}

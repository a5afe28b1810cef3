import { PlainConnection } from "winston-logstash/lib/connection";

/** An idle connection whose other end vanished is noticed this much, and ten probes a second apart, later. */
const KEEP_ALIVE_MS = 10_000;

/** Emitted when the server has closed its side. */
export const ENDED = "logstash:ended";

/**
 * winston-logstash's connection, which can also end in peace. When a server closes its side after we closed
 * ours, it has read all that was written: the only acknowledgement that plain TCP has to give.
 */
export class LogstashConnection extends PlainConnection {
  private finished = false;

  override connect(): void {
    super.connect();
    const { socket } = this;
    socket?.once("connect", () => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    socket?.once("finish", () => (this.finished = true));
    socket?.once("end", () => this.emit(ENDED));
    // A server that says something must not hide that it ends.
    socket?.resume();
  }

  /** Closes our side once everything is written. */
  finish(): void {
    // Two turns of the event loop are one look at the socket at least: a server that has closed its side before
    // is heard then, and not taken to have answered.
    setImmediate(() => setImmediate(() => this.socket?.end()));
  }

  /** Whether everything was handed to the kernel and our side is closed. */
  get isFinished(): boolean {
    return this.finished;
  }
}

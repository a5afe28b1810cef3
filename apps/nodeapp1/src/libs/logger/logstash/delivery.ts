import { ConnectionEvents } from "winston-logstash/lib/connection";
import { ENDED, LogstashConnection } from "./connection";
import type { Spool } from "./spool";

/** Where lines go, and how patient their delivery is. All times are in milliseconds. */
export interface DeliveryOptions {
  readonly host: string;
  readonly port: number;
  /** How long a connection may take to be made. */
  readonly connectMs: number;
  /** A connection is ended, which confirms its lines, this long after the first one of them… */
  readonly lingerMs: number;
  /** …or after so many bytes. */
  readonly batchBytes: number;
  /**
   * How long a server may read nothing, or leave the end of a connection unanswered, until the connection is
   * taken for dead. Doubles each time, ten times at most, for a server may just be slow.
   */
  readonly patienceMs: number;
  /** The first pause before another attempt; doubles each time up to the longest. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/**
 * - `connecting`: never connected yet
 * - `connected`
 * - `unreachable`: the last connection failed, and none was confirmed since
 */
export type DeliveryState = "connecting" | "connected" | "unreachable";

/** The most that is given to the socket at once. */
const CHUNK_BYTES = 65_536;

const MAX_PATIENCE_FACTOR = 10;

/**
 * Takes lines from a spool to the server, one connection after another. A connection that the server
 * ends after we ended it confirms its lines; whatever else ends it makes the spool begin again.
 */
export class Delivery {
  private phase: "away" | "connecting" | "open" | "ending" | "closed" = "away";
  private connection: LogstashConnection | undefined;
  /** What the present phase waits for at most, or until the next attempt. */
  private timer: NodeJS.Timeout | undefined;
  private lingerTimer: NodeJS.Timeout | undefined;
  /** Bytes written to this connection. */
  private carried = 0;
  private isBlocked = false;
  private isPumping = false;
  private failuresInARow = 0;
  private patienceMs: number;
  private drained: (() => void) | undefined;

  state: DeliveryState = "connecting";
  /** Connections that failed or could not be made. */
  failures = 0;
  /** Why the last one did. */
  lastFailure: string | undefined;

  /** @param onStateChange called after `state` changed */
  constructor(
    private readonly spool: Spool,
    private readonly options: DeliveryOptions,
    private readonly onStateChange: () => void,
  ) {
    this.patienceMs = options.patienceMs;
    this.connect();
  }

  /** A line was added. Costs nothing now: the socket is written to after the present turn of the event loop. */
  wake(): void {
    if (this.isPumping || this.phase !== "open") return;
    this.isPumping = true;
    setImmediate(() => {
      this.isPumping = false;
      this.pump();
    });
  }

  /** Delivers what there is, then closes; closes anyway after `withinMs`. */
  async close(withinMs: number): Promise<void> {
    if (this.phase === "closed") return;
    const drained = new Promise<void>((resolve) => (this.drained = resolve));
    const bound = setTimeout(() => this.abort(), withinMs);
    if (this.spool.waiting === 0) this.abort();
    else if (this.phase === "away") this.connect();
    else if (this.phase === "open") this.pump();
    await drained;
    clearTimeout(bound);
  }

  /** Closes at once. */
  abort(): void {
    this.release();
    this.phase = "closed";
    this.drained?.();
  }

  private connect(): void {
    clearTimeout(this.timer);
    this.phase = "connecting";
    const { host, port, connectMs } = this.options;
    const connection = new LogstashConnection({ host, port });
    this.connection = connection;
    connection.once(ConnectionEvents.Connected, () => this.opened());
    connection.once(ConnectionEvents.Error, (error: Error) => this.lost(reasonOf(error)));
    connection.once(ConnectionEvents.ClosedByServer, () => this.ended());
    connection.once(ENDED, () => this.ended());
    connection.on(ConnectionEvents.Drain, () => this.unblocked());
    this.expect(connectMs, "no connection");
    connection.connect();
  }

  private opened(): void {
    clearTimeout(this.timer);
    this.phase = "open";
    this.pump();
    // Where there is nothing to send there is nothing that could be confirmed.
    if (this.carried === 0) {
      this.lingerTimer = setTimeout(() => this.succeeded(), this.options.lingerMs);
    }
  }

  /** Writes until the socket wants no more, or this connection has carried enough. */
  private pump(): void {
    while (this.phase === "open" && !this.isBlocked) {
      const chunk = this.spool.take(CHUNK_BYTES);
      if (chunk === undefined) break;
      if (this.carried === 0) {
        clearTimeout(this.lingerTimer);
        this.lingerTimer = setTimeout(() => this.finish(), this.options.lingerMs);
      }
      this.carried += chunk.length;
      // An error of this write is the connection's, too.
      const wantsMore = this.connection?.send(chunk, () => undefined) ?? false;
      if (!wantsMore) {
        this.isBlocked = true;
        this.expect(this.patienceMs, "nothing read");
      }
      if (this.carried >= this.options.batchBytes) this.finish();
    }
    if (this.drained && this.phase === "open" && !this.spool.isPending) this.finish();
  }

  private unblocked(): void {
    if (this.phase !== "open") return;
    this.isBlocked = false;
    clearTimeout(this.timer);
    this.pump();
  }

  /** Ends the connection from our side and waits for the server to do the same. */
  private finish(): void {
    if (this.phase !== "open") return;
    this.phase = "ending";
    clearTimeout(this.lingerTimer);
    this.connection?.finish();
    this.expect(this.patienceMs, "the end of the connection not answered");
  }

  private ended(): void {
    if (this.phase !== "ending" || this.connection?.isFinished !== true) {
      this.lost("closed by the server");
      return;
    }
    this.release();
    this.spool.confirm(Date.now());
    this.patienceMs = this.options.patienceMs;
    this.succeeded();
    if (this.drained && this.spool.waiting === 0) this.abort();
    else this.connect();
  }

  private lost(reason: string): void {
    this.release();
    this.spool.rewind();
    this.failures++;
    this.lastFailure = reason;
    this.phase = "away";
    const { backoffMs, maxBackoffMs } = this.options;
    const longest = this.drained ? backoffMs : maxBackoffMs;
    const pause = Math.min(backoffMs * 2 ** Math.min(this.failuresInARow++, 30), longest);
    // Spread, so that all tasks do not come back in the same moment.
    this.timer = setTimeout(() => this.connect(), pause * (0.5 + Math.random() / 2));
    this.become("unreachable");
  }

  private succeeded(): void {
    this.failuresInARow = 0;
    this.become("connected");
  }

  private become(state: DeliveryState): void {
    if (this.state === state) return;
    this.state = state;
    this.onStateChange();
  }

  /** The connection is lost if this phase is not over in time. */
  private expect(withinMs: number, failure: string): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const most = this.options.patienceMs * MAX_PATIENCE_FACTOR;
      if (this.phase !== "connecting") this.patienceMs = Math.min(this.patienceMs * 2, most);
      this.lost(`${failure} within ${withinMs} ms`);
    }, withinMs);
  }

  /** Gives the connection up; nothing is heard of it any more. */
  private release(): void {
    clearTimeout(this.timer);
    clearTimeout(this.lingerTimer);
    this.connection?.removeAllListeners();
    this.connection?.close();
    this.connection = undefined;
    this.carried = 0;
    this.isBlocked = false;
  }
}

const reasonOf = (error: NodeJS.ErrnoException): string =>
  // A name with several addresses fails with an empty message of its own.
  error.code ?? (error.message || error.name);

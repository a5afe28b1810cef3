import Transport from "winston-transport";
import { MESSAGE, shorten, type LogInfo } from "../format";
import { Delivery, type DeliveryOptions, type DeliveryState } from "./delivery";
import { Spool, type SpoolLimits } from "./spool";

/** A transport's settings; all but where Logstash is have defaults. */
export interface LogstashOptions
  extends Partial<Omit<DeliveryOptions, "host" | "port">>, Partial<SpoolLimits> {
  readonly host: string;
  readonly port: number;
  /** Lines that are longer, in bytes, are shortened and tagged. */
  readonly maxLineBytes?: number;
  /** How long `flush` may take. Milliseconds. */
  readonly flushMs?: number;
  /** The shortest time between two notices. Milliseconds. */
  readonly noticeMs?: number;
}

const MEBIBYTE = 1024 * 1024;

const DEFAULTS = {
  connectMs: 5_000,
  lingerMs: 5_000,
  batchBytes: MEBIBYTE,
  patienceMs: 30_000,
  backoffMs: 200,
  maxBackoffMs: 30_000,
  maxBytes: 8 * MEBIBYTE,
  replayBytes: 2 * MEBIBYTE,
  replayMs: 120_000,
  maxLineBytes: 131_072,
  flushMs: 5_000,
  noticeMs: 30_000,
} satisfies Partial<LogstashOptions>;

/** What became of the lines so far. */
export interface LogstashStats {
  readonly state: DeliveryState;
  /** Lines that were taken: those that wait, and those that are confirmed. */
  readonly accepted: number;
  /** Lines not known to have arrived. */
  readonly waiting: number;
  /** Bytes of memory for lines that wait or may be sent again. */
  readonly bytes: number;
  /** Lines that were not taken, for want of room or after the end. */
  readonly dropped: number;
  readonly truncated: number;
  /** How many times a line was written again. */
  readonly resent: number;
  /** Connections that failed or could not be made. */
  readonly failures: number;
}

/** What the transport has to say about itself, for the log. */
export interface Notice {
  readonly level: "info" | "warn";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Emitted with a {@link Notice}. */
export const NOTICE = "logstash:notice";

/**
 * A winston transport to Logstash's TCP input. It never makes its logger wait: a line is kept in memory or
 * dropped and counted, there and then. What it promises is in this folder's README.
 */
export class LogstashTransport extends Transport {
  private readonly options: LogstashOptions & typeof DEFAULTS;
  private readonly spool: Spool;
  private readonly delivery: Delivery;
  private accepted = 0;
  private dropped = 0;
  private truncated = 0;
  private flushing: Promise<number> | undefined;
  private isClosed = false;
  private noticeTimer: NodeJS.Timeout | undefined;
  private noticedAt = -Infinity;
  /** The last that was said; that all is well goes without saying. */
  private noticed: { state: DeliveryState; dropped: number } = { state: "connected", dropped: 0 };

  constructor(options: LogstashOptions) {
    super();
    this.options = { ...DEFAULTS, ...options };
    this.spool = new Spool(this.options);
    this.delivery = new Delivery(this.spool, this.options, () => this.scheduleNotice());
  }

  get stats(): LogstashStats {
    const { accepted, dropped, truncated } = this;
    const { state, failures } = this.delivery;
    const { waiting, size: bytes, resent } = this.spool;
    return { state, accepted, waiting, bytes, dropped, truncated, resent, failures };
  }

  /** Takes a line that {@link jsonLines} has made. */
  override log(info: LogInfo, next: () => void): void {
    const line = this.lineOf(info);
    const isUrgent = info.level === "error" || info.level === "warn";
    if (!this.isClosed && this.spool.add(line, isUrgent)) {
      this.accepted++;
      this.delivery.wake();
    } else {
      this.dropped++;
      this.scheduleNotice();
    }
    next();
  }

  /**
   * Delivers what there is, within `flushMs`, and closes; lines that come later are dropped and counted.
   * @returns how many lines are not known to have arrived
   */
  flush(): Promise<number> {
    this.flushing ??= this.delivery.close(this.options.flushMs).then(() => {
      this.close();
      return this.spool.waiting;
    });
    return this.flushing;
  }

  /** Closes at once. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.noticeTimer);
    this.delivery.abort();
  }

  /** The stream's end is a flush, too. */
  override _final(done: () => void): void {
    void this.flush().then(() => done());
  }

  private lineOf(info: LogInfo): Buffer {
    const { maxLineBytes } = this.options;
    const line = Buffer.from(`${info[MESSAGE]}\n`);
    if (line.length <= maxLineBytes) return line;
    this.truncated++;
    return Buffer.from(`${shorten(info, line.length, maxLineBytes)}\n`);
  }

  private scheduleNotice(): void {
    if (this.noticeTimer !== undefined || this.isClosed) return;
    const pause = Math.max(0, this.noticedAt + this.options.noticeMs - performance.now());
    this.noticeTimer = setTimeout(() => {
      this.noticeTimer = undefined;
      this.notice();
    }, pause);
  }

  /** Says what is new since the last time. */
  private notice(): void {
    const { host, port } = this.options;
    const { state, waiting, dropped } = this.stats;
    const lost = dropped - this.noticed.dropped;
    if (lost === 0 && state === this.noticed.state) return;
    const isWell = state === "connected" && lost === 0;
    const notice: Notice = {
      level: isWell ? "info" : "warn",
      message: lost > 0 ? "log lines were dropped" : `logstash is ${state}`,
      fields: {
        logstash: `${host}:${port}`,
        state,
        waiting,
        droppedSinceLastNotice: lost,
        dropped,
        ...(isWell ? {} : { lastFailure: this.delivery.lastFailure }),
      },
    };
    this.noticedAt = performance.now();
    this.emit(NOTICE, notice);
    // The notice itself may have been dropped, which is no news.
    this.noticed = { state, dropped: this.dropped };
  }
}

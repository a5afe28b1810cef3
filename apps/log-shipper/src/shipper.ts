import type { Checkpoint } from "./checkpoint";
import type { LogFiles, Piece } from "./files";
import { toLine } from "./line";

export interface ShipperOptions {
  readonly node: string;
  /** The most that one connection carries, in the files' bytes. */
  readonly batchBytes: number;
  /** Between two looks at the files, and between two batches that are not full. Milliseconds. */
  readonly pauseMs: number;
  /** The longest pause after a failure; the first is `pauseMs`, and each is twice the last. */
  readonly maxPauseMs: number;
}

/** Takes lines from the files to the server, one batch after another. The files are its queue: what was not taken is read again. */
export class Shipper {
  private isStopped = false;
  private failures = 0;
  private droppedBytes = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly files: LogFiles,
    private readonly checkpoint: Checkpoint,
    private readonly deliver: (lines: Buffer) => Promise<void>,
    private readonly options: ShipperOptions,
    private readonly say: (level: "info" | "warn", message: string, fields: object) => void,
  ) {}

  /** @param alive called before every step, the sign that it does not hang */
  async run(alive: () => void): Promise<void> {
    while (!this.isStopped) {
      alive();
      const isMore = await this.step();
      if (!isMore && !this.isStopped) await this.pause();
    }
  }

  /** Stops after the batch that is under way. */
  stop(): void {
    this.isStopped = true;
    this.wake();
  }

  /** @returns whether there is more to send at once */
  async step(): Promise<boolean> {
    this.files.scan(this.checkpoint.positions);
    this.tellDropped();
    const { batchBytes, node } = this.options;
    const pieces = this.files.read(batchBytes);
    if (pieces.length === 0) return false;
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
    try {
      await this.deliver(Buffer.from(pieces.map((piece) => linesOf(piece, node)).join("")));
    } catch (error) {
      this.checkpoint.forget();
      this.files.rewind();
      if (this.failures++ === 0) this.say("warn", "logstash is away", { reason: String(error) });
      return false;
    }
    this.checkpoint.confirm(this.files.snapshot(), bytes, Date.now());
    if (this.failures > 0) this.say("info", "logstash is back", { failures: this.failures });
    this.failures = 0;
    return bytes >= batchBytes / 2;
  }

  private tellDropped(): void {
    const { dropped } = this.files;
    if (dropped === this.droppedBytes) return;
    this.say("warn", "output was deleted before it was taken", { bytes: dropped });
    this.droppedBytes = dropped;
  }

  private async pause(): Promise<void> {
    const { pauseMs, maxPauseMs } = this.options;
    const ms = Math.min(pauseMs * 2 ** Math.min(this.failures, 10), maxPauseMs);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The lines of a piece, as Logstash gets them. */
function linesOf({ file, offset, bytes }: Piece, node: string): string {
  let text = "";
  for (let start = 0, end: number; start < bytes.length; start = end) {
    const lineEnd = bytes.indexOf(0x0a, start);
    end = lineEnd < 0 ? bytes.length : lineEnd + 1;
    const line = bytes.toString("utf8", start, lineEnd < 0 ? end : lineEnd);
    text += `${toLine(line, { node, container: file.container, offset: offset + start })}\n`;
  }
  return text;
}

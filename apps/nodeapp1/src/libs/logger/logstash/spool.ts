/** How much a spool may hold. */
export interface SpoolLimits {
  /** Bytes of all lines that are kept, with what they cost in memory beside their text. */
  readonly maxBytes: number;
  /** Confirmed lines are kept to be sent again: at most so many bytes of them… */
  readonly replayBytes: number;
  /** …and for so many milliseconds since they were last confirmed. */
  readonly replayMs: number;
}

/** What a line costs in memory beside its text. */
export const LINE_OVERHEAD_BYTES = 200;

/** The share of the room that only urgent lines may use. */
const URGENT_SHARE = 0.1;

const sizeOf = (line: Buffer): number => line.length + LINE_OVERHEAD_BYTES;

/**
 * Lines in memory, in the order in which they came: those that wait, those that were written but perhaps
 * have not arrived, and, for a while, those that are confirmed. Lines go by numbers, counted from the first:
 * `first` ≤ kept < `end`, confirmed < `unconfirmed`, written < `next`.
 */
export class Spool {
  private readonly lines = new Map<number, Buffer>();
  private first = 0;
  private unconfirmed = 0;
  private next = 0;
  private end = 0;
  /** The first line that was never written. */
  private unwritten = 0;
  private bytes = 0;
  private confirmedBytes = 0;
  private again = 0;
  /** Up to which line was confirmed when. */
  private confirmations: { readonly below: number; readonly at: number }[] = [];

  constructor(private readonly limits: SpoolLimits) {}

  /** Lines not known to have arrived. */
  get waiting(): number {
    return this.end - this.unconfirmed;
  }

  /** Bytes of all lines that are kept. */
  get size(): number {
    return this.bytes;
  }

  /** How many times a line was written again. */
  get resent(): number {
    return this.again;
  }

  /** Whether there is a line that is to be written. */
  get isPending(): boolean {
    return this.next < this.end;
  }

  /**
   * Keeps a line; confirmed ones make room for it.
   * @param urgent whether it may use the last of the room
   * @returns false if there is no room for it
   */
  add(line: Buffer, urgent: boolean): boolean {
    const limit = this.limits.maxBytes * (urgent ? 1 : 1 - URGENT_SHARE);
    const size = sizeOf(line);
    while (this.bytes + size > limit && this.first < this.unconfirmed) this.forget();
    if (this.bytes + size > limit) return false;
    this.lines.set(this.end++, line);
    this.bytes += size;
    return true;
  }

  /** The next lines to write, at least one and else at most `maxBytes` of them; undefined when there is none. */
  take(maxBytes: number): Buffer | undefined {
    const taken: Buffer[] = [];
    let bytes = 0;
    for (; this.isPending; this.next++) {
      const line = this.line(this.next);
      if (bytes > 0 && bytes + line.length > maxBytes) break;
      taken.push(line);
      bytes += line.length;
      if (this.next < this.unwritten) this.again++;
      else this.unwritten = this.next + 1;
    }
    return bytes > 0 ? Buffer.concat(taken, bytes) : undefined;
  }

  /** Everything that was written has arrived, at this time. */
  confirm(now: number): void {
    for (; this.unconfirmed < this.next; this.unconfirmed++) {
      this.confirmedBytes += sizeOf(this.line(this.unconfirmed));
    }
    this.confirmations.push({ below: this.next, at: now });
    while (now - (this.confirmations[0]?.at ?? now) >= this.limits.replayMs) {
      const below = this.confirmations.shift()?.below ?? 0;
      while (this.first < below) this.forget();
    }
    while (this.confirmedBytes > this.limits.replayBytes) this.forget();
  }

  /** What was written may be lost: all that is kept is to be written again. */
  rewind(): void {
    this.next = this.first;
    // How long a line has been confirmed counts from its next confirmation.
    this.confirmations = [];
  }

  private line(number: number): Buffer {
    const line = this.lines.get(number);
    if (line === undefined) throw new Error(`line ${number} is not kept`);
    return line;
  }

  /** Forgets the oldest line, which must be confirmed. */
  private forget(): void {
    const size = sizeOf(this.line(this.first));
    this.lines.delete(this.first++);
    this.bytes -= size;
    this.confirmedBytes -= size;
    this.next = Math.max(this.next, this.first);
  }
}

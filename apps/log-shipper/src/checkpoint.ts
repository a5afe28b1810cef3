import { readFileSync, renameSync, writeFileSync } from "node:fs";

export type Positions = ReadonlyMap<string, number>;

interface Confirmation {
  readonly positions: Positions;
  readonly at: number;
  /** Bytes that had been delivered by then. */
  readonly bytes: number;
}

export interface Window {
  /** What was delivered in so many milliseconds… */
  readonly ms: number;
  /** …and in so many bytes is sent again after a failure. */
  readonly bytes: number;
}

/**
 * From where lines are sent again after a failure or a restart: not from where the server has read to, but from a while before, as it
 * may have died between reading lines and keeping them. That is also what is on the disk.
 */
export class Checkpoint {
  private safe: Positions;
  private confirmations: Confirmation[] = [];
  private bytes = 0;

  /** @throws Error that names the file when it is not ours */
  constructor(
    private readonly file: string,
    private readonly window: Window,
  ) {
    this.safe = read(file);
  }

  /** Up to where nothing need be sent again. */
  get positions(): Positions {
    return this.safe;
  }

  /** Everything up to these positions was delivered. */
  confirm(positions: Positions, bytes: number, now: number): void {
    this.bytes += bytes;
    this.confirmations.push({ positions, at: now, bytes: this.bytes });
    const isPast = (one?: Confirmation) =>
      one !== undefined &&
      (now - one.at >= this.window.ms || this.bytes - one.bytes >= this.window.bytes);
    if (!isPast(this.confirmations[0])) return;
    while (isPast(this.confirmations[0]))
      this.safe = this.confirmations.shift()?.positions ?? this.safe;
    this.save();
  }

  /** What was delivered lately may be lost. */
  forget(): void {
    this.confirmations = [];
  }

  private save(): void {
    writeFileSync(`${this.file}.new`, JSON.stringify(Object.fromEntries(this.safe)), {
      flush: true,
    });
    renameSync(`${this.file}.new`, this.file);
  }
}

function read(file: string): Positions {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, number>));
  } catch {
    throw new Error(`${file} is no checkpoint: delete it, and everything is sent once more`);
  }
}

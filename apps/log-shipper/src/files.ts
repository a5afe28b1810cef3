/** The engine's log files, those that were rotated included. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

/** A piece of a file that ends with a line's end. */
export interface Piece {
  readonly file: LogFile;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The engine cuts output into parts of 16 KiB, and JSON writes a byte as six at most. */
const LONGEST_LINE = 256 * 1024;
const LINE_END = 0x0a;

/** One file, which stays the same whatever name it has. It is open, so that its number on the disk goes to no other meanwhile. */
export class LogFile {
  /** How far it was read. */
  position = 0;
  private id: string | undefined;

  constructor(
    readonly container: string,
    private readonly descriptor: number,
  ) {}

  /** What it is known by when it is opened again: its first line, which has its time to the nanosecond; undefined before that. */
  get identity(): string | undefined {
    if (this.id !== undefined) return this.id;
    const first = this.lines(0, LONGEST_LINE);
    if (first === undefined) return undefined;
    const hash = createHash("sha256").update(first.subarray(0, first.indexOf(LINE_END) + 1));
    return (this.id = `${this.container}-${hash.digest("hex").slice(0, 16)}`);
  }

  get size(): number {
    return fstatSync(this.descriptor).size;
  }

  /** Whether it has no name any more. */
  get isDeleted(): boolean {
    return fstatSync(this.descriptor).nlink === 0;
  }

  /** Whether there is a whole line that was not read. */
  get isUnread(): boolean {
    return this.lines(this.position, LONGEST_LINE) !== undefined;
  }

  /** Reads on, whole lines only; undefined when there is none. */
  read(maxBytes: number): Piece | undefined {
    const offset = this.position;
    const bytes = this.lines(offset, maxBytes);
    if (bytes === undefined) return undefined;
    this.position += bytes.length;
    return { file: this, offset, bytes };
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private lines(offset: number, maxBytes: number): Buffer | undefined {
    if (this.size <= offset) return undefined;
    const buffer = Buffer.allocUnsafe(Math.max(maxBytes, LONGEST_LINE));
    const length = readSync(this.descriptor, buffer, 0, buffer.length, offset);
    const end = buffer.subarray(0, length).lastIndexOf(LINE_END) + 1;
    if (end > 0) return buffer.subarray(0, end);
    // No line of the engine's: what it is, is kept in pieces.
    return length === buffer.length ? buffer : undefined;
  }
}

/** How much of files that are deleted is still kept: they are on the disk for as long as they are open. */
const MOST_DELETED_BYTES = 64 * 1024 * 1024;

export class LogFiles {
  private readonly open = new Map<string, LogFile>();
  /** Bytes that were given up, as they were deleted while nobody took them. */
  dropped = 0;

  /**
   * @param folder the engine's, with one for each container
   * @param safe up to where the files need never be read again, by identity
   */
  constructor(
    private readonly folder: string,
    private safe: ReadonlyMap<string, number>,
    private readonly mostDeletedBytes = MOST_DELETED_BYTES,
  ) {}

  /**
   * Opens what is new, and closes what is deleted and need not be read again.
   * @param safe as above, by now
   */
  scan(safe: ReadonlyMap<string, number>): void {
    this.safe = safe;
    for (const container of names(this.folder, /^[0-9a-f]{64}$/)) {
      const folder = join(this.folder, container);
      for (const name of names(folder, /^[0-9a-f]{64}-json\.log(\.\d+)?$/)) {
        this.add(container, join(folder, name));
      }
    }
    let kept = 0;
    for (const [key, file] of [...this.open].reverse()) {
      if (!file.isDeleted) continue;
      const isDone = !file.isUnread && this.start(file) >= file.position;
      kept += file.size;
      if (!isDone && kept <= this.mostDeletedBytes) continue;
      if (file.isUnread) this.dropped += file.size - file.position;
      file.close();
      this.open.delete(key);
    }
  }

  /** Reads on, a share of every file, the files that had least lately first. */
  read(maxBytes: number): Piece[] {
    const pieces: Piece[] = [];
    let room = maxBytes;
    for (const [key, file] of [...this.open]) {
      if (room <= 0) break;
      const piece = file.identity === undefined ? undefined : file.read(room / 2);
      if (piece === undefined) continue;
      pieces.push(piece);
      room -= piece.bytes.length;
      this.open.delete(key);
      this.open.set(key, file);
    }
    return pieces;
  }

  /** How far each file was read, by identity. */
  snapshot(): Map<string, number> {
    const known = [...this.open.values()].filter(({ identity }) => identity !== undefined);
    return new Map(known.map((file) => [file.identity ?? "", file.position]));
  }

  /** Goes back to where all is safe; to the beginning of files of which nothing is. */
  rewind(): void {
    for (const file of this.open.values()) file.position = this.start(file);
  }

  private add(container: string, path: string): void {
    try {
      const { dev, ino } = statSync(path);
      if (this.open.has(`${dev}:${ino}`)) return;
      const descriptor = openSync(path, "r");
      const opened = fstatSync(descriptor);
      const key = `${opened.dev}:${opened.ino}`;
      // The engine may rotate between two looks.
      if (this.open.has(key)) return closeSync(descriptor);
      const file = new LogFile(container, descriptor);
      file.position = this.start(file);
      this.open.set(key, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  private start({ identity }: LogFile): number {
    return identity === undefined ? 0 : (this.safe.get(identity) ?? 0);
  }
}

/** The names in a folder that look like this; none when it is gone. */
function names(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** One of the tasks that this app runs as, and the machine it is on. */
export interface Replica {
  readonly task: string;
  readonly node: string;
}

/** What somebody wrote into the guest book. */
export interface NewEntry {
  /** A UUID in lower case. Adding an entry again under its id adds nothing. */
  readonly id: string;
  readonly name: string;
  /** Lines end with `\n`. */
  readonly message: string;
}

/** An entry as it is kept. */
export interface Entry extends NewEntry {
  /** By the clock of the replica that wrote it. */
  readonly createdAt: Date;
  readonly writtenBy: Replica;
}

/** The most UTF-16 code units, which is what HTML's `maxlength` counts. */
export const MAX_LENGTH = { name: 60, message: 1_000 } as const;

import type { Entry } from "./entry";

/**
 * What is known of the database: `connecting` until the first attempt has ended; `unreachable` when
 * the last look at it failed, whatever the reason.
 */
export type DatabaseStatus = "connecting" | "connected" | "unreachable";

/** Where a page of entries begins: behind the entry with this time and id. */
export type Position = Pick<Entry, "createdAt" | "id">;

/** Entries, newest first; of one millisecond, by descending id. */
export interface EntryPage {
  readonly entries: readonly Entry[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: Position | undefined;
}

/** Where entries are kept. Every method throws {@link StoreUnavailableError} in bounded time. */
export interface EntryStore {
  readonly status: DatabaseStatus;
  /**
   * Adds an entry, or finds that it was added before. Returns when a majority of the database's
   * members holds it: an entry that was returned is not lost when a member is.
   * @returns the entry that is kept under the id, and whether this call made it
   * @throws IdTakenError if another name or message is kept under the id
   */
  add(entry: Entry): Promise<{ readonly entry: Entry; readonly created: boolean }>;
  find(id: string): Promise<Entry | undefined>;
  /** @param limit how many entries at most, at least 1 */
  list(limit: number, after?: Position): Promise<EntryPage>;
  close(): Promise<void>;
}

/** The database cannot be asked now. What was to be written may or may not be there: write it again. */
export class StoreUnavailableError extends Error {
  /** Seconds after which it is worth trying again. */
  readonly retryAfterS = 5;

  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`the database is unavailable: ${reason}`, { cause });
    this.name = "StoreUnavailableError";
  }
}

/** Another entry has this id. */
export class IdTakenError extends Error {
  constructor(id: string) {
    super(`another entry has the id ${id}`);
    this.name = "IdTakenError";
  }
}

import type { Entry } from "../src/guest-book/entry";
import {
  IdTakenError,
  StoreUnavailableError,
  type DatabaseStatus,
  type EntryPage,
  type EntryStore,
  type Position,
} from "../src/guest-book/store";

/**
 * Entries in this process, for tests of what is above the store. It is held to the same contract as
 * the real one (`store-contract.ts`). `isAway` makes it what a store without its database is.
 */
export class MemoryEntryStore implements EntryStore {
  isAway = false;
  isClosed = false;
  readonly #entries = new Map<string, Entry>();

  get status(): DatabaseStatus {
    return this.isAway ? "unreachable" : "connected";
  }

  add(entry: Entry): Promise<{ entry: Entry; created: boolean }> {
    return this.#answer(() => {
      const kept = this.#entries.get(entry.id);
      if (kept === undefined) {
        this.#entries.set(entry.id, copy(entry));
        return { entry, created: true };
      }
      if (kept.name !== entry.name || kept.message !== entry.message) {
        throw new IdTakenError(entry.id);
      }
      return { entry: copy(kept), created: false };
    });
  }

  find(id: string): Promise<Entry | undefined> {
    return this.#answer(() => {
      const kept = this.#entries.get(id);
      return kept && copy(kept);
    });
  }

  list(limit: number, after?: Position): Promise<EntryPage> {
    return this.#answer(() => {
      const rest = [...this.#entries.values()]
        .sort(newestFirst)
        .filter((entry) => after === undefined || newestFirst(after, entry) < 0);
      const entries = rest.slice(0, limit).map(copy);
      return { entries, next: rest.length > limit ? entries.at(-1) : undefined };
    });
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  #answer<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.isAway || this.isClosed) throw new StoreUnavailableError("it is away");
      resolve(work());
    });
  }
}

const newestFirst = (a: Position, b: Position): number =>
  b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

const copy = (entry: Entry): Entry => ({ ...entry, createdAt: new Date(entry.createdAt) });

import { setTimeout as delay } from "node:timers/promises";
import {
  MongoAPIError,
  MongoClient,
  MongoClientClosedError,
  MongoError,
  MongoNotConnectedError,
  MongoServerError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
  type Collection,
  type Db,
} from "mongodb";
import type { Logger } from "../libs/logger";
import type { DatabaseUrl } from "./database-url";
import type { Entry, Replica } from "./entry";
import {
  IdTakenError,
  StoreUnavailableError,
  type DatabaseStatus,
  type EntryPage,
  type EntryStore,
  type Position,
} from "./store";

/** The most that a caller waits, in milliseconds, retries and the wait for a primary included. */
export interface Timeouts {
  readonly read: number;
  readonly write: number;
}

/** A write is worth more patience: an election takes some seconds, mostly. */
const TIMEOUT_MS: Timeouts = { read: 2_000, write: 5_000 };
/** How often the database is looked at, in milliseconds. */
const CHECK_INTERVAL_MS = 1_000;
/** Between the attempts at an operation, in milliseconds. */
const RETRY_INTERVAL_MS = 250;
const COLLECTION = "entries";

const DUPLICATE_KEY = 11_000;
/**
 * What a server answers that cannot do now what it is there for, by the names in MongoDB's
 * error_codes.yml: those on which drivers retry, and those after which it is of no use.
 */
const ABSENCE_CODES: readonly unknown[] = [
  1, // InternalError: the server's own mistake
  6, // HostUnreachable
  7, // HostNotFound
  13, // Unauthorized: the rights of the app's user were changed
  18, // AuthenticationFailed: so was its password
  50, // MaxTimeMSExpired
  89, // NetworkTimeout
  91, // ShutdownInProgress
  134, // ReadConcernMajorityNotAvailableYet
  189, // PrimarySteppedDown
  262, // ExceededTimeLimit
  9001, // SocketException
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
];

/**
 * What the driver passes on as its sockets say it, most of all of a server that ended its side of a connection just before the
 * driver wrote to it (Node's `writeAfterFIN`).
 */
const SOCKET_CODES: readonly unknown[] = [
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
  "ETIMEDOUT",
];

/** An entry as it lies in the database. */
interface EntryDocument {
  readonly _id: string;
  readonly name: string;
  readonly message: string;
  readonly createdAt: Date;
  readonly writtenBy: Replica;
}

export interface MongoEntryStoreArgs extends DatabaseUrl {
  /** Named in the database's log and in `currentOp`. */
  readonly appName: string;
  readonly logger: Logger;
  readonly timeoutMs?: Timeouts;
}

/**
 * Entries in MongoDB, through one client and its pool. It can be made while the database is away:
 * it looks for it until it is closed. Transactions, TTL indexes and updates are not used.
 */
export class MongoEntryStore implements EntryStore {
  readonly client: MongoClient;
  readonly #db: Db;
  readonly #entries: Collection<EntryDocument>;
  readonly #logger: Logger;
  readonly #timeoutMs: Timeouts;
  readonly #closing = new AbortController();
  readonly #watching: Promise<void>;
  #status: DatabaseStatus = "connecting";

  /** @throws MongoError if the driver refuses the URL's options */
  constructor({ url, database, appName, logger, timeoutMs = TIMEOUT_MS }: MongoEntryStoreArgs) {
    this.#logger = logger;
    this.#timeoutMs = timeoutMs;
    this.client = new MongoClient(url, {
      appName,
      maxPoolSize: 20,
      // A server that is gone without a word is noticed within seconds, and what nobody waits for
      // any more (see `within`) ends soon after.
      connectTimeoutMS: 2_000,
      heartbeatFrequencyMS: 2_000,
      serverSelectionTimeoutMS: timeoutMs.write,
      waitQueueTimeoutMS: timeoutMs.write,
      socketTimeoutMS: timeoutMs.write,
      retryReads: true,
      retryWrites: true,
      writeConcern: { w: "majority", wtimeoutMS: timeoutMs.write - 1_000 },
      // What is read here cannot be undone by a failover; without a primary, a secondary will do.
      readConcern: { level: "majority" },
      readPreference: "primaryPreferred",
    });
    this.#db = this.client.db(database);
    this.#entries = this.#db.collection(COLLECTION);
    this.#watching = this.#watch();
  }

  get status(): DatabaseStatus {
    return this.#status;
  }

  add(entry: Entry): Promise<{ entry: Entry; created: boolean }> {
    return this.#attempt(
      this.#timeoutMs.write,
      () => this.#addOnce(entry),
      // A database that is away may just be coming back, or electing a primary.
      () => true,
    );
  }

  async #addOnce(entry: Entry): Promise<{ entry: Entry; created: boolean }> {
    try {
      await this.#entries.insertOne(toDocument(entry));
      return { entry, created: true };
    } catch (error) {
      if (!(error instanceof MongoServerError && error.code === DUPLICATE_KEY)) throw error;
    }
    // It may be there since an attempt whose primary was lost before it had passed it on. So ask
    // the primary, and count only what a majority holds.
    const kept = await this.#findOne(entry.id, "primary");
    if (kept === undefined) {
      throw new StoreUnavailableError("an earlier attempt is not yet held by a majority");
    }
    if (kept.name !== entry.name || kept.message !== entry.message) {
      throw new IdTakenError(entry.id);
    }
    return { entry: kept, created: false };
  }

  find(id: string): Promise<Entry | undefined> {
    return this.#read(() => this.#findOne(id, "primaryPreferred"));
  }

  list(limit: number, after?: Position): Promise<EntryPage> {
    const filter =
      after === undefined
        ? {}
        : {
            $or: [
              { createdAt: { $lt: after.createdAt } },
              { createdAt: after.createdAt, _id: { $lt: after.id } },
            ],
          };
    return this.#read(async () => {
      const documents = await this.#entries
        .find(filter, { maxTimeMS: this.#timeoutMs.read })
        .sort({ createdAt: -1, _id: -1 })
        // One more than asked for tells whether there is a next page.
        .limit(limit + 1)
        .toArray();
      const entries = documents.slice(0, limit).map(toEntry);
      return { entries, next: documents.length > limit ? entries.at(-1) : undefined };
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.client.close();
    await this.#watching;
  }

  async #findOne(
    id: string,
    readPreference: "primary" | "primaryPreferred",
  ): Promise<Entry | undefined> {
    const options = { readPreference, maxTimeMS: this.#timeoutMs.read };
    const document = await this.#entries.findOne({ _id: id }, options);
    return document === null ? undefined : toEntry(document);
  }

  #read<T>(operation: () => Promise<T>): Promise<T> {
    // No reader waits for what is known to be away.
    return this.#attempt(this.#timeoutMs.read, operation, () => this.#status !== "unreachable");
  }

  /**
   * Tries until it succeeds, the time is over or there is no hope. The driver itself tries twice, and
   * both may be before it has noticed that another member is primary now. Nothing is done twice here
   * that must be done once: an entry's id sees to that.
   */
  async #attempt<T>(
    timeoutMs: number,
    operation: () => Promise<T>,
    hasHope: () => boolean,
  ): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      if (!hasHope()) throw new StoreUnavailableError("it does not answer");
      try {
        return await within(deadline - Date.now(), operation());
      } catch (error) {
        const goOn =
          error instanceof StoreUnavailableError &&
          !this.#closing.signal.aborted &&
          Date.now() + RETRY_INTERVAL_MS < deadline;
        if (!goOn) throw error;
      }
      await delay(RETRY_INTERVAL_MS);
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        if (this.#status === "connected") {
          await this.#attempt(
            this.#timeoutMs.read,
            () => this.#db.command({ ping: 1 }),
            () => true,
          );
        } else {
          // After a first attempt that failed the driver does not try again by itself; connected,
          // this does nothing.
          await within(this.#timeoutMs.write, this.client.connect());
          await this.#createIndexes();
        }
        this.#setStatus("connected");
      } catch (error) {
        if (!signal.aborted) this.#setStatus("unreachable", error);
      }
      await delay(CHECK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Makes what is not there. Done again after each absence: it may be another database now. */
  async #createIndexes(): Promise<void> {
    const newestFirst = this.#entries.createIndex(
      { createdAt: -1, _id: -1 },
      { name: "newest-first" },
    );
    await within(this.#timeoutMs.write, newestFirst);
  }

  #setStatus(status: DatabaseStatus, error?: unknown): void {
    if (status === this.#status) return;
    this.#status = status;
    if (status === "connected") this.#logger.info("database connected");
    else this.#logger.warn("database unreachable", { error });
  }
}

const toDocument = ({ id, name, message, createdAt, writtenBy }: Entry): EntryDocument => ({
  _id: id,
  name,
  message,
  createdAt,
  writtenBy: { task: writtenBy.task, node: writtenBy.node },
});

const toEntry = ({ _id: id, name, message, createdAt, writtenBy }: EntryDocument): Entry => ({
  id,
  name,
  message,
  createdAt,
  writtenBy,
});

/**
 * Waits for an operation of the driver, but not longer than this. The driver has timeouts for its
 * parts only, and no way to call a write back: one given up may still be carried out.
 * @throws StoreUnavailableError for whatever is the database's fault or absence and not the request's
 */
async function within<T>(timeoutMs: number, operation: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new StoreUnavailableError(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([operation, timeout]);
  } catch (error) {
    throw isAbsence(error) ? new StoreUnavailableError(error) : error;
  } finally {
    clearTimeout(timer);
  }
}

function isAbsence(error: unknown): boolean {
  if (error instanceof MongoServerError) {
    return (
      error instanceof MongoWriteConcernError ||
      error.hasErrorLabel("RetryableWriteError") ||
      ABSENCE_CODES.includes(error.code)
    );
  }
  // A misuse of the driver is our fault, except for one that is a matter of time.
  if (error instanceof MongoAPIError) {
    return (
      error instanceof MongoNotConnectedError ||
      error instanceof MongoTopologyClosedError ||
      error instanceof MongoClientClosedError
    );
  }
  if (error instanceof MongoError) return true;
  return error instanceof Error && "code" in error && SOCKET_CODES.includes(error.code);
}

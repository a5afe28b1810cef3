import { MongoClient, MongoServerError, type Document } from "mongodb";
import { reason } from "../log";
import { MemberState } from "./types";
import type { SetConfig, Sighting } from "./types";

/** Codes of mongodb.com/docs/manual/reference/error-codes that mean something to the keeper. */
export const ErrorCode = {
  AuthenticationFailed: 18,
  CommandNotFound: 59,
  InvalidReplicaSetConfig: 93,
  NotYetInitialized: 94,
} as const;

export const hasCode = (error: unknown, ...codes: number[]): boolean =>
  error instanceof MongoServerError && codes.includes(Number(error.code));

export interface Timeouts {
  /** How long a member may take to be connected to, and to answer a question. */
  readonly answerMs: number;
  /** How long a change of the set's configuration may take to reach a majority. */
  readonly changeMs: number;
}

export const defaultTimeouts: Timeouts = { answerMs: 5_000, changeMs: 20_000 };

/**
 * Talks to each member by itself. It authenticates as the members do among themselves: as `__system` with
 * the key, which a mongod accepts before it has any user or configuration.
 */
export class Members {
  private readonly clients = new Map<string, MongoClient>();

  constructor(
    private readonly key: string,
    private readonly timeouts: Timeouts = defaultTimeouts,
  ) {}

  /** Runs a command that changes something. */
  change(host: string, database: string, command: Document): Promise<Document> {
    return this.run(host, database, command, this.timeouts.changeMs);
  }

  /** Asks a member what it is. Never throws: not to answer is an answer. */
  async look(host: string): Promise<Sighting> {
    try {
      return await this.sight(host);
    } catch (error) {
      // A connection that failed once may be to a task that is gone.
      await this.forget(host);
      return hasCode(error, ErrorCode.AuthenticationFailed)
        ? { host, kind: "locked", reason: reason(error) }
        : { host, kind: "silent", reason: reason(error) };
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients.keys()].map((host) => this.forget(host)));
  }

  private async sight(host: string): Promise<Sighting> {
    const ask = (command: Document) => this.run(host, "admin", command, this.timeouts.answerMs);
    const build = await ask({ buildInfo: 1 });
    if (typeof build["ferretdbVersion"] === "string") {
      return { host, kind: "stand-in", version: `FerretDB ${build["ferretdbVersion"]}` };
    }
    let config: SetConfig;
    try {
      config = (await ask({ replSetGetConfig: 1 }))["config"] as SetConfig;
    } catch (error) {
      if (!hasCode(error, ErrorCode.NotYetInitialized)) throw error;
      return { host, kind: "new", empty: await this.isEmpty(host) };
    }
    const hello = await ask({ hello: 1 });
    const status = await this.status(host);
    const members = (status?.["members"] ?? []) as {
      name: string;
      state: number;
      self?: boolean;
    }[];
    return {
      host,
      kind: "member",
      me: members.find(({ self }) => self)?.name,
      writable: hello["isWritablePrimary"] === true,
      config,
      state: Number(status?.["myState"] ?? MemberState.REMOVED),
      syncing:
        status?.["myState"] === MemberState.STARTUP2 && status["initialSyncStatus"] !== undefined,
      states: Object.fromEntries(members.map(({ name, state }) => [name, state])),
    };
  }

  /** Undefined for a member that its configuration does not have. */
  private async status(host: string): Promise<Document | undefined> {
    try {
      return await this.run(host, "admin", { replSetGetStatus: 1 }, this.timeouts.answerMs);
    } catch (error) {
      if (hasCode(error, ErrorCode.InvalidReplicaSetConfig)) return undefined;
      throw error;
    }
  }

  /**
   * A mongod that waits for its configuration lists no databases, but counts its collections:
   * jira.mongodb.org/browse/DOCS-16719 says what is in `catalogStats`.
   */
  private async isEmpty(host: string): Promise<boolean> {
    const status = await this.run(
      host,
      "admin",
      { serverStatus: 1, catalogStats: 1 },
      this.timeouts.answerMs,
    );
    const stats = status["catalogStats"] as Record<string, number> | undefined;
    if (stats === undefined)
      throw new Error("serverStatus has no catalogStats: MongoDB is too old");
    return ["collections", "views", "timeseries"].every((kind) => Number(stats[kind] ?? 0) === 0);
  }

  private async run(
    host: string,
    database: string,
    command: Document,
    timeoutMs: number,
  ): Promise<Document> {
    const answer = this.client(host).db(database).command(command);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no answer to ${Object.keys(command)[0]} within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      return await Promise.race([answer, tooLate]);
    } finally {
      clearTimeout(timer);
      answer.catch(() => undefined);
    }
  }

  private client(host: string): MongoClient {
    const known = this.clients.get(host);
    if (known) return known;
    const client = new MongoClient(`mongodb://${host}/`, {
      auth: { username: "__system", password: this.key },
      authSource: "local",
      authMechanism: "SCRAM-SHA-256",
      directConnection: true,
      appName: "mongo-keeper",
      maxPoolSize: 2,
      retryReads: false,
      retryWrites: false,
      serverSelectionTimeoutMS: this.timeouts.answerMs,
      connectTimeoutMS: this.timeouts.answerMs,
      serverMonitoringMode: "poll",
    });
    this.clients.set(host, client);
    return client;
  }

  private async forget(host: string): Promise<void> {
    const client = this.clients.get(host);
    this.clients.delete(host);
    await client?.close(true).catch(() => undefined);
  }
}

/**
 * A replica set in this process: members that speak the wire protocol and keep to the rules of the documented commands
 * (mongodb.com/docs/manual/reference/command/nav-replication). Time passes when {@link World.advance} is called.
 */
import type { Document } from "mongodb";
import { MemberState, type MemberConfig, type SetConfig } from "../../src/set/types";
import { objectionTo, type Objection } from "./documented";
import { ScramServer } from "./scram";
import { WireServer } from "./wire";

export const KEY = "a2V5Zm9ydGhlZG91YmxlCg==";

/** What a command may be answered with: ok: 0, with the code and name that MongoDB has for it. */
class Refusal extends Error {
  constructor(
    readonly code: number,
    readonly codeName: string,
    message: string,
  ) {
    super(message);
  }
}

export interface User {
  readonly password: string;
  readonly roles: readonly Document[];
}

/** A command that changes something, as it was sent. */
export interface Change {
  readonly host: string;
  readonly database: string;
  readonly name: string;
  readonly command: Document;
}

/** Thrown by {@link World.interrupt} to cut the connection instead of answering. */
export class Cut extends Error {}

const CHANGING = [
  "replSetInitiate",
  "replSetReconfig",
  "replSetStepDown",
  "createUser",
  "updateUser",
  "dropUser",
];

export class World {
  readonly members: Mongod[] = [];
  readonly changes: Change[] = [];
  /** The names of all commands that were sent, but for those by which a driver connects. */
  readonly asked = new Set<string>();
  /** What was wrong with how commands were written. */
  readonly objections: Objection[] = [];
  /** Called before and after each change takes place. */
  interrupt: (change: Change, when: "before" | "after") => void = () => undefined;
  private lastSetId = 0;

  async add(options: Partial<Pick<Mongod, "hasData" | "key" | "ferretdb">> = {}): Promise<Mongod> {
    const member = new Mongod(this);
    Object.assign(member, options);
    await member.start();
    this.members.push(member);
    return member;
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }

  at(host: string): Mongod | undefined {
    return this.members.find((m) => m.answersTo(host));
  }

  newSetId(): string {
    this.lastSetId += 1;
    return `set-${this.lastSetId}`;
  }

  /** Heartbeats, initial syncs and elections: about two seconds of a real set. */
  advance(): void {
    const living = this.members.filter((m) => m.isUp && m.config);
    for (const teller of living) {
      for (const { host } of (teller.config as SetConfig).members) {
        const listener = this.at(host);
        if (listener?.isUp && listener.setName === teller.config?._id) listener.hear(teller.config);
      }
    }
    for (const member of this.members) member.pass(this.primary());
    this.elect();
  }

  primary(): Mongod | undefined {
    return this.members.find((m) => m.isUp && m.state === MemberState.PRIMARY);
  }

  private elect(): void {
    const old = this.primary();
    if (old && !old.seesMajority()) old.state = MemberState.SECONDARY;
    if (this.primary()) return;
    const candidate = this.members.find(
      (m) =>
        m.isUp &&
        m.state === MemberState.SECONDARY &&
        (m.own()?.priority ?? 1) > 0 &&
        !m.resigned &&
        m.seesMajority(),
    );
    for (const member of this.members) member.resigned = false;
    if (!candidate?.config) return;
    candidate.state = MemberState.PRIMARY;
    candidate.config = { ...candidate.config, term: (candidate.config.term ?? 0) + 1 };
  }
}

/** One member. What is public here is what a test arranges or looks at. */
export class Mongod {
  readonly setName = "rs0";
  key = KEY;
  host = "";
  isUp = false;
  hasData = false;
  /** Answers as this version of FerretDB. */
  ferretdb = "";
  config: SetConfig | undefined;
  state: number = MemberState.STARTUP;
  users = new Map<string, User>();
  /** Rounds until the initial sync is done; 0 when there is none. */
  syncLeft = 0;
  /** Has just stepped down. */
  resigned = false;
  /** Milliseconds before every answer. */
  slowMs = 0;
  /** How many rounds an initial sync takes. */
  syncRounds = 2;
  private port = 0;
  private readonly server = new WireServer((command, connection) =>
    this.answer(command, connection),
  );
  private readonly sessions = new WeakMap<object, { scram?: ScramServer; user?: string }>();

  constructor(private readonly world: World) {}

  async start(): Promise<void> {
    this.port = await this.server.listen(this.port);
    this.host ||= `127.0.0.1:${this.port}`;
    this.isUp = true;
    if (this.config && this.state !== MemberState.REMOVED) this.state = MemberState.SECONDARY;
  }

  async stop(): Promise<void> {
    this.isUp = false;
    await this.server.close();
  }

  /** Its volume is gone; it comes back with an empty one. */
  async loseVolume(): Promise<void> {
    await this.stop();
    this.config = undefined;
    this.state = MemberState.STARTUP;
    this.users = new Map();
    this.hasData = false;
    await this.start();
  }

  answersTo(host: string): boolean {
    return host === this.host || host === `localhost:${this.port}`;
  }

  own(): MemberConfig | undefined {
    return this.config?.members.find(({ host }) => this.answersTo(host));
  }

  seesMajority(): boolean {
    const voters = this.config?.members.filter(({ votes = 1 }) => votes > 0) ?? [];
    const up = voters.filter(({ host }) => {
      const other = this.world.at(host);
      // Nobody votes for, or follows, a member whose configuration is older than its own.
      return other?.isUp && other.config && !isNewer(other.config, this.config);
    });
    return up.length > voters.length / 2;
  }

  hear(config: SetConfig): void {
    if (this.config && !isNewer(config, this.config)) return;
    const wasNew = !this.config;
    this.config = config;
    if (!this.own()) {
      this.state = MemberState.REMOVED;
    } else if (wasNew) {
      this.state = MemberState.STARTUP2;
      this.syncLeft = this.syncRounds;
    } else if (this.state === MemberState.REMOVED) {
      this.state = MemberState.SECONDARY;
    }
  }

  pass(primary: Mongod | undefined): void {
    if (!this.isUp || this.state !== MemberState.STARTUP2 || !primary) return;
    this.syncLeft -= 1;
    if (this.syncLeft > 0) return;
    this.state = MemberState.SECONDARY;
    this.hasData = primary.hasData;
    this.users = primary.users;
  }

  private async answer(command: Document, connection: object): Promise<Document | undefined> {
    if (this.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, this.slowMs));
    const name = Object.keys(command)[0] ?? "";
    try {
      return { ...this.dispatch(name, command, connection), ok: 1 };
    } catch (error) {
      if (error instanceof Cut) return undefined;
      if (!(error instanceof Refusal)) throw error;
      const { code, codeName, message } = error;
      return { ok: 0, errmsg: message, code, codeName };
    }
  }

  private dispatch(name: string, command: Document, connection: object): Document {
    const session = this.sessions.get(connection) ?? {};
    this.sessions.set(connection, session);
    switch (name) {
      case "hello":
      case "ismaster":
      case "isMaster":
        return this.hello();
      case "saslStart": {
        const scram = new ScramServer((user) => this.passwordOf(user, String(command["$db"])));
        session.scram = scram;
        const payload = scram.start((command["payload"] as { buffer: Buffer }).buffer);
        return { conversationId: 1, done: false, payload };
      }
      case "saslContinue": {
        const given = (command["payload"] as { buffer: Buffer }).buffer;
        if (given.length === 0) return { conversationId: 1, done: true, payload: given };
        const payload = session.scram?.finish(given);
        if (!payload) throw new Refusal(18, "AuthenticationFailed", "Authentication failed.");
        session.user = session.scram?.user;
        return { conversationId: 1, done: false, payload };
      }
      case "endSessions":
      case "ping":
        return {};
    }
    if (session.user !== "__system") {
      throw new Refusal(13, "Unauthorized", `Command ${name} requires authentication`);
    }
    this.world.asked.add(name);
    const objection = objectionTo(name, command);
    if (objection) {
      this.world.objections.push(objection);
      throw new Refusal(...objection);
    }
    if (!CHANGING.includes(name)) return this.ask(name);
    const change = {
      host: this.host,
      database: String(command["$db"]),
      name,
      command: plain(command),
    };
    this.world.interrupt(change, "before");
    const result = this.change(change);
    this.world.changes.push(change);
    this.world.interrupt(change, "after");
    return result;
  }

  private passwordOf(user: string, database: string): string | undefined {
    if (user === "__system") return database === "local" ? this.key : undefined;
    return this.users.get(`${database}.${user}`)?.password;
  }

  private hello(): Document {
    const limits = {
      maxBsonObjectSize: 16777216,
      maxMessageSizeBytes: 48000000,
      maxWriteBatchSize: 100000,
      localTime: new Date(),
      logicalSessionTimeoutMinutes: 30,
      minWireVersion: 0,
      maxWireVersion: 25,
      readOnly: false,
    };
    if (this.ferretdb) {
      const set = { setName: this.setName, hosts: [this.host] };
      return { isWritablePrimary: true, ismaster: true, ...set, ...limits };
    }
    if (!this.config) {
      const info = "Does not have a valid replica set config";
      return { isWritablePrimary: false, isreplicaset: true, info, ...limits };
    }
    const writable = this.state === MemberState.PRIMARY;
    return {
      isWritablePrimary: writable,
      ismaster: writable,
      secondary: this.state === MemberState.SECONDARY,
      setName: this.config._id,
      hosts: this.config.members.map(({ host }) => host),
      me: this.own()?.host,
      ...limits,
    };
  }

  private ask(name: string): Document {
    switch (name) {
      case "buildInfo":
        return { version: "8.0.0", ...(this.ferretdb ? { ferretdbVersion: this.ferretdb } : {}) };
      case "usersInfo":
        return { users: this.listUsers() };
    }
    if (this.ferretdb) throw new Refusal(59, "CommandNotFound", `no such command: '${name}'`);
    switch (name) {
      case "serverStatus": {
        const collections = this.hasData ? 1 : 0;
        return { catalogStats: { collections, views: 0, timeseries: 0, internalCollections: 3 } };
      }
      case "replSetGetConfig":
        return { config: this.configured() };
      case "replSetGetStatus":
        return this.status();
    }
    throw new Error(`the double does not know ${name}`);
  }

  private configured(): SetConfig {
    if (this.config) return this.config;
    throw new Refusal(94, "NotYetInitialized", "no replset config has been received");
  }

  private status(): Document {
    const config = this.configured();
    if (!this.own()) {
      throw new Refusal(93, "InvalidReplicaSetConfig", "not a member of the configuration");
    }
    const members = config.members.map(({ _id, host }) => {
      const other = this.world.at(host);
      const self = this.answersTo(host);
      return {
        _id,
        name: host,
        state: other?.isUp ? other.state : MemberState.DOWN,
        ...(self && { self }),
      };
    });
    const syncing = this.state === MemberState.STARTUP2 ? { initialSyncStatus: {} } : {};
    return { set: config._id, myState: this.state, members, ...syncing };
  }

  private change({ name, command, database }: Change): Document {
    if (name.endsWith("User")) return this.changeUser(name, command, database);
    if (command["force"]) throw new Error("the keeper must never force");
    if (this.ferretdb) throw new Refusal(59, "CommandNotFound", `no such command: '${name}'`);
    if (name === "replSetInitiate") return this.initiate(command["replSetInitiate"] as SetConfig);
    this.configured();
    if (this.state !== MemberState.PRIMARY) {
      throw new Refusal(10107, "NotWritablePrimary", "not primary");
    }
    if (name === "replSetStepDown") {
      this.state = MemberState.SECONDARY;
      this.resigned = true;
      return {};
    }
    return this.reconfigure(command["replSetReconfig"] as SetConfig);
  }

  private initiate(config: SetConfig): Document {
    if (this.config) throw new Refusal(23, "AlreadyInitialized", "already initialized");
    for (const { host } of config.members) {
      const other = this.world.at(host);
      if (!other?.isUp)
        throw new Refusal(74, "NodeNotFound", `replSetInitiate quorum check failed: ${host}`);
      if (other !== this && (other.hasData || other.config)) {
        throw new Refusal(110, "CannotInitializeNodeWithData", `'${host}' has data already`);
      }
    }
    this.config = { ...config, term: 0, settings: { replicaSetId: this.world.newSetId() } };
    this.state = MemberState.SECONDARY;
    return {};
  }

  private reconfigure(config: SetConfig): Document {
    const old = this.config as SetConfig;
    const bad = (why: string) => new Refusal(103, "NewReplicaSetConfigurationIncompatible", why);
    if (config.version <= old.version) throw bad("the version must be higher");
    if (String(config.settings?.replicaSetId) !== String(old.settings?.replicaSetId)) {
      throw bad("the replicaSetId must not change");
    }
    const voters = (c: SetConfig) =>
      c.members.filter(({ votes = 1 }) => votes > 0).map(({ _id }) => _id);
    const [before, after] = [voters(old), voters(config)];
    const changed =
      before.filter((id) => !after.includes(id)).length +
      after.filter((id) => !before.includes(id)).length;
    if (changed > 1) throw bad("can only add or remove at most 1 voting member");
    if (after.length === 0) throw bad("must have a voting member");
    if (config.members.some(({ votes = 1, priority = 1 }) => votes === 0 && priority > 0)) {
      throw bad("a member without a vote must have priority 0");
    }
    if (!config.members.some(({ host }) => this.answersTo(host))) {
      throw new Refusal(74, "NodeNotFound", "the primary must be in the new configuration");
    }
    if (!this.seesMajority()) throw new Refusal(74, "NodeNotFound", "no majority");
    const hosts = config.members.map((m) => this.world.at(m.host));
    if (new Set(hosts).size < hosts.length) throw bad("one member has two names");
    this.config = { ...config, term: old.term };
    return {};
  }

  private listUsers(): Document[] {
    return [...this.users].map(([id, { roles }]) => {
      const [db = "", user = ""] = id.split(".");
      return { _id: id, user, db, roles };
    });
  }

  private changeUser(name: string, command: Document, database: string): Document {
    if (!this.ferretdb && this.state !== MemberState.PRIMARY) {
      throw new Refusal(10107, "NotWritablePrimary", "not primary");
    }
    const id = `${database}.${String(command[name])}`;
    const old = this.users.get(id);
    const roles = command["roles"] as Document[] | undefined;
    if (this.ferretdb && roles && roles.length > 0) {
      throw new Refusal(238, "NotImplemented", "roles are not implemented");
    }
    if (name === "createUser" && old)
      throw new Refusal(51003, "UserExists", `${id} already exists`);
    if (name !== "createUser" && !old) throw new Refusal(11, "UserNotFound", `${id} not found`);
    if (name === "dropUser") {
      this.users.delete(id);
    } else {
      const password = (command["pwd"] as string | undefined) ?? old?.password ?? "";
      this.users.set(id, { password, roles: roles ?? old?.roles ?? [] });
    }
    return {};
  }
}

function isNewer(a: SetConfig, b: SetConfig | undefined): boolean {
  const terms = (a.term ?? 0) - (b?.term ?? 0);
  return terms > 0 || (terms === 0 && a.version > (b?.version ?? 0));
}

/** Without what every command carries. */
function plain(command: Document): Document {
  const { $db, lsid, $clusterTime, $readPreference, ...rest } = command;
  void [$db, lsid, $clusterTime, $readPreference];
  return rest;
}

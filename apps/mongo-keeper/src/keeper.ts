import type { Config } from "./config";
import { reason, type Log } from "./log";
import type { RecordStore, Stage } from "./record";
import { decide, type Action, type Decision, type SetState } from "./set/decide";
import { defaultTimeouts, Members, type Timeouts } from "./set/client";
import { stateName, type Sighting } from "./set/types";
import { Users } from "./users";

/** What the keeper tells of the set. */
export interface Status {
  readonly state: SetState | "starting" | "failing";
  /** A sentence for a person. */
  readonly reason: string;
  /** Everything is as it was asked for: members, votes and users. */
  readonly settled: boolean;
  /** A member may be restarted: all others of the set are well, or there is no set yet. */
  readonly calm: boolean;
  readonly setName: string;
  readonly wanted: readonly string[];
  readonly members: readonly { readonly host: string; readonly state: string }[];
  readonly users: readonly string[];
  readonly stage: Stage;
  /** When this was seen, RFC 3339. */
  readonly at: string;
}

export interface KeeperOptions {
  readonly timeouts?: Timeouts;
  /** Between two rounds, after one that changed something. */
  readonly briskMs?: number;
}

type Wants = Pick<Config, "members" | "setName" | "key" | "users" | "intervalS">;

/**
 * Looks, decides on one step, takes it, and looks anew. It remembers nothing between two rounds but the record: so it can be
 * killed anywhere, and goes on from what it finds.
 */
export class Keeper {
  private readonly members: Members;
  private readonly users: Users;
  private readonly briskMs: number;
  private last: Status;
  private lastLogged = "";
  private usersKept = false;
  private stopped = false;
  private running: Promise<void> | undefined;
  private wake: () => void = () => undefined;
  /** Milliseconds since the epoch when the last round ended. */
  public roundEnded = Date.now();

  constructor(
    private readonly wants: Wants,
    private readonly record: RecordStore,
    private readonly log: Log,
    options: KeeperOptions = {},
  ) {
    const timeouts = options.timeouts ?? defaultTimeouts;
    this.members = new Members(wants.key, timeouts);
    this.users = new Users(this.members, wants.users, {
      setName: wants.setName,
      answerMs: timeouts.answerMs,
    });
    this.briskMs = options.briskMs ?? 300;
    this.last = this.describe({ state: "starting", reason: "nobody was asked yet" }, [], "none");
  }

  status(): Status {
    return this.last;
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends after the step that is being taken. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
    await this.members.close();
  }

  /**
   * One round.
   * @returns whether something was changed, so that the next round should follow soon
   */
  async round(): Promise<boolean> {
    let changed = false;
    try {
      const stage = await this.record.read();
      const sightings = await this.look();
      const decision = decide(this.wants, sightings, stage);
      this.usersKept = false;
      if (decision.action) {
        // Told before it is done: it may take a while.
        this.tell(this.describe(decision, sightings, stage));
        await this.act(decision.action);
        changed = true;
      } else if (decision.writableHost && mayKeepUsers(decision, stage)) {
        const done = await this.users.ensure(decision.writableHost, {
          roles: decision.state !== "stand-in",
        });
        for (const sentence of done) this.log.info(sentence);
        this.usersKept = true;
      }
      this.tell(this.describe(decision, sightings, stage));
    } catch (error) {
      this.usersKept = false;
      this.tell({ ...this.describe({ state: "failing", reason: reason(error) }, [], "none") });
    }
    this.roundEnded = Date.now();
    return changed;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const changed = await this.round();
      if (this.stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, changed ? this.briskMs : this.wants.intervalS * 1_000);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** The wanted members, and those that a configuration names beside them. */
  private async look(): Promise<Sighting[]> {
    const own = await Promise.all(this.wants.members.map((host) => this.members.look(host)));
    const others = own.flatMap((s) =>
      s.kind === "member" ? s.config.members.map(({ host }) => host) : [],
    );
    const strangers = [...new Set(others)].filter((host) => !this.wants.members.includes(host));
    return [...own, ...(await Promise.all(strangers.map((host) => this.members.look(host))))];
  }

  private async act(action: Action): Promise<void> {
    switch (action.kind) {
      case "record":
        return this.record.write(action.stage);
      case "initiate":
        this.log.info("forming the set", { host: action.host });
        await this.members.change(action.host, "admin", { replSetInitiate: action.config });
        return;
      case "reconfigure":
        this.log.info(action.why, { version: action.config.version });
        // Waits until a majority has it; a change that did not get there is found by the next round.
        await this.members.change(action.host, "admin", {
          replSetReconfig: action.config,
          maxTimeMS: RECONFIGURE_MS,
        });
        return;
      case "step-down":
        this.log.info("handing over", { host: action.host });
        await this.members.change(action.host, "admin", {
          replSetStepDown: 60,
          secondaryCatchUpPeriodSecs: 10,
        });
    }
  }

  private describe(
    { state, reason: why, calm = false }: Pick<Status, "state" | "reason"> & Pick<Decision, "calm">,
    sightings: readonly Sighting[],
    stage: Stage,
  ): Status {
    const settled = this.usersKept && (state === "healthy" || state === "stand-in");
    return {
      state,
      reason: why,
      settled,
      calm,
      setName: this.wants.setName,
      wanted: this.wants.members,
      members: sightings.map((s) => ({
        host: s.host,
        state: s.kind === "member" ? stateName(s.state) : s.kind,
      })),
      users: this.usersKept ? this.wants.users.map(({ name }) => name) : [],
      stage,
      at: new Date().toISOString(),
    };
  }

  private tell(status: Status): void {
    this.last = status;
    const line = `${status.state}: ${status.reason}`;
    if (line === this.lastLogged) return;
    this.lastLogged = line;
    const isWell = ["healthy", "stand-in", "forming", "changing"].includes(status.state);
    this.log[isWell ? "info" : "warn"](status.reason, { state: status.state });
  }
}

/** Less than the keeper itself waits, so that the member says what became of it. */
const RECONFIGURE_MS = 15_000;

/** No user is made before the record says that a set was formed: until then nobody can have stored anything. */
const mayKeepUsers = ({ state }: Decision, stage: Stage): boolean =>
  state === "stand-in" || stage === "formed";

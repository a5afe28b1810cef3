import type { AppUser } from "../src/config";
import { Keeper, type Status } from "../src/keeper";
import { createLog, type Log } from "../src/log";
import type { RecordStore, Stage } from "../src/record";
import { KEY, World, type Mongod } from "./double/world";

/** A record in memory that outlives keepers, as the file does. */
export class MemoryRecord implements RecordStore {
  readonly written: Stage[] = [];
  interrupt: (stage: Stage, when: "before" | "after") => void = () => undefined;

  constructor(public stage: Stage = "none") {}

  read(): Promise<Stage> {
    return Promise.resolve(this.stage);
  }

  write(stage: Exclude<Stage, "none">): Promise<void> {
    return Promise.resolve().then(() => {
      this.interrupt(stage, "before");
      this.stage = stage;
      this.written.push(stage);
      this.interrupt(stage, "after");
    });
  }
}

export const app1: AppUser = { name: "app1-1", database: "app1", password: "secret-1" };
export const app1Later: AppUser = { name: "app1-2", database: "app1", password: "secret-2" };

export const silentLog: Log = createLog(() => undefined);

/** A world, a record, and keepers that are started and forgotten. */
export class Scene {
  readonly world = new World();
  readonly record: MemoryRecord;
  private readonly keepers: Keeper[] = [];

  constructor(stage: Stage = "none") {
    this.record = new MemoryRecord(stage);
  }

  static async of(count: number, stage: Stage = "none"): Promise<Scene> {
    const scene = new Scene(stage);
    for (let i = 0; i < count; i++) await scene.world.add();
    return scene;
  }

  get hosts(): string[] {
    return this.world.members.map(({ host }) => host);
  }

  member(n: number): Mongod {
    return this.world.members[n] as Mongod;
  }

  keeper(
    options: {
      members?: readonly string[];
      users?: readonly AppUser[];
      key?: string;
      log?: Log;
    } = {},
  ): Keeper {
    const { members = this.hosts, users = [app1], key = KEY, log = silentLog } = options;
    const wants = { members, users, key, setName: "rs0", intervalS: 1 };
    const timeouts = { answerMs: 400, changeMs: 1_000 };
    const keeper = new Keeper(wants, this.record, log, { timeouts });
    this.keepers.push(keeper);
    return keeper;
  }

  /** Rounds, with time passing between them, until `enough`. */
  async until(
    keeper: Keeper,
    enough: (status: Status) => boolean = ({ settled }) => settled,
    atMost = 40,
  ): Promise<Status> {
    for (let round = 0; round < atMost; round++) {
      await keeper.round();
      if (enough(keeper.status())) return keeper.status();
      this.world.advance();
    }
    throw new Error(`not within ${atMost} rounds: ${JSON.stringify(keeper.status())}`);
  }

  /** A set with one user, formed and healthy, of the first `count` members. */
  async formed(count = this.world.members.length): Promise<void> {
    const keeper = this.keeper({ members: this.hosts.slice(0, count) });
    await this.until(keeper);
    await keeper.stop();
    this.world.changes.length = 0;
  }

  /** What a person would compare two ends by. */
  outcome(): unknown {
    const [primary] = this.world.members.filter((m) => m === this.world.primary());
    return {
      members: primary?.config?.members.map(({ host, votes = 1, priority = 1 }) => ({
        member: this.hosts.indexOf(host),
        votes,
        priority,
      })),
      states: this.world.members.map(({ state }) => state).sort(),
      users: [...(primary?.users ?? [])],
      stage: this.record.stage,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.keepers.map((keeper) => keeper.stop()));
    await this.world.close();
  }
}

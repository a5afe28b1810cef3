import type { AppUser } from "../src/config";
import { MemberState } from "../src/set/types";
import { Cut, type Change } from "./double/world";
import { app1, app1Later, MemoryRecord, Scene } from "./harness";

// Some tests make a dozen sets one after another.
jest.setTimeout(60_000);

let scene: Scene;
afterEach(() => scene.close());

const names = (changes: readonly Change[]): string[] => changes.map(({ name }) => name);

describe("an empty set", () => {
  test("is formed once, with documented commands, and then left alone", async () => {
    scene = await Scene.of(3);
    const keeper = scene.keeper();
    const status = await scene.until(keeper);
    const [a, b, c] = scene.hosts;

    expect(status).toMatchObject({
      state: "healthy",
      calm: true,
      users: ["app1-1"],
      stage: "formed",
      members: [
        { host: a, state: "PRIMARY" },
        { host: b, state: "SECONDARY" },
        { host: c, state: "SECONDARY" },
      ],
    });
    expect(scene.world.changes).toEqual([
      {
        host: a,
        database: "admin",
        name: "replSetInitiate",
        command: {
          replSetInitiate: {
            _id: "rs0",
            version: 1,
            members: [
              { _id: 0, host: a },
              { _id: 1, host: b },
              { _id: 2, host: c },
            ],
          },
        },
      },
      {
        host: a,
        database: "app1",
        name: "createUser",
        command: {
          createUser: "app1-1",
          pwd: "secret-1",
          mechanisms: ["SCRAM-SHA-256"],
          roles: [{ role: "readWrite", db: "app1" }],
          writeConcern: { w: "majority" },
        },
      },
    ]);
    // The record is made before the set, and completed before the first user.
    expect(scene.record.written).toEqual(["forming", "formed"]);

    for (let i = 0; i < 5; i++) {
      await keeper.round();
      scene.world.advance();
    }
    expect(scene.world.changes).toHaveLength(2);
  });

  test("waits until all members answer", async () => {
    scene = await Scene.of(3);
    await scene.member(2).stop();
    const keeper = scene.keeper();
    for (let i = 0; i < 3; i++) await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "waiting", settled: false, calm: true });
    expect(keeper.status().reason).toContain(scene.hosts[2]);
    expect(scene.world.changes).toEqual([]);
    expect(scene.record.stage).toBe("none");

    await scene.member(2).start();
    await scene.until(keeper);
  });

  test("waits for a member that answers too slowly", async () => {
    scene = await Scene.of(3);
    scene.member(1).slowMs = 900;
    const keeper = scene.keeper();
    await keeper.round();
    expect(keeper.status().state).toBe("waiting");
    expect(keeper.status().reason).toContain(scene.hosts[1]);
    expect(scene.world.changes).toEqual([]);
    scene.member(1).slowMs = 0;
    await scene.until(keeper);
  });

  test("is not formed of a member that has data", async () => {
    scene = await Scene.of(3);
    scene.member(0).hasData = true;
    const keeper = scene.keeper();
    await scene.until(keeper, ({ state }) => state === "foreign");
    expect(keeper.status().reason).toContain(`${scene.hosts[0]} has data and no set`);
    expect(scene.world.changes).toEqual([]);
  });

  test("is not formed when the record says that there was one", async () => {
    scene = await Scene.of(3, "formed");
    const keeper = scene.keeper();
    for (let i = 0; i < 3; i++) await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "lost", settled: false });
    expect(keeper.status().reason).toContain("docs/store.md");
    expect(scene.world.changes).toEqual([]);
  });

  test("is not formed when the record cannot be read", async () => {
    scene = await Scene.of(1);
    jest.spyOn(MemoryRecord.prototype, "read").mockRejectedValue(new Error("the disk is broken"));
    const keeper = scene.keeper();
    await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "failing", reason: "the disk is broken" });
    expect(scene.world.changes).toEqual([]);
  });

  test("of one member is formed like any other", async () => {
    scene = await Scene.of(1);
    expect(await scene.until(scene.keeper())).toMatchObject({ state: "healthy" });
  });
});

test("a half-formed set gets its users, and no second set", async () => {
  scene = await Scene.of(3);
  const first = scene.keeper();
  await scene.until(first, () => names(scene.world.changes).includes("replSetInitiate"));
  await first.stop();
  expect(scene.record.stage).toBe("forming");

  await scene.until(scene.keeper());
  expect(names(scene.world.changes)).toEqual(["replSetInitiate", "createUser"]);
  expect(scene.record.stage).toBe("formed");
});

test("two keepers at once form one set, make each user once, and agree", async () => {
  scene = await Scene.of(3);
  const keepers = [scene.keeper(), scene.keeper()];
  const allSettled = () => keepers.every((keeper) => keeper.status().settled);
  for (let round = 0; round < 40 && !allSettled(); round++) {
    await Promise.all(keepers.map((keeper) => keeper.round()));
    scene.world.advance();
  }
  expect(keepers.map((keeper) => keeper.status().state)).toEqual(["healthy", "healthy"]);
  expect(names(scene.world.changes)).toEqual(["replSetInitiate", "createUser"]);
});

test("no user is made before all members have the data", async () => {
  scene = await Scene.of(3);
  for (const member of scene.world.members) member.syncRounds = 6;
  const keeper = scene.keeper();
  await scene.until(keeper, ({ stage, state }) => stage === "forming" && state === "forming", 10);
  for (let i = 0; i < 3; i++) {
    scene.world.advance();
    await keeper.round();
  }
  expect(scene.record.stage).toBe("forming");
  expect(names(scene.world.changes)).toEqual(["replSetInitiate"]);
  await scene.until(keeper);
});

test("a set whose first member is a secondary is changed through its primary", async () => {
  scene = await Scene.of(3);
  await scene.formed();
  await scene.member(0).stop();
  scene.world.advance();
  await scene.member(0).start();
  scene.world.advance();
  expect(scene.member(0).state).toBe(MemberState.SECONDARY);

  await scene.until(scene.keeper({ users: [app1, app1Later] }));
  const primary = scene.world.primary()?.host;
  expect(primary).not.toBe(scene.hosts[0]);
  expect(scene.world.changes.map(({ host }) => host)).toEqual([primary]);
});

test("a set without a record that exists all the same is taken for formed", async () => {
  scene = await Scene.of(3);
  await scene.formed();
  scene.record.stage = "none";
  await scene.until(scene.keeper());
  expect(scene.record.stage).toBe("formed");
  expect(scene.world.changes).toEqual([]);
});

describe("a formed set", () => {
  beforeEach(async () => {
    scene = await Scene.of(3);
    await scene.formed();
  });

  test("without a primary is left to elect one", async () => {
    await scene.member(0).stop();
    await scene.member(1).stop();
    scene.world.advance();
    const keeper = scene.keeper();
    for (let i = 0; i < 3; i++) await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "no-primary", settled: false, calm: false });
    expect(keeper.status().reason).toContain(`${scene.hosts[2]} SECONDARY`);
    expect(scene.world.changes).toEqual([]);

    await scene.member(0).start();
    await scene.member(1).start();
    await scene.until(keeper);
    expect(scene.world.changes).toEqual([]);
  });

  test("whose primary answers too slowly is not touched", async () => {
    scene.member(0).slowMs = 900;
    const keeper = scene.keeper({ users: [app1, app1Later] });
    for (let i = 0; i < 2; i++) await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "no-primary", settled: false, calm: false });
    expect(keeper.status().reason).toContain(`${scene.hosts[0]} silent`);
    expect(scene.world.changes).toEqual([]);
    scene.member(0).slowMs = 0;
    await scene.until(keeper);
    expect(names(scene.world.changes)).toEqual(["createUser"]);
  });

  test("with a member down is degraded, untouched, and serves on", async () => {
    await scene.member(2).stop();
    const keeper = scene.keeper({ users: [app1, app1Later] });
    await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "degraded", settled: false, calm: false });
    expect(keeper.status().reason).toContain(`${scene.hosts[2]} is DOWN`);
    expect(names(scene.world.changes)).toEqual(["createUser"]);
    await scene.member(2).start();
    await scene.until(keeper);
    expect(names(scene.world.changes)).toEqual(["createUser"]);
  });

  test("takes its vote from a member that lost its volume until it has the data again", async () => {
    await scene.member(2).loseVolume();
    scene.member(2).syncRounds = Infinity;
    const keeper = scene.keeper();
    const votes = () => scene.world.primary()?.config?.members.map(({ votes: given = 1 }) => given);
    const isSyncing = () => scene.member(2).state === MemberState.STARTUP2;
    await scene.until(keeper, () => isSyncing() && votes()?.join() === "1,1,0");
    scene.member(2).syncLeft = 1;
    await scene.until(keeper);
    expect(votes()).toEqual([1, 1, 1]);
    expect(scene.member(2).users.has("app1.app1-1")).toBe(true);
    expect(names(scene.world.changes)).toEqual(["replSetReconfig", "replSetReconfig"]);
  });

  test("heals when its primary lost its volume", async () => {
    await scene.member(0).loseVolume();
    const status = await scene.until(scene.keeper());
    expect(status.state).toBe("healthy");
    expect(scene.world.primary()).not.toBe(scene.member(0));
    expect(names(scene.world.changes)).not.toContain("replSetInitiate");
  });

  test("of which all volumes are gone is not formed again", async () => {
    for (const member of scene.world.members) await member.loseVolume();
    const keeper = scene.keeper();
    for (let i = 0; i < 3; i++) {
      await keeper.round();
      scene.world.advance();
    }
    expect(keeper.status().state).toBe("lost");
    expect(scene.world.changes).toEqual([]);
  });

  test("that does not accept the key is reported and not touched", async () => {
    const keeper = scene.keeper({ key: "b3RoZXJrZXk=" });
    await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "locked", settled: false });
    expect(keeper.status().reason).toMatch(/does not accept the key: Authentication failed/);
    expect(scene.world.changes).toEqual([]);
  });

  test("grows by one member at a time, none of which votes before it has the data", async () => {
    const newcomers = [await scene.world.add(), await scene.world.add()];
    await scene.until(scene.keeper());
    const configs = scene.world.changes.map(({ command }) => {
      const config = command["replSetReconfig"] as {
        version: number;
        members: { _id: number; votes?: number; priority?: number }[];
      };
      return config.members.map(({ _id, votes = 1 }) => `${_id}:${votes}`).join(" ");
    });
    expect(configs).toEqual([
      "0:1 1:1 2:1 3:0",
      "0:1 1:1 2:1 3:1",
      "0:1 1:1 2:1 3:1 4:0",
      "0:1 1:1 2:1 3:1 4:1",
    ]);
    for (const newcomer of newcomers) expect(newcomer.users.has("app1.app1-1")).toBe(true);
    expect(scene.world.changes[0]?.command).toMatchObject({
      maxTimeMS: expect.any(Number) as number,
    });
    expect(JSON.stringify(scene.world.changes)).not.toContain("force");
  });

  test("waits for a member that is to join, and may be restarted meanwhile", async () => {
    const members = [...scene.hosts, "127.0.0.1:9", "127.0.0.1:10"];
    const keeper = scene.keeper({ members });
    await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "degraded", settled: false, calm: true });
    expect(keeper.status().reason).toContain("127.0.0.1:9 is to join");
  });

  test("does not take in a member that has data of its own", async () => {
    (await scene.world.add()).hasData = true;
    await scene.world.add();
    const keeper = scene.keeper();
    await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "foreign" });
    expect(scene.world.changes).toEqual([]);
  });

  test("does not take in a member of another set", async () => {
    const other = await scene.world.add();
    await scene.world.add();
    other.config = {
      _id: "rs0",
      version: 1,
      members: [{ _id: 0, host: other.host }],
      settings: { replicaSetId: "another" },
    };
    const keeper = scene.keeper();
    await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "foreign" });
    expect(keeper.status().reason).toContain("two sets");
    expect(scene.world.changes).toEqual([]);
  });

  test.each([0, 1, 2])(
    "shrinks to its member %i, handing over before the primary leaves",
    async (n) => {
      const keeper = scene.keeper({ members: [scene.hosts[n] as string] });
      await scene.until(keeper);
      expect(scene.world.primary()).toBe(scene.member(n));
      expect(scene.member(n).config?.members).toHaveLength(1);
      expect(names(scene.world.changes).includes("replSetStepDown")).toBe(n !== 0);
    },
  );

  test("takes a member back that it once let go", async () => {
    const keeper = scene.keeper({ members: [scene.hosts[0] as string] });
    await scene.until(keeper);
    await keeper.stop();
    await scene.until(scene.keeper());
    expect(scene.world.primary()?.config?.members).toHaveLength(3);
  });

  test("calls a member by its right name", async () => {
    const [config] = scene.world.members.map((m) => m.config);
    const local = (scene.hosts[0] as string).replace("127.0.0.1", "localhost");
    for (const member of scene.world.members) {
      member.config = {
        ...(config as NonNullable<typeof config>),
        members: (config as NonNullable<typeof config>).members.map((m) =>
          m._id === 0 ? { ...m, host: local } : m,
        ),
      };
    }
    await scene.until(scene.keeper());
    expect(scene.world.primary()?.config?.members[0]).toMatchObject({
      _id: 0,
      host: scene.hosts[0],
    });
    expect(names(scene.world.changes)).toEqual(["replSetReconfig"]);
  });
});

describe("passwords", () => {
  beforeEach(async () => {
    scene = await Scene.of(1);
    await scene.formed();
  });
  const users = () => [...(scene.world.primary()?.users.keys() ?? [])];

  test("change by a second user, and the first goes only when it is no longer wanted", async () => {
    const both = scene.keeper({ users: [app1, app1Later] });
    await scene.until(both);
    expect(users()).toEqual(["app1.app1-1", "app1.app1-2"]);
    await both.stop();
    await scene.until(scene.keeper({ users: [app1Later] }));
    expect(users()).toEqual(["app1.app1-2"]);
    expect(names(scene.world.changes)).toEqual(["createUser", "dropUser"]);
  });

  test("that differ from the secret are set to it", async () => {
    const changed = { ...app1, password: "another" };
    await scene.until(scene.keeper({ users: [changed] }));
    expect(scene.world.primary()?.users.get("app1.app1-1")?.password).toBe("another");
    expect(scene.world.primary()?.users.get("app1.app1-1")?.roles).toHaveLength(1);
  });

  test("leave users alone that are not the keeper's", async () => {
    scene.world.primary()?.users.set("app1.reporting", { password: "x", roles: [] });
    await scene.until(scene.keeper());
    expect(users()).toContain("app1.reporting");
    expect(scene.world.changes).toEqual([]);
  });

  test("give no user more rights than its own database", async () => {
    const user = scene.world.primary()?.users.get("app1.app1-1");
    scene.world.primary()?.users.set("app1.app1-1", {
      password: user?.password ?? "",
      roles: [{ role: "root", db: "admin" }],
    });
    await scene.until(scene.keeper());
    expect(scene.world.primary()?.users.get("app1.app1-1")?.roles).toEqual([
      { role: "readWrite", db: "app1" },
    ]);
  });
});

describe("the stand-in", () => {
  test("is recognised, gets its users without roles, and is otherwise left alone", async () => {
    scene = await Scene.of(0);
    await scene.world.add({ ferretdb: "v1.24.2" });
    const status = await scene.until(scene.keeper());
    expect(status).toMatchObject({ state: "stand-in", settled: true, calm: true, stage: "none" });
    expect(status.reason).toContain("FerretDB v1.24.2");
    expect(
      scene.world.changes.map(({ name, command }) => [name, command["roles"] as unknown]),
    ).toEqual([["createUser", []]]);
  });

  test("is not taken for a set of three", async () => {
    scene = await Scene.of(0);
    for (let i = 0; i < 3; i++) await scene.world.add({ ferretdb: "v1.24.2" });
    const keeper = scene.keeper();
    await keeper.round();
    expect(keeper.status()).toMatchObject({ state: "foreign", settled: false });
    expect(scene.world.changes).toEqual([]);
  });
});

/** Keepers that are killed at a step, before or after it took place, and the one that follows. */
describe("killed at any step, the next keeper ends in the same state", () => {
  type Story = {
    readonly name: string;
    readonly arrange: () => Promise<void>;
    readonly members: () => readonly string[];
    /** Both of app1's when left out. */
    readonly users?: readonly AppUser[];
  };
  const stories: readonly Story[] = [
    {
      name: "forming a set",
      arrange: async () => {
        scene = await Scene.of(3);
      },
      members: () => scene.hosts,
    },
    {
      name: "growing from one to three",
      arrange: async () => {
        scene = await Scene.of(3);
        await scene.formed(1);
      },
      members: () => scene.hosts,
    },
    {
      name: "shrinking from three to the last",
      arrange: async () => {
        scene = await Scene.of(3);
        await scene.formed();
      },
      members: () => scene.hosts.slice(2),
    },
    {
      name: "replacing a member that lost its volume",
      arrange: async () => {
        scene = await Scene.of(3);
        await scene.formed();
        await scene.member(1).loseVolume();
      },
      members: () => scene.hosts,
    },
    {
      name: "changing passwords",
      arrange: async () => {
        scene = await Scene.of(1);
        await scene.until(scene.keeper({ users: [app1, app1Later] }));
        scene.world.changes.length = 0;
      },
      members: () => scene.hosts,
      users: [
        { ...app1Later, password: "another" },
        { ...app1, name: "app1-3" },
      ],
    },
  ];

  test.each(stories)("$name", async ({ arrange, members, users = [app1, app1Later] }) => {
    await arrange();
    const before = scene.record.written.length;
    await scene.until(scene.keeper({ members: members(), users }));
    const expected = scene.outcome();
    const steps = scene.world.changes.length + scene.record.written.length - before;
    expect(steps).toBeGreaterThan(1);
    await scene.close();

    for (let step = 1; step <= steps; step++) {
      for (const moment of ["before", "after"] as const) {
        await arrange();
        let passed = 0;
        let killed = false;
        const strike = (when: "before" | "after") => {
          if (when === moment) passed += 1;
          if (when !== moment || passed !== step) return;
          killed = true;
          throw new Cut("killed");
        };
        scene.world.interrupt = (_, when) => strike(when);
        scene.record.interrupt = (_, when) => strike(when);
        const first = scene.keeper({ members: members(), users });
        await scene.until(first, () => killed);
        await first.stop();
        scene.world.interrupt = () => undefined;
        scene.record.interrupt = () => undefined;

        await scene.until(scene.keeper({ members: members(), users }));
        expect({ step, moment, end: scene.outcome() }).toEqual({ step, moment, end: expected });
        await scene.close();
      }
    }
  });
});

test("says in its log what it does, and never a password or the key", async () => {
  scene = await Scene.of(1);
  const lines: string[] = [];
  const note = (message: string, fields?: object) =>
    void lines.push(message + JSON.stringify(fields));
  await scene.until(scene.keeper({ log: { info: note, warn: note, error: note } }));
  const text = lines.join("\n");
  expect(text).toContain("forming the set");
  expect(text).toContain("made the user app1-1");
  expect(text).not.toContain("secret-1");
  expect(text).not.toContain("a2V5");
});

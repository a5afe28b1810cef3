import { activate, drain, makeRoom } from "../../../scripts/drain";
import type { SwarmService } from "../../../scripts/swarm";
import { FakeSwarm, node, service, task } from "./fakeSwarm";

const manager = (name: string, state = "ready") => node(name, { Role: "manager", state });
const managers = [manager("manager-1"), manager("manager-2"), manager("manager-3")];
const [one, two] = [node("worker-1"), node("worker-2")];
const app = service("app1", { constraints: ["node.role==worker"] });
const patience = { restart: 50, stop: 50, every: 1 };

let lines: string[];
beforeEach(() => (lines = []));
const work = (swarm: FakeSwarm) => ({
  swarm,
  patience,
  say: (line: string) => void lines.push(line),
});

const usual = (...more: SwarmService[]) =>
  new FakeSwarm({
    nodes: [...managers, one, two],
    services: [app, ...more],
    tasks: [task(app, one), task(app, two), ...more.map((other) => task(other, one))],
  });

describe("drain", () => {
  test("pauses the machine, starts tasks elsewhere, and only then drains it", async () => {
    const swarm = usual(
      service("by-hand", { order: "stop-first" }),
      service("agent", { global: true }),
    );
    await drain("worker-1", work(swarm));
    expect(swarm.asked).toEqual(["pause worker-1", "restart app1", "drain worker-1"]);
    expect(lines).toContainEqual(expect.stringContaining("by-hand: stops on worker-1"));
    expect(lines.at(-1)).toContain("worker-1 is drained: 'make activate MACHINE=worker-1'");
  });

  test("restarts no service that has nothing there", async () => {
    const swarm = usual();
    swarm.cluster = { ...swarm.cluster, tasks: [task(app, two)] };
    await drain("worker-1", work(swarm));
    expect(swarm.asked).toEqual(["pause worker-1", "drain worker-1"]);
  });

  test("goes on where an earlier one was interrupted", async () => {
    const swarm = usual();
    await swarm.setAvailability(one, "pause");
    await drain("worker-1", work(swarm));
    expect(swarm.asked).toEqual(["pause worker-1", "restart app1", "drain worker-1"]);
  });

  test("says which services have fewer tasks now", async () => {
    const swarm = usual(service("proxy", { order: "stop-first", replicas: 1 }));
    await drain("worker-1", work(swarm));
    expect(lines).toContain("proxy: 0 of 1 tasks run");
  });

  test.each([
    [
      "an unknown machine",
      "worker-9",
      /no machine worker-9: the swarm has manager-1, .*, worker-2/,
    ],
    ["no machine at all", "", /say which machine, by MACHINE=name/],
  ])("refuses %s", async (_, name, says) => {
    const swarm = usual();
    await expect(drain(name, work(swarm))).rejects.toThrow(says);
    expect(swarm.asked).toEqual([]);
  });

  test("refuses a machine that is down", async () => {
    const swarm = usual();
    swarm.cluster = { ...swarm.cluster, nodes: [node("worker-1", { state: "down" }), two] };
    await expect(drain("worker-1", work(swarm))).rejects.toThrow(/worker-1 is down/);
    expect(swarm.asked).toEqual([]);
  });

  test("refuses what the other machines cannot hold", async () => {
    const swarm = usual();
    swarm.cluster = { ...swarm.cluster, nodes: [...managers, one] };
    await expect(drain("worker-1", work(swarm))).rejects.toThrow(
      /cannot hold what runs on worker-1: app1: .*Activate or add a machine, or lower the replicas/,
    );
    expect(swarm.asked).toEqual([]);
  });

  test("refuses a manager without which there would be no quorum", async () => {
    const nodes = [manager("manager-1"), manager("manager-2"), manager("manager-3", "down")];
    const swarm = new FakeSwarm({ nodes, services: [], tasks: [] });
    await expect(drain("manager-1", work(swarm))).rejects.toThrow(
      /1 of 3 managers would be left, and the swarm needs 2: bring the others back/,
    );
    const alone = new FakeSwarm({ nodes: [manager("manager-1")], services: [], tasks: [] });
    await expect(drain("manager-1", work(alone))).rejects.toThrow(/add managers first/);
    expect([...swarm.asked, ...alone.asked]).toEqual([]);
  });

  test("drains a manager that the others can do without", async () => {
    const swarm = usual();
    await drain("manager-1", work(swarm));
    expect(swarm.asked).toEqual(["pause manager-1", "drain manager-1"]);
  });

  describe("gives the machine back where new tasks", () => {
    /** A swarm whose restart of a service ends otherwise. */
    class Failing extends FakeSwarm {
      constructor(
        swarm: FakeSwarm,
        private readonly state: string,
        private readonly error: string,
      ) {
        super(swarm.cluster);
      }
      override restart(of: SwarmService): Promise<void> {
        const pending = {
          ...task(of, undefined, "pending"),
          Status: { State: "pending", Err: this.error },
        };
        this.update(of, this.state, (old) => old, this.error);
        this.cluster = { ...this.cluster, tasks: [...this.cluster.tasks, pending] };
        return Promise.resolve();
      }
    }

    test.each([
      [
        "fail",
        "rollback_started",
        "update rolled back due to failure",
        /app1: its new tasks fail elsewhere: update rolled back/,
      ],
      [
        "fail, and nothing is rolled back",
        "paused",
        "update paused due to failure",
        /fail elsewhere: update paused/,
      ],
      [
        "find no place",
        "updating",
        "no suitable node",
        /do not come up elsewhere: no suitable node/,
      ],
    ])("%s", async (_, state, error, says) => {
      const swarm = new Failing(usual(), state, error);
      await expect(drain("worker-1", work(swarm))).rejects.toThrow(says);
      expect(swarm.asked).toEqual(["pause worker-1", "active worker-1"]);
    });

    test("are waited for no longer, as the user interrupts", async () => {
      const swarm = new Failing(usual(), "updating", "");
      const signal = AbortSignal.abort();
      await expect(drain("worker-1", { ...work(swarm), signal })).rejects.toThrow("interrupted");
      expect(swarm.asked).toEqual(["pause worker-1", "active worker-1"]);
    });
  });
});

test("making room leaves the machine paused", async () => {
  const swarm = usual();
  await makeRoom("worker-1", work(swarm));
  expect(swarm.asked).toEqual(["pause worker-1", "restart app1"]);
});

describe("activate", () => {
  test("gives a machine tasks again", async () => {
    const swarm = usual();
    await swarm.setAvailability(one, "drain");
    await activate("worker-1", work(swarm));
    expect(swarm.asked).toEqual(["drain worker-1", "active worker-1"]);
    await activate("worker-1", work(swarm));
    expect(lines.at(-1)).toBe("worker-1 is active already");
  });

  test("refuses an unknown machine", async () => {
    await expect(activate("worker-9", work(usual()))).rejects.toThrow(/no machine worker-9/);
  });
});

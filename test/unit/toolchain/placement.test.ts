import { meets, withoutRoom } from "../../../scripts/placement";
import { node, service, task } from "./fakeSwarm";

const [one, two, three] = ["worker-1", "worker-2", "worker-3"].map((name) => node(name)) as [
  ReturnType<typeof node>,
  ReturnType<typeof node>,
  ReturnType<typeof node>,
];

describe("a constraint", () => {
  const logger = node("logger-1", { Labels: { logger: "true" } });

  test.each([
    ["node.role==worker", true],
    ["node.role == manager", false],
    ["node.role!=manager", true],
    ["node.hostname==LOGGER-1", true],
    ["node.id==id-of-logger-1", true],
    ["node.id!=id-of-logger-1", false],
    ["node.labels.logger==true", true],
    ["node.labels.logger!=true", false],
    ["node.labels.other!=true", true],
    ["node.labels.other==true", false],
    ["engine.labels.other==true", false],
    ["node.platform.os==linux", true],
  ])("%s is met: %s", (constraint, met) => {
    expect(meets(logger, constraint)).toBe(met);
  });
});

describe("room elsewhere", () => {
  const app = service("app1", { constraints: ["node.role==worker"] });

  test("is there where other nodes have the memory", () => {
    const tasks = [one, two, three].map((on) => task(app, on));
    expect(withoutRoom({ nodes: [one, two, three], services: [app], tasks }, one)).toEqual([]);
  });

  test.each([
    ["down", node("worker-2", { state: "down" })],
    ["paused", node("worker-2", { Availability: "pause" })],
    ["drained", node("worker-2", { Availability: "drain" })],
    ["of another role", node("manager-1", { Role: "manager" })],
  ])("is not there where the only other node is %s", (_, other) => {
    const cluster = { nodes: [one, other], services: [app], tasks: [task(app, one)] };
    expect(withoutRoom(cluster, one)).toEqual([
      "app1: no other machine is ready and active for it (node.role==worker)",
    ]);
  });

  test("has to be for one task more, which the restart starts first", () => {
    const big = service("big", { memory: 300 });
    const other = node("worker-2", { memory: 1000 });
    const tasks = (here: number) => Array.from({ length: here }, () => task(big, one));
    const cluster = (here: number) => ({
      nodes: [one, other],
      services: [big],
      tasks: tasks(here),
    });
    expect(withoutRoom(cluster(2), one)).toEqual([]);
    expect(withoutRoom(cluster(3), one)).toEqual([
      "big: of its 3 tasks there and one more, for the restart, 3 find room elsewhere (each reserves 300 MiB; free: worker-2 100 MiB)",
    ]);
  });

  test("is not where other services are, even while those stop", () => {
    const other = node("worker-2", { memory: 200 });
    const neighbour = service("neighbour", { memory: 128 });
    const held = { ...task(neighbour, other), DesiredState: "shutdown" };
    const cluster = {
      nodes: [one, other],
      services: [app, neighbour],
      tasks: [task(app, one), held],
    };
    expect(withoutRoom(cluster, one)).toHaveLength(1);
    const ended = { ...held, Status: { State: "shutdown" } };
    expect(withoutRoom({ ...cluster, tasks: [task(app, one), ended] }, one)).toEqual([]);
  });

  test("ends at the limit of tasks a node", () => {
    const limited = service("limited", { maxReplicas: 1 });
    const tasks = [task(limited, one), task(limited, two)];
    expect(withoutRoom({ nodes: [one, two], services: [limited], tasks }, one)).toHaveLength(1);
    expect(
      withoutRoom(
        { nodes: [one, two, three], services: [limited], tasks: [task(limited, one)] },
        one,
      ),
    ).toEqual([]);
  });

  test("is not asked for what stops first, what runs on every node, or what is not there", () => {
    const stopFirst = service("proxy", { order: "stop-first" });
    const everywhere = service("agent", { global: true });
    const tasks = [
      task(stopFirst, one),
      task(everywhere, one),
      { ...task(app, one), DesiredState: "shutdown" },
    ];
    expect(
      withoutRoom({ nodes: [one], services: [stopFirst, everywhere, app], tasks }, one),
    ).toEqual([]);
  });
});

import {
  containerOf,
  everyTask,
  machineNames,
  project,
  requireCluster,
  served,
  settled,
  startTimes,
  swarm,
} from "./support/cluster";
import { docker } from "./support/engine";
import { eventually } from "./support/eventually";

beforeAll(requireCluster);

/** What looks after one machine: its container and its place in the swarm. */
const resourcesOf = (machine: string) =>
  [`${machine}-container`, `swarm-${machine}`]
    .sort()
    .map((name) => ({ op: "update", type: "command:local:Command", name }));

const without = <T>(record: Record<string, T>, key: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));

describe("a machine removed behind the stack's back", () => {
  const lost = containerOf("worker-2");
  let before: Record<string, string>;
  let tasksElsewhere: string[];

  test("is named by preview", async () => {
    before = await startTimes();
    const tasks = await everyTask();
    tasksElsewhere = tasks.filter(({ node }) => node !== "worker-2").map(({ id }) => id);
    expect(tasksElsewhere).toHaveLength(22);
    await docker("container", "rm", "--force", lost);
    const { changes } = await project.preview();
    expect(changes).toEqual(resourcesOf("worker-2"));
  });

  test("comes back with up, and nothing else restarts", async () => {
    const { app1Url } = await project.outputs();
    const { changes } = await project.up();
    expect(changes).toEqual(resourcesOf("worker-2"));
    await settled(app1Url);
    const after = await startTimes();
    expect(Object.keys(after).sort()).toEqual(
      [...machineNames, "edge", "registry"].map(containerOf).sort(),
    );
    expect(without(after, lost)).toEqual(without(before, lost));
    const ids = (await everyTask()).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(tasksElsewhere));
  });
});

describe("manager-1 stopped", () => {
  test("leaves the page served", async () => {
    const { app1Url } = await project.outputs();
    await docker("container", "stop", containerOf("manager-1"));
    await served(app1Url, 40_000);
    // The others elect a leader, if it was the leader.
    const nodes = await eventually("a leader", { withinMs: 120_000 }, () =>
      swarm.through("manager-2").nodes(),
    );
    expect(nodes).toHaveLength(7);
  });

  test("is started again by up", async () => {
    const { app1Url } = await project.outputs();
    const { changes } = await project.up();
    expect(changes).toEqual(resourcesOf("manager-1"));
    await settled(app1Url);
  });
});

import { project, requireCluster, swarm } from "./support/cluster";
import { eventually } from "./support/eventually";
import { inARow, tasksSeen } from "./support/page";

beforeAll(requireCluster);

const SERVICE = [{ op: "update", type: "docker:index/service:Service", name: "app1-service" }];

describe("forty replicas of app1", () => {
  test("all get requests", async () => {
    const { app1Url } = await project.outputs();
    await project.setConfig("app1Replicas", "40");
    const { changes } = await project.up();
    expect(changes).toEqual(SERVICE);
    const tasks = await swarm.runningTasks("app1", 40);
    const names = new Set(tasks?.map(({ name }) => name));
    expect(names.size).toBe(40);
    // New tasks are found by DNS, within its hold times.
    const seen = new Set<string>();
    await eventually("a request to each task", { withinMs: 120_000 }, async () => {
      for (const task of await tasksSeen(app1Url, names, 100)) seen.add(task);
      return [...names].every((name) => seen.has(name)) ? true : undefined;
    });
  });

  test("become three again", async () => {
    const { app1Url } = await project.outputs();
    await project.pulumi(["config", "rm", "app1Replicas"]);
    const { changes } = await project.up();
    expect(changes).toEqual(SERVICE);
    const tasks = await eventually("three tasks", { withinMs: 120_000 }, () =>
      swarm.runningTasks("app1", 3),
    );
    const names = new Set(tasks.map(({ name }) => name));
    // Those that leave serve on while they drain.
    await eventually("answers from these three only", { withinMs: 120_000 }, () =>
      inARow(app1Url, 20, (page) => names.has(page.task)),
    );
    expect(await tasksSeen(app1Url, names, 60)).toEqual(names);
  });
});

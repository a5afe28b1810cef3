import { containerOf, project, requireCluster, startTimes, swarm } from "./support/cluster";
import { objects } from "./support/engine";
import { stack } from "./support/workspace";

beforeAll(requireCluster);

describe("a stack that is protected", () => {
  let there: readonly string[];
  let started: Record<string, string>;

  test("is so without a change of what runs", async () => {
    started = await startTimes();
    await project.setConfig("protect", "true");
    const { changes } = await project.up();
    expect(changes).toEqual([]);
    there = objects(stack);
  });

  test("is not destroyed, and says how it may be", async () => {
    const { status, output } = await project.tryMake("down");
    expect(status).not.toBe(0);
    expect(output).toContain(`stack ${stack} is protected`);
    expect(output).toContain(containerOf("worker-3"));
    expect(output).toContain(`'scripts/pulumi config set protect false --stack ${stack}'`);
    expect(objects(stack)).toEqual(there);
  });

  test("loses no machine either, and none leaves the swarm before that is told", async () => {
    await project.setConfig("workers", "2");
    const { status, output } = await project.tryMake("up");
    expect(status).not.toBe(0);
    expect(output).toContain(`'scripts/pulumi config set protect false --stack ${stack}'`);
    expect(objects(stack)).toEqual(there);
    const nodes = await swarm.nodes();
    expect(nodes.filter(({ availability }) => availability === "active")).toHaveLength(7);
  });

  test("is as before once it is no more", async () => {
    for (const key of ["workers", "protect"]) await project.pulumi(["config", "rm", key]);
    const { changes } = await project.up();
    expect(changes).toEqual([]);
    expect(await startTimes()).toEqual(started);
  });
});

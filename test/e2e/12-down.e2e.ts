import { containerOf, machineNames, project, requireCluster } from "./support/cluster";
import { docker, objects } from "./support/engine";
import { eventually } from "./support/eventually";
import { markedProcesses } from "./support/processes";
import { stack } from "./support/workspace";

beforeAll(requireCluster);

describe("with every machine killed", () => {
  test("make down still works", async () => {
    await docker("container", "kill", ...machineNames.map(containerOf));
    await project.make("down");
  });

  test("nothing of the stack is left on the engine", () => {
    expect(objects(stack)).toEqual([]);
  });

  test("no process is left", async () => {
    await eventually("the end of all processes", { withinMs: 5_000 }, () =>
      markedProcesses().length === 0 ? true : undefined,
    ).catch(() => expect(markedProcesses()).toEqual([]));
  });

  test("a second make down finds nothing to do", async () => {
    await project.make("down");
  });
});

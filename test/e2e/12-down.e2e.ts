import { containerOf, machineNames, project, requireCluster } from "./support/cluster";
import { docker, objects } from "./support/engine";
import { markedProcessesEnd } from "./support/processes";
import { ephemeral, stack } from "./support/workspace";

beforeAll(requireCluster);

describe("with every machine killed", () => {
  test("make down still works", async () => {
    await docker("container", "kill", ...machineNames.map(containerOf));
    await project.make("down");
  });

  test("nothing of the stack is left on the engine", () => {
    expect(objects(stack)).toEqual([]);
  });

  test("no process is left", () => markedProcessesEnd(ephemeral.mark, 5_000));

  test("a second make down finds nothing to do", async () => {
    await project.make("down");
  });
});

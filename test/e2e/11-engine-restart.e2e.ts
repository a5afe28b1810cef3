import { join } from "node:path";
import { project, requireCluster, settled, startTimes } from "./support/cluster";
import { run } from "./support/run";
import { cloneFolder, runMark } from "./support/workspace";

beforeAll(requireCluster);

const unmarked = Object.fromEntries(Object.keys(runMark).map((name) => [name, undefined]));

test("the host's engine restarts, and the cluster comes back by itself", async () => {
  const { app1Url } = await project.outputs();
  const before = await startTimes();
  // The engine is no process of this run's: it stays.
  await run(join(cloneFolder, "offline/engine/restart"), [], { env: unmarked });
  await settled(app1Url, 120_000);
  const after = await startTimes();
  expect(Object.keys(after)).toEqual(Object.keys(before));
  expect(Object.entries(after).filter(([name, at]) => before[name] === at)).toEqual([]);
  const { changes, counts } = await project.preview();
  expect({ changes, counts }).toEqual({ changes: [], counts: {} });
});

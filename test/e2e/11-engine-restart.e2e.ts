import { join } from "node:path";
import { project, requireCluster, settled, startTimes } from "./support/cluster";
import { GuestBook } from "./support/guestBook";
import { run } from "./support/run";
import { ephemeral } from "./support/workspace";

beforeAll(requireCluster);

test("the host's engine restarts, and the cluster comes back by itself", async () => {
  const { app1Url } = await project.outputs();
  const before = await startTimes();
  await run(join(ephemeral.clone, "offline/engine/restart"), []);
  await settled(app1Url, 120_000);
  // The engines bring their overlays together first, which takes half a minute where all restart at once.
  await new GuestBook(app1Url).acknowledged("after the restart", 120_000);
  const after = await startTimes();
  expect(Object.keys(after)).toEqual(Object.keys(before));
  expect(Object.entries(after).filter(([name, at]) => before[name] === at)).toEqual([]);
  const { changes, counts } = await project.preview();
  expect({ changes, counts }).toEqual({ changes: [], counts: {} });
});

import { project, requireCluster, settled } from "./support/cluster";
import { docker, lines } from "./support/engine";
import { eventually } from "./support/eventually";
import { GuestBook } from "./support/guestBook";
import { stack } from "./support/workspace";

beforeAll(requireCluster);

const dataVolumes = async (): Promise<string[]> =>
  lines(await docker("volume", "ls", "--quiet", "--filter", `label=swarm.stack=${stack}`)).sort();

describe("with keepData", () => {
  test("the store's data, and nothing else, outlives the stack, and the next one has it", async () => {
    const { app1Url } = await project.outputs();
    const book = new GuestBook(app1Url);
    const id = await book.acknowledged("kept", 30_000);
    const before = await book.all();
    expect(before.map((entry) => entry.id)).toContain(id);
    await project.setConfig("keepData", "true");
    await project.up();
    await project.make("down");
    expect(await dataVolumes()).toEqual([1, 2, 3].map((n) => `swarm-${stack}-worker-${n}-data`));

    await project.make("up");
    await settled(app1Url, 120_000);
    expect(await eventually("the guest book", { withinMs: 60_000 }, () => book.all())).toEqual(
      before,
    );

    await project.pulumi(["config", "rm", "keepData"]);
    await project.up();
  });
});

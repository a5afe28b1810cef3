import { failuresWithCause } from "./support/cause";
import { containerOf, project, requireCluster, settled, swarm } from "./support/cluster";
import { docker, lines } from "./support/engine";
import { eventually } from "./support/eventually";
import { openLoad } from "./support/load";
import { LogIndex } from "./support/logIndex";
import { stack } from "./support/workspace";

beforeAll(requireCluster);

const ALL_OF_WORKER_3 = [
  `container ${containerOf("worker-3")}`,
  `volume ${containerOf("worker-3")}`,
  "node worker-3",
];

/** What of worker-3 is on the host's engine, and in the swarm's list of nodes. */
async function leftOfWorker3(): Promise<string[]> {
  const found = await Promise.all([
    docker("container", "ls", "--all", "--format", "container {{.Names}}"),
    docker("volume", "ls", "--format", "volume {{.Name}}"),
    swarm.docker("node", "ls", "--format", "node {{.Hostname}}"),
  ]);
  return found.flatMap(lines).filter((line) => ALL_OF_WORKER_3.includes(line));
}

const nodesOfTasks = async (count: number): Promise<string[] | undefined> =>
  (await swarm.runningTasks("app1", count))?.map(({ node }) => node);

describe("two workers instead of three", () => {
  test("worker-3 leaves without a failed request, and nothing of it stays", async () => {
    const { app1Url } = await project.outputs();
    expect(await leftOfWorker3()).toEqual(ALL_OF_WORKER_3);
    await project.setConfig("workers", "2");

    const load = openLoad({ url: app1Url, contains: "Hello World!" });
    const { changes } = await project.up().finally(() => load.stop());
    const report = await load.stop();

    expect(await failuresWithCause(new LogIndex(stack), report)).toEqual([]);
    expect(report.exchanges.length).toBeGreaterThan(200);
    expect(changes.map(({ name }) => name)).toContain("swarm-worker-3");
    expect(changes.filter(({ op, name }) => op !== "delete" || !name.includes("worker-3"))).toEqual(
      [],
    );
    expect(await leftOfWorker3()).toEqual([]);
    const nodes = await eventually("three tasks on the others", { withinMs: 60_000 }, () =>
      nodesOfTasks(3),
    );
    expect(new Set(nodes)).toEqual(new Set(["worker-1", "worker-2"]));
  });

  test("worker-3 comes back under its name, and takes tasks", async () => {
    const { app1Url } = await project.outputs();
    await project.pulumi(["config", "rm", "workers"]);
    // A swarm moves no tasks that run: the new node gets the next one.
    await project.setConfig("app1Replicas", "4");
    await project.up();
    const nodes = await eventually("four tasks", { withinMs: 60_000 }, () => nodesOfTasks(4));
    expect(nodes).toContain("worker-3");

    // The one too many goes from where there are most: the files that follow expect one on each.
    await project.pulumi(["config", "rm", "app1Replicas"]);
    await project.up();
    await settled(app1Url);
    expect((await nodesOfTasks(3))?.sort()).toEqual(["worker-1", "worker-2", "worker-3"]);
    const joined = (await swarm.nodes()).find(({ name }) => name === "worker-3");
    expect(joined).toMatchObject({ role: "worker", state: "ready", availability: "active" });
  });
});

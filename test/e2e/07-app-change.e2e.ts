import { failuresWithCause } from "./support/cause";
import { everyTask, project, requireCluster, swarm } from "./support/cluster";
import { inARow } from "./support/page";
import { note } from "./support/note";
import { openLoad } from "./support/load";
import { LogIndex } from "./support/logIndex";
import { stack } from "./support/workspace";

const VIEW = "apps/nodeapp1/src/views/index.html";

beforeAll(requireCluster);

/** The tasks of the other services: none of them is touched. */
const otherTasks = async (): Promise<string[]> =>
  (await everyTask()).map(({ name }) => name).filter((name) => !name.startsWith("app1."));

describe("a change of app1's source", () => {
  test("changes its image and its service only, and no request fails meanwhile", async () => {
    const { app1Url } = await project.outputs();
    const before = await swarm.runningTasks("app1", 3);
    const others = await otherTasks();
    expect(new Set(others.map((name) => name.split(".")[0]))).toEqual(
      new Set([
        ...["elasticsearch", "kibana", "log-keeper", "log-shipper", "logstash"],
        ...["mongo-keeper", "mongo-store-1", "proxy", "socket-proxy", "swarm-listener"],
      ]),
    );
    project.edit(VIEW, (text) => text.replace("Hello World!", "Hello World! Changed."));

    const load = openLoad({ url: app1Url, contains: "Hello World!" });
    const { changes } = await project.up().finally(() => load.stop());
    const report = await load.stop();

    expect(changes).toEqual([
      { op: "update", type: "docker:index/image:Image", name: "app1-image-build" },
      { op: "update", type: "docker:index/service:Service", name: "app1-service" },
    ]);
    expect(await failuresWithCause(new LogIndex(stack), report)).toEqual([]);
    expect(report.exchanges.length).toBeGreaterThan(200);
    note(
      `${report.exchanges.length} requests, the slowest took ${Math.round(report.withinMs(1))} ms`,
    );

    expect(await inARow(app1Url, 9, ({ body }) => body.includes("Hello World! Changed."))).toBe(
      true,
    );
    const after = await swarm.runningTasks("app1", 3);
    const old = new Set(before?.map(({ id }) => id));
    expect(after?.filter(({ id }) => old.has(id))).toEqual([]);
    expect(await otherTasks()).toEqual(others);
  });
});

import { everyTask, project, requireCluster, settled, startTimes, swarm } from "./support/cluster";
import { lines } from "./support/engine";
import { eventually } from "./support/eventually";
import { get } from "./support/page";
import { readyNode } from "./support/swarm";

beforeAll(requireCluster);

const drift = () => project.tryMake("drift", { FILE: "artefacts/e2e-drift.md" });

/** What `up` sets right. */
const REPAIRS = [
  { op: "update", type: "docker:index/service:Service", name: "app1-service" },
  { op: "create", type: "docker:index/service:Service", name: "kibana-service" },
  { op: "create", type: "docker:index/secret:Secret", name: "logging-kibana-settings" },
  { op: "update", type: "command:local:Command", name: "swarm-worker-3" },
];

describe("what was changed by hand on the cluster", () => {
  let tasksElsewhere: string[];
  let started: Record<string, string>;

  test("is nothing as long as nobody did", async () => {
    const { status, stdout } = await drift();
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: expect.stringMatching(
        /^# Where .*\n\nNothing changes \(\d+ resources\)\.\n$/,
      ) as string,
    });
  });

  test("is told, each by its name", async () => {
    const tasks = await everyTask();
    const touched = /^(app1|kibana)\./;
    tasksElsewhere = tasks
      .filter(({ name, node }) => !touched.test(name) && node !== "worker-3")
      .map(({ id }) => id);
    // Without three tasks of app1, one of Kibana, and the log shipper of worker-3.
    expect(tasksElsewhere).toHaveLength(tasks.length - 5);
    started = await startTimes();

    await swarm.docker("node", "rm", "--force", "worker-3");
    await swarm.docker("service", "rm", "kibana");
    const filter = "name=logging-kibana-settings";
    const [secret = ""] = lines(await swarm.docker("secret", "ls", "--quiet", "--filter", filter));
    await eventually("the secret unused", { withinMs: 60_000 }, () =>
      swarm.docker("secret", "rm", secret),
    );
    await swarm.docker("service", "scale", "--detach", "app1=1");
    const label = ["--label-rm", "com.df.servicePath", "--label-add", "by=hand"];
    await swarm.docker("service", "update", "--detach", ...label, "app1");

    const { status, stdout } = await drift();
    expect(status).not.toBe(0);
    expect(stdout).toMatch(/^Resources: 2 made again, 2 changed; \d+ stay as they are\.$/m);
    expect(stdout).toContain(
      "- `worker-3` **changed**: the swarm lists it no more, or with another role or labels",
    );
    expect(stdout).toContain("- `kibana` **gone, and made again**");
    expect(stdout).toContain("- `logging-kibana-settings` **gone, and made again**");
    expect(stdout).toMatch(/^- `app1` \*\*changed\*\*: .*tasks `1` → `3`/m);
    expect(stdout).toContain("+ app1: any domain /app1 → port 8080");
  });

  test("is set right by up, and nothing else restarts", async () => {
    const { app1Url, kibanaUrl } = await project.outputs();
    const { changes } = await project.up();
    expect(changes).toEqual(REPAIRS);
    await settled(app1Url);
    expect(await swarm.nodes()).toContainEqual(readyNode("worker-3", "worker"));
    const ids = (await everyTask()).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(tasksElsewhere));
    expect(await startTimes()).toEqual(started);
    await eventually("Kibana", { withinMs: 60_000 }, async () =>
      (await get(kibanaUrl)).status < 500 ? true : undefined,
    );
    expect((await drift()).status).toBe(0);
  });
});

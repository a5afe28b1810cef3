import { allTasks, project, requireCluster, settled, startTimes, swarm } from "./support/cluster";
import { lines } from "./support/engine";
import { eventually } from "./support/eventually";
import { get } from "./support/page";

beforeAll(requireCluster);

const drift = () => project.tryMake("drift", { FILE: "artefacts/e2e-drift.md" });

/** Resources of the docker provider that `up` sets right. */
const REPAIRS = [
  { op: "update", type: "docker:index/service:Service", name: "app1-service" },
  { op: "create", type: "docker:index/service:Service", name: "kibana-service" },
  { op: "create", type: "docker:index/secret:Secret", name: "logging-kibana-settings" },
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
    const tasks = (await allTasks()) ?? [];
    const touched = /^(app1|kibana)\./;
    tasksElsewhere = tasks.filter(({ name }) => !touched.test(name)).map(({ id }) => id);
    expect(tasksElsewhere).toHaveLength(tasks.length - 4);
    started = await startTimes();

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
    expect(stdout).toMatch(/^Resources: 2 made again, 1 changed; \d+ stay as they are\.$/m);
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
    const ids = ((await allTasks()) ?? []).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(tasksElsewhere));
    expect(await startTimes()).toEqual(started);
    await eventually("Kibana", { withinMs: 60_000 }, async () =>
      (await get(kibanaUrl)).status < 500 ? true : undefined,
    );
    expect((await drift()).status).toBe(0);
  });
});

import { project, requireCluster, swarm } from "./support/cluster";
import { eventually } from "./support/eventually";
import { note } from "./support/note";
import { inARow } from "./support/page";

/** Requests in a row that have to agree: more than there are proxies. */
const IN_A_ROW = 9;
const PATH = "/by-hand";

beforeAll(requireCluster);
afterAll(() => swarm.docker("service", "rm", "by-hand").catch(() => undefined));

describe("a service added by hand", () => {
  let url = "";

  test("is routed within five seconds of its start", async () => {
    const { proxyUrl } = await project.outputs();
    url = `${proxyUrl}${PATH}`;
    expect(await inARow(url, IN_A_ROW, ({ status }) => status === 404 || status === 503)).toBe(
      true,
    );
    await swarm.docker(...(await serviceByHand()));
    await eventually("its task to run", { withinMs: 30_000, everyMs: 50 }, () =>
      swarm.runningTasks("by-hand", 1),
    );
    const running = performance.now();
    await eventually("the route on every proxy", { withinMs: 5_000, everyMs: 50 }, () =>
      inARow(url, IN_A_ROW, (page) => page.status === 200 && page.task.startsWith("by-hand.1.")),
    );
    note(`routed after ${Math.round(performance.now() - running)} ms`);
  });

  test("is gone within five seconds of its removal, and stays away", async () => {
    await swarm.docker("service", "rm", "by-hand");
    const removed = performance.now();
    const gone = () => inARow(url, IN_A_ROW, ({ status }) => status === 404 || status === 503);
    await eventually("the route's end on every proxy", { withinMs: 5_000, everyMs: 50 }, gone);
    note(`gone after ${Math.round(performance.now() - removed)} ms`);
    expect(await gone()).toBe(true);
  });

  test("leaves the others' routes alone", async () => {
    const { app1Url } = await project.outputs();
    expect(await inARow(app1Url, IN_A_ROW, (page) => page.status === 200)).toBe(true);
  });
});

/** The article's labels, the empty serviceDomain included, on the image that app1 runs. */
async function serviceByHand(): Promise<string[]> {
  const format = "{{.Spec.TaskTemplate.ContainerSpec.Image}}";
  const image = await swarm.docker("service", "inspect", "app1", "--format", format);
  const labels = {
    notify: "true",
    distribute: "true",
    serviceDomain: "",
    servicePath: PATH,
    port: "8080",
  };
  return [
    ...["service", "create", "--detach", "--name", "by-hand", "--network", "main"],
    ...["--endpoint-mode", "dnsrr", "--constraint", "node.role==worker"],
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `com.df.${name}=${value}`]),
    ...["--env", `SERVICE_PATH=${PATH}`, "--env", "TASK_NAME={{.Task.Name}}"],
    image,
  ];
}

import { connect } from "node:net";
import { containerOf, machineNames, project, requireCluster, swarm } from "./support/cluster";
import { docker, lines } from "./support/engine";
import { eventually } from "./support/eventually";
import { type Line, LogIndex, of } from "./support/logIndex";
import { note } from "./support/note";
import { get } from "./support/page";
import type { Outputs } from "./support/project";
import { stack } from "./support/workspace";

const index = new LogIndex(stack);
let outputs: Outputs;
beforeAll(async () => {
  requireCluster();
  outputs = await project.outputs();
});

/** Waits until a query finds something. */
const found = (what: string, query: object): Promise<Line[]> =>
  eventually(what, { withinMs: 60_000 }, async () => {
    const hits = await index.find(query);
    return hits.length > 0 ? hits : undefined;
  });

describe("the log", () => {
  test("has the line of a request by the request's id, once, with service, task and node", async () => {
    const begun = new Date();
    const page = await get(outputs.app1Url);
    const id = page.headers["x-request-id"];
    await found("the app's line", { term: { requestId: id } });
    note(`found ${Date.now() - begun.getTime()} ms after the request began`);
    // The proxy's own comes from the engine's files alone: when it is there, the app's was read from there, too.
    await eventually("the proxy's line", { withinMs: 60_000 }, async () =>
      (await index.find(of("proxy", begun))).some((line) => line["request_id"] === id)
        ? true
        : undefined,
    );
    expect(await index.find({ term: { requestId: id } })).toEqual([
      expect.objectContaining({
        ...{ service: "app1", task: page.task, node: page.node },
        ...{ message: "request", method: "GET", path: "/app1", status: 200 },
        event_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      }),
    ]);
  });

  test("has the output of every service, with task and node", async () => {
    const all = lines(await swarm.docker("service", "ls", "--format", "{{.Name}}"));
    for (const service of all) {
      const [line] = await found(`lines of ${service}`, { term: { service } });
      // A task that is everywhere is numbered by its node.
      expect(line?.["task"]).toMatch(
        new RegExp(`^${service}\\.(\\d+|[a-z0-9]{25})\\.[a-z0-9]{25}$`),
      );
      expect(machineNames).toContain(line?.["node"]);
    }
  });
});

describe("of logging, nothing is reached from outside but Kibana's page", () => {
  const isOpen = (host: string, port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host, port, timeout: 2_000 });
      const end = (open: boolean) => {
        socket.destroy();
        resolve(open);
      };
      socket.once("connect", () => end(true));
      for (const event of ["error", "timeout"]) socket.once(event, () => end(false));
    });

  test("no machine has a port of it", async () => {
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    for (const machine of machineNames) {
      const address = await docker("inspect", "--format", format, containerOf(machine));
      for (const port of [9000, 9200, 9300, 9600, 5601]) {
        expect([machine, port, await isOpen(address, port)]).toEqual([machine, port, false]);
      }
    }
    // By the same means, what is open is seen to be.
    expect(await isOpen(outputs.managers[0]?.address ?? "", 80)).toBe(true);
  });

  test("the proxy has no route to it", async () => {
    for (const path of ["/_search", "/logs-swarm-default/_search", "/elasticsearch", "/logstash"]) {
      expect([404, 503]).toContain((await get(`${outputs.proxyUrl}${path}`)).status);
    }
  });

  test("Kibana shows nothing to who is not logged in", async () => {
    const page = await get(`${outputs.kibanaUrl}/?q=request`);
    expect([302, 303]).toContain(page.status);
    expect(page.headers["location"]).toMatch(/^\/kibana\/login\?next=/);
    expect(page.body).not.toContain("app1");
  });
});

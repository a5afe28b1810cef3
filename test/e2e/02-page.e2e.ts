import { project, requireCluster, swarm } from "./support/cluster";
import { get, tasksSeen } from "./support/page";
import type { Outputs } from "./support/project";

let outputs: Outputs;
beforeAll(async () => {
  requireCluster();
  outputs = await project.outputs();
});

describe("the page through the edge", () => {
  test("says Hello World! and names the task that it comes from", async () => {
    const page = await get(outputs.app1Url);
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toMatch(/^text\/html/);
    expect(page.body).toContain("Hello World!");
    const tasks = await swarm.tasks("app1");
    expect(tasks.map(({ name, node }) => `${name} on ${node}`)).toContain(
      `${page.task} on ${page.node}`,
    );
  });

  test("comes from the tasks of all workers, and of workers only", async () => {
    const tasks = await swarm.runningTasks("app1", 3);
    expect(new Set(tasks?.map(({ node }) => node))).toEqual(
      new Set(["worker-1", "worker-2", "worker-3"]),
    );
    const names = new Set(tasks?.map(({ name }) => name));
    expect(await tasksSeen(outputs.app1Url, names, 60)).toEqual(names);
  });

  test("has the headers of a strict policy", async () => {
    const { headers } = await get(outputs.app1Url);
    expect(headers["content-security-policy"]).toMatch(/default-src '(self|none)'/);
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["x-powered-by"]).toBeUndefined();
  });

  test("links a style sheet that may be kept for ever", async () => {
    const { body } = await get(outputs.app1Url);
    const link = /href="?(\/app1\/[^" >]*style\.css[^" >]*)/.exec(body)?.[1];
    const sheet = await get(`${outputs.proxyUrl}${link}`);
    expect(sheet.status).toBe(200);
    expect(sheet.headers["content-type"]).toMatch(/^text\/css/);
    expect(sheet.headers["cache-control"]).toContain("immutable");
    expect(sheet.body).toContain("{");
  });

  test.each(["/", "/nothing-here", "/app10"])(
    "answers %s, which nobody has, with 404 or 503",
    async (path) => {
      const page = await get(`${outputs.proxyUrl}${path}`);
      expect([404, 503]).toContain(page.status);
      // Not because nothing has a route.
      expect((await get(outputs.app1Url)).status).toBe(200);
    },
  );

  test.each([
    ["/v1/docker-flow-proxy/config"],
    ["/v1/docker-flow-proxy/ping"],
    ["/v1/docker-flow-swarm-listener/get-services"],
    ["/healthz"],
  ])("does not let %s, which is for the inside, be reached from outside", async (path) => {
    const page = await get(`${outputs.proxyUrl}${path}`);
    expect([404, 503]).toContain(page.status);
    expect((await get(outputs.app1Url)).status).toBe(200);
  });
});

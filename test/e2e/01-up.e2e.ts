import { containers } from "./support/engine";
import { containerOf, machineNames, markClusterUp, project, swarm } from "./support/cluster";
import { stack } from "./support/workspace";
import { readyNode } from "./support/swarm";

describe("up from nothing", () => {
  let output = "";

  test("make up succeeds and prints where the page is", async () => {
    output = (await project.make("up")).output;
    const outputs = await project.outputs();
    expect(output).toContain(outputs.proxyUrl);
    expect(output).toContain(outputs.app1Url);
    expect(output).toContain(outputs.kibanaUrl);
    markClusterUp(outputs);
  });

  test("make outputs prints them as JSON", async () => {
    const outputs = await project.outputs();
    expect(outputs).toEqual({
      proxyUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
      httpsUrl: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) as string,
      app1Url: `${outputs.proxyUrl}/app1`,
      kibanaUrl: `${outputs.proxyUrl}/kibana`,
      kibanaPassword: "[secret]",
      managers: ["manager-1", "manager-2", "manager-3"].map((name) => ({
        name,
        address: expect.stringMatching(/^10\.\d+\.\d+\.\d+$/) as string,
      })),
      mongoHint: expect.stringMatching(/^mongodb:\/\/app1-1@mongo-store-1:27017/) as string,
      standIns: expect.any(Object) as object,
    });
  });

  test("seven nodes are Ready, with their roles and labels", async () => {
    expect(await swarm.nodes()).toEqual([
      readyNode("logger-1", "worker", { logger: "true" }),
      readyNode("manager-1", "manager", { "mongo-keeper": "true" }),
      readyNode("manager-2", "manager"),
      readyNode("manager-3", "manager"),
      readyNode("worker-1", "worker", { "mongo-store": "1" }),
      readyNode("worker-2", "worker"),
      readyNode("worker-3", "worker"),
    ]);
  });

  test("on the host there are the machines, the edge and the registry, and no more", async () => {
    const found = await containers(stack);
    expect([...found.keys()].sort()).toEqual(
      [...machineNames, "edge", "registry"].map(containerOf).sort(),
    );
  });
});

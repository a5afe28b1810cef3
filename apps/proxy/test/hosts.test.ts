import { Configurator } from "../src/control/configurator";
import { Emptiness } from "../src/control/emptiness";
import { Hosts, namedHosts } from "../src/control/hosts";
import { Proxy } from "../src/control/proxy";
import { startServers } from "../src/control/servers";
import { renderConfig } from "../src/haproxy/render";
import { parseService } from "../src/routes/parse";
import type { Parameters } from "../src/routes/service";
import { EMPTY_TABLE } from "../src/routes/table";
import { APP1, FakeDataPlane, memoryLog, PARSE, RENDER, temporaryFolder, cleanUp } from "./support";

afterEach(cleanUp);

const OUTSIDE = { ...APP1, outboundHostname: "api.example" };

/** A proxy whose name server can be changed. */
function setUp(addresses: Record<string, string[]>) {
  const { log } = memoryLog();
  const configurator = new Configurator(EMPTY_TABLE, {
    dataPlane: new FakeDataPlane(),
    render: (table) => renderConfig(table, RENDER),
    save: () => Promise.resolve(),
    log,
    minReloadIntervalMs: 0,
  });
  const hosts = new Hosts({
    controlSubnet: "10.248.48.0/20",
    ownAddresses: () => ["10.0.1.7"],
    timeoutMs: 20,
    resolve: (name) =>
      name === "slow.example"
        ? new Promise(() => undefined)
        : addresses[name]
          ? Promise.resolve(addresses[name])
          : Promise.reject(new Error("ENOTFOUND")),
  });
  const proxy = new Proxy(configurator, PARSE, new Emptiness({ log }), hosts);
  const list = (...services: Parameters[]) => proxy.synchronize(() => Promise.resolve(services));
  const route = () => configurator.table.routes.get("app1")?.service;
  const reason = () => configurator.table.refused.get("app1")?.reason;
  return { proxy, list, route, reason };
}

describe("outboundHostname", () => {
  it.each([
    ["the control network", ["192.0.2.1", "10.248.48.9"]],
    ["the proxy's own address", ["10.0.1.7"]],
    ["loopback", ["127.0.0.1"]],
  ])("must not lead to %s, whatever its name", async (_case, addresses) => {
    const { proxy, list, route, reason } = setUp({ "api.example": addresses });
    await expect(proxy.reconfigure(OUTSIDE)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`api.example is ${addresses.at(-1)}`) as string,
    });
    expect(route()).toBeUndefined();
    await list(OUTSIDE);
    expect(route()).toBeUndefined();
    expect(reason()).toContain("control network");
  });

  it("may lead to anything else, to nothing yet, and to what a name server does not tell in time", async () => {
    const { proxy, route } = setUp({ "api.example": ["10.0.2.9"] });
    for (const outboundHostname of ["api.example", "later.example", "slow.example"]) {
      await proxy.reconfigure({ ...APP1, outboundHostname });
      expect(route()?.destinations[0]?.host).toBe(outboundHostname);
    }
  });

  it("closes its route when its name leads there later, and opens it when it no longer does", async () => {
    const addresses: Record<string, string[]> = { "api.example": ["10.0.2.9"] };
    const { list, route, reason } = setUp(addresses);
    await list(OUTSIDE);
    expect(route()).toMatchObject({ name: "app1" });
    expect(route()?.closed).toBeUndefined();
    addresses["api.example"] = ["10.248.48.9"];
    await list(OUTSIDE);
    expect(route()?.closed).toContain("10.248.48.9");
    await list(OUTSIDE);
    expect(reason()).toContain("10.248.48.9");
    addresses["api.example"] = ["10.0.2.9"];
    await list(OUTSIDE);
    expect(route()?.closed).toBeUndefined();
    expect(reason()).toBeUndefined();
  });

  it("closes a route that came by request, too", async () => {
    const addresses: Record<string, string[]> = { "api.example": ["10.0.2.9"] };
    const { proxy, list, route } = setUp(addresses);
    await proxy.reconfigure({ ...OUTSIDE, notify: "" });
    addresses["api.example"] = ["10.248.48.9"];
    await list({ ...APP1, serviceName: "other", servicePath: "/other" });
    expect(route()?.closed).toContain("10.248.48.9");
  });

  it("does not let a request that waited for its name win over a later one", async () => {
    const { proxy, route } = setUp({});
    const first = proxy.reconfigure({ ...APP1, outboundHostname: "slow.example" });
    const second = proxy.reconfigure(APP1);
    await expect(first).rejects.toMatchObject({ status: 409 });
    await second;
    expect(route()?.destinations[0]?.host).toBeUndefined();
  });

  it("is refused by name where that is known", () => {
    const options = { ...PARSE, controlHosts: ["proxy-control", "swarm-listener"] };
    for (const host of ["swarm-listener", "tasks.Proxy-Control"]) {
      expect(() => parseService({ ...APP1, outboundHostname: host }, options)).toThrow(
        "control network",
      );
    }
    expect(() => parseService({ ...APP1, outboundHostname: "listener" }, options)).not.toThrow();
  });

  it("is looked for with every suffix", () => {
    expect(
      namedHosts({ outboundHostname: "A.example", "outboundHostname.2": "b.example", port: "80" }),
    ).toEqual(["a.example", "b.example"]);
  });
});

test("the control API answers nobody who comes by a route", async () => {
  const servers = await startServers((_request, response) => response.end("in"), {
    port: 0,
    controlSubnet: "127.0.0.0/8",
    ownAddresses: () => ["127.0.0.1"],
    socketPath: `${temporaryFolder()}/control.sock`,
  });
  try {
    const { port } = servers[0]?.address() as { port: number };
    const ask = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}/`, { headers });
    expect((await ask({})).status).toBe(200);
    expect((await ask({ Forwarded: "proto=http;for=192.0.2.1" })).status).toBe(403);
  } finally {
    servers.forEach((server) => {
      server.close();
      server.closeAllConnections();
    });
  }
});

import { quiet, startBench, until } from "./harness";

describe("events", () => {
  test("a new service is announced with its labels", async () => {
    const { engine, proxy } = await startBench();
    engine.set(
      "app1",
      { distribute: "true", serviceDomain: "", servicePath: "/app1", port: "8080" },
      { Mode: { Replicated: { Replicas: 3 } } },
    );
    await until(() => proxy.received.length === 1);
    expect(proxy.received[0]).toMatchObject({
      kind: "reconfigure",
      method: "GET",
      parameters: {
        serviceName: "app1",
        replicas: "3",
        distribute: "true",
        serviceDomain: "",
        servicePath: "/app1",
        port: "8080",
        createdAt: "2026-01-01T00:00:00.000000Z",
      },
    });
    expect(Object.keys(proxy.received[0]?.parameters ?? {})).toHaveLength(7);
  });

  test("a change is announced, an update that changes nothing is not", async () => {
    const { engine, proxy } = await startBench();
    engine.set("app1", { port: "8080" });
    await until(() => proxy.received.length === 1);
    engine.set("app1", { port: "8080" });
    await quiet(engine);
    expect(proxy.received).toHaveLength(1);
    engine.set("app1", { port: "8081" });
    await until(() => proxy.received.length === 2);
    expect(proxy.received[1]?.parameters).toMatchObject({ serviceName: "app1", port: "8081" });
    engine.set("app1", { port: "8081" }, { Mode: { Replicated: { Replicas: 8 } } });
    await until(() => proxy.received.length === 3);
    expect(proxy.received[2]?.parameters).toMatchObject({ replicas: "8" });
  });

  test("a removed service is announced with its last labels", async () => {
    const { engine, proxy } = await startBench();
    engine.set("app1", { aclName: "first", port: "8080" });
    await until(() => proxy.received.length === 1);
    engine.delete("app1");
    await until(() => proxy.received.length === 2);
    expect(proxy.received[1]).toMatchObject({
      kind: "remove",
      parameters: { serviceName: "app1", aclName: "first", port: "8080", distribute: "true" },
    });
    expect(proxy.received[1]?.parameters).not.toHaveProperty("replicas");
    await quiet(engine);
    expect(proxy.received).toHaveLength(2);
  });

  test.each([
    ["taken off", {}],
    ["false", { "com.df.notify": "false" }],
  ])("a service whose label is %s is removed", async (_what, notify) => {
    const { engine, proxy } = await startBench();
    engine.set("app1", { port: "8080" });
    await until(() => proxy.received.length === 1);
    engine.put({ Name: "app1", Labels: { "com.df.port": "8080", ...notify } });
    await until(() => proxy.received.length === 2);
    expect(proxy.calls).toEqual(["reconfigure app1", "remove app1"]);
  });

  test("a service without the label is nobody's business", async () => {
    const { engine, proxy } = await startBench();
    engine.put({ Name: "db", Labels: { "com.df.port": "27017" } });
    engine.put({ Name: "db2" });
    engine.delete("db");
    engine.set("app1");
    await until(() => proxy.received.length === 1);
    expect(proxy.calls).toEqual(["reconfigure app1"]);
  });

  test("what runs already is announced at the start", async () => {
    const { proxy } = await startBench({}, (engine) => {
      engine.set("app1");
      engine.set("app2");
    });
    await until(() => proxy.received.length === 2);
    expect(proxy.calls.sort()).toEqual(["reconfigure app1", "reconfigure app2"]);
  });

  test("a service made anew under its name is announced last", async () => {
    const { engine, proxy } = await startBench();
    engine.set("app1", { port: "1" });
    await until(() => proxy.received.length === 1);
    engine.delete("app1");
    engine.put({ Name: "app1", Labels: { "com.df.notify": "true", "com.df.port": "2" } }, "new-id");
    await until(() => proxy.received.at(-1)?.parameters["port"] === "2");
    await quiet(engine);
    expect(proxy.received.at(-1)).toMatchObject({ kind: "reconfigure", parameters: { port: "2" } });
  });
});

describe("nodeInfo", () => {
  const nodeInfo = { included: true, withAddress: true };
  const task = (address: string) => ({
    ServiceID: "id-app1",
    NodeID: "n1",
    Status: { State: "running" },
    NetworksAttachments: [{ Network: { Spec: { Name: "main" } }, Addresses: [`${address}/24`] }],
  });
  const node = {
    ID: "n1",
    Version: { Index: 1 },
    Spec: { Role: "worker", Availability: "active" },
    Description: { Hostname: "worker-1" },
    Status: { State: "ready" },
  };

  test("tells where the tasks run, and again when that changes", async () => {
    const { engine, proxy, listener } = await startBench({ nodeInfo, intervalMs: 100 }, (it) => {
      it.nodes = [node];
      it.tasks = [task("10.0.0.3")];
    });
    engine.set("app1", { scrapeNetwork: "main" });
    engine.set("app2");
    await until(() => proxy.received.length === 2);
    const told = () => proxy.received.map(({ parameters }) => parameters["nodeInfo"]);
    expect(told().sort()).toEqual(['[["worker-1","10.0.0.3","n1"]]', undefined]);
    // Of tasks the swarm tells no events.
    engine.tasks = [task("10.0.0.3"), task("10.0.0.4")];
    await until(() => proxy.received.length === 3);
    const both = '[["worker-1","10.0.0.3","n1"],["worker-1","10.0.0.4","n1"]]';
    expect(told()[2]).toBe(both);
    expect(await listener.servicesParameters()).toMatchObject([{ nodeInfo: both }, {}]);
  });

  test("is not told when it is not asked for", async () => {
    const { engine, proxy } = await startBench();
    engine.set("app1", { scrapeNetwork: "main" });
    await until(() => proxy.received.length === 1);
    expect(proxy.received[0]?.parameters).not.toHaveProperty("nodeInfo");
    expect(engine.requests.filter((line) => line.endsWith("/tasks"))).toEqual([]);
  });
});

test("without events a change is noticed at the next comparison", async () => {
  const { engine, proxy } = await startBench({ events: false, intervalMs: 100 });
  engine.set("app1");
  await until(() => proxy.received.length === 1);
  expect(engine.requests.filter((line) => line.endsWith("/events"))).toEqual([]);
});

describe("stacks", () => {
  const stack = { "com.df.notify": "true", "com.docker.stack.namespace": "shop" };

  test("shortName takes the stack's name away", async () => {
    const { engine, proxy } = await startBench();
    engine.put({ Name: "shop_web", Labels: { ...stack, "com.df.shortName": "true" } });
    engine.put({ Name: "shop_api", Labels: stack });
    await until(() => proxy.received.length === 2);
    expect(proxy.calls.sort()).toEqual(["reconfigure shop_api", "reconfigure web"]);
    engine.put({ Name: "shop_web", Labels: stack });
    await until(() => proxy.received.length === 4);
    expect(proxy.calls.slice(2).sort()).toEqual(["reconfigure shop_web", "remove web"]);
  });

  test("of two services of one name the older keeps it, until it is gone", async () => {
    const { engine, proxy, logs } = await startBench();
    const short = { ...stack, "com.df.shortName": "true" };
    engine.put({ Name: "shop_web", Labels: { ...short, "com.df.port": "1" } });
    const other = { "com.docker.stack.namespace": "blog", "com.df.port": "2" };
    engine.put({ Name: "blog_web", Labels: { ...short, ...other } });
    await until(() => logs.some((line) => line.includes("blog_web")));
    await quiet(engine);
    expect(proxy.received.map(({ parameters }) => parameters["port"])).toEqual(["1"]);
    engine.delete("shop_web");
    await until(() => proxy.received.length === 2);
    expect(proxy.received[1]).toMatchObject({ kind: "reconfigure", parameters: { port: "2" } });
  });
});

describe("healing", () => {
  test("an event that was missed is made up for by the next comparison", async () => {
    const { engine, proxy } = await startBench({ intervalMs: 100 });
    engine.telling = false;
    engine.set("app1");
    await until(() => proxy.received.length === 1);
    engine.delete("app1");
    await until(() => proxy.received.length === 2);
    expect(proxy.calls).toEqual(["reconfigure app1", "remove app1"]);
  });

  test.each([
    ["cut", true],
    ["ended", false],
  ])(
    "events that were %s are followed again, and what happened meanwhile is seen",
    async (_w, rudely) => {
      const { engine, proxy } = await startBench();
      engine.cutEvents(rudely);
      await until(() => engine.following === 0);
      engine.set("app1");
      await until(() => proxy.received.length === 1);
      expect(engine.following).toBe(1);
      engine.delete("app1");
      await until(() => proxy.received.length === 2);
    },
  );

  test("an engine that was away is found again, and nothing is removed meanwhile", async () => {
    const { engine, proxy, logs } = await startBench();
    engine.set("app1");
    await until(() => proxy.received.length === 1);
    await engine.stop();
    await until(() => logs.filter((line) => line.includes("cannot follow")).length >= 2);
    engine.set("app2");
    await engine.start();
    await until(() => proxy.received.length === 2);
    expect(proxy.calls).toEqual(["reconfigure app1", "reconfigure app2"]);
  });

  test("a swarm without a leader removes nothing", async () => {
    const { engine, proxy, listener, logs } = await startBench({ intervalMs: 120 });
    engine.set("app1");
    await until(() => proxy.received.length === 1);
    engine.failure = 503;
    await until(() => logs.filter((line) => line.includes("no leader")).length >= 3);
    expect(proxy.received).toHaveLength(1);
    await expect(listener.servicesParameters()).rejects.toThrow("no leader");
    engine.failure = undefined;
    engine.delete("app1");
    await until(() => proxy.received.length === 2);
  });

  test("another engine with another API version is understood", async () => {
    const { engine, proxy } = await startBench();
    await engine.stop();
    engine.version = { Version: "20.10.24", ApiVersion: "1.41", MinAPIVersion: "1.12" };
    await engine.start();
    engine.set("app1");
    await until(() => proxy.received.length === 1);
    await until(() => engine.requests.includes("GET /v1.41/events"));
  });
});

test("500 services at once are all announced, on few connections, and all removed", async () => {
  const { engine, proxy } = await startBench();
  let open = 0;
  let most = 0;
  proxy.reply = async () => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setImmediate(resolve));
    open--;
    return 200;
  };
  const names = Array.from({ length: 500 }, (_, i) => `app${i}`);
  for (const name of names) engine.set(name, { servicePath: `/${name}`, port: "8080" });
  await until(() => proxy.received.length >= 500, 15_000);
  for (const name of names) engine.delete(name);
  await until(() => proxy.received.length >= 1_000, 15_000);
  await quiet(engine);
  expect(proxy.received).toHaveLength(1_000);
  expect(new Set(proxy.calls).size).toBe(1_000);
  expect(most).toBeLessThanOrEqual(8);
  // Many events are few comparisons.
  expect(engine.requests.length).toBeLessThan(100);
}, 40_000);

test("the engine is never asked for anything but GET", async () => {
  const { engine, listener, proxy } = await startBench({
    intervalMs: 120,
    nodeInfo: { included: true, withAddress: true },
  });
  engine.set("app1", { scrapeNetwork: "main" });
  await until(() => proxy.received.length === 1);
  listener.notifyServices();
  await until(() => proxy.received.length === 2);
  engine.delete("app1");
  await until(() => proxy.received.length === 3);
  await listener.servicesParameters();
  await listener.nodesParameters();
  engine.cutEvents(true);
  await until(() => engine.requests.filter((line) => line.endsWith("/events")).length === 2);
  expect(new Set(engine.requests)).toEqual(
    new Set(
      ["version", "v1.50/services", "v1.50/events", "v1.50/nodes", "v1.50/tasks"].map(
        (path) => `GET /${path}`,
      ),
    ),
  );
});

test("stopping ends everything, also retries", async () => {
  const { engine, proxy, listener } = await startBench({ retries: 1_000 });
  proxy.reply = () => 500;
  engine.set("app1");
  await until(() => proxy.received.length === 2);
  await listener.stop();
  const { length } = proxy.received;
  await until(() => engine.following === 0);
  engine.set("app2");
  await quiet(engine, 100);
  expect(proxy.received).toHaveLength(length);
});

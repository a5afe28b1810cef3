import { quiet, startBench, until } from "./harness";

describe("retries", () => {
  test.each([
    ["create", 500],
    ["create", 400],
    ["create", 404],
    ["remove", 500],
    ["remove", 409],
  ])("a %s answered %d is sent 1 + DF_RETRY times", async (kind, status) => {
    const { engine, proxy, logs, metrics } = await startBench({ retries: 4 });
    if (kind === "remove") {
      engine.set("app1");
      await until(() => proxy.received.length === 1);
      proxy.received.length = 0;
    }
    proxy.reply = () => status;
    if (kind === "create") engine.set("app1");
    else engine.delete("app1");
    await until(() => logs.some((line) => line.includes("giving up for now")));
    expect(await metrics.text()).toContain(
      `operation="notificationSend${kind === "create" ? "Create" : "Remove"}serviceRequest"} 1`,
    );
    expect(proxy.received).toHaveLength(5);
    const gaps = proxy.received.slice(1).map(({ at }, i) => at - (proxy.received[i]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(18);
  });

  test.each([
    ["create", 200],
    ["create", 409],
    ["remove", 200],
  ])("a %s answered %d is done", async (kind, status) => {
    const { engine, proxy } = await startBench();
    if (kind === "remove") {
      engine.set("app1");
      await until(() => proxy.received.length === 1);
      proxy.received.length = 0;
    }
    proxy.reply = () => status;
    if (kind === "create") engine.set("app1");
    else engine.delete("app1");
    await until(() => proxy.received.length === 1);
    await quiet(engine, 100);
    expect(proxy.received).toHaveLength(1);
  });

  test("an interval of 0 means one attempt", async () => {
    const { engine, proxy, logs } = await startBench({ retryIntervalMs: 0 });
    proxy.reply = () => 500;
    engine.set("app1");
    await until(() => logs.some((line) => line.includes("giving up for now")));
    expect(proxy.received).toHaveLength(1);
  });

  test("a proxy that is down gets it when it is up", async () => {
    const { engine, proxy, logs } = await startBench({ retries: 1_000 });
    await proxy.stop();
    engine.set("app1");
    await until(() => logs.some((line) => line.includes("ECONNREFUSED")));
    await proxy.start();
    await until(() => proxy.received.length === 1);
    expect(proxy.calls).toEqual(["reconfigure app1"]);
    expect(logs.filter((line) => line.includes("ECONNREFUSED"))).toHaveLength(1);
  });

  test.each(["create", "remove"])(
    "a %s that was given up is taken up by the next comparison",
    async (kind) => {
      const { engine, proxy, logs } = await startBench({ retries: 1, intervalMs: 150 });
      if (kind === "remove") {
        engine.set("app1");
        await until(() => proxy.received.length === 1);
      }
      await proxy.stop();
      if (kind === "create") engine.set("app1");
      else engine.delete("app1");
      await until(() => logs.some((line) => line.includes("giving up for now")));
      await proxy.start();
      await until(
        () => proxy.received.at(-1)?.kind === (kind === "create" ? "reconfigure" : "remove"),
      );
    },
  );

  test("a proxy that does not answer is asked again", async () => {
    const { engine, proxy } = await startBench({ timeoutMs: 50 });
    proxy.reply = () => new Promise(() => undefined);
    engine.set("app1");
    await until(() => proxy.received.length === 2);
  });
});

describe("superseding", () => {
  test("a removal ends the retries of a create", async () => {
    const { engine, proxy } = await startBench({ retries: 1_000 });
    proxy.reply = ({ kind }) => (kind === "remove" ? 200 : 500);
    engine.set("app1");
    await until(() => proxy.received.length >= 3);
    engine.delete("app1");
    await until(() => proxy.received.at(-1)?.kind === "remove");
    const count = proxy.received.length;
    await quiet(engine, 100);
    expect(proxy.received).toHaveLength(count);
  });

  test("a long pause between retries does not hold up a newer state", async () => {
    const { engine, proxy } = await startBench({ retryIntervalMs: 60_000 });
    proxy.reply = ({ parameters }) => (parameters["port"] === "1" ? 500 : 200);
    engine.set("app1", { port: "1" });
    await until(() => proxy.received.length === 1);
    engine.set("app1", { port: "2" });
    await until(() => proxy.received.length === 2);
    expect(proxy.received[1]?.parameters["port"]).toBe("2");
  });

  test("a create ends the retries of a removal", async () => {
    const { engine, proxy } = await startBench({ retries: 1_000 });
    engine.set("app1", { port: "1" });
    await until(() => proxy.received.length === 1);
    proxy.reply = ({ kind }) => (kind === "remove" ? 500 : 200);
    engine.delete("app1");
    await until(() => proxy.received.filter(({ kind }) => kind === "remove").length >= 2);
    engine.set("app1", { port: "2" });
    await until(() => proxy.received.at(-1)?.kind === "reconfigure");
    const count = proxy.received.length;
    await quiet(engine, 100);
    expect(proxy.received).toHaveLength(count);
    expect(proxy.received.at(-1)?.parameters["port"]).toBe("2");
  });

  test("a newer state waits for the older one's request that is under way", async () => {
    const { engine, proxy } = await startBench();
    let answer: () => void = () => undefined;
    proxy.reply = () => new Promise((resolve) => (answer = () => resolve(200)));
    engine.set("app1", { port: "1" });
    await until(() => proxy.received.length === 1);
    engine.set("app1", { port: "2" });
    await quiet(engine);
    expect(proxy.received).toHaveLength(1);
    proxy.reply = () => 200;
    answer();
    await until(() => proxy.received.length === 2);
    expect(proxy.received[1]?.parameters["port"]).toBe("2");
  });

  test("but not for ever", async () => {
    const { engine, proxy } = await startBench();
    proxy.reply = ({ parameters }) =>
      parameters["port"] === "1" ? new Promise(() => undefined) : 200;
    engine.set("app1", { port: "1" });
    await until(() => proxy.received.length === 1);
    engine.set("app1", { port: "2" });
    await until(() => proxy.received.length === 2);
    expect(proxy.received[1]?.parameters["port"]).toBe("2");
  });

  test("of states that come faster than they can be sent, only the last is sent", async () => {
    const { engine, proxy } = await startBench();
    let answer: () => void = () => undefined;
    proxy.reply = () => new Promise((resolve) => (answer = () => resolve(200)));
    engine.set("app1", { port: "0" });
    await until(() => proxy.received.length === 1);
    for (const port of ["1", "2", "3"]) {
      engine.set("app1", { port });
      await quiet(engine, 30);
    }
    proxy.reply = () => 200;
    answer();
    await until(() => proxy.received.length === 2);
    await quiet(engine);
    expect(proxy.received.map(({ parameters }) => parameters["port"])).toEqual(["0", "3"]);
  });
});

test("notify-services sends everything again", async () => {
  const { engine, proxy, listener } = await startBench();
  engine.set("app1");
  engine.set("app2");
  await until(() => proxy.received.length === 2);
  listener.notifyServices();
  await until(() => proxy.received.length === 4);
  expect(proxy.calls.slice(2).sort()).toEqual(["reconfigure app1", "reconfigure app2"]);
  await quiet(engine);
  expect(proxy.received).toHaveLength(4);
});

test.each([
  ["quotes", `"double" 'single' \`back\``],
  ["newline", "a\r\nb"],
  ["unicode", "żółw 🐢"],
  ["empty", ""],
  ["query syntax", "a=1&serviceName=evil#x?y+z%20"],
  ["backslash and space", "\\ \t"],
])("a label with %s arrives as it is", async (_what, value) => {
  const { engine, proxy } = await startBench();
  engine.set("app1", { value });
  await until(() => proxy.received.length === 1);
  expect(proxy.received[0]?.parameters).toEqual({
    serviceName: "app1",
    replicas: "1",
    distribute: "true",
    createdAt: "2026-01-01T00:00:00.000000Z",
    value,
  });
  expect(proxy.received[0]?.query).toMatch(/^[\x21-\x7e]*$/);
});

test("logs have no label and no URL's user", async () => {
  const { engine, proxy, logs } = await startBench();
  proxy.reply = () => 500;
  engine.set("app1", { users: "admin:hunter2" });
  await until(() => logs.some((line) => line.includes("giving up for now")));
  expect(logs.join("\n")).not.toContain("hunter2");
  for (const line of logs) expect(JSON.parse(line)).toHaveProperty("timestamp");
});

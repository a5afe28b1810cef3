import { Configurator } from "../src/control/configurator";
import { renderConfig } from "../src/haproxy/render";
import { parseService } from "../src/routes/parse";
import { toRoute } from "../src/routes/route";
import {
  type Change,
  EMPTY_TABLE,
  type RouteTable,
  withoutRoute,
  withRoute,
} from "../src/routes/table";
import { APP1, eventually, FakeDataPlane, memoryLog, PARSE, RENDER } from "./support";

const LOADED: RouteTable = { ...EMPTY_TABLE, loaded: true };

function adding(name: string, parameters: Record<string, string> = {}): Change {
  const all = { ...APP1, serviceName: name, servicePath: `/${name}`, ...parameters };
  return withRoute(toRoute(parseService(all, PARSE).service, all, "request"));
}

function setUp({ minReloadIntervalMs = 0 } = {}) {
  const dataPlane = new FakeDataPlane();
  const saved: string[][] = [];
  const configurator = new Configurator(LOADED, {
    dataPlane,
    render: (table) => renderConfig(table, RENDER),
    save: (table) => {
      saved.push([...table.routes.keys()]);
      return Promise.resolve();
    },
    log: memoryLog().log,
    minReloadIntervalMs,
  });
  return { dataPlane, saved, configurator };
}

describe("Configurator", () => {
  it("checks, then reloads, then keeps", async () => {
    const { dataPlane, saved, configurator } = setUp();
    await configurator.submit(adding("a"));
    expect(dataPlane.calls).toEqual(["check", "reload"]);
    expect(dataPlane.loaded).toEqual([configurator.config]);
    expect(configurator.config).toContain("tasks.a:8080");
    expect(saved).toEqual([["a"]]);
  });

  it("does not reload when the text is the same", async () => {
    const { dataPlane, configurator } = setUp();
    await configurator.submit(adding("a", { replicas: "1" }));
    await configurator.submit(adding("a", { replicas: "8" }));
    await configurator.submit(withoutRoute("unknown"));
    expect(dataPlane.calls).toEqual(["check", "reload"]);
    expect(configurator.table.routes.get("a")?.parameters["replicas"]).toBe("8");
  });

  it("reloads the same text when it is forced to", async () => {
    const { dataPlane, configurator } = setUp();
    await configurator.submit((table) => table, { force: true });
    expect(dataPlane.calls).toEqual(["check", "reload"]);
  });

  it("takes what comes during a reload together", async () => {
    const { dataPlane, configurator } = setUp();
    let open: () => void = () => undefined;
    dataPlane.gate = new Promise((resolve) => (open = resolve));
    const names = Array.from({ length: 50 }, (_, i) => `s${i}`);
    const [first = "", ...others] = names;
    const all = [configurator.submit(adding(first))];
    await eventually(() => expect(dataPlane.calls).toContain("reload"));
    all.push(...others.map((name) => configurator.submit(adding(name))));
    open();
    await Promise.all(all);
    expect(dataPlane.calls.filter((call) => call === "reload")).toHaveLength(2);
    expect([...configurator.table.routes.keys()]).toEqual(names);
  });

  it("keeps the last good configuration when the check fails", async () => {
    const { dataPlane, saved, configurator } = setUp();
    await configurator.submit(adding("good"));
    const before = configurator.config;
    dataPlane.refusing = "tasks.bad";
    await expect(configurator.submit(adding("bad"))).rejects.toMatchObject({
      status: 500,
      message: expect.stringContaining("unknown keyword 'tasks.bad'") as string,
    });
    expect(configurator.config).toBe(before);
    expect(dataPlane.loaded).toEqual([before]);
    expect(saved).toEqual([["good"]]);
  });

  it("keeps the last good configuration when the reload fails, and goes on", async () => {
    const { dataPlane, configurator } = setUp();
    await configurator.submit(adding("good"));
    const before = configurator.config;
    dataPlane.failing = "tasks.bad";
    await expect(configurator.submit(adding("bad"))).rejects.toThrow("no bind");
    expect(configurator.config).toBe(before);
    await configurator.submit(adding("next"));
    expect([...configurator.table.routes.keys()]).toEqual(["good", "next"]);
  });

  it("refuses a bad change alone when it came together with good ones", async () => {
    const { dataPlane, configurator } = setUp();
    dataPlane.refusing = "tasks.bad";
    const results = await Promise.allSettled(
      ["first", "a", "bad", "b"].map((name) => configurator.submit(adding(name))),
    );
    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect([...configurator.table.routes.keys()]).toEqual(["first", "a", "b"]);
  });

  it("leaves time between two reloads", async () => {
    const { dataPlane, configurator } = setUp({ minReloadIntervalMs: 80 });
    await configurator.submit(adding("a"));
    const start = performance.now();
    await Promise.all(["b", "c", "d"].map((name) => configurator.submit(adding(name))));
    expect(performance.now() - start).toBeGreaterThanOrEqual(75);
    expect(dataPlane.calls.filter((call) => call === "reload")).toHaveLength(2);
  });

  it("serves on when the routes cannot be kept on disk", async () => {
    const dataPlane = new FakeDataPlane();
    const { log, lines } = memoryLog();
    const configurator = new Configurator(LOADED, {
      dataPlane,
      render: (table) => renderConfig(table, RENDER),
      save: () => Promise.reject(new Error("read-only file system")),
      log,
      minReloadIntervalMs: 0,
    });
    await configurator.submit(adding("a"));
    expect(configurator.config).toContain("tasks.a");
    expect(lines.join("")).toContain("read-only file system");
  });

  it("ends what it has begun when it closes, and takes nothing more", async () => {
    const { dataPlane, saved, configurator } = setUp();
    let open: () => void = () => undefined;
    dataPlane.gate = new Promise((resolve) => (open = resolve));
    const submitted = configurator.submit(adding("a"));
    await eventually(() => expect(dataPlane.calls).toContain("reload"));
    const closed = configurator.close();
    await expect(configurator.submit(adding("b"))).rejects.toThrow("stop");
    open();
    await closed;
    expect(saved).toEqual([["a"]]);
    await submitted;
  });

  it("finds the one bad change among many without a check for each", async () => {
    const { dataPlane, configurator } = setUp();
    dataPlane.refusing = "tasks.s37:";
    const results = await Promise.allSettled(
      Array.from({ length: 64 }, (_, i) => configurator.submit(adding(`s${i}`))),
    );
    expect(
      results.map(({ status }, i) => (status === "rejected" ? i : -1)).filter((i) => i >= 0),
    ).toEqual([37]);
    expect(configurator.table.routes.size).toBe(63);
    expect(dataPlane.calls.filter((call) => call === "check").length).toBeLessThan(16);
  });
});

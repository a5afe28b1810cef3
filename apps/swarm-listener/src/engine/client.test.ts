import { createServer, type Server } from "node:net";
import { FakeEngine } from "../../test/fake-engine";
import { EngineClient } from "./client";

/** Two engines on two loopback addresses and one port, as tasks of one service are. */
const [first, second] = ["127.0.0.1", "127.0.0.2"] as const;
const engines = new Map<string, FakeEngine>();
const servers: Server[] = [];
let port: number;

beforeEach(async () => {
  engines.set(first, new FakeEngine());
  engines.set(second, new FakeEngine());
  port = (await engines.get(first)?.startTcp(0, first)) ?? 0;
  await engines.get(second)?.startTcp(port, second);
});
afterEach(async () => {
  for (const engine of engines.values()) await engine.remove();
  for (const server of servers.splice(0)) server.close();
});

/** Longer than a busy computer takes to answer; a test that waits for them in vain says so. */
const TIMES = { connectMs: 2_000, silenceMs: 4_000 };
const client = (addresses: readonly string[] = [first, second], times = TIMES) =>
  new EngineClient(`tcp://engine:${port}`, times, () => Promise.resolve(addresses));
const engineAt = (address: string): FakeEngine => {
  const engine = engines.get(address);
  if (engine === undefined) throw new Error(`no engine at ${address}`);
  return engine;
};

test("the first that answers is asked, and goes on to be", async () => {
  engineAt(second).set("app1");
  engineAt(first).set("app1");
  const engine = client();
  expect(await engine.services("com.df.notify")).toHaveLength(1);
  expect(await engine.services("com.df.notify")).toHaveLength(1);
  expect(engineAt(first).requests).toEqual([
    "GET /version",
    "GET /v1.50/services",
    "GET /v1.50/services",
  ]);
  expect(engineAt(second).requests).toEqual([]);
});

test.each<[string, (engine: FakeEngine) => unknown]>([
  ["is gone", (engine) => engine.stop()],
  ["has no leader", (engine) => (engine.failure = 503)],
  ["may not be asked", (engine) => (engine.failure = 403)],
])("when one %s the other is asked, and the one not again", async (_what, fail) => {
  const engine = client();
  await engine.nodes();
  await fail(engineAt(first));
  expect(await engine.nodes()).toEqual([]);
  const asked = engineAt(first).requests.length;
  await engine.nodes();
  expect(engineAt(first).requests).toHaveLength(asked);
  expect(engineAt(second).requests).toEqual([
    "GET /version",
    "GET /v1.50/nodes",
    "GET /v1.50/nodes",
  ]);
});

test("engines of different versions are each spoken to in their own", async () => {
  engineAt(second).version = { Version: "old", ApiVersion: "1.41", MinAPIVersion: "1.12" };
  const engine = client();
  await engine.nodes();
  await engineAt(first).stop();
  await engine.nodes();
  expect(engineAt(second).requests).toEqual(["GET /version", "GET /v1.41/nodes"]);
});

test("an address that does not answer costs no more than the time to connect", async () => {
  // Of 192.0.2.0/24 (RFC 5737) there is no machine.
  const engine = client(["192.0.2.1", first], { ...TIMES, connectMs: 500 });
  // The system itself would try for minutes, and the test for five seconds.
  expect(await engine.nodes()).toEqual([]);
});

test("an engine that is silent ends the question; the next one goes to another", async () => {
  await engineAt(first).stop();
  const silent = createServer(() => undefined);
  servers.push(silent);
  await new Promise<void>((resolve) => silent.listen(port, first, resolve));
  const engine = client([first, second], { ...TIMES, silenceMs: 1_000 });
  await expect(engine.nodes()).rejects.toThrow("the engine was silent for 1000 ms");
  expect(await engine.nodes()).toEqual([]);
});

test("when all fail the last one's failure is told", async () => {
  engineAt(first).failure = 503;
  await engineAt(second).stop();
  await expect(client().nodes()).rejects.toThrow("ECONNREFUSED");
  await expect(client([second, first]).nodes()).rejects.toThrow("the engine answered 503");
});

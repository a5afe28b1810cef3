import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import { createApi } from "../src/api";
import { createLog } from "../src/log";
import { startBench, until, type Bench } from "./harness";

const BASE = "/v1/docker-flow-swarm-listener";

let bench: Bench;
let server: Server;
let origin: string;
beforeEach(async () => {
  bench = await startBench({}, (engine) => {
    engine.set("app2", { port: "8080" }, { Mode: { Global: {} } });
    engine.set(
      "app1",
      { port: "8080", servicePath: "/app1" },
      { Mode: { Replicated: { Replicas: 3 } } },
    );
    engine.put({ Name: "db" });
    engine.nodes = [
      {
        ID: "n1",
        Version: { Index: 24 },
        Spec: {
          Labels: { "com.df.zone": "a", logger: "true" },
          Role: "manager",
          Availability: "active",
        },
        Description: {
          Hostname: "manager-1",
          Engine: { Labels: { "com.df.zone": "z", "com.df.disk": "ssd" } },
        },
        Status: { State: "ready", Addr: "10.0.0.2" },
      },
    ];
  });
  server = createApi(
    bench.listener,
    bench.metrics,
    createLog(() => undefined),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

test("ping", async () => {
  const response = await fetch(`${origin}${BASE}/ping`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual({ Status: "OK" });
});

test("get-services: all values are strings, a global service has no replicas", async () => {
  const response = await fetch(`${origin}${BASE}/get-services`);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual([
    {
      serviceName: "app2",
      port: "8080",
      distribute: "true",
      createdAt: "2026-01-01T00:00:00.000000Z",
    },
    {
      serviceName: "app1",
      port: "8080",
      servicePath: "/app1",
      replicas: "3",
      distribute: "true",
      createdAt: "2026-01-01T00:00:00.000001Z",
    },
  ]);
});

test("get-services is what is there now", async () => {
  bench.engine.telling = false;
  bench.engine.delete("app1");
  const services = (await (await fetch(`${origin}${BASE}/get-services`)).json()) as object[];
  expect(services).toHaveLength(1);
});

describe("a list of services that is not known is no list", () => {
  test.each([
    ["the engine is away", () => bench.engine.stop()],
    ["the swarm has no leader", () => void (bench.engine.failure = 503)],
  ])("when %s", async (_what, fail) => {
    await until(() => bench.proxy.received.length === 2);
    await fail();
    const response = await fetch(`${origin}${BASE}/get-services`);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ Status: "NOK" });
  });

  test("but that there is none is one", async () => {
    bench.engine.services.clear();
    expect(await (await fetch(`${origin}${BASE}/get-services`)).json()).toEqual([]);
  });
});

test("get-nodes", async () => {
  expect(await (await fetch(`${origin}${BASE}/get-nodes`)).json()).toEqual([
    {
      id: "n1",
      hostname: "manager-1",
      address: "10.0.0.2",
      versionIndex: "24",
      state: "ready",
      role: "manager",
      availability: "active",
      zone: "a",
      disk: "ssd",
    },
  ]);
});

test("what the engine does not tell is 500 and leaks nothing", async () => {
  await bench.engine.stop();
  const response = await fetch(`${origin}${BASE}/get-nodes`);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("docker.sock");
});

test("metrics: what is announced, what was sent and what failed", async () => {
  await until(() => bench.proxy.received.length === 2);
  bench.proxy.reply = () => 409;
  bench.engine.set("app3");
  await until(() => bench.proxy.received.length === 3);
  bench.engine.failure = 503;
  await fetch(`${origin}${BASE}/get-services`);
  const response = await fetch(`${origin}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split("\n");
  const start = Date.now() / 1_000 - 60;
  expect(lines).toEqual(
    expect.arrayContaining([
      'docker_flow_service_count{service="swarm_listener"} 3',
      'docker_flow_error{service="swarm_listener",operation="serveGetServices"} 1',
      'swarm_listener_notifications_total{subject="service",kind="create",outcome="accepted"} 2',
      'swarm_listener_notifications_total{subject="service",kind="create",outcome="refused"} 1',
    ]),
  );
  const stamp = 'swarm_listener_last_comparison_timestamp_seconds{subject="service"} ';
  const compared = lines.find((line) => line.startsWith(stamp));
  expect(Number(compared?.slice(stamp.length))).toBeGreaterThan(start);
});

test("notify-services answers at once and notifies", async () => {
  await until(() => bench.proxy.received.length === 2);
  const response = await fetch(`${origin}${BASE}/notify-services`);
  expect(await response.json()).toEqual({ Status: "OK" });
  await until(() => bench.proxy.received.length === 4);
});

test.each([
  ["GET", "/", 404],
  ["GET", `${BASE}/get-services/`, 404],
  ["GET", `${BASE}/toString`, 404],
  ["POST", `${BASE}/notify-services`, 405],
])("%s %s is %d", async (method, path, status) => {
  const response = await fetch(`${origin}${path}`, { method });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ Status: "NOK" });
});

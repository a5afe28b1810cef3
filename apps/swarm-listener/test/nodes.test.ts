import type { SwarmNode } from "../src/engine/types";
import { quiet, startBench, until } from "./harness";

const node = (id: string, change: Partial<SwarmNode["Status"]> = {}, index = 1): SwarmNode => ({
  ID: id,
  Version: { Index: index },
  Spec: {
    Labels: { "com.df.zone": "a", other: "x" },
    Role: "worker",
    Availability: "active",
  },
  Description: { Hostname: `host-${id}`, Engine: { Labels: { "com.df.disk": "ssd" } } },
  Status: { State: "ready", Addr: "10.0.0.2", ...change },
});

test("a node is announced with its labels, its state and its address", async () => {
  const { engine, proxy } = await startBench({ nodes: true });
  engine.setNodes(node("n1"));
  await until(() => proxy.received.length === 1);
  expect(proxy.received[0]).toMatchObject({ kind: "node-create", method: "GET" });
  expect(proxy.received[0]?.parameters).toEqual({
    id: "n1",
    hostname: "host-n1",
    address: "10.0.0.2",
    versionIndex: "1",
    state: "ready",
    role: "worker",
    availability: "active",
    zone: "a",
    disk: "ssd",
  });
});

test("a change is announced, a newer version of the same is not", async () => {
  const { engine, proxy } = await startBench({ nodes: true });
  engine.setNodes(node("n1"));
  await until(() => proxy.received.length === 1);
  engine.setNodes(node("n1", {}, 2));
  await quiet(engine);
  expect(proxy.received).toHaveLength(1);
  engine.setNodes(node("n1", { Addr: "10.0.0.3" }, 3));
  await until(() => proxy.received.length === 2);
  expect(proxy.received[1]?.parameters).toMatchObject({ address: "10.0.0.3", versionIndex: "3" });
});

test.each([
  ["is down", [node("n1", { State: "down" })]],
  ["left the swarm", []],
])("a node that %s is removed, by id, name and address, and comes back", async (_what, nodes) => {
  const { engine, proxy } = await startBench({ nodes: true });
  engine.setNodes(node("n1"));
  await until(() => proxy.received.length === 1);
  engine.setNodes(...nodes);
  await until(() => proxy.received.length === 2);
  expect(proxy.received[1]).toMatchObject({ kind: "node-remove" });
  expect(proxy.received[1]?.parameters).toEqual({
    id: "n1",
    hostname: "host-n1",
    address: "10.0.0.2",
  });
  engine.setNodes(node("n1"));
  await until(() => proxy.received.length === 3);
  expect(proxy.received[2]).toMatchObject({ kind: "node-create" });
});

test("nodes are sent again until they are accepted, beside the services", async () => {
  const { engine, proxy, logs } = await startBench({ nodes: true, retries: 1_000 });
  proxy.reply = ({ kind }) => (kind === "node-create" ? 500 : 200);
  engine.setNodes(node("n1"));
  await until(() => proxy.received.length >= 3);
  engine.set("app1");
  await until(() => proxy.calls.includes("reconfigure app1"));
  proxy.reply = () => 200;
  await until(() => logs.some((line) => line.includes('"notified"') && line.includes('"node"')));
});

test("without a receiver the nodes are not read", async () => {
  const { engine } = await startBench();
  engine.setNodes(node("n1"));
  engine.set("app1");
  await quiet(engine);
  expect(engine.requests.filter((line) => line.endsWith("/nodes"))).toEqual([]);
});

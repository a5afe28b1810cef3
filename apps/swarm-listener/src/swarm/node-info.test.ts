import type { SwarmNode, SwarmService, SwarmTask } from "../engine/types";
import { nodeInfoOf, scraped } from "./node-info";

const service: SwarmService = {
  ID: "s1",
  CreatedAt: "2026-01-01T00:00:00Z",
  Spec: { Name: "app1", Labels: { "com.df.scrapeNetwork": "monitor" } },
};
const node = (ID: string, Hostname: string): SwarmNode => ({
  ID,
  Version: { Index: 1 },
  Spec: { Role: "worker", Availability: "active" },
  Description: { Hostname },
  Status: { State: "ready" },
});
const nodes = [node("n1", "host-1"), node("n2", "host-2")];
const task = (NodeID: string, address: string, change: Partial<SwarmTask> = {}): SwarmTask => ({
  ServiceID: "s1",
  NodeID,
  Status: { State: "running" },
  NetworksAttachments: [
    { Network: { Spec: { Name: "main" } }, Addresses: ["10.9.9.9/24"] },
    { Network: { Spec: { Name: "monitor" } }, Addresses: [`${address}/24`] },
  ],
  ...change,
});

test.each<[string, SwarmTask[], boolean, unknown]>([
  [
    "host name, address on the network and node id of each task",
    [task("n2", "10.0.0.4"), task("n1", "10.0.0.3")],
    true,
    [
      ["host-1", "10.0.0.3", "n1"],
      ["host-2", "10.0.0.4", "n2"],
    ],
  ],
  [
    "without addresses a node once",
    [task("n1", "10.0.0.3"), task("n1", "10.0.0.4")],
    false,
    [["host-1", "", "n1"]],
  ],
  [
    "none that does not run, is another's, is not on the network or on no node",
    [
      task("n1", "10.0.0.3", { Status: { State: "starting" } }),
      task("n1", "10.0.0.4", { ServiceID: "s2" }),
      task("n1", "10.0.0.5", { NetworksAttachments: null }),
      task("n9", "10.0.0.6"),
      task("n2", "10.0.0.7", { NodeID: undefined }),
    ],
    true,
    undefined,
  ],
])("%s", (_what, tasks, withAddress, expected) => {
  const info = nodeInfoOf(service, tasks, nodes, withAddress);
  expect(info === undefined ? undefined : JSON.parse(info)).toEqual(expected);
});

test("the order of tasks makes no difference", () => {
  const tasks = [task("n1", "10.0.0.3"), task("n2", "10.0.0.4")];
  const [one, other] = [tasks, tasks.toReversed()].map((t) => nodeInfoOf(service, t, nodes, true));
  expect(one).toBe(other);
});

test("a service that names no network is not asked for", () => {
  const plain = { ...service, Spec: { Name: "app1" } };
  expect(scraped([plain, service])).toEqual([service]);
  expect(nodeInfoOf(plain, [task("n1", "10.0.0.3")], nodes, false)).toBeUndefined();
});

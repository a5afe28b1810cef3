import * as docker from "@pulumi/docker";
import { Edge, renderEdgeConfig } from "../../infra/edge";
import { configWith, host, only, registered, unwrap } from "./support";

const managers = [
  { name: "manager-1", address: "10.207.38.11" },
  { name: "manager-2", address: "10.207.38.12" },
];

test("renders HAProxy's configuration", () => {
  expect(renderEdgeConfig({ http: 8080, https: 8443, engine: 8376 }, managers)).toMatchSnapshot();
});

test("passes on the ports of TCP routes to proxies that take requests", () => {
  const ports = { http: 8080, https: 8443, engine: 8376 };
  const [own, more] = [
    renderEdgeConfig(ports, managers),
    renderEdgeConfig(ports, managers, [6379]),
  ].map((text) => text.split("\n\n"));
  const added = more?.filter((section) => !own?.includes(section));
  expect(added).toEqual([
    expect.stringMatching(/^listen tcp-6379\n {2}bind :6379\n[^]*GET \/healthz\n/),
  ]);
  expect(added?.[0]).toMatch(
    /^ {2}server manager-1 10\.207\.38\.11:6379 send-proxy-v2 check-send-proxy .* port 80$/m,
  );
});

test("listens on loopback alone, at a fixed address of the machines' network", async () => {
  const all = await registered(() => {
    const config = configWith({ proxyTcpPorts: "[6379]" });
    const engine = new docker.Provider("engine", {});
    const network = new docker.Network("net", { name: "swarm-dev" }, { provider: engine });
    new Edge("edge", { config, host, engine, network, managers });
  });
  const { inputs, parent } = only(all, "command:local:Command", "edge-container");
  const { OPTIONS, NAME } = inputs["environment"] as Record<string, string>;
  expect(parent).toBe("swarm:host:Container edge");
  expect(NAME).toBe("swarm-dev-edge");
  expect(OPTIONS?.split("\n")).toEqual(
    expect.arrayContaining([
      ...["10.207.38.2", "128m"],
      ...["127.0.0.1:8080:8080", "127.0.0.1:8443:8443", "127.0.0.1:8376:8376"],
      "127.0.0.1:6379:6379",
    ]),
  );
  expect(String(unwrap(inputs["stdin"]))).toMatch(/^0644 \/etc\/haproxy\/haproxy.cfg /);
});

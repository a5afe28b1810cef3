import { findObstacle, inspectHost, parseFacts } from "../../infra/host";
import { configWith, registered } from "./support";

const report = [
  "platform\tlinux\tarm64",
  "container\tswarm-dev-manager-1\trunning\tg7\t",
  "container\tswarm-dev-manager-2\texited\tg7",
  "container\tswarm-dev-worker-1\trestarting\tg8\t",
  "container\tswarm-dev-edge\trunning\tg7\t127.0.0.1:8080->8080/tcp, 127.0.0.1:9000-9002->9000-9002/tcp, 90/tcp",
  "network\tbridge\t172.17.0.0/16 ",
  "network\tswarm-dev\t10.207.38.0/24 ",
  "network\tsix\tfd00::/64 ",
  "route\ttun0\t0026CF0A\t00FFFFFF",
  "listening\t22",
  "image\tnode:24-trixie-slim\tthe real Node.js",
  "image\tdebian:trixie-slim\t",
  "",
].join("\n");

test("reads the report of the script", () => {
  expect(parseFacts(report)).toEqual({
    platform: { os: "linux", architecture: "arm64" },
    containers: [
      { name: "swarm-dev-manager-1", state: "running", generation: "g7", ports: [] },
      { name: "swarm-dev-manager-2", state: "exited", generation: "g7", ports: [] },
      { name: "swarm-dev-worker-1", state: "restarting", generation: "g8", ports: [] },
      {
        name: "swarm-dev-edge",
        state: "running",
        generation: "g7",
        ports: [8080, 9000, 9001, 9002],
      },
    ],
    networks: [
      { name: "bridge", subnets: ["172.17.0.0/16"] },
      { name: "swarm-dev", subnets: ["10.207.38.0/24"] },
      { name: "six", subnets: [] },
    ],
    routes: [{ device: "tun0", subnet: "10.207.38.0/24" }],
    listening: new Set([22]),
    standIns: { "node:24-trixie-slim": "the real Node.js" },
  });
});

test("needs to know the platform", () => {
  expect(() => parseFacts("listening\t22")).toThrow(/no platform/);
});

test("a container that runs keeps its generation; one that is gone or stopped gets a new one", async () => {
  await registered(
    async () => {
      const host = await inspectHost(configWith(), []);
      expect(host.generation("swarm-dev-manager-1")).toBe("g7");
      expect(host.generation("swarm-dev-worker-1")).toBe("g8");
      expect(host.generation("swarm-dev-manager-2")).not.toBe("g7");
      expect(host.generation("swarm-dev-manager-3")).toMatch(/^\w+$/);
    },
    { facts: report },
  );
});

test.each<[string, string[], RegExp | undefined]>([
  ["nothing", [], undefined],
  [
    "its own network",
    ["network\tswarm-dev\t10.207.38.0/24 ", "route\tbr\t0026CF0A\t00FFFFFF"],
    undefined,
  ],
  [
    "a network on the same addresses",
    ["network\tvpn\t10.207.0.0/16 "],
    /subnet: 10\.207\.38\.0\/24 collides with the Docker network "vpn".*pulumi config set subnet/,
  ],
  [
    "its own network elsewhere",
    ["network\tswarm-dev\t10.200.1.0/24 "],
    /subnet: the stack stands on 10\.200\.1\.0\/24 and cannot move.*make down/,
  ],
  [
    "a taken port",
    ["listening\t8080"],
    /httpPort: something else listens on port 8080.*httpPort N/,
  ],
  ["a taken port", ["listening\t8500"], /registryPort: something else listens on port 8500/],
  [
    "its own edge on that port",
    ["listening\t8080", "container\tswarm-dev-edge\trunning\tg\t127.0.0.1:8080->8080/tcp"],
    undefined,
  ],
  [
    "a stopped edge, and something else on its port",
    ["listening\t8080", "container\tswarm-dev-edge\texited\tg\t"],
    /httpPort/,
  ],
  [
    "its own edge on another port",
    ["listening\t8080", "container\tswarm-dev-edge\trunning\tg\t127.0.0.1:9000->9000/tcp"],
    /httpPort/,
  ],
])("with %s in the way it says so", (_, lines, message) => {
  const obstacle = findObstacle(
    configWith(),
    parseFacts(["platform\tlinux\tamd64", ...lines].join("\n")),
  );
  if (message) expect(obstacle).toMatch(message);
  else expect(obstacle).toBeUndefined();
});

test("a port of a TCP route is taken", () => {
  const facts = parseFacts("platform\tlinux\tamd64\nlistening\t6379");
  expect(findObstacle(configWith({ proxyTcpPorts: "[7000, 6379]" }), facts)).toMatch(
    /^proxyTcpPorts\[1\]: .*port 6379.*pulumi config set --path proxyTcpPorts\[1\] N/,
  );
});

test("an obstacle ends the program before it registers anything", async () => {
  const run = registered(() => inspectHost(configWith(), []), {
    facts: "platform\tlinux\tamd64\nlistening\t8443",
  });
  await expect(run).rejects.toThrow(/httpsPort/);
});

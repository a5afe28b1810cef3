import { findObstacle, inspectHost, parseFacts } from "../../infra/host";
import { configWith, registered } from "./support";

const report = [
  "platform\tlinux\tarm64",
  "container\tswarm-dev-manager-1\trunning\tg7",
  "container\tswarm-dev-manager-2\texited\tg7",
  "container\tswarm-dev-worker-1\trestarting\tg8",
  "network\tbridge\t\t172.17.0.0/16 ",
  "network\tswarm-dev\tdev\t10.207.38.0/24 ",
  "network\tsix\t\tfd00::/64 ",
  "listening\t22",
  "image\tnode:24-trixie-slim\tthe real Node.js",
  "image\tdebian:trixie-slim\t",
  "",
].join("\n");

test("reads the report of the script", () => {
  expect(parseFacts(report)).toEqual({
    platform: { os: "linux", architecture: "arm64" },
    containers: [
      { name: "swarm-dev-manager-1", state: "running", generation: "g7" },
      { name: "swarm-dev-manager-2", state: "exited", generation: "g7" },
      { name: "swarm-dev-worker-1", state: "restarting", generation: "g8" },
    ],
    networks: [
      { name: "bridge", stack: "", subnets: ["172.17.0.0/16"] },
      { name: "swarm-dev", stack: "dev", subnets: ["10.207.38.0/24"] },
      { name: "six", stack: "", subnets: [] },
    ],
    listening: new Set([22]),
    standIns: { "node:24-trixie-slim": "the real Node.js" },
  });
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
  ["its own network", ["network\tswarm-dev\tdev\t10.207.38.0/24 "], undefined],
  [
    "a network on the same addresses",
    ["network\tvpn\t\t10.207.0.0/16 "],
    /subnet: 10\.207\.38\.0\/24 collides with the Docker network "vpn".*pulumi config set subnet/,
  ],
  [
    "its own network elsewhere",
    ["network\tswarm-dev\tdev\t10.200.1.0/24 "],
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
    ["listening\t8080", "container\tswarm-dev-edge\trunning\tg"],
    undefined,
  ],
  [
    "a stopped edge, and something else on its port",
    ["listening\t8080", "container\tswarm-dev-edge\texited\tg"],
    /httpPort/,
  ],
])("with %s in the way it says so", (_, lines, message) => {
  const obstacle = findObstacle(configWith(), parseFacts(lines.join("\n")));
  if (message) expect(obstacle).toMatch(message);
  else expect(obstacle).toBeUndefined();
});

test("an obstacle ends the program before it registers anything", async () => {
  const run = registered(() => inspectHost(configWith(), []), { facts: "listening\t8443" });
  await expect(run).rejects.toThrow(/httpsPort/);
});

import { readFileSync } from "node:fs";
import { parseConfig } from "../../infra/config";
import { configWith, defaults } from "./support";

test("turns the defaults into the dev stack", () => {
  expect(configWith()).toEqual({
    project: "swarm",
    stack: "dev",
    prefix: "swarm-dev",
    machines: { manager: 3, worker: 3, logger: 1 },
    memory: { manager: 1024, worker: 2048, logger: 1024 },
    proxyReplicas: 3,
    app1Replicas: 3,
    ports: { http: 8080, https: 8443, engine: 8376, registry: 8500 },
    subnet: "10.207.38.0/24",
  });
});

test("has the same keys and defaults as Pulumi.yaml", () => {
  const text = readFileSync(`${__dirname}/../../Pulumi.yaml`, "utf8");
  const section = text.slice(text.indexOf("\nconfig:\n"));
  const declared = [...section.matchAll(/^ {2}(\w+):\n(?: {4}.*\n)*? {4}default: (.*)$/gm)].map(
    ([, key, value]) => [key, value === '""' ? "" : value],
  );
  expect(Object.fromEntries(declared)).toEqual(defaults);
});

test("takes what it is told instead of what it derives", () => {
  const config = configWith({ httpPort: "9000", subnet: "10.200.7.0/24", proxyReplicas: "1" });
  expect(config.ports.http).toBe(9000);
  expect(config.subnet).toBe("10.200.7.0/24");
  expect(config.proxyReplicas).toBe(1);
});

test.each<[Record<string, string>, RegExp]>([
  [{ typo: "1" }, /typo is not a key.*pulumi config rm typo.*known are managers, workers/s],
  [{ managers: "0" }, /managers: .*>=1.*got "0"/],
  [{ managers: "2" }, /managers: must be odd.*got "2".*pulumi config set managers/],
  [{ managers: "11" }, /managers: .*<=9/],
  [{ managers: "three" }, /managers: .*number.*got "three"/],
  [{ managers: "1.5" }, /managers: .*int/],
  [{ workers: "0" }, /workers: .*>=1/],
  [{ loggers: "-1" }, /loggers: .*>=0/],
  [{ workerMemory: "100" }, /workerMemory: .*>=512/],
  [{ app1Replicas: "0" }, /app1Replicas: .*>=1/],
  [{ proxyReplicas: "4" }, /proxyReplicas must be at most the number of managers \(3\).*got 4/s],
  [{ httpPort: "70000" }, /httpPort: .*<=65535/],
  [{ httpPort: "8443" }, /httpPort: 8443 is given to two things/],
  [{ subnet: "10.200.7.0/16" }, /subnet: must be a \/24 in 10\.192\.0\.0\/11/],
  [{ subnet: "192.168.1.0/24" }, /subnet: must be a \/24/],
  [{ subnet: "10.224.0.0/24" }, /subnet: must be a \/24/],
])("refuses %j", (values, message) => {
  expect(() => configWith(values)).toThrow(message);
});

test("names every wrong key at once", () => {
  expect(() => configWith({ managers: "2", workers: "0", typo: "1" })).toThrow(
    /managers: [^]*workers: [^]*typo is not a key/,
  );
});

test.each(["Dev", "a_b", "1a", "", "x".repeat(41)])("refuses the stack name %j", (stack) => {
  expect(() => parseConfig("swarm", stack, defaults)).toThrow(/the stack's name must be/);
});

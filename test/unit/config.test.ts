import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { parseConfig } from "../../infra/config";
import { configWith, defaults } from "./support";

test("turns the defaults into the dev stack", () => {
  expect(configWith()).toEqual({
    project: "swarm",
    stack: "dev",
    prefix: "swarm-dev",
    machines: { manager: 3, worker: 3, logger: 1 },
    names: [
      ...["manager-1", "manager-2", "manager-3"],
      ...["worker-1", "worker-2", "worker-3", "logger-1"],
    ],
    hosts: undefined,
    entry: { addresses: ["10.207.38.2"], httpsPort: 8443 },
    memory: { manager: 1024, worker: 2048, logger: 3584 },
    proxyReplicas: 3,
    proxyTcpPorts: [],
    app1Replicas: 3,
    store: { tag: "8", members: 3, memory: 512, passwords: [1], keepData: false },
    protect: false,
    authority: 1,
    ports: { http: 8080, https: 8443, engine: 8376, registry: 8500 },
    subnet: "10.207.38.0/24",
    letsencrypt: undefined,
    logging: { version: "9.2.0", heap: 512, retention: "7d", password: undefined },
  });
});

test("has no logging without a machine for it", () => {
  const config = configWith({ loggers: "0", loggerMemory: "512", elasticHeap: "4096" });
  expect(config.logging).toBeUndefined();
});

test("a password is a secret from where it is read, and in no message", async () => {
  const { logging } = configWith({ elasticPassword: "correct-horse-1" });
  expect(await pulumi.isSecret(logging?.password as pulumi.Output<string>)).toBe(true);
  const short = () => configWith({ elasticPassword: "hunter2" });
  expect(short).toThrow(
    /elasticPassword: must have 12 to 128 .*pulumi config set --secret elasticPassword/s,
  );
  expect(short).not.toThrow(/hunter2/);
});

test("has the same keys and defaults as Pulumi.yaml", () => {
  const text = readFileSync(`${__dirname}/../../Pulumi.yaml`, "utf8");
  const section = text.slice(text.indexOf("\nconfig:\n"));
  const declared = [...section.matchAll(/^ {2}(\w+):\n(?: {4}.*\n)*? {4}default: (.*)$/gm)].map(
    ([, key, value]) => [key, value?.replace(/^"(.*)"$/, "$1")],
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
  [{ proxyTcpPorts: "6379" }, /proxyTcpPorts: must be a list of ports, got "6379"/],
  [{ proxyTcpPorts: "[0]" }, /proxyTcpPorts\[0\]: .*>=1.*got 0.*set --path proxyTcpPorts\[0\]/],
  [{ proxyTcpPorts: "[6379, 2377]" }, /proxyTcpPorts\[1\]: is a port that the machines need/],
  [{ proxyTcpPorts: "[8443]" }, /httpsPort: 8443 is given to two things/],
  [{ proxyTcpPorts: "[6379, 6379]" }, /proxyTcpPorts\[0\]: 6379 is given to two things/],
  [{ mongoMembers: "0" }, /mongoMembers: .*>=1.*got "0"/],
  [{ mongoMembers: "2" }, /mongoMembers: must be odd.*got "2".*pulumi config set mongoMembers/],
  [{ mongoMembers: "9" }, /mongoMembers: .*<=7/],
  [{ mongoMemory: "256" }, /mongoMemory: .*>=512/],
  [{ logRetention: "a week" }, /logRetention: must be hours or days, such as 36h.*got "a week"/],
  [{ elasticHeap: "100" }, /elasticHeap: .*>=256/],
  [{ elasticHeap: "1024" }, /elasticHeap: .*needs 4576 MiB on a logger, which has 3584/],
  [{ loggerMemory: "1024" }, /elasticHeap: .*which has 1024.*raise "loggerMemory"/],
  [{ elasticVersion: "9.2.0 " }, /elasticVersion: must be a tag/],
  [{ keepData: "yes" }, /keepData: must be true or false, got "yes"/],
  [{ protect: "1" }, /protect: must be true or false, got "1"/],
  [{ mongoTag: "8:latest" }, /mongoTag: must be a tag/],
  [{ authority: "0" }, /authority: .*>=1/],
  [{ mongoPasswords: "" }, /mongoPasswords: must be numbers/],
  [{ mongoPasswords: "1, 2" }, /mongoPasswords: must be numbers such as 1 or 1,2, got "1, 2"/],
  [{ mongoPasswords: "2,1" }, /mongoPasswords: must be ascending/],
  [{ httpPort: "70000" }, /httpPort: .*<=65535/],
  [{ httpPort: "8443" }, /httpPort: 8443 is given to two things/],
  [{ subnet: "10.200.7.0/16" }, /subnet: must be a \/24 in 10\.192\.0\.0\/11/],
  [{ subnet: "192.168.1.0/24" }, /subnet: must be a \/24/],
  [{ subnet: "10.224.0.0/24" }, /subnet: must be a \/24/],
])("refuses %j", (values, message) => {
  expect(() => configWith(values)).toThrow(message);
});

test("takes the ports of TCP routes", () => {
  expect(configWith({ proxyTcpPorts: "[6379, 7000]" }).proxyTcpPorts).toEqual([6379, 7000]);
});

test("takes the numbers of passwords that are accepted", () => {
  expect(configWith({ mongoPasswords: "3,12" }).store.passwords).toEqual([3, 12]);
});

test("names every wrong key at once", () => {
  expect(() => configWith({ managers: "2", workers: "0", typo: "1" })).toThrow(
    /managers: [^]*workers: [^]*typo is not a key/,
  );
});

test.each(["Dev", "a_b", "1a", "", "x".repeat(41)])("refuses the stack name %j", (stack) => {
  expect(() => parseConfig("swarm", stack, defaults)).toThrow(/the stack's name must be/);
});

describe("letsencrypt", () => {
  const LEAST = { email: "ops@a.example", domains: ["a.example,www.a.example"] };
  const read = (values: unknown) => configWith({ letsencrypt: JSON.stringify(values) }).letsencrypt;

  test("needs an address and names, the rest has defaults", () => {
    expect(read(LEAST)).toEqual({
      email: "ops@a.example",
      domains: [{ name: "a.example", domains: ["a.example", "www.a.example"] }],
      staging: false,
      cron: ["0 3 * * *", "0 15 * * *"],
      node: "manager-1",
    });
  });

  test("takes lists of names, one expression or several, and values as config set --path makes them", () => {
    const domains = [["a.example", "www.a.example"], "b.example"];
    const all = { domains, cron: "0 4 * * *", staging: "true", node: "worker-2" };
    expect(read({ ...LEAST, ...all })).toMatchObject({
      domains: [{ name: "a.example" }, { name: "b.example", domains: ["b.example"] }],
      cron: ["0 4 * * *"],
      staging: true,
      node: "worker-2",
    });
    expect(read({ ...LEAST, staging: false, cron: ["0 4 * * *", "0 5 * * *"] })).toMatchObject({
      staging: false,
      cron: ["0 4 * * *", "0 5 * * *"],
    });
  });

  test.each<[unknown, RegExp]>([
    ["yes", /letsencrypt: must be an object, got "yes"/],
    [
      { domains: ["a.example"] },
      /letsencrypt\.email: .*, got nothing \(set it with "pulumi config set --path letsencrypt\.email/,
    ],
    [{ ...LEAST, email: "ops" }, /letsencrypt\.email: must be an e-mail address, got "ops"/],
    [{ ...LEAST, domains: [] }, /letsencrypt\.domains: must have an entry/],
    [{ ...LEAST, domains: "a.example" }, /letsencrypt\.domains: must be a list, each entry/],
    [{ ...LEAST, domains: ["a.example", "*.b.example"] }, /letsencrypt\.domains\[1\]: .*wildcard/],
    [
      { ...LEAST, domains: ["localhost"] },
      /letsencrypt\.domains\[0\]: has "localhost", which is not a domain/,
    ],
    [
      { ...LEAST, domains: ["a.example", "b.example,a.example"] },
      /letsencrypt\.domains\[1\]: has a\.example, which domains\[0\]/,
    ],
    [
      { ...LEAST, directoryUrl: "http://ca.example" },
      /letsencrypt\.directoryUrl: must be an https:\/\/ URL/,
    ],
    [
      { ...LEAST, directoryUrl: "https://ca.example", staging: true },
      /letsencrypt\.staging: says .* directoryUrl says otherwise/,
    ],
    [{ ...LEAST, staging: "maybe" }, /letsencrypt\.staging: must be true or false, got "maybe"/],
    [{ ...LEAST, cron: "at three" }, /letsencrypt\.cron: .*cron expressions/],
    [
      { ...LEAST, node: "manager-4" },
      /letsencrypt\.node: there is no machine "manager-4".*manager-1, .*logger-1/,
    ],
    [{ ...LEAST, caBundle: "ca.pem" }, /letsencrypt\.caBundle: must be certificates in PEM/],
    [{ ...LEAST, profile: "a b" }, /letsencrypt\.profile: must be one word/],
    [
      { ...LEAST, domian: 1 },
      /letsencrypt\.domian is not a key.*config rm --path letsencrypt\.domian.*known are email, domains/,
    ],
  ])("refuses %j", (values, message) => {
    const text = typeof values === "string" ? values : JSON.stringify(values);
    expect(() => configWith({ letsencrypt: text })).toThrow(message);
  });
});

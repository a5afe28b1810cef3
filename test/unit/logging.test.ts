import * as docker from "@pulumi/docker";
import { z } from "zod";
import { Logging } from "../../infra/logging";
import { checkLogging, loggingKeys, memoryOf } from "../../infra/logging/config";
import { Networks } from "../../infra/networks";
import { canary, host, isSecret, only, registered, unwrap, type Registered } from "./support";

const SERVICE = "docker:index/service:Service";
const logging = { version: "9.2.0", heap: 512, retention: "7d", password: undefined };

interface TaskSpec {
  readonly networksAdvanceds: readonly { readonly id: string }[];
  readonly placement: { readonly constraints: readonly string[] };
  readonly resources: Record<"limits" | "reservation", { readonly memoryBytes: number }>;
  readonly containerSpec: {
    readonly env: Readonly<Record<string, string>>;
    readonly secrets?: readonly { readonly fileName: string; readonly [more: string]: unknown }[];
    readonly mounts?: readonly Readonly<Record<string, unknown>>[];
    readonly [more: string]: unknown;
  };
}

let all: Registered[];
beforeAll(async () => {
  all = await registered(() => {
    const engine = new docker.Provider("engine", {});
    const cluster = new docker.Network("cluster", {}, { provider: engine });
    const { byName } = new Networks("networks", {});
    const registry = { pushAddress: "127.0.0.1:8500", pullAddress: "10.207.38.3:5000" };
    const foundation = { ...host, engine, registry, networks: byName, tag: "dev", cluster };
    new Logging("logging", { logging, foundation, proxyUrl: "http://localhost:8080" });
  });
});

const service = (name: string) => only(all, SERVICE, `${name}-service`);
const taskOf = (name: string) => service(name).inputs["taskSpec"] as TaskSpec;
const onLogger = ["elasticsearch", "logstash", "kibana", "log-keeper"];

test.each(onLogger)("%s is one task on the logger, and the log's network is its own", (name) => {
  expect(service(name).inputs).toMatchObject({
    name,
    mode: { replicated: { replicas: 1 } },
    endpointSpec: { mode: "dnsrr" },
  });
  expect(service(name).inputs["endpointSpec"]).not.toHaveProperty("ports");
  expect(taskOf(name).placement.constraints).toEqual(["node.labels.logger==true"]);
  const networks = taskOf(name).networksAdvanceds.map(({ id }) => id);
  expect(networks).toEqual(name === "kibana" ? ["log_net-id", "main-id"] : ["log_net-id"]);
});

test("only Kibana has a route, and its readiness is its own", () => {
  const labels = (name: string) => service(name).inputs["labels"];
  for (const name of [...onLogger, "log-shipper"].filter((other) => other !== "kibana")) {
    expect(labels(name)).toEqual([]);
  }
  expect(labels("kibana")).toEqual([
    { label: "com.df.notify", value: "true" },
    { label: "com.df.distribute", value: "true" },
    { label: "com.df.servicePath", value: "/kibana" },
    { label: "com.df.port", value: "5601" },
    { label: "com.df.healthPath", value: "/kibana/api/status" },
  ]);
  expect(taskOf("kibana").containerSpec.env).toMatchObject({
    SERVER_BASEPATH: "/kibana",
    SERVER_REWRITEBASEPATH: "true",
    SERVER_PUBLICBASEURL: "http://localhost:8080/kibana",
  });
});

test("the shipper is on every node, and reads the engine's logs without writing there", () => {
  expect(service("log-shipper").inputs).toMatchObject({ mode: { global: true } });
  // The provider refuses both together.
  expect(service("log-shipper").inputs).not.toHaveProperty("convergeConfig");
  expect(taskOf("log-shipper").placement.constraints).toEqual([]);
  expect(taskOf("log-shipper").containerSpec.mounts).toEqual([
    {
      type: "bind",
      source: "/var/lib/docker/containers",
      target: "/var/lib/docker/containers",
      readOnly: true,
    },
    { type: "volume", source: "log-shipper", target: "/var/lib/log-shipper" },
  ]);
});

test("data is in volumes", () => {
  const volumes = (name: string) => taskOf(name).containerSpec.mounts;
  expect(volumes("elasticsearch")).toEqual([
    { type: "volume", source: "elasticsearch", target: "/usr/share/elasticsearch/data" },
  ]);
  expect(volumes("logstash")).toEqual([
    { type: "volume", source: "logstash", target: "/usr/share/logstash/data" },
  ]);
});

test("passwords are files of who needs them, and nowhere else", () => {
  const files = (name: string) =>
    (taskOf(name).containerSpec.secrets ?? []).map(({ fileName, fileMode, fileUid }) => {
      expect([fileMode, fileUid]).toEqual([0o400, "1000"]);
      return fileName;
    });
  expect(files("elasticsearch")).toEqual(["elastic-password"]);
  expect(files("logstash")).toEqual(["logstash-password"]);
  expect(files("kibana")).toEqual(["kibana.yml"]);
  expect(files("log-keeper")).toEqual(["elastic-password", "kibana-password", "logstash-password"]);
  expect(files("log-shipper")).toEqual([]);
  for (const { type, inputs } of all) {
    if (type !== "docker:index/secret:Secret") expect(JSON.stringify(inputs)).not.toContain(canary);
  }
});

test("Kibana's password and keys are one file of settings", () => {
  const data = only(all, "docker:index/secret:Secret", "logging-kibana-settings").inputs["data"];
  expect(isSecret(data)).toBe(true);
  expect(Buffer.from(String(unwrap(data)), "base64").toString()).toBe(
    [
      `elasticsearch.password: "${canary}"`,
      `xpack.security.encryptionKey: "${canary}"`,
      `xpack.encryptedSavedObjects.encryptionKey: "${canary}"`,
      `xpack.reporting.encryptionKey: "${canary}"`,
      "",
    ].join("\n"),
  );
});

test("heap, limits and retention are as configured", () => {
  const { env } = taskOf("elasticsearch").containerSpec;
  expect(env["ES_JAVA_OPTS"]).toBe("-Xms512m -Xmx512m");
  expect(taskOf("elasticsearch").resources.limits.memoryBytes).toBe(1024 * 1024 * 1024);
  expect(taskOf("log-keeper").containerSpec.env["RETENTION"]).toBe("7d");
  const builds = all.filter(({ type }) => type === "docker:index/image:Image");
  const tags = builds.map(({ name, inputs }) => [
    name,
    (inputs["build"] as { args?: { TAG?: string } }).args?.TAG,
  ]);
  expect(Object.fromEntries(tags)).toEqual({
    "elasticsearch-image-build": "9.2.0",
    "logstash-image-build": "9.2.0",
    "kibana-image-build": "9.2.0",
    "log-keeper-image-build": undefined,
    "log-shipper-image-build": undefined,
  });
});

describe("a tier that cannot stand is refused by key", () => {
  test("a heap above what the logger has", () => {
    expect(() => checkLogging(logging, 3584)).not.toThrow();
    expect(() => checkLogging({ heap: 1024 }, 3584)).toThrow(
      'elasticHeap: with a heap of 1024 MiB the logging tier needs 4576 MiB on a logger, which has 3584. Lower elasticHeap, or raise "loggerMemory".',
    );
    expect(memoryOf({ heap: 256 }).elasticsearch).toBe(768);
  });

  const keys = z.object(loggingKeys);
  const right = {
    elasticVersion: "9.2.0",
    elasticHeap: "512",
    logRetention: "7d",
    elasticPassword: "",
  };
  test.each([
    [{ logRetention: "a week" }, "must be hours or days, such as 36h or 7d"],
    [{ logRetention: "0d" }, "must be hours or days, such as 36h or 7d"],
    [{ logRetention: "7" }, "must be hours or days, such as 36h or 7d"],
    [{ elasticHeap: "128" }, "256"],
    [{ elasticHeap: "1g" }, "number"],
    [{ elasticVersion: "9.2.0 " }, "must be a tag of the images"],
  ])("%j", (wrong, message) => {
    expect(keys.safeParse(right).success).toBe(true);
    const result = keys.safeParse({ ...right, ...wrong });
    expect(result.error?.issues).toHaveLength(1);
    expect(result.error?.issues[0]?.message).toContain(message);
  });
});

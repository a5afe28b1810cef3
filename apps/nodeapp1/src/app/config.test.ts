import { hostname } from "node:os";
import { version } from "../../package.json";
import { ConfigError, loadConfig } from "./config";

test("everything has a default", () => {
  expect(loadConfig({})).toEqual({
    production: false,
    servicePath: "/app1",
    appName: "app1",
    port: 8080,
    trustProxy: ["10.248.0.0/20"],
    drainDelayMs: 5_000,
    shutdownTimeoutMs: 10_000,
    keepAliveTimeoutMs: 65_000,
    logLevel: "info",
    logstash: undefined,
    databaseUrlFile: undefined,
    taskName: hostname(),
    nodeName: "unknown",
    version,
  });
});

test("everything can be set", () => {
  const config = loadConfig({
    NODE_ENV: "production",
    SERVICE_PATH: "/team/app2",
    PORT: "9000",
    TRUST_PROXY: "loopback, 10.1.2.3,fd00::/8",
    DRAIN_DELAY_MS: "0",
    SHUTDOWN_TIMEOUT_MS: "1",
    KEEP_ALIVE_TIMEOUT_MS: "2000",
    LOG_LEVEL: "debug",
    LOGSTASH_HOST: "logstash",
    LOGSTASH_PORT: "9001",
    MONGO_URL_FILE: "/run/secrets/url",
    TASK_NAME: "app2.1.x",
    NODE_NAME: "worker-1",
  });
  expect(config).toEqual({
    production: true,
    servicePath: "/team/app2",
    appName: "app2",
    port: 9000,
    trustProxy: ["loopback", "10.1.2.3", "fd00::/8"],
    drainDelayMs: 0,
    shutdownTimeoutMs: 1,
    keepAliveTimeoutMs: 2_000,
    logLevel: "debug",
    logstash: { host: "logstash", port: 9001 },
    databaseUrlFile: "/run/secrets/url",
    taskName: "app2.1.x",
    nodeName: "worker-1",
    version,
  });
});

test.each([
  ["/", "app", []],
  ["/a", "a", ["none"]],
  ["/a.b/c-d", "c-d", ["none"]],
])("service path %s, name %s", (servicePath, appName, trustProxy) => {
  const env = { SERVICE_PATH: servicePath, TRUST_PROXY: trustProxy.join(",") || "none" };
  expect(loadConfig(env)).toMatchObject({ servicePath, appName, trustProxy: [] });
});

test.each<[Record<string, string>, object | undefined]>([
  [{ NODE_ENV: "production" }, undefined],
  [{ NODE_ENV: "development", LOGSTASH_HOST: "logstash" }, undefined],
  [{ LOGSTASH_HOST: "logstash" }, undefined],
  [
    { NODE_ENV: "production", LOGSTASH_HOST: "fd00::1" },
    { host: "fd00::1", port: 9000 },
  ],
])("lines go to Logstash in production alone, where it is named: %j", (env, logstash) => {
  expect(loadConfig(env).logstash).toEqual(logstash);
});

test("other programs' variables are none of its business", () => {
  expect(() => loadConfig({ PATH: "/bin", HOSTNAME: "x", NODE_OPTIONS: "" })).not.toThrow();
});

test.each([
  ["NODE_ENV", "prod", "must be one of production, development, test"],
  ["SERVICE_PATH", "app1", "must be a path such as /app1"],
  ["SERVICE_PATH", "/app1/", "must be a path such as /app1"],
  ["SERVICE_PATH", "/a/../b", "must be a path such as /app1"],
  ["SERVICE_PATH", "/a b", "must be a path such as /app1"],
  ["SERVICE_PATH", "/:id", "must be a path such as /app1"],
  ["PORT", "0", "must be a whole number from 1 to 65535"],
  ["PORT", "65536", "must be a whole number from 1 to 65535"],
  ["PORT", "0x50", "must be a whole number from 1 to 65535"],
  ["PORT", "", "must be a whole number from 1 to 65535"],
  ["TRUST_PROXY", "true", '("true" is none of them)'],
  ["TRUST_PROXY", "10.0.0.0/33", '("10.0.0.0/33" is none of them)'],
  ["TRUST_PROXY", "10.0.0.0/8,", '("" is none of them)'],
  ["TRUST_PROXY", "10.0.0.0/8/8", '("10.0.0.0/8/8" is none of them)'],
  ["TRUST_PROXY", "10.0.0", '("10.0.0" is none of them)'],
  ["DRAIN_DELAY_MS", "-1", "must be a whole number from 0 to 600000"],
  ["DRAIN_DELAY_MS", "5s", "must be a whole number from 0 to 600000"],
  ["SHUTDOWN_TIMEOUT_MS", "1.5", "must be a whole number from 0 to 600000"],
  ["KEEP_ALIVE_TIMEOUT_MS", "0", "must be a whole number from 1000 to 3600000"],
  ["LOGSTASH_HOST", "", "must be a host name or an IP address"],
  ["LOGSTASH_HOST", "tcp://logstash", "must be a host name or an IP address"],
  ["LOGSTASH_HOST", "logstash:9000", "must be a host name or an IP address"],
  ["LOGSTASH_PORT", "0", "must be a whole number from 1 to 65535"],
  ["MONGO_URL_FILE", "", "must be an absolute path"],
  ["MONGO_URL_FILE", "mongodb://db/app1", "must be an absolute path"],
  ["LOG_LEVEL", "loud", "must be one of error, warn, info, debug"],
])("%s=%s is refused by name", (name, value, expected) => {
  const problems = problemsOf({ [name]: value });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(new RegExp(`^${name} `));
  expect(problems[0]).toContain(expected);
  expect(problems[0]).toContain(`got ${JSON.stringify(value)}: correct it or leave it out`);
});

test("a variable that looks like one of ours but is none is refused", () => {
  expect(problemsOf({ DRAIN_DELAY: "1", MONGO_URL: "x", TRUST_PROXYS: "none" })).toEqual([
    "DRAIN_DELAY is not a variable of this app: remove it or correct its name",
    "MONGO_URL is not a variable of this app: remove it or correct its name",
    "TRUST_PROXYS is not a variable of this app: remove it or correct its name",
  ]);
});

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error("was accepted");
}

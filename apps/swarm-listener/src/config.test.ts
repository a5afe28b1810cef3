import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError, loadConfig, type Config } from "./config";

const NO_SECRETS = "/nonexistent";
const hrefs = (urls: readonly URL[]) => urls.map(({ href }) => href);
const load = (env: NodeJS.ProcessEnv): Config => loadConfig(env, NO_SECRETS);

test("everything has a default", () => {
  expect(load({})).toEqual({
    dockerHost: "unix:///var/run/docker.sock",
    notifyLabel: "com.df.notify",
    createServiceUrls: [],
    removeServiceUrls: [],
    createServiceMethods: ["GET"],
    removeServiceMethods: ["GET"],
    serviceNamePrefix: "",
    retries: 50,
    retryIntervalS: 5,
    intervalS: 30,
    port: 8080,
    ignored: [],
  });
});

test.each(["DF_NOTIFY", "DF_NOTIF"])("%s_CREATE_SERVICE_URL and _REMOVE_SERVICE_URL", (prefix) => {
  const config = load({
    [`${prefix}_CREATE_SERVICE_URL`]: "http://a:8080/x, http://b:1/y?z=1,",
    [`${prefix}_REMOVE_SERVICE_URL`]: "http://c/",
  });
  expect(hrefs(config.createServiceUrls)).toEqual(["http://a:8080/x", "http://b:1/y?z=1"]);
  expect(hrefs(config.removeServiceUrls)).toEqual(["http://c/"]);
});

test("of both spellings the older one wins, and DF_NOTIFICATION_URL comes last", () => {
  const env = {
    DF_NOTIF_CREATE_SERVICE_URL: "http://old/",
    DF_NOTIFY_CREATE_SERVICE_URL: "http://new/",
    DF_NOTIFICATION_URL: "http://both/",
  };
  expect(hrefs(load(env).createServiceUrls)).toEqual(["http://old/"]);
  expect(hrefs(load(env).removeServiceUrls)).toEqual(["http://both/"]);
});

test("an empty variable is an absent one", () => {
  const config = load({
    DF_NOTIF_CREATE_SERVICE_URL: "",
    DF_NOTIFY_CREATE_SERVICE_URL: "http://new/",
    DF_RETRY: "",
  });
  expect(hrefs(config.createServiceUrls)).toEqual(["http://new/"]);
  expect(config.retries).toBe(50);
});

test("the rest can be set", () => {
  const env = {
    DF_DOCKER_HOST: "tcp://socket-proxy:2375",
    DF_NOTIFY_LABEL: "com.df.notifyDev=true",
    DF_NOTIFY_CREATE_SERVICE_METHOD: "get, post",
    DF_NOTIFY_REMOVE_SERVICE_METHOD: "delete",
    DF_SERVICE_NAME_PREFIX: "dev1",
    DF_RETRY: "0",
    DF_RETRY_INTERVAL: "0",
    DF_INTERVAL: "7",
    PORT: "9000",
    DF_USE_DOCKER_SERVICE_EVENTS: "true",
  };
  expect(load(env)).toMatchObject({
    dockerHost: "tcp://socket-proxy:2375",
    notifyLabel: "com.df.notifyDev",
    createServiceMethods: ["GET", "POST"],
    removeServiceMethods: ["DELETE"],
    serviceNamePrefix: "dev1",
    retries: 0,
    retryIntervalS: 0,
    intervalS: 7,
    port: 9000,
    ignored: ["DF_USE_DOCKER_SERVICE_EVENTS"],
  });
});

describe("secrets", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), "secrets-"))));
  afterEach(() => rmSync(directory, { recursive: true }));

  test("add URLs", () => {
    writeFileSync(path.join(directory, "df_notify_create_service_url"), "http://u:p@b/\n");
    const env = { DF_NOTIFY_CREATE_SERVICE_URL: "http://a/" };
    const config = loadConfig(env, directory);
    expect(hrefs(config.createServiceUrls)).toEqual(["http://a/", "http://u:p@b/"]);
    expect(config.removeServiceUrls).toEqual([]);
  });

  test("are not repeated when they are wrong", () => {
    writeFileSync(path.join(directory, "df_notify_remove_service_url"), "hunter2");
    expect(() => loadConfig({}, directory)).toThrow(/DF_NOTIFY_REMOVE_SERVICE_URL must be/);
    expect(() => loadConfig({}, directory)).not.toThrow(/hunter2/);
  });
});

test.each([
  ["DF_DOCKER_HOST", "/var/run/docker.sock", "must be unix:///path/to/socket or tcp://host:port"],
  ["DF_DOCKER_HOST", "ssh://host", "must be unix:///path/to/socket or tcp://host:port"],
  ["DF_NOTIFY_LABEL", "com.df notify", "must be the name of a label"],
  ["DF_NOTIFY_LABEL", "com.df.notify=yes", "must be the name of a label"],
  ["DF_NOTIFY_CREATE_SERVICE_URL", "proxy:8080", "must be a comma-separated list of http:// URLs"],
  [
    "DF_NOTIF_REMOVE_SERVICE_URL",
    "http://a/,ftp://b",
    "must be a comma-separated list of http:// URLs",
  ],
  ["DF_NOTIFY_CREATE_SERVICE_METHOD", "GET,", "must be a comma-separated list of HTTP methods"],
  ["DF_RETRY", "-1", "must be a whole number from 0 to 1000000"],
  ["DF_RETRY_INTERVAL", "5s", "must be a whole number from 0 to 86400"],
  ["DF_INTERVAL", "0", "must be a whole number from 1 to 86400"],
  ["PORT", "http", "must be a whole number from 1 to 65535"],
  ["DF_RETRYS", "1", "is not a variable of this listener: remove it or correct its name"],
  ["DF_INCLUDE_NODE_IP_INFO", "true", "is not a variable of this listener"],
])("%s=%s is refused by name", (name, value, expected) => {
  let problems: readonly string[] = [];
  try {
    load({ [name]: value });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems = error.problems;
  }
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`${name} ${expected}`);
});

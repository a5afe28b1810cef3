import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError, loadConfig, type Config } from "./config";

const NO_SECRETS = "/nonexistent";
const hrefs = (urls: readonly URL[]) => urls.map(({ href }) => href);
const load = (env: NodeJS.ProcessEnv): Config => loadConfig(env, NO_SECRETS);

const NOBODY = {
  createUrls: [],
  removeUrls: [],
  createMethods: ["GET"],
  removeMethods: ["GET"],
  events: true,
  intervalS: 30,
};

test("everything has a default", () => {
  expect(load({})).toEqual({
    dockerHost: "unix:///var/run/docker.sock",
    notifyLabel: "com.df.notify",
    services: NOBODY,
    nodes: NOBODY,
    includeNodeInfo: false,
    nodeInfoWithAddress: true,
    serviceNamePrefix: "",
    retries: 50,
    retryIntervalS: 5,
    port: 8080,
    notes: [],
  });
});

test("the environment of the original's image is understood", () => {
  const image = {
    DF_DOCKER_HOST: "unix:///var/run/docker.sock",
    DF_NOTIFICATION_URL: "",
    DF_RETRY: "50",
    DF_RETRY_INTERVAL: "5",
    DF_NOTIFY_LABEL: "com.df.notify",
    DF_INCLUDE_NODE_IP_INFO: "false",
    DF_NODE_IP_INFO_INCLUDES_TASK_ADDRESS: "true",
    DF_SERVICE_POLLING_INTERVAL: "-1",
    DF_USE_DOCKER_SERVICE_EVENTS: "true",
    DF_NODE_POLLING_INTERVAL: "-1",
    DF_USE_DOCKER_NODE_EVENTS: "true",
    DF_SERVICE_NAME_PREFIX: "",
    DF_NOTIFY_CREATE_SERVICE_METHOD: "GET",
    DF_NOTIFY_REMOVE_SERVICE_METHOD: "GET",
    DF_NOTIFY_CREATE_SERVICE_IMMEDIATELY: "false",
  };
  const { notes, ...config } = load(image);
  const { notes: none, ...defaults } = load({});
  expect(config).toEqual(defaults);
  expect(none).toEqual([]);
  // What it asks for and does not get is said.
  expect(notes).toEqual([
    "DF_NOTIFY_CREATE_SERVICE_IMMEDIATELY=false: a service is always announced at once, whether its tasks run or not",
    "DF_SERVICE_POLLING_INTERVAL=-1: comparing cannot be turned off, it is done every 30 seconds",
    "DF_NODE_POLLING_INTERVAL=-1: comparing cannot be turned off, it is done every 30 seconds",
  ]);
});

describe.each(["DF_NOTIFY", "DF_NOTIF"])("%s_…", (prefix) => {
  test.each([
    ["SERVICE", "services"],
    ["NODE", "nodes"],
  ] as const)("CREATE_%s_URL and REMOVE_%s_URL", (subject, key) => {
    const config = load({
      [`${prefix}_CREATE_${subject}_URL`]: "http://a:8080/x, http://b:1/y?z=1,",
      [`${prefix}_REMOVE_${subject}_URL`]: "http://c/",
    });
    expect(hrefs(config[key].createUrls)).toEqual(["http://a:8080/x", "http://b:1/y?z=1"]);
    expect(hrefs(config[key].removeUrls)).toEqual(["http://c/"]);
  });

  test("the label and the methods", () => {
    const env = {
      [`${prefix}_LABEL`]: "com.df.notifyDev",
      [`${prefix}_CREATE_SERVICE_METHOD`]: "put",
      [`${prefix}_REMOVE_SERVICE_METHOD`]: "delete",
      [`${prefix}_CREATE_SERVICE_IMMEDIATELY`]: "true",
    };
    expect(load(env)).toMatchObject({
      notifyLabel: "com.df.notifyDev",
      services: { createMethods: ["PUT"], removeMethods: ["DELETE"] },
      notes: [],
    });
  });
});

test("of both spellings the older one wins, and DF_NOTIFICATION_URL comes last", () => {
  const env = {
    DF_NOTIF_CREATE_SERVICE_URL: "http://old/",
    DF_NOTIFY_CREATE_SERVICE_URL: "http://new/",
    DF_NOTIFICATION_URL: "http://both/",
  };
  const { services, nodes } = load(env);
  expect(hrefs(services.createUrls)).toEqual(["http://old/"]);
  expect(hrefs(services.removeUrls)).toEqual(["http://both/"]);
  expect(hrefs(nodes.createUrls)).toEqual([]);
});

test("an empty variable is an absent one", () => {
  const config = load({
    DF_NOTIF_CREATE_SERVICE_URL: "",
    DF_NOTIFY_CREATE_SERVICE_URL: "http://new/",
    DF_RETRY: "",
  });
  expect(hrefs(config.services.createUrls)).toEqual(["http://new/"]);
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
    DF_SERVICE_POLLING_INTERVAL: "7",
    DF_NODE_POLLING_INTERVAL: "8",
    DF_USE_DOCKER_SERVICE_EVENTS: "False",
    DF_USE_DOCKER_NODE_EVENTS: "0",
    DF_INCLUDE_NODE_IP_INFO: "T",
    DF_NODE_IP_INFO_INCLUDES_TASK_ADDRESS: "f",
    PORT: "9000",
  };
  expect(load(env)).toMatchObject({
    dockerHost: "tcp://socket-proxy:2375",
    notifyLabel: "com.df.notifyDev",
    services: {
      createMethods: ["GET", "POST"],
      removeMethods: ["DELETE"],
      events: false,
      intervalS: 7,
    },
    nodes: { events: false, intervalS: 8 },
    includeNodeInfo: true,
    nodeInfoWithAddress: false,
    serviceNamePrefix: "dev1",
    retries: 0,
    retryIntervalS: 0,
    port: 9000,
    notes: [],
  });
});

describe("secrets", () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), "secrets-"))));
  afterEach(() => rmSync(directory, { recursive: true }));

  test("add URLs", () => {
    writeFileSync(path.join(directory, "df_notify_create_service_url"), "http://u:p@b/\n");
    writeFileSync(path.join(directory, "df_notify_remove_node_url"), "http://c/");
    const env = { DF_NOTIFY_CREATE_SERVICE_URL: "http://a/" };
    const { services, nodes } = loadConfig(env, directory);
    expect(hrefs(services.createUrls)).toEqual(["http://a/", "http://u:p@b/"]);
    expect(hrefs(services.removeUrls)).toEqual([]);
    expect(hrefs(nodes.createUrls)).toEqual([]);
    expect(hrefs(nodes.removeUrls)).toEqual(["http://c/"]);
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
  ["DF_SERVICE_POLLING_INTERVAL", "1m", "must be a whole number of seconds up to 86400"],
  ["DF_USE_DOCKER_SERVICE_EVENTS", "yes", "must be true or false"],
  ["DF_NOTIF_CREATE_NODE_URL", "node-proxy", "must be a comma-separated list of http:// URLs"],
  ["PORT", "http", "must be a whole number from 1 to 65535"],
  ["DF_RETRYS", "1", "is not a variable of this listener: remove it or correct its name"],
  ["DF_NOTIF_RETRY", "1", "is not a variable of this listener"],
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

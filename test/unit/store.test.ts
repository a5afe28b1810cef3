import * as docker from "@pulumi/docker";
import { Apps, checkApps } from "../../infra/apps";
import type { AppSpec } from "../../infra/apps/app";
import { Networks } from "../../infra/networks";
import { Store, storeLabels, storeMembers } from "../../infra/store";
import { cacheGigabytes } from "../../infra/store/member";
import { canary, configWith, host, isSecret, only, registered, unwrap } from "./support";
import type { Registered } from "./support";

const SERVICE = "docker:index/service:Service";
const SECRET = "docker:index/secret:Secret";
const COMMAND = "command:local:Command";

const app1: AppSpec = {
  name: "app1",
  source: "apps/nodeapp1",
  path: "/app1",
  replicas: 3,
  database: "app1",
};
const app2: AppSpec = { name: "app2", source: "apps/nodeapp1", path: "/app2", replicas: 1 };

interface Result {
  readonly all: Registered[];
  readonly hints: Readonly<Record<string, string>>;
}

async function store(values: Record<string, string> = {}, members = 3): Promise<Result> {
  let hints: Record<string, string> = {};
  const all = await registered(() => {
    const config = configWith(values);
    const engine = new docker.Provider("engine", {});
    const cluster = new docker.Network("cluster", {}, { provider: engine });
    const { byName } = new Networks("networks", {});
    const registry = { pushAddress: "127.0.0.1:8500", pullAddress: "10.207.38.3:5000" };
    const foundation = { ...host, engine, registry, networks: byName, tag: "dev", cluster };
    const apps = [app1, app2];
    const { databases } = new Store("store", { config, foundation, members, apps });
    new Apps("apps", { apps, foundation, databases });
    hints = Object.fromEntries(Object.entries(databases).map(([name, { hint }]) => [name, hint]));
  });
  return { all, hints };
}

const service = (all: readonly Registered[], name: string) => only(all, SERVICE, `${name}-service`);

interface TaskSpec {
  readonly containerSpec: {
    readonly env?: Record<string, string>;
    readonly secrets?: readonly Record<string, unknown>[];
    readonly [more: string]: unknown;
  };
  readonly [more: string]: unknown;
}
const taskOf = (all: readonly Registered[], name: string) =>
  service(all, name).inputs["taskSpec"] as TaskSpec;

describe("a store of three", () => {
  let all: Registered[];
  let hints: Result["hints"];
  beforeAll(async () => ({ all, hints } = await store()));

  test.each([1, 2, 3])("member %i has a name, a node and a volume of its own", (n) => {
    const { inputs } = service(all, `mongo-store-${n}`);
    expect(inputs).toMatchObject({
      name: `mongo-store-${n}`,
      mode: { replicated: { replicas: 1 } },
      endpointSpec: { mode: "dnsrr" },
      updateConfig: { order: "stop-first", failureAction: "rollback" },
      taskSpec: {
        networksAdvanceds: [{ id: "apps_net-id", aliases: ["mongo-store"] }],
        placement: {
          constraints: [
            "node.role==worker",
            "node.labels.logger!=true",
            `node.labels.mongo-store==${n}`,
          ],
        },
        resources: { limits: { memoryBytes: 512 * 1024 * 1024 } },
        containerSpec: {
          image: expect.stringMatching(/^10\.207\.38\.3:5000\/mongo@sha256:/) as string,
          hostname: `mongo-store-${n}`,
          args: [
            "mongod",
            "--replSet",
            "rs0",
            "--keyFile",
            "/run/secrets/mongo-keyfile",
            "--bind_ip_all",
            "--wiredTigerCacheSizeGB",
            "0.25",
          ],
          mounts: [
            {
              type: "volume",
              source: `mongo-data-${n}`,
              target: "/data/db",
              volumeOptions: { driverOptions: { type: "none", o: "bind", device: "/srv/store" } },
            },
            { type: "tmpfs", target: "/data/configdb" },
          ],
          stopGracePeriod: "90s",
          secrets: [{ fileName: "mongo-keyfile", fileMode: 0o400, fileUid: "999", fileGid: "999" }],
        },
      },
    });
  });

  test("is restarted one member after another, each when the set can bear it", () => {
    const waits = (name: string) => only(all, COMMAND, `store-${name}`);
    expect(service(all, "mongo-store-1").dependsOn).toContain("mongo-keeper-service");
    expect(waits("before-2").dependsOn).toContain("mongo-store-1-service");
    expect(waits("before-2").inputs["environment"]).toMatchObject({
      FOR: "calm mongo-store-2:27017",
    });
    expect(service(all, "mongo-store-2").dependsOn).toContain("store-before-2");
    expect(waits("before-3").dependsOn).toContain("mongo-store-2-service");
    expect(service(all, "mongo-store-3").dependsOn).toContain("store-before-3");
    expect(waits("settled").dependsOn).toContain("mongo-store-3-service");
    expect(waits("settled").inputs["environment"]).toMatchObject({
      FOR: "settled mongo-store-1:27017,mongo-store-2:27017,mongo-store-3:27017 app1-1",
    });
  });

  test("has a keeper that knows members and users, and no password but from files", () => {
    const { containerSpec, placement } = taskOf(all, "mongo-keeper");
    expect(containerSpec.env).toEqual({
      MEMBERS: "mongo-store-1:27017,mongo-store-2:27017,mongo-store-3:27017",
      SET_NAME: "rs0",
      KEY_FILE: "/run/secrets/mongo-keyfile",
      USERS: "app1-1@app1=/run/secrets/mongo-password-app1-1",
    });
    expect(containerSpec.secrets).toMatchObject([
      { fileName: "mongo-keyfile", fileMode: 0o400, fileUid: "1000" },
      { fileName: "mongo-password-app1-1", fileMode: 0o400, fileUid: "1000" },
    ]);
    expect(placement).toMatchObject({
      constraints: ["node.role==manager", "node.labels.mongo-keeper==true"],
    });
  });

  test("gives an app its URL as a file that only the app reads, once its user is there", () => {
    const { containerSpec } = taskOf(all, "app1");
    expect(containerSpec.env).toMatchObject({ MONGO_URL_FILE: "/run/secrets/app1-mongo-url" });
    expect(containerSpec.secrets).toMatchObject([
      {
        secretId: "store-url-app1-id",
        fileName: "app1-mongo-url",
        fileMode: 0o400,
        fileUid: "1000",
      },
    ]);
    expect(service(all, "app1").dependsOn).toContain("store-settled");
    const url = Buffer.from(
      String(unwrap(only(all, SECRET, "store-url-app1").inputs["data"])),
      "base64",
    ).toString();
    expect(url).toBe(
      `mongodb://app1-1:${canary}@mongo-store-1:27017,mongo-store-2:27017,mongo-store-3:27017/app1` +
        "?replicaSet=rs0&authSource=app1&authMechanism=SCRAM-SHA-256&w=majority&retryWrites=true&retryReads=true",
    );
    expect(hints).toEqual({ app1: url.replace(`:${canary}`, "") });
  });

  test("gives an app without a database nothing", () => {
    expect(taskOf(all, "app2").containerSpec.env).not.toHaveProperty("MONGO_URL_FILE");
    expect(taskOf(all, "app2").containerSpec.secrets).toBeUndefined();
    expect(service(all, "app2").dependsOn).not.toContain("store-settled");
  });

  test("makes random secrets once, and shows them to nobody", () => {
    const random = all.filter(({ inputs }) => String(inputs["create"]).startsWith("openssl rand"));
    expect(random.map(({ name }) => name)).toEqual([
      "store-key-value",
      "store-password-app1-1-value",
    ]);
    for (const command of random) {
      expect(command).toMatchObject({ ignoreChanges: ["*"], secretOutputs: ["stdout"] });
      expect(command.inputs).toMatchObject({ logging: "none", update: "true" });
    }
    const secrets = all.filter(({ type }) => type === SECRET);
    expect(secrets.map(({ name }) => name)).toEqual([
      "store-key",
      "store-password-app1-1",
      "store-url-app1",
    ]);
    for (const { inputs } of secrets) {
      expect(isSecret(inputs["data"])).toBe(true);
      expect(inputs).not.toHaveProperty("name");
    }
    const others = JSON.stringify(all.filter(({ type }) => type !== SECRET).map((r) => r.inputs));
    expect(others).not.toContain(canary);
    expect(others).not.toContain(Buffer.from(canary).toString("base64").slice(0, 16));
    expect(JSON.stringify(hints)).not.toContain(canary);
  });

  test("builds its image of the tag that the config says", async () => {
    const { all: tagged } = await store({ mongoTag: "8.0.4" });
    expect(
      only(tagged, "docker:index/image:Image", "store-image-build").inputs["build"],
    ).toMatchObject({ context: "infra/images/mongo", args: { TAG: "8.0.4" } });
  });
});

test("a new password is a new user beside the old one, and what apps use", async () => {
  const { all, hints } = await store({ mongoPasswords: "1,2" }, 1);
  expect(taskOf(all, "mongo-keeper").containerSpec.env).toMatchObject({
    USERS:
      "app1-1@app1=/run/secrets/mongo-password-app1-1,app1-2@app1=/run/secrets/mongo-password-app1-2",
  });
  expect(only(all, COMMAND, "store-settled").inputs["environment"]).toMatchObject({
    FOR: "settled mongo-store-1:27017 app1-1,app1-2",
  });
  expect(hints["app1"]).toMatch(/^mongodb:\/\/app1-2@mongo-store-1:27017\/app1\?/);
});

test("another image, and nothing else that is not the members' own, lets them wait for each other anew", async () => {
  const revision = async (values: Record<string, string>) => {
    const { all } = await store(values);
    const { REVISION } = only(all, COMMAND, "store-before-2").inputs["environment"] as {
      REVISION: string;
    };
    return REVISION;
  };
  const first = await revision({});
  expect(await revision({ mongoPasswords: "1,2" })).toBe(first);
  expect(await revision({ mongoMemory: "2048" })).not.toBe(first);
});

test("members belong to the workers of their numbers, the keeper to the first manager", () => {
  expect(storeLabels(3)).toEqual({
    "manager-1": { "mongo-keeper": "true" },
    "worker-1": { "mongo-store": "1" },
    "worker-2": { "mongo-store": "2" },
    "worker-3": { "mongo-store": "3" },
  });
});

describe("the number of members", () => {
  const real = { standIns: {} };
  const standIn = { standIns: { "mongo:8": "FerretDB" } };

  test("is what the config says, and one where the image is a stand-in", () => {
    expect(storeMembers(configWith(), real)).toBe(3);
    expect(storeMembers(configWith({ mongoMembers: "5", workers: "5" }), real)).toBe(5);
    expect(storeMembers(configWith(), standIn)).toBe(1);
    expect(storeMembers(configWith({ workers: "1" }), standIn)).toBe(1);
  });

  test("is refused when there are fewer workers", () => {
    expect(() => storeMembers(configWith({ workers: "2" }), real)).toThrow(
      /mongoMembers must be at most the number of workers \(2\).*got 3.*raise "workers"/,
    );
  });
});

test.each([
  [512, 0.25],
  [1024, 0.37],
  [4096, 1.87],
])("a member of %i MiB has a cache of %d GB", (memory, cache) => {
  expect(cacheGigabytes(memory)).toBe(cache);
});

test.each(["admin", "local", "config", "App", "1st", "a.b", "a b", "a/b", "", "x".repeat(33)])(
  "%j is refused as a database",
  (database) => {
    expect(() => checkApps(configWith(), [{ ...app1, database }])).toThrow(/app1: database ".*" /);
  },
);

test("what the store's members need is not there for apps", () => {
  const most = { ...app1, replicas: 65 };
  expect(() => checkApps(configWith(), [most])).toThrow(/reserve 4160 MiB of 3840 MiB/);
  expect(() => checkApps(configWith({ mongoMembers: "1" }), [most])).not.toThrow();
});

import * as docker from "@pulumi/docker";
import { Apps, checkApps } from "../../infra/apps";
import { type AppSpec, routeLabels } from "../../infra/apps/app";
import { Frontend } from "../../infra/frontend";
import { Networks } from "../../infra/networks";
import { configWith, host, only, registered, type Registered } from "./support";

const app1: AppSpec = { name: "app1", source: "apps/nodeapp1", path: "/app1", replicas: 3 };

async function tiers(
  apps: readonly AppSpec[] = [app1],
  values: Record<string, string> = {},
): Promise<Registered[]> {
  return registered(() => {
    const config = configWith(values);
    const engine = new docker.Provider("engine", {});
    const cluster = new docker.Network("cluster", {}, { provider: engine });
    const { byName } = new Networks("networks", {});
    const registry = { pushAddress: "127.0.0.1:8500", pullAddress: "10.207.38.3:5000" };
    const foundation = { ...host, engine, registry, networks: byName, tag: "dev", cluster };
    new Frontend("frontend", { config, foundation });
    new Apps("apps", { apps, foundation });
  });
}

const service = (all: readonly Registered[], name: string) =>
  only(all, "docker:index/service:Service", `${name}-service`);

describe("services", () => {
  let all: Registered[];
  beforeAll(async () => {
    all = await tiers();
  });

  test.each(["app1", "proxy", "swarm-listener", "socket-proxy"])(
    "%s is registered as it was reviewed",
    (name) => {
      const { inputs, parent, deletedWith } = service(all, name);
      expect({ inputs, parent, deletedWith }).toMatchSnapshot();
    },
  );

  test.each(["app1", "proxy", "swarm-listener", "socket-proxy"])(
    "%s keeps the rules of the house",
    (name) => {
      const { inputs } = service(all, name);
      expect(inputs).toMatchObject({
        endpointSpec: { mode: "dnsrr" },
        updateConfig: { failureAction: "rollback", parallelism: 1 },
        convergeConfig: { timeout: "5m" },
        taskSpec: {
          resources: {
            limits: { memoryBytes: expect.any(Number) as number },
            reservation: { memoryBytes: expect.any(Number) as number },
          },
          logDriver: { name: "json-file", options: { "max-size": "10m" } },
          containerSpec: {
            image: expect.stringMatching(/^10\.207\.38\.3:5000\/[\w-]+@sha256:/) as string,
            healthcheck: { tests: expect.arrayContaining(["CMD"]) as string[] },
          },
        },
      });
      expect(inputs["auth"]).toBeUndefined();
    },
  );

  test("only the proxy publishes ports, on the node itself, and so stops before it starts", () => {
    const ports = (name: string) =>
      (service(all, name).inputs["endpointSpec"] as { ports?: unknown[] }).ports;
    expect(ports("app1")).toBeUndefined();
    expect(ports("swarm-listener")).toBeUndefined();
    expect(ports("proxy")).toEqual(
      [80, 443].map((port) => ({
        targetPort: port,
        publishedPort: port,
        protocol: "tcp",
        publishMode: "host",
      })),
    );
    expect(service(all, "proxy").inputs["updateConfig"]).toMatchObject({ order: "stop-first" });
    expect(service(all, "app1").inputs["updateConfig"]).toMatchObject({ order: "start-first" });
  });

  test("no app is on the control network", () => {
    const ids = (name: string) => {
      const spec = service(all, name).inputs["taskSpec"] as {
        networksAdvanceds: { id: string }[];
      };
      return spec.networksAdvanceds.map(({ id }) => id);
    };
    expect(ids("app1")).toEqual(["main-id", "apps_net-id", "log_net-id"]);
    expect(ids("proxy")).toEqual(["main-id", "control-id"]);
    expect(ids("swarm-listener")).toEqual(["control-id", "engine-id"]);
  });

  test("the socket proxy alone has the engine's socket, the listener alone reaches it", () => {
    const names = ["app1", "proxy", "swarm-listener", "socket-proxy"];
    const specs = names.map((name) => JSON.stringify(service(all, name).inputs["taskSpec"]));
    const having = (text: string) => names.filter((_, i) => specs[i]?.includes(text));
    expect(having("docker.sock")).toEqual(["socket-proxy"]);
    expect(having("engine-id")).toEqual(["swarm-listener", "socket-proxy"]);
    expect(having("0:0")).toEqual([]);
    expect(only(all, "docker:index/network:Network", "engine").inputs).toMatchObject({
      attachable: false,
      internal: true,
    });
  });

  test("two listeners, on two managers, so that one can be lost", () => {
    const { mode, taskSpec } = service(all, "swarm-listener").inputs;
    expect(mode).toEqual({ replicated: { replicas: 2 } });
    expect(taskSpec).toMatchObject({
      placement: { constraints: ["node.role==manager"], maxReplicas: 1 },
    });
  });

  test("every manager has a socket proxy, of which one at a time is renewed", () => {
    const { mode, taskSpec, updateConfig } = service(all, "socket-proxy").inputs;
    expect(mode).toEqual({ replicated: { replicas: configWith().machines.manager } });
    expect(taskSpec).toMatchObject({
      placement: { constraints: ["node.role==manager"], maxReplicas: 1 },
    });
    expect(updateConfig).toMatchObject({ parallelism: 1, order: "stop-first" });
  });
});

describe("the companion", () => {
  const letsencrypt = {
    email: "ops@a.example",
    domains: ["a.example,www.a.example", "b.example"],
    directoryUrl: "https://ca.example/dir",
    caBundle: "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n",
    node: "manager-2",
  };
  const NAME = "letsencrypt-companion";
  const environment = (all: readonly Registered[], name: string) =>
    (service(all, name).inputs["taskSpec"] as { containerSpec: { env: Record<string, string> } })
      .containerSpec.env;

  test("is not there, and the proxy asks for none, unless it is configured", async () => {
    const all = await tiers();
    expect(all.filter(({ name }) => name.startsWith(NAME))).toEqual([]);
    expect(environment(all, "proxy")).not.toHaveProperty("COMPANION_ADDRESS");
  });

  test("is registered as it was reviewed", async () => {
    const all = await tiers([], { letsencrypt: JSON.stringify(letsencrypt) });
    const { inputs, parent, deletedWith } = service(all, NAME);
    expect({ inputs, parent, deletedWith }).toMatchSnapshot();
    expect(only(all, "docker:index/serviceConfig:ServiceConfig", `${NAME}-ca`)).toMatchObject({
      inputs: { dataRaw: letsencrypt.caBundle },
      deletedWith: "cluster",
    });
    expect(environment(all, "proxy")).toMatchObject({ COMPANION_ADDRESS: NAME });
  });

  test("is one task beside its volume, on the control network, and stops before it starts", async () => {
    const all = await tiers([], { letsencrypt: JSON.stringify(letsencrypt) });
    expect(service(all, NAME).inputs).toMatchObject({
      mode: { replicated: { replicas: 1 } },
      updateConfig: { order: "stop-first" },
      taskSpec: {
        placement: { constraints: ["node.hostname==manager-2"] },
        networksAdvanceds: [{ id: "control-id" }],
      },
    });
  });

  test("gets from staging to production by its environment", async () => {
    const { email, domains } = letsencrypt;
    const of = async (staging: boolean) => {
      const values = { letsencrypt: JSON.stringify({ email, domains, staging }) };
      return environment(await tiers([], values), NAME);
    };
    expect(await of(true)).toMatchObject({ CERTBOTMODE: "staging" });
    expect(await of(false)).not.toHaveProperty("CERTBOTMODE");
  });
});

test("the overlays have their fixed subnets and survive a refresh", async () => {
  const all = await tiers();
  for (const name of ["main", "apps_net", "log_net", "control", "engine"]) {
    const network = only(all, "docker:index/network:Network", name);
    expect(network.inputs).toMatchObject({ name, driver: "overlay" });
    expect(network.ignoreChanges).toEqual(["options", "ipamConfigs"]);
    expect(network.parent).toBe("swarm:networks:Networks networks");
  }
});

test("the article's labels say where an app is", () => {
  expect(routeLabels(app1)).toEqual({
    "com.df.notify": "true",
    "com.df.distribute": "true",
    "com.df.serviceDomain": "",
    "com.df.servicePath": "/app1",
    "com.df.port": "8080",
    "com.df.healthPath": "/app1/health/ready",
  });
  expect(routeLabels({ ...app1, domains: ["a.example", "b.example"], port: 81 })).toMatchObject({
    "com.df.serviceDomain": "a.example,b.example",
    "com.df.port": "81",
  });
});

describe("apps that cannot stand together", () => {
  const app2: AppSpec = { ...app1, name: "app2", path: "/app2" };

  test("are accepted when they can", () => {
    expect(checkApps(configWith(), [app1, app2])).toEqual([app1, app2]);
    const byDomain = [
      { ...app1, domains: ["a.example"] },
      { ...app2, path: "/app1", domains: ["b.example"] },
    ];
    expect(checkApps(configWith(), byDomain)).toEqual(byDomain);
  });

  test.each<[string, AppSpec[], RegExp]>([
    ["one path", [app1, { ...app2, path: "/app1" }], /app2: path "\/app1" belongs to app1 already/],
    [
      "one path, one of them on any domain",
      [app1, { ...app2, path: "/app1", domains: ["a.example"] }],
      /app2: path/,
    ],
    ["one name", [app1, { ...app2, name: "app1" }], /two apps are named "app1"/],
    ["no path", [{ ...app1, path: "app1" }], /app1: path must look like "\/app1", got "app1"/],
    ["more than fits", [{ ...app1, replicas: 85 }], /cannot hold.*app1 85.*workerMemory/],
    [
      "more than fits together",
      [
        { ...app1, replicas: 50 },
        { ...app2, replicas: 50 },
      ],
      /cannot hold/,
    ],
  ])("are refused: %s", (_, apps, message) => {
    expect(() => checkApps(configWith(), apps)).toThrow(message);
  });
});

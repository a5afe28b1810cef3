import { canary, only, type Registered, wholeProgram } from "./support";

const facts = "platform\tlinux\tamd64\nimage\tnode:24-trixie-slim\tthe real Node.js\n";

const program = (values: Record<string, string> = {}, seen = facts) => wholeProgram(values, seen);

describe("the whole program", () => {
  let resources: Registered[];
  let outputs: Record<string, unknown>;
  beforeAll(async () => ({ resources, outputs } = await program()));

  test("registers each kind of resource as often as the system needs it", () => {
    const counts: Record<string, number> = {};
    for (const { type } of resources) counts[type] = (counts[type] ?? 0) + 1;
    expect(counts).toEqual({
      // 9 containers, 14 tags, 1 authority, 1 init, 7 members, 8 random secrets, 3 waits of the store
      "command:local:Command": 43,
      "docker:index/image:Image": 14,
      "docker:index/network:Network": 6,
      "docker:index/secret:Secret": 7,
      "docker:index/service:Service": 13,
      "docker:index/volume:Volume": 11,
      "pulumi:providers:docker": 2,
      "swarm:apps:App": 1,
      "swarm:apps:Apps": 1,
      "swarm:edge:Edge": 1,
      "swarm:frontend:Frontend": 1,
      "swarm:frontend:Proxy": 1,
      "swarm:frontend:SocketProxy": 1,
      "swarm:frontend:SwarmListener": 1,
      "swarm:host:Container": 9,
      "swarm:image:BuiltImage": 14,
      "swarm:logging:Logging": 1,
      "swarm:machines:ContainerMachine": 7,
      "swarm:machines:Machines": 1,
      "swarm:networks:Networks": 1,
      "swarm:registry:EmbeddedRegistry": 1,
      "swarm:security:Pki": 1,
      "swarm:service:SwarmService": 13,
      "swarm:site:Site": 1,
      "swarm:store:Store": 1,
      "swarm:store:StoreKeeper": 1,
      "swarm:store:StoreMember": 3,
      "swarm:swarm:Swarm": 1,
    });
  });

  test("has the tree of tiers that the file names promise", () => {
    const tree = resources
      .filter(({ type }) => type.startsWith("swarm:"))
      .map(({ type, name, parent }) => `${parent || "stack"} > ${type} ${name}`);
    expect(tree).toMatchSnapshot();
  });

  test("puts everything on the swarm through the one provider behind the edge", () => {
    const onSwarm = resources.filter(
      ({ type, name }) =>
        type === "docker:index/service:Service" ||
        type === "docker:index/secret:Secret" ||
        (type === "docker:index/network:Network" && name !== "site-network"),
    );
    expect(onSwarm).toHaveLength(25);
    for (const resource of onSwarm) {
      expect(resource).toMatchObject({ provider: "swarm", deletedWith: "site-network" });
    }
    const elsewhere = resources.filter(
      ({ type, name }) => /docker:index\/(image|volume)/.test(type) || name === "site-network",
    );
    expect(elsewhere).toHaveLength(26);
    for (const resource of elsewhere) expect(resource.provider).toBe("engine");
  });

  test("removes every image tag even when the whole stack goes", () => {
    const tags = resources.filter(({ name }) => name.endsWith("-image-tag"));
    expect(tags).toHaveLength(14);
    for (const tag of tags) expect(tag.deletedWith).toBe("");
  });

  test("reaches the swarm by mutual TLS, with the key as a secret, and only once it stands", () => {
    const provider = only(resources, "pulumi:providers:docker", "swarm");
    expect(provider.inputs).toMatchObject({ host: "tcp://127.0.0.1:8376" });
    expect(JSON.stringify(provider.inputs["keyMaterial"])).toContain("PEM of clientKey");
    expect(provider.dependsOn).toEqual(
      expect.arrayContaining(["swarm-init", "swarm-manager-3", "swarm-worker-3", "swarm-logger-1"]),
    );
  });

  test("stands on a bridge network with a gateway of its own", () => {
    expect(only(resources, "docker:index/network:Network", "site-network").inputs).toMatchObject({
      name: "swarm-dev",
      driver: "bridge",
      ipamConfigs: [{ subnet: "10.207.38.0/24", gateway: "10.207.38.1" }],
      labels: [{ label: "swarm.stack", value: "dev" }],
    });
  });

  test("gives its addresses, the managers and the stand-ins as outputs", () => {
    expect(outputs).toEqual({
      proxyUrl: "http://127.0.0.1:8080",
      httpsUrl: "https://127.0.0.1:8443",
      app1Url: "http://127.0.0.1:8080/app1",
      kibanaUrl: "http://127.0.0.1:8080/kibana",
      kibanaPassword: canary,
      mongoHint:
        "mongodb://app1-1@mongo-store-1:27017,mongo-store-2:27017,mongo-store-3:27017/app1?replicaSet=rs0" +
        "&authSource=app1&authMechanism=SCRAM-SHA-256&w=majority&retryWrites=true&retryReads=true",
      managers: [
        { name: "manager-1", address: "10.207.38.11" },
        { name: "manager-2", address: "10.207.38.12" },
        { name: "manager-3", address: "10.207.38.13" },
      ],
      standIns: { "node:24-trixie-slim": "the real Node.js" },
    });
  });
});

test("has no logging, and an app that asks for none, without a machine for it", async () => {
  const { resources, outputs } = await program({ loggers: "0" });
  expect(resources.filter(({ name }) => /log|elastic|kibana/.test(name))).toEqual([
    expect.objectContaining({ name: "log_net" }),
  ]);
  expect(outputs).not.toHaveProperty("kibanaUrl.length");
  const app = only(resources, "docker:index/service:Service", "app1-service").inputs;
  expect(JSON.stringify(app)).not.toContain("LOGSTASH_HOST");
});

test("makes one member where the image is a stand-in", async () => {
  const standIn = `${facts}image\tmongo:8\tFerretDB\n`;
  const { resources, outputs } = await program({}, standIn);
  const members = resources.filter(({ type }) => type === "swarm:store:StoreMember");
  expect(members.map(({ name }) => name)).toEqual(["mongo-store-1"]);
  expect(outputs["standIns"]).toMatchObject({ "mongo:8": "FerretDB" });
  const labels = (machine: string) =>
    only(resources, "command:local:Command", `swarm-${machine}`).inputs["environment"];
  expect(labels("worker-1")).toMatchObject({ LABELS: "mongo-store=1" });
  expect(labels("worker-2")).toMatchObject({ LABELS: "" });
  expect(labels("manager-1")).toMatchObject({ LABELS: "mongo-keeper=true" });
  expect(labels("logger-1")).toMatchObject({ LABELS: "logger=true" });
});

test("keeps the workers' data, and nothing else, when it is told to", async () => {
  const kept = async (keepData: string) => {
    const { resources } = await program({ keepData });
    return resources.filter((r) => r.retainOnDelete).map(({ inputs }) => inputs["name"]);
  };
  expect(await kept("false")).toEqual([]);
  expect(await kept("true")).toEqual([1, 2, 3].map((n) => `swarm-dev-worker-${n}-data`));
});

test("protects every volume, and nothing else, when it is told to", async () => {
  const guarded = async (protect: string) => {
    const { resources } = await program({ protect });
    return resources.filter((r) => r.protect).map(({ type, name }) => `${type} ${name}`);
  };
  const volumes = (await program({})).resources.filter(
    ({ type }) => type === "docker:index/volume:Volume",
  );
  expect(volumes).toHaveLength(11);
  expect(await guarded("false")).toEqual([]);
  expect(await guarded("true")).toEqual(volumes.map(({ type, name }) => `${type} ${name}`));
});

test("refuses before it registers anything", async () => {
  await expect(program({ app1Replicas: "1000" })).rejects.toThrow(/app1Replicas/);
  await expect(program({ workers: "0" })).rejects.toThrow(/workers/);
  await expect(program({ mongoMembers: "5" })).rejects.toThrow(/mongoMembers must be at most/);
});

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { Machines, machineNames } from "../../infra/machines";
import { Pki } from "../../infra/pki";
import { Swarm } from "../../infra/swarm";
import { configWith, host, nodes, only, registered, type Registered, unwrap } from "./support";

async function machines(values: Record<string, string> = {}, seen = nodes): Promise<Registered[]> {
  return registered(() => {
    const config = configWith(values);
    const engine = new docker.Provider("engine", { host: "unix:///var/run/docker.sock" });
    const network = new docker.Network("net", { name: config.prefix }, { provider: engine });
    const pki = new Pki("pki", config);
    const here = { config, host, engine, network, pki, registry: "10.207.38.3:5000" };
    const { all } = new Machines("machines", here);
    new Swarm("swarm", { stack: "dev", machines: all, nodes: seen, deletedWith: network });
  });
}

const command = (all: readonly Registered[], name: string): Registered =>
  only(all, "command:local:Command", name);

const environment = (r: Registered) => r.inputs["environment"] as Record<string, string>;

test("numbers machines by role, from 1", () => {
  const names = machineNames({ manager: 3, worker: 2, logger: 1 });
  expect(names.map(({ role, ordinal }) => `${role}-${ordinal}`)).toEqual([
    ...["manager-1", "manager-2", "manager-3", "worker-1", "worker-2", "logger-1"],
  ]);
});

describe("a machine", () => {
  let all: Registered[];
  beforeAll(async () => {
    all = await machines();
  });

  test("is a container with its own engine, kept by one idempotent command", () => {
    const manager = command(all, "manager-1-container");
    expect(manager.parent).toBe("swarm:host:Container manager-1");
    expect(manager.inputs).toMatchObject({
      create: "bash scripts/host/container.sh ensure",
      update: "bash scripts/host/container.sh ensure",
      delete: "bash scripts/host/container.sh remove",
    });
    expect(environment(manager)).toMatchObject({
      NAME: "swarm-dev-manager-1",
      IMAGE: `sha256:${"a".repeat(64)}`,
      GENERATION: "g1",
      TURN: "swarm-dev-manager",
    });
    expect(environment(manager)["OPTIONS"]?.split("\n")).toEqual([
      ...["--label", "swarm.stack=dev", "--network", "swarm-dev", "--ip", "10.207.38.11"],
      ...["--memory", "1024m", "--restart", "unless-stopped"],
      ...["--log-opt", "max-size=10m", "--log-opt", "max-file=3", "--hostname", "manager-1"],
      ...["--label", "swarm.role=manager", "--privileged", "--init", "--tmpfs", "/run"],
      ...["--stop-timeout", "60"],
      ...["--volume", "swarm-dev-manager-1:/var/lib/docker"],
    ]);
    expect(manager.dependsOn).toEqual(
      expect.arrayContaining(["manager-1-state", "machines-image-tag"]),
    );
  });

  test("gets its certificates through stdin, as a secret, the key readable by root alone", () => {
    const { stdin } = command(all, "manager-1-container").inputs;
    expect(stdin).not.toBe(unwrap(stdin));
    const files = String(unwrap(stdin))
      .split("\n")
      .map((line) => line.split(" "))
      .map(([mode, path, content]) => [
        mode,
        path,
        Buffer.from(content ?? "", "base64")
          .toString()
          .slice(0, 20),
      ]);
    expect(files.slice(1)).toEqual([
      ["0644", "/etc/docker/pki/ca.pem", "PEM of ca"],
      ["0644", "/etc/docker/pki/engine.pem", "PEM of engine"],
      ["0600", "/etc/docker/pki/engine-key.pem", "PEM of engineKey"],
    ]);
  });

  test("has them only where its API is listened for", () => {
    for (const name of ["worker-1-container", "logger-1-container"]) {
      expect(String(unwrap(command(all, name).inputs["stdin"])).split("\n")).toHaveLength(1);
    }
  });

  const daemon = (name: string): Record<string, unknown> => {
    const lines = String(unwrap(command(all, name).inputs["stdin"])).split("\n");
    const [, , content = ""] = (lines[0] ?? "").split(" ");
    return JSON.parse(Buffer.from(content, "base64").toString()) as Record<string, unknown>;
  };

  test("opens its engine API with mutual TLS when it is a manager, and not at all otherwise", () => {
    expect(daemon("manager-2-container")).toMatchObject({
      hosts: ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2376"],
      tlsverify: true,
      "insecure-registries": ["10.207.38.3:5000"],
    });
    for (const name of ["worker-1-container", "logger-1-container"]) {
      expect(daemon(name)).not.toHaveProperty("hosts");
      expect(daemon(name)).toHaveProperty(["log-opts", "max-size"], "10m");
    }
  });

  test("keeps its engine's state in a volume of its own name", () => {
    const volume = only(all, "docker:index/volume:Volume", "worker-3-state");
    expect(volume.inputs).toMatchObject({
      name: "swarm-dev-worker-3",
      labels: [{ label: "swarm.stack", value: "dev" }],
    });
    expect(volume.parent).toBe("swarm:machines:ContainerMachine worker-3");
  });

  test("has a store's data in another volume where it is a worker", () => {
    expect(only(all, "docker:index/volume:Volume", "worker-3-data").inputs).toMatchObject({
      name: "swarm-dev-worker-3-data",
    });
    const text = (name: string) => JSON.stringify(command(all, name).inputs);
    expect(text("worker-3-container")).toContain("swarm-dev-worker-3-data:/srv/store");
    for (const other of ["manager-1", "logger-1"]) {
      expect(text(`${other}-container`)).not.toContain("/srv/store");
      expect(all.filter(({ name }) => name === `${other}-data`)).toEqual([]);
    }
  });
});

describe("the swarm", () => {
  let all: Registered[];
  beforeAll(async () => {
    all = await machines();
  });

  test("is made once, on the first manager, and never again", () => {
    const init = command(all, "swarm-init");
    expect(init.ignoreChanges).toEqual(["*"]);
    expect(init.inputs).toMatchObject({
      create: "bash scripts/machines/swarm-init.sh",
      update: "true",
    });
    expect(environment(init)).toMatchObject({
      SHELL_PREFIX: "docker exec -i swarm-dev-manager-1",
      ADDRESS: "10.207.38.11",
      POOL: "10.252.0.0/14",
    });
  });

  test("has a member a machine, with role and label", () => {
    const members = all.filter(({ name }) => /^swarm-(manager|worker|logger)-\d$/.test(name));
    expect(members.map((m) => [m.name, environment(m)["ROLE"], environment(m)["LABELS"]])).toEqual([
      ["swarm-logger-1", "worker", "logger=true"],
      ["swarm-manager-1", "manager", ""],
      ["swarm-manager-2", "manager", ""],
      ["swarm-manager-3", "manager", ""],
      ["swarm-worker-1", "worker", ""],
      ["swarm-worker-2", "worker", ""],
      ["swarm-worker-3", "worker", ""],
    ]);
    for (const member of members) {
      expect(environment(member)).toMatchObject({ CLUSTER: "cluster-1", MEMBERSHIP: "m1" });
      expect(member.inputs).toMatchObject({
        update: "bash scripts/machines/member.sh ensure",
        delete: "bash scripts/machines/member.sh leave",
      });
    }
  });

  test("leaves places alone that nobody could look at", async () => {
    const unseen = await machines({}, { ...nodes, areKnown: false });
    expect(command(all, "swarm-worker-1").ignoreChanges).toEqual([]);
    expect(command(unseen, "swarm-worker-1").ignoreChanges).toEqual(["environment.MEMBERSHIP"]);
  });

  test("chains managers, so that two never change at once; workers wait for none of them", () => {
    expect(command(all, "swarm-manager-2").dependsOn).toContain("swarm-manager-1");
    expect(command(all, "swarm-manager-3").dependsOn).toContain("swarm-manager-2");
    const worker = command(all, "swarm-worker-1").dependsOn;
    expect(worker).toContain("swarm-init");
    expect(worker.filter((name) => name.startsWith("swarm-manager"))).toEqual([]);
  });

  test("is not left machine by machine when the whole stack goes", () => {
    for (const { deletedWith } of all.filter(({ name }) => /^swarm-/.test(name))) {
      expect(deletedWith).toBe("net");
    }
  });

  test("needs a manager", async () => {
    const network = () => new docker.Network("net", {});
    await expect(
      registered(
        () => new Swarm("swarm", { stack: "x", machines: [], nodes, deletedWith: network() }),
      ),
    ).rejects.toThrow(/at least one manager/);
  });
});

test("the authority's keys are secret, unlogged, and made once", async () => {
  const all = await machines();
  const authority = command(all, "pki-authority");
  expect(authority.secretOutputs).toEqual(["stdout"]);
  expect(authority.ignoreChanges).toEqual(["*"]);
  expect(authority.inputs).toMatchObject({ logging: "none", update: "true" });
});

test("another number of the authority is another authority", async () => {
  const all = await machines({ authority: "2" });
  const authorities = all.filter(({ name }) => name.startsWith("pki-authority"));
  expect(authorities.map(({ name }) => name)).toEqual(["pki-authority-2"]);
});

test("everything a machine tells of its certificates is secret", async () => {
  let secret: boolean | undefined;
  await registered(async () => {
    const pki = new Pki("pki", configWith());
    secret = await pulumi.isSecret(pki.client.key);
  });
  expect(secret).toBe(true);
});

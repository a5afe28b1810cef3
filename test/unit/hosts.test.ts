import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostConfig, hostsSchema, parseHostKey } from "../../infra/hosts";
import { hostShell, renderConfig, writeAccess } from "../../infra/machines/access";
import { findObstacle, parseHosts } from "../../infra/machines/look";
import { engineConfig, renderFirewall } from "../../infra/machines/ssh-machine";
import { configWith, isSecret, only, type Registered, unwrap, wholeProgram } from "./support";

/** A host's public key: the type and 32 bytes, each with its length before it. */
function hostKey(n: number): string {
  const type = Buffer.from("ssh-ed25519");
  const length = (bytes: Buffer) => Buffer.from([0, 0, 0, bytes.length]);
  const key = Buffer.alloc(32, n);
  return `ssh-ed25519 ${Buffer.concat([length(type), type, length(key), key]).toString("base64")}`;
}

const PRIVATE =
  "-----BEGIN OPENSSH PRIVATE KEY-----\ncafe0000canary\n-----END OPENSSH PRIVATE KEY-----\n";

type Raw = Record<string, unknown>;

const raw = (role: string, n: number, more: Raw = {}): Raw => ({
  ...{ role, address: `192.0.2.${n}`, hostKey: `${hostKey(n)} root@server` },
  ...more,
});

const SEVEN: readonly Raw[] = [
  ...[1, 2, 3].map((n) => raw("manager", n)),
  ...[4, 5, 6].map((n) => raw("worker", n)),
  raw("logger", 7, { labels: { disk: "big" } }),
];

const REGISTRY = { address: "registry.example:5000/team", username: "stack", password: "hunter22" };

const settings = (hosts: readonly Raw[], more: Record<string, string> = {}) => ({
  hosts: JSON.stringify(hosts),
  registry: JSON.stringify(REGISTRY),
  ...more,
});

const withHosts = (hosts: readonly Raw[] = SEVEN, more: Record<string, string> = {}) =>
  configWith(settings(hosts, more));

const seven: readonly HostConfig[] = hostsSchema.parse(SEVEN);

describe("the settings", () => {
  test("say what each host is, by its place among those of its role", () => {
    const config = withHosts();
    expect(config.names).toEqual([
      ...["manager-1", "manager-2", "manager-3"],
      ...["worker-1", "worker-2", "worker-3", "logger-1"],
    ]);
    expect(config.machines).toEqual({ manager: 3, worker: 3, logger: 1 });
    expect(config.proxyReplicas).toBe(3);
    expect(config.hosts).toMatchObject({
      controlNode: "manager-1",
      publicUrl: "http://192.0.2.1",
      dockerRepository: undefined,
      mirrors: [],
    });
    expect(config.hosts?.all[6]).toEqual({
      ...{ role: "logger", ordinal: 1, address: "192.0.2.7", user: "root", port: 22 },
      ...{ hostKey: hostKey(7), labels: { disk: "big" } },
    });
    expect(config.entry).toEqual({ addresses: [], httpsPort: 443 });
  });

  test("take numbers, so that a name stays with its host", () => {
    const config = withHosts([raw("manager", 1), raw("worker", 2, { number: "3" })]);
    expect(config.names).toEqual(["manager-1", "worker-3"]);
  });

  test("say where the proxies are found, and from where PROXY protocol is spoken", () => {
    const config = withHosts(SEVEN, {
      publicUrl: "https://www.example.com/",
      loadBalancers: '["192.0.2.99"]',
    });
    expect(config.hosts?.publicUrl).toBe("https://www.example.com");
    expect(config.entry.addresses).toEqual(["192.0.2.99"]);
  });

  const [manager, worker] = [raw("manager", 1), raw("worker", 2)];
  test.each<[readonly Raw[], Record<string, string>, RegExp]>([
    [
      [manager, raw("boss", 2)],
      {},
      /hosts\[1\]\.role: must be manager, worker or logger, got "boss"/,
    ],
    [[manager, raw("worker", 2, { address: "a.example" })], {}, /hosts\[1\]\.address: .*IPv4/],
    [
      [manager, raw("worker", 2, { hostKey: "AAAA" })],
      {},
      /hosts\[1\]\.hostKey: must be .*set --path hosts\[1\]\.hostKey/,
    ],
    [[manager, raw("worker", 2, { port: 0 })], {}, /hosts\[1\]\.port: .*>=1/],
    [[manager, raw("worker", 2, { user: "a b" })], {}, /hosts\[1\]\.user: must be a user/],
    [
      [manager, raw("worker", 2, { labels: { a: "b c" } })],
      {},
      /hosts\[1\]\.labels\.a: must be one word/,
    ],
    [
      [manager, raw("worker", 2, { nmae: 1 })],
      {},
      /hosts\[1\]\.nmae is not a key.*rm --path hosts\[1\]\.nmae.*known are role, number/,
    ],
    [
      [manager, worker, raw("worker", 3, { number: 1 })],
      {},
      /hosts\[2\]\.number: makes it worker-1, which hosts\[1\] is/,
    ],
    [[manager, raw("worker", 1)], {}, /hosts\[1\]\.address: is that of hosts\[0\]/],
    [
      [manager, raw("worker", 2, { address: "10.248.0.9" })],
      {},
      /hosts\[1\]\.address: is in 10\.240\.0\.0\/12/,
    ],
    [[manager, raw("manager", 3), worker], {}, /hosts: must have an odd number of managers/],
    [[manager], {}, /hosts: must have a worker/],
    [
      SEVEN,
      { controlNode: "worker-1" },
      /controlNode: there is no manager "worker-1".*manager-1, manager-2/,
    ],
    [SEVEN, { proxyTcpPorts: "[6379, 22]" }, /proxyTcpPorts: ssh answers on port 22 of manager-1/],
    [
      SEVEN,
      { registry: "{}" },
      /registry\.address: hosts pull images.*set --path registry\.address/,
    ],
    [SEVEN, { publicUrl: "www.example.com" }, /publicUrl: must be an http/],
    [SEVEN, { loadBalancers: '["lb"]' }, /loadBalancers\[0\]/],
    [SEVEN, { dockerRepository: "snap" }, /dockerRepository: must be the URL of an apt/],
    [SEVEN, { dockerVersion: "latest" }, /dockerVersion: must be a version/],
    [[], {}, /registry: containers .* have one of the stack's own/],
  ])("are refused: %j %j", (hosts, more, message) => {
    expect(() => withHosts(hosts, more)).toThrow(message);
  });

  test.each<[Record<string, string>, RegExp]>([
    [{ sshKey: "hunter22" }, /sshKey: must be a private key.*set --secret sshKey/],
    [
      { registry: JSON.stringify({ ...REGISTRY, username: "" }) },
      /registry\.username: .*set --path registry\.username/,
    ],
    [{ registry: '"hunter22"' }, /registry: /],
    [
      { registry: JSON.stringify({ ...REGISTRY, username: undefined }) },
      /registry\.username: and registry\.password go together/,
    ],
  ])("are refused without a secret being repeated: %j", (more, message) => {
    const refused = () => withHosts(SEVEN, more);
    expect(refused).toThrow(message);
    expect(refused).not.toThrow(/hunter22/);
  });

  test("are refused where the store has no machine for a member", () => {
    const gap = [
      ...SEVEN.slice(0, 3),
      ...[2, 3, 4].map((n) => raw("worker", 10 + n, { number: n })),
    ];
    return expect(program(settings(gap))).rejects.toThrow(/needs a machine "worker-1"/);
  });
});

test("a private key in the place of the public one is refused, and not repeated", () => {
  const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----";
  let message = "";
  try {
    withHosts([raw("manager", 1, { hostKey: key }), raw("worker", 2)]);
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain("hosts[0].hostKey: must be");
  expect(message).not.toContain("c2VjcmV0");
});

test.each(["ssh-ed25519", "ssh-dss AAAA", "ssh-ed25519 AAAA", `ssh-rsa ${hostKey(1).slice(12)}`])(
  "%j is no host's key",
  (text) => expect(parseHostKey(text)).toBeUndefined(),
);

describe("on this computer", () => {
  let folder: string;
  const before = process.cwd();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "access-"));
    process.chdir(folder);
  });
  afterEach(() => {
    writeAccess({ stack: "prod", hosts: [], key: undefined });
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  test("the key is in memory, for its user alone, and goes with the hosts", () => {
    writeAccess({ stack: "prod", hosts: seven, key: PRIVATE });
    const file = readFileSync(".access/prod/key", "utf8").trim();
    expect(file).toMatch(/^\/dev\/shm\//);
    expect(readFileSync(file, "utf8")).toBe(PRIVATE);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const name of ["config", "known_hosts", "machines"]) {
      expect(readFileSync(`.access/prod/${name}`, "utf8")).not.toContain("cafe0000canary");
    }
    writeAccess({ stack: "prod", hosts: [], key: undefined });
    expect(() => statSync(file)).toThrow(/ENOENT/);
    expect(() => statSync(".access/prod")).toThrow(/ENOENT/);
  });

  test("without a key there is no file: the agent has one", () => {
    writeAccess({ stack: "prod", hosts: seven, key: undefined });
    expect(readFileSync(".access/prod/key", "utf8")).toBe("");
    expect(readFileSync(".access/prod/config", "utf8")).not.toContain("Identit");
  });
});

test("ssh is told where each host is, and to believe no other key than its own", () => {
  expect(renderConfig("/x", seven.slice(0, 1), "/dev/shm/key")).toMatchSnapshot();
});

test("the firewall opens ssh, HTTP and HTTPS, and the swarm's ports to the hosts", () => {
  const [first, second] = seven;
  if (!first || !second) throw new Error("two hosts");
  expect(renderFirewall({ ...first, port: 2222 }, [first, second], [6379])).toMatchSnapshot();
});

test("the engine rotates logs and uses the mirrors", () => {
  expect(JSON.parse(engineConfig(["https://mirror.example"]))).toMatchObject({
    "registry-mirrors": ["https://mirror.example"],
    "live-restore": false,
    "log-opts": { "max-size": "10m", "max-file": "3" },
  });
});

describe("a look at the hosts", () => {
  const platform = { os: "linux", architecture: "amd64" };
  const obstacle = (text: string) => findObstacle("prod", seven, platform, parseHosts(text));

  test("keeps the generation of a host that is set up and in a swarm", () => {
    const { hosts } = parseHosts(
      [
        "host\tmanager-1\tx86_64\tactive\tprod\tmanager-1\tg1",
        "host\tmanager-2\tx86_64\tinactive\tprod\tmanager-2\tg1",
        "host\tmanager-3\tx86_64\tnone",
        "host\tworker-1\tx86_64\tbusy\tprod\tworker-1\tg1",
        "silent\tworker-2\tConnection timed out",
      ].join("\n"),
    );
    expect([...hosts].map(([name, { generation }]) => [name, generation])).toEqual([
      ["manager-1", "g1"],
      ["manager-2", undefined],
      ["manager-3", undefined],
      ["worker-1", "g1"],
    ]);
  });

  test("finds nothing wrong with new hosts and with silent ones", () => {
    expect(obstacle("host\tmanager-1\tx86_64\tnone\nsilent\tworker-1\tno")).toBeUndefined();
  });

  test.each([
    ["refused\thosts[1].hostKey: another one", /^hosts\[1\]\.hostKey: another one$/],
    ["host\tmanager-1\taarch64\tnone", /hosts\[0\]\.address: 192\.0\.2\.1 is arm64/],
    [
      "host\tworker-1\tx86_64\tactive\tdev\tworker-1\tg1",
      /hosts\[3\]\.address: 192\.0\.2\.4 is worker-1 of the stack dev/,
    ],
    [
      "host\tworker-1\tx86_64\tactive\tprod\tworker-2\tg1",
      /hosts\[3\]\.number: .* is worker-2, and would become worker-1.*'hosts\[3\]\.number' 2/,
    ],
  ])("refuses %j", (text, message) => {
    expect(obstacle(text)).toMatch(message);
  });
});

/** Runs the whole program with hosts that were set up in generation g1. */
async function program(values: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "access-"));
  const before = process.cwd();
  try {
    process.chdir(folder);
    const facts = ["platform\tlinux\tamd64"];
    for (const [i, { role }] of seven.entries()) {
      const n = seven.slice(0, i + 1).filter((host) => host.role === role).length;
      facts.push(`host\t${role}-${n}\tx86_64\tactive\tdev\t${role}-${n}\tg1`);
    }
    return await wholeProgram(values, facts.join("\n"));
  } finally {
    writeAccess({ stack: "dev", hosts: [], key: undefined });
    process.chdir(before);
    rmSync(folder, { recursive: true });
  }
}

describe("the whole program", () => {
  let resources: Registered[];
  let outputs: Record<string, unknown>;
  beforeAll(
    async () => ({ resources, outputs } = await program(settings(SEVEN, { sshKey: PRIVATE }))),
  );

  const environment = (name: string) =>
    only(resources, "command:local:Command", name).inputs["environment"] as Record<string, string>;

  test("has hosts in place of containers, their network, the edge, and a registry of its own", () => {
    const types = resources.map(({ type }) => type);
    expect(types.filter((type) => type === "swarm:machines:SshMachine")).toHaveLength(7);
    for (const absent of ["swarm:host:Container", "swarm:edge:Edge", "swarm:security:Pki"]) {
      expect(types).not.toContain(absent);
    }
    expect(resources.map(({ name }) => name)).not.toContain("site-network");
  });

  test("has the same tiers on them", () => {
    const services = resources.filter(({ type }) => type === "docker:index/service:Service");
    expect(services).toHaveLength(13);
    for (const service of services) {
      expect(service).toMatchObject({ provider: "swarm", deletedWith: "site" });
    }
  });

  test("sets up each host by its shell, and gives it back", () => {
    const host = seven[0] as HostConfig;
    const command = only(resources, "command:local:Command", "manager-1-host");
    expect(command.inputs).toMatchObject({
      create: "bash scripts/machines/host.sh ensure",
      update: "bash scripts/machines/host.sh ensure",
      delete: "bash scripts/machines/host.sh release",
    });
    expect(environment("manager-1-host")).toMatchObject({
      ...{ STACK: "dev", NAME: "manager-1", LOGIN: "root", STORE: "", GENERATION: "g1" },
      ...{ SHELL_PREFIX: hostShell("dev", host), DOCKER_REPOSITORY: "" },
      REGISTRY: "registry.example:5000/team",
    });
    expect(environment("worker-1-host")).toMatchObject({ STORE: "/srv/store" });
    expect(environment("swarm-logger-1")).toMatchObject({
      LABELS: "disk=big\nlogger=true",
      ADDRESS: "192.0.2.7",
      SHELL_PREFIX: hostShell("dev", seven[6] as HostConfig),
    });
  });

  test("speaks to the swarm by ssh, with the registry's password as a secret", () => {
    const { inputs } = only(resources, "pulumi:providers:docker", "swarm");
    expect(inputs["host"]).toBe("ssh://manager-1");
    expect(inputs["sshOpts"]).toBe('["-F",".access/dev/config"]');
    expect(isSecret(inputs["registryAuth"])).toBe(true);
    expect(JSON.parse(String(unwrap(inputs["registryAuth"])))).toEqual([
      { address: "registry.example:5000", username: "stack", password: "hunter22" },
    ]);
  });

  test("pushes images there, and has machines pull them from there", () => {
    const { inputs } = only(resources, "docker:index/image:Image", "app1-image-build");
    expect(inputs["imageName"]).toBe("registry.example:5000/team/app1:dev");
    const { password, ...login } = unwrap(inputs["registry"]) as Record<string, unknown>;
    expect(login).toEqual({ server: "registry.example:5000", username: "stack" });
    expect(isSecret(password) || isSecret(inputs["registry"])).toBe(true);
    const service = only(resources, "docker:index/service:Service", "app1-service").inputs;
    expect(JSON.stringify(service)).toContain("registry.example:5000/team/app1@sha256:");
  });

  test("tells nobody the private key", () => {
    expect(JSON.stringify(resources)).not.toContain("OPENSSH PRIVATE KEY");
  });

  test("has the proxies' address as its own", () => {
    expect(outputs).toMatchObject({
      proxyUrl: "http://192.0.2.1",
      httpsUrl: "https://192.0.2.1",
      app1Url: "http://192.0.2.1/app1",
      managers: [1, 2, 3].map((n) => ({ name: `manager-${n}`, address: `192.0.2.${n}` })),
    });
  });
});

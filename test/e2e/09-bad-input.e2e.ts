import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { project, requireCluster, startTimes } from "./support/cluster";
import { docker, objects, removeObjects } from "./support/engine";
import { Project } from "./support/project";
import { attempt, type Outcome } from "./support/run";
import { refusedStack, ephemeral } from "./support/workspace";

const refused = new Project(refusedStack, ephemeral.place());
const settings = join(ephemeral.clone, `Pulumi.${refusedStack}.yaml`);
let empty = "";

beforeAll(async () => {
  requireCluster();
  await refused.pulumi(["stack", "init"]);
  empty = readFileSync(settings, "utf8");
});
afterAll(() => removeObjects(refusedStack));

/** Writes the stack's configuration as it stands in its file. */
function configure(config: Readonly<Record<string, unknown>>): void {
  const values = Object.entries(config).map(
    ([key, value]) => `  swarm:${key}: ${JSON.stringify(value)}\n`,
  );
  writeFileSync(settings, values.length > 0 ? `${empty}config:\n${values.join("")}` : empty);
}

/** One clear error: it says what is asked for, and shows no stack trace and no second failure. */
function expectRefusal(outcome: Outcome, ...says: readonly RegExp[]): void {
  expect(outcome.status).not.toBe(0);
  for (const pattern of says) expect(outcome.output).toMatch(pattern);
  expect(outcome.output).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  // Pulumi shows the same error twice: while it happens, and among its diagnostics.
  const errors = [...outcome.output.matchAll(/\berror: (.*)/g)].map(([, text]) => text?.trim());
  expect([...new Set(errors)]).toHaveLength(1);
}

async function expectNothingMade(before: readonly string[] = []): Promise<void> {
  expect(objects(refusedStack)).toEqual(before);
  const types = (await refused.resources()).map(({ type }) => type);
  // The stack itself, and the provider by which the program looks at the host.
  expect(types.filter((type) => !type.startsWith("pulumi:"))).toEqual([]);
}

describe("a configuration that cannot be is refused before anything is made", () => {
  test.each<[string, Record<string, unknown>, RegExp[]]>([
    ["an unknown key", { mangers: 3 }, [/mangers/, /config rm mangers/]],
    ["a word for a number", { workers: "three" }, [/workers/, /integer|number/]],
    ["no manager", { managers: 0 }, [/managers/, /config set managers/]],
    ["an even number of managers", { managers: 2 }, [/managers/, /odd/, /config set managers/]],
    ["more proxies than managers", { proxyReplicas: 4 }, [/proxyReplicas/, /managers/]],
    [
      "more replicas than the workers hold",
      { app1Replicas: 500 },
      [/app1Replicas/, /workerMemory/],
    ],
    ["a retention that is none", { logRetention: "a week" }, [/logRetention/, /36h or 7d/]],
    ["a heap above the machine", { elasticHeap: 4096 }, [/elasticHeap/, /loggerMemory/]],
    [
      "a password that is too short",
      { elasticPassword: "short" },
      [/elasticPassword/, /config set --secret elasticPassword/],
    ],
    ["a subnet that is none", { subnet: "10.200.7.0/16" }, [/subnet/, /10\.\d+\.\d+\.0\/24/]],
    ["one port for two", { httpPort: 23000, httpsPort: 23000 }, [/httpPort/, /23000/]],
  ])("%s", async (_, config, says) => {
    configure(config);
    expectRefusal(await refused.tryMake("up"), ...says);
    await expectNothingMade();
  });

  test("a port in use", async () => {
    const server: Server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    configure({ httpPort: port });
    const outcome = await refused.tryMake("up");
    server.close();
    expectRefusal(outcome, /httpPort/, new RegExp(String(port)), /config set httpPort/);
    await expectNothingMade();
  });

  test("a subnet in use", async () => {
    const label = `swarm.stack=${refusedStack}`;
    const network = `swarm-${refusedStack}-neighbour`;
    await docker("network", "create", "--subnet", "10.199.77.128/25", "--label", label, network);
    configure({ subnet: "10.199.77.0/24" });
    const outcome = await refused.tryMake("up");
    expectRefusal(
      outcome,
      /subnet/,
      /10\.199\.77\.0\/24/,
      new RegExp(network),
      /config set subnet/,
    );
    await expectNothingMade([`network ${network}`]);
    await docker("network", "rm", network);
  });

  test("two apps on one path", async () => {
    configure({});
    const undo = refused.edit("index.ts", (text) =>
      text.replace(
        /^( *)const apps = checkApps\(config, \[$/m,
        '$&\n$1  { name: "app2", source: "apps/nodeapp1", path: "/app1", replicas: 1 },',
      ),
    );
    const outcome = await refused.tryMake("up").finally(undo);
    expectRefusal(outcome, /app2/, /"\/app1"/, /app1/);
    await expectNothingMade();
  });
});

describe("a host that cannot do it is refused before anything is made", () => {
  beforeAll(() => configure({}));

  const up = (wrapper: readonly string[], env: Record<string, string> = {}): Promise<Outcome> => {
    const [command = "make", ...args] = [...wrapper, "make", "up", `STACK=${refusedStack}`];
    return attempt(command, args, {
      cwd: ephemeral.clone,
      env: { ...ephemeral.place().env, ...env },
    });
  };

  test("no engine", async () => {
    // In a mount namespace of its own without the engine's socket; nothing may start another engine there.
    const hidden = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      'mount -t tmpfs none /run && exec "$@"',
      "sh",
    ];
    expectRefusal(await up(hidden, { OFFLINE: "0" }), /[Ee]ngine does not answer/, /start/);
    await expectNothingMade();
  });

  test("no right to use the engine", async () => {
    const home = join(ephemeral.workspace, "home-of-nobody");
    mkdirSync(home);
    chownSync(home, 65534, 65534);
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env"];
    const own = { HOME: home, XDG_DATA_HOME: `${home}/data`, XDG_CACHE_HOME: `${home}/cache` };
    const asNobody = await up([...nobody, ...Object.entries(own).map((pair) => pair.join("="))]);
    expectRefusal(asNobody, /no right to use the Docker engine/, /group docker|usermod/);
    await expectNothingMade();
  });

  test("a tool missing", async () => {
    const bin = join(ephemeral.workspace, "bin-without-openssl");
    mkdirSync(bin);
    const all = (process.env["PATH"] ?? "").split(":").reverse();
    await attempt("sh", [
      "-c",
      `for d in ${all.join(" ")}; do ln -sf "$d"/* "${bin}"/; done; rm -f "${bin}/openssl"`,
    ]);
    expectRefusal(await up([], { PATH: bin }), /openssl is missing/, /apt-get install openssl/);
    await expectNothingMade();
  });
});

describe("a wrong passphrase", () => {
  const wrong = { PULUMI_CONFIG_PASSPHRASE: "not the one" };

  test.each(["up", "preview", "refresh", "down"])(
    "is refused by make %s, and the cluster stays as it is",
    async (target) => {
      const [resources, times] = [await project.fingerprint(), await startTimes()];
      const outcome = await project.tryMake(target, wrong);
      expectRefusal(outcome, /another passphrase/, /PULUMI_CONFIG_PASSPHRASE/);
      expect(await project.fingerprint()).toBe(resources);
      expect(await startTimes()).toEqual(times);
    },
  );

  test("does not matter to make outputs: none is a secret", async () => {
    const { status, stdout } = await project.tryMake("outputs", wrong);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(await project.outputs());
  });
});

test("a wrong value for the cluster that is up changes nothing on it", async () => {
  // `up` looks at what stands before the program runs, and notes in the state what it finds. Here it is noted already.
  await project.refresh();
  const [resources, times] = [await project.fingerprint(), await startTimes()];
  await project.setConfig("managers", "2");
  const outcome = await project.tryMake("up");
  await project.pulumi(["config", "rm", "managers"]);
  expectRefusal(outcome, /managers/, /odd/);
  expect(await project.fingerprint()).toBe(resources);
  expect(await startTimes()).toEqual(times);
});

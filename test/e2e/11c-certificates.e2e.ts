import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultPorts, defaultSubnet, edgeAddress, machineAddress } from "../../infra/addresses";
import { type Endpoint, Handshakes, served } from "../acme/handshakes";
import { Pebble } from "../acme/pebble";
import { logsOf, project, requireCluster, settled, swarm } from "./support/cluster";
import { eventually } from "./support/eventually";
import { note } from "./support/note";
import { ephemeral, stack } from "./support/workspace";

/** Half of it has to hold an order with all of Pebble's pauses. */
const VALIDITY_S = 180;
const ORDER_MS = 120_000;
const NAME = "a.example";
const COMPANION = "letsencrypt-companion";

const settings = join(ephemeral.clone, `Pulumi.${stack}.yaml`);
const subnet = defaultSubnet(stack);
const ports = defaultPorts(stack);
const edge: Endpoint = { host: "127.0.0.1", port: ports.https };
/** Each proxy, past the edge. */
const proxies: readonly Endpoint[] = [1, 2, 3].map((ordinal) => ({
  host: machineAddress(subnet, "manager", ordinal),
  port: 443,
}));

let ca: Pebble | undefined;
let root = "";
let unset = (): void => undefined;

/** Sets a key that holds more than a word, in front of what the settings have. What is returned takes it out again. */
function configure(key: string, value: unknown): () => void {
  const before = readFileSync(settings, "utf8");
  const line = `  swarm:${key}: ${JSON.stringify(value)}\n`;
  writeFileSync(settings, before.replace(/^config:\n/m, `$&${line}`));
  return () => writeFileSync(settings, readFileSync(settings, "utf8").replace(line, ""));
}

/** The certificate that all proxies serve, once they agree on one other than `before`. */
const agreed = (withinMs: number, before?: string): Promise<string> =>
  eventually("one certificate from all proxies", { withinMs }, async () => {
    const found = await Promise.all(proxies.map((proxy) => served(proxy, NAME, root)));
    const [first] = found;
    return new Set(found).size === 1 && first !== before ? first : undefined;
  });

beforeAll(requireCluster);
afterAll(() => ca?.remove());

describe("certificates from an ACME directory", () => {
  test("the companion comes with the config letsencrypt, and orders once its route is there", async () => {
    ca = await Pebble.start({
      ...{ name: `swarm-${stack}-acme`, network: `swarm-${stack}`, httpPort: ports.http },
      ...{ labels: [`swarm.stack=${stack}`], validitySeconds: VALIDITY_S },
      // The companion's own tests have that: here an order that fails is made again after two minutes, when it is too late.
      rejectedNoncesPercent: 0,
    });
    await ca.resolveTo([edgeAddress(subnet)]);
    root = await ca.root();
    unset = configure("letsencrypt", {
      email: "ops@a.example",
      domains: [`${NAME},www.a.example`],
      directoryUrl: ca.directoryUrl,
      caBundle: ca.caBundle,
      cron: "* * * * *",
      node: "manager-2",
    });
    await project.make("up");
    expect((await swarm.runningTasks(COMPANION, 1))?.map(({ node }) => node)).toEqual([
      "manager-2",
    ]);
  });

  test("every proxy serves the certificate by SNI, and so does the edge", async () => {
    const fingerprint = await agreed(300_000);
    expect(await served(edge, NAME, root)).toBe(fingerprint);
    for (const proxy of proxies) await served(proxy, "www.a.example", root);
    await expect(served(edge, "b.example", root)).rejects.toThrow(/altnames|self.signed/i);
    const { stdout } = await project.make("status");
    expect(stdout).toContain(NAME);
    expect(stdout).toMatch(/^ORDERS$/m);
  });

  test("it is renewed under steady handshakes, none of which fails", async () => {
    const before = await agreed(ORDER_MS);
    const load = new Handshakes([edge, edge, ...proxies], NAME, root);
    const after = await agreed(VALIDITY_S * 1000, before);
    await load.stop();
    note(`${load.count} handshakes while ${before.slice(0, 8)} became ${after.slice(0, 8)}`);
    expect(load.failures).toEqual([]);
    expect(load.count).toBeGreaterThan(1000);
    expect([...load.fingerprints]).toEqual([before, after]);
  });

  test("all proxies restarted serve what they had, or what came since", async () => {
    await swarm.restart("proxy");
    const after = await agreed(60_000);
    expect(await served(edge, NAME, root)).toBe(after);
  });

  test("the companion moved nothing: another preview shows no change", async () => {
    const { changes, counts } = await project.preview();
    // The service was updated by hand, which Pulumi does not look at without a refresh.
    expect({ changes, counts }).toEqual({ changes: [], counts: {} });
  });

  test("no key is in the services' description, in what they log or in the state", async () => {
    const container = await swarm
      .through("manager-2")
      .docker("container", "ls", "--quiet", "--filter", `name=${COMPANION}`);
    const path = `/etc/letsencrypt/live/${NAME}/privkey.pem`;
    const key = await swarm.through("manager-2").docker("exec", container, "cat", path);
    const line = key.split("\n")[1] ?? "";
    expect(line.length).toBeGreaterThan(40);
    for (const service of [COMPANION, "proxy"]) {
      expect(await swarm.docker("service", "inspect", service)).not.toContain(line);
      expect(await logsOf(service)).not.toContain(line);
    }
    expect(await project.state("--show-secrets")).not.toContain(line);
  });

  test("the companion goes with its configuration", async () => {
    const { app1Url } = await project.outputs();
    unset();
    await project.make("up");
    expect(await swarm.docker("service", "ls", "--format", "{{.Name}}")).not.toContain(COMPANION);
    await settled(app1Url);
  });
});

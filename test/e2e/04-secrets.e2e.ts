import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  containerOf,
  logsOf,
  machineNames,
  project,
  requireCluster,
  swarm,
} from "./support/cluster";
import { containers, docker, lines } from "./support/engine";
import { LogIndex } from "./support/logIndex";
import { run } from "./support/run";
import { stack, ephemeral } from "./support/workspace";

/** Every way in which a secret could be written down. */
const forms = (secret: string): string[] => {
  const text = secret.trim();
  return [
    text,
    JSON.stringify(text).slice(1, -1),
    ...[0, 1, 2].map((place) => inBase64(text, place)),
    // What is left of a key when its lines are taken apart.
    ...text.split("\n").filter((line) => line.length > 40 && !line.startsWith("-----")),
  ];
};

/** What does not depend on its neighbours of a text in Base64 that it is a part of, so many bytes after a multiple of three. */
const inBase64 = (text: string, place: number): string =>
  Buffer.from("x".repeat(place) + text)
    .toString("base64")
    .slice(place === 0 ? 0 : 4, -4);

const PRIVATE_KEY = [
  /BEGIN [A-Z ]*PRIVATE KEY/,
  /LS0tLS1CRUdJTi[A-Za-z0-9+/]*IFBSSVZBVEUgS0VZ|LS0tLS1CRUdJTiBQUklWQVRFIEtFW/,
];

/** The keys and passwords of store and logging, by the names of the resources that made them. */
async function madeSecrets(): Promise<Record<string, string>> {
  const found = (await project.resources("--show-secrets")).flatMap(({ urn, outputs }) => {
    const name = urn.split("::").at(-1) ?? "";
    const { plaintext } = (outputs?.["stdout"] ?? {}) as { plaintext?: string };
    return /^(store|logging)-.*-value$/.test(name) && plaintext !== undefined
      ? [[name, JSON.parse(plaintext) as string]]
      : [];
  });
  return Object.fromEntries(found) as Record<string, string>;
}

describe("join tokens, private keys, the keys and passwords of store and logging", () => {
  let secrets: Readonly<Record<string, string>>;
  beforeAll(async () => {
    requireCluster();
    const made = await madeSecrets();
    expect(Object.keys(made).sort()).toEqual([
      ...["encryptedSavedObjects", "reporting", "security"].map(
        (key) => `logging-key-${key}-value`,
      ),
      ...["elastic", "kibana", "writer"].map((user) => `logging-password-${user}-value`),
      ...["store-key-value", "store-password-app1-1-value"],
    ]);
    for (const secret of Object.values(made)) expect(secret).toMatch(/^[0-9a-f]{48,}$/);
    secrets = { ...(await swarm.secrets()), ...made };
  });

  function expectNone(text: string): void {
    for (const [name, secret] of Object.entries(secrets)) {
      const found = forms(secret).some((form) => text.includes(form));
      expect({ name, found }).toEqual({ name, found: false });
    }
    expect(text).not.toContain("SWMTKN-");
    for (const pattern of PRIVATE_KEY) expect(pattern.test(text)).toBe(false);
  }

  test("are what this looks for: they are in the state when it is decrypted", async () => {
    const state = await project.state("--show-secrets");
    const key = forms(secrets["engine's private key"] ?? "");
    expect(key.some((form) => state.includes(form))).toBe(true);
    expect(PRIVATE_KEY.some((pattern) => pattern.test(state))).toBe(true);
    expect(secrets["worker's join token"]).toMatch(/^SWMTKN-/);
  });

  test("are not in plain in the state", async () => {
    const state = await project.state();
    expect(state).toContain('"ciphertext"');
    expectNone(state);
  });

  test("are not in what up and the other commands print", () => {
    const logs = readdirSync(ephemeral.artefacts).filter((name) => name.startsWith(`${stack} `));
    expect(logs).toContain(`${stack} make up.log`);
    for (const log of logs) expectNone(readFileSync(join(ephemeral.artefacts, log), "utf8"));
  });

  test("are not in the containers' description or logs", async () => {
    for (const name of (await containers(stack)).keys()) {
      expectNone(await docker("container", "inspect", name));
      expectNone((await run("docker", ["container", "logs", name])).output);
    }
  });

  test("are not in the services' description or in what their tasks log", async () => {
    const services = lines(await swarm.docker("service", "ls", "--format", "{{.Name}}"));
    expect(services.sort()).toEqual([
      ...["app1", "elasticsearch", "kibana", "log-keeper", "log-shipper", "logstash"],
      ...["mongo-keeper", "mongo-store-1", "proxy", "socket-proxy", "swarm-listener"],
    ]);
    for (const name of services) {
      expectNone(await swarm.docker("service", "inspect", name));
      const logs = await logsOf(name);
      expect(logs).not.toBe("");
      expectNone(logs);
    }
  });

  test("are not in the log's index", async () => {
    const all = await new LogIndex(stack).find({ match_all: {} });
    expect(all.length).toBeGreaterThan(100);
    expectNone(JSON.stringify(all));
  });

  test("are not in the arguments or the environment of any process on a machine", async () => {
    const all = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'";
    let seen = "";
    for (const machine of machineNames) {
      const processes = await docker("exec", containerOf(machine), "sh", "-c", all);
      expectNone(processes);
      seen += processes;
    }
    // Those of containers are among them.
    expect(seen).toContain("--repl-set-name=rs0");
    expect(seen).toContain("MONGO_URL_FILE=/run/secrets/app1-mongo-url");
    expect(seen).toContain("KEY_FILE=/run/secrets/mongo-keyfile");
    expect(seen).toContain("ELASTIC_PASSWORD_FILE=/run/secrets/elastic-password");
  });

  test("are not in the description of a machine's containers, nor in how their images were made", async () => {
    for (const machine of machineNames) {
      const inside = (...args: string[]) => docker("exec", containerOf(machine), "docker", ...args);
      for (const id of lines(await inside("container", "ls", "--all", "--quiet"))) {
        expectNone(await inside("container", "inspect", id));
      }
      for (const id of new Set(lines(await inside("image", "ls", "--quiet")))) {
        expectNone(await inside("image", "history", "--no-trunc", id));
      }
    }
  });
});

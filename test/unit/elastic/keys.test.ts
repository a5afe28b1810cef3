/** No key of Logstash, Elasticsearch or Kibana is used that is not documented, and the table of docs/logging.md has each. */
import { readFileSync } from "node:fs";
import path from "node:path";
import * as docker from "@pulumi/docker";
import { indexTemplate } from "../../../apps/log-keeper/src/wanted";
import { Logging } from "../../../infra/logging";
import { Networks } from "../../../infra/networks";
import { host, only, registered, unwrap, type Registered } from "../support";
import { documented, type Place } from "./documented";
import { plugins } from "./pipeline";

const root = path.join(__dirname, "../../..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const logstash = (file: string) => read(`infra/images/logstash/${file}`);

const keysOf = (place: Place): readonly string[] => documented[place].keys;
const keysStarting = (beginning: string): readonly string[] =>
  Object.entries(documented).flatMap(([place, { keys }]) =>
    place.startsWith(beginning) ? keys : [],
  );
const sorted = (keys: Iterable<string>) => [...new Set(keys)].sort();

/** The keys of a YAML file that nests nothing. */
const yamlKeys = (text: string) =>
  [...text.matchAll(/^(?:- | {2})?([a-zA-Z_.]+):/gm)].map(([, key = ""]) => key);

test.each(["logstash.yml", "pipelines.yml"] as const)("%s", (file) => {
  expect(sorted(yamlKeys(logstash(`config/${file}`)))).toEqual(sorted(keysOf(file)));
});

test("the pipelines", () => {
  const used = new Map<string, string[]>();
  for (const file of ["lines.conf", "refused.conf"]) {
    for (const { name, options } of plugins(logstash(`pipeline/${file}`))) {
      used.set(name, [...(used.get(name) ?? []), ...options]);
    }
  }
  const expected = Object.entries(documented).filter(([place]) =>
    /^(input|codec|filter|output) /.test(place),
  );
  expect(sorted(used.keys())).toEqual(sorted(expected.map(([place]) => place)));
  for (const [place, { keys }] of expected) {
    expect([place, sorted(used.get(place) ?? [])]).toEqual([place, sorted(keys)]);
  }
});

describe("the services", () => {
  let all: Registered[];
  beforeAll(async () => {
    all = await registered(() => {
      const cluster = new docker.Network("cluster", {}, { provider: new docker.Provider("e", {}) });
      const { byName } = new Networks("networks", {});
      const registry = { pushAddress: "127.0.0.1:8500", pullAddress: "10.207.38.3:5000" };
      const engine = new docker.Provider("engine", {});
      const foundation = { ...host, engine, registry, networks: byName, tag: "dev", cluster };
      const logging = { version: "9.2.0", heap: 512, retention: "7d", password: undefined };
      new Logging("logging", { logging, foundation, proxyUrl: "http://localhost:8080" });
    });
  });
  const environment = (name: string) => {
    const { taskSpec } = only(all, "docker:index/service:Service", `${name}-service`).inputs;
    const { containerSpec } = taskSpec as { containerSpec: { env: Record<string, string> } };
    return Object.keys(containerSpec.env);
  };

  test("Logstash", () => {
    const keys = keysStarting("Logstash's container");
    expect(sorted(environment("logstash"))).toEqual(sorted(keys));
  });

  test("Elasticsearch", () => {
    const keys = keysStarting("Elasticsearch");
    expect(sorted(environment("elasticsearch"))).toEqual(sorted(keys));
  });

  test("Kibana, whose image makes a setting of each variable", () => {
    const keys = keysStarting("Kibana");
    const secret = only(all, "docker:index/secret:Secret", "logging-kibana-settings");
    const file = Buffer.from(String(unwrap(secret.inputs["data"])), "base64").toString();
    const inFile = yamlKeys(file);
    const variables = keys.filter((key) => !inFile.includes(key));
    expect(sorted(environment("kibana"))).toEqual(
      sorted(variables.map((key) => key.toUpperCase().replaceAll(".", "_"))),
    );
    expect(keys).toEqual(expect.arrayContaining(inFile));
  });
});

test("the index template", () => {
  const { template, ...rest } = indexTemplate("7d");
  const used = [...Object.keys(rest), ...Object.keys(template).map((key) => `template.${key}`)];
  expect(sorted(used)).toEqual(sorted(keysOf("index template")));
});

test("docs/logging.md has each key, and where it is documented", () => {
  const rows = read("docs/logging.md")
    .split("\n")
    .filter((line) => line.startsWith("| "));
  for (const { page, keys } of Object.values(documented)) {
    for (const key of keys) {
      const row = rows.find((line) => line.includes(`\`${key}\``) && line.includes(`(${page})`));
      expect([key, page, row !== undefined]).toEqual([key, page, true]);
    }
  }
});

describe("what is no pipeline is refused", () => {
  test.each([
    ["input { tcp { port 9000 } }", "expected =>, got 9000"],
    ["input { tcp { port => 9000 }", "expected more, got the end"],
    ["inputs { }", "no section: inputs"],
    ["input { tcp { port => § } }", "no pipeline from §"],
  ])("%s", (text, message) => {
    expect(() => plugins(text)).toThrow(message);
  });

  test("a condition, a codec and a hash are read", () => {
    const text = `input { tcp { codec => json { target => "x" } } }
      # } not this
      filter { if [a] !~ /^{/ and ![b] { mutate { copy => { "c" => "d" } } } else if "}" in [tags] { drop { } } }`;
    expect(plugins(text)).toEqual([
      { name: "codec json", options: ["target"] },
      { name: "input tcp", options: ["codec"] },
      { name: "filter mutate", options: ["copy"] },
      { name: "filter drop", options: [] },
    ]);
  });
});

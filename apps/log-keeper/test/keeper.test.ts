import { Elasticsearch } from "../src/elasticsearch";
import { Keeper } from "../src/keeper";
import { Kibana } from "../src/kibana";
import { createLog } from "../src/log";
import { FakeElasticsearch, FakeKibana } from "./doubles";

const passwords = {
  elastic: "elastic-password",
  kibana: "kibana-password",
  writer: "writer-password",
};
const HOUR = 3_600_000;

let elasticsearch: FakeElasticsearch;
let kibana: FakeKibana;
let lines: string[];

beforeEach(() => {
  elasticsearch = new FakeElasticsearch();
  kibana = new FakeKibana();
  lines = [];
});
afterEach(async () => {
  await elasticsearch.close();
  await kibana.close();
});

async function keeper(retention = "7d") {
  const config = {
    elasticsearch: await elasticsearch.listen(),
    kibana: `${await kibana.listen()}/base`,
    passwords,
    retention,
  };
  return keeperOf(config);
}

const keeperOf = (config: ConstructorParameters<typeof Elasticsearch>[0] & { kibana: string }) =>
  new Keeper(
    { elasticsearch: new Elasticsearch(config), kibana: new Kibana(config) },
    1,
    createLog((line) => lines.push(line)),
  );

test("sets everything up once, and then finds nothing to do", async () => {
  const it = await keeper();
  await it.round();
  expect(it.status()).toMatchObject({ state: "settled", standIn: false });
  expect(elasticsearch.passwords).toEqual({
    elastic: passwords.elastic,
    kibana_system: passwords.kibana,
    logstash_writer: passwords.writer,
  });
  expect(elasticsearch.roles["logstash_writer"]).toMatchObject({
    indices: [{ names: ["logs-swarm-*"], privileges: ["create_doc", "auto_configure"] }],
  });
  expect(elasticsearch.templates["logs-swarm"]).toMatchObject({
    data_stream: {},
    template: { lifecycle: { data_retention: "7d" }, mappings: { dynamic: false } },
  });
  expect(elasticsearch.retention).toBe("7d");
  expect(elasticsearch.indices).toHaveLength(1);
  // Whoever could write before would make an index that is none of the data stream's.
  const order = ["PUT /_index_template/logs-swarm", "PUT /_data_stream/logs-swarm-default"];
  expect(elasticsearch.changes.slice(0, 2)).toEqual(order);
  expect([...kibana.objects.keys()].sort()).toEqual([
    "dashboard/swarm-logs",
    "index-pattern/swarm-logs",
    "search/swarm-logs-lines",
    "visualization/swarm-logs-errors",
    "visualization/swarm-logs-latency",
    "visualization/swarm-logs-levels",
    "visualization/swarm-logs-requests",
  ]);

  elasticsearch.changes.length = 0;
  kibana.changes.length = 0;
  await it.round();
  expect(elasticsearch.changes).toEqual([]);
  expect(kibana.changes).toEqual([]);
});

test("every object that another one refers to is there", async () => {
  const { savedObjects } = await import("../src/objects");
  const known = new Set(savedObjects.map(({ type, id }) => `${type}/${id}`));
  for (const { references } of savedObjects) {
    for (const { type, id } of references) expect(known).toContain(`${type}/${id}`);
  }
});

test.each([
  [
    "Kibana's password",
    () => (elasticsearch.passwords["kibana_system"] = "other"),
    "POST /_security/user/kibana_system/_password",
  ],
  [
    "the writer's password",
    () => (elasticsearch.passwords["logstash_writer"] = "other"),
    "PUT /_security/user/logstash_writer",
  ],
  [
    "the role",
    () => (elasticsearch.roles["logstash_writer"] = { cluster: ["all"] }),
    "PUT /_security/role/logstash_writer",
  ],
  [
    "the template",
    () => delete elasticsearch.templates["logs-swarm"],
    "PUT /_index_template/logs-swarm",
  ],
  ["the data stream", () => (elasticsearch.indices = []), "PUT /_data_stream/logs-swarm-default"],
  [
    "the retention",
    () => (elasticsearch.retention = "1d"),
    "PUT /_data_stream/logs-swarm-default/_lifecycle",
  ],
])("puts %s back, and nothing else", async (_what, harm, change) => {
  const it = await keeper();
  await it.round();
  elasticsearch.changes.length = 0;
  harm();
  await it.round();
  expect(elasticsearch.changes).toEqual([change]);
  expect(it.status().state).toBe("settled");
});

test("puts back a deleted dashboard, and leaves one that somebody changed", async () => {
  const it = await keeper();
  await it.round();
  kibana.changes.length = 0;
  const changed = {
    ...kibana.objects.get("search/swarm-logs-lines"),
    attributes: { title: "mine" },
  };
  kibana.objects.set("search/swarm-logs-lines", changed);
  kibana.objects.delete("dashboard/swarm-logs");
  await it.round();
  expect(kibana.changes).toEqual(["import dashboard/swarm-logs"]);
  expect(kibana.objects.get("search/swarm-logs-lines")).toBe(changed);
});

test("another retention is another template and another lifecycle", async () => {
  const url = {
    elasticsearch: await elasticsearch.listen(),
    kibana: `${await kibana.listen()}/base`,
    passwords,
  };
  await keeperOf({ ...url, retention: "7d" }).round();
  elasticsearch.changes.length = 0;
  await keeperOf({ ...url, retention: "36h" }).round();
  expect(elasticsearch.changes).toEqual([
    "PUT /_index_template/logs-swarm",
    "PUT /_data_stream/logs-swarm-default/_lifecycle",
  ]);
  expect(elasticsearch.retention).toBe("36h");
});

test("on the stand-in it deletes what is too old itself, and asks nothing of Kibana", async () => {
  elasticsearch = new FakeElasticsearch("opensearch");
  const it = await keeper("24h");
  const ago = (hours: number) => Date.now() - hours * HOUR;
  await it.round();
  elasticsearch.indices = [
    { name: "ds-1", created: ago(60) },
    { name: "ds-2", created: ago(30) },
    { name: "ds-3", created: ago(20) },
    { name: "ds-4", created: ago(1) },
  ];
  elasticsearch.changes.length = 0;
  await it.round();
  // The newest line of ds-2 is 20 hours old.
  expect(elasticsearch.changes).toEqual(["POST /logs-swarm-default/_rollover", "DELETE /ds-1"]);
  expect(elasticsearch.indices.map(({ name }) => name)).toEqual(["ds-2", "ds-3", "ds-4"]);
  expect(elasticsearch.templates["logs-swarm"]).not.toHaveProperty("template.lifecycle");
  expect(kibana.objects.size).toBe(0);
  expect(it.status()).toMatchObject({ state: "settled", standIn: true });
});

describe("a line that was sent again after a new index was begun", () => {
  const SECOND = 1_000;
  const begun = Date.now() - HOUR;
  /** Two indices, the second one made at `begun`; a line's time counts from there. */
  async function afterRollover(lines: [index: string, id: string, time: number, tags?: string][]) {
    const it = await keeper();
    await it.round();
    elasticsearch.indices = [
      { name: "ds-1", created: begun - HOUR },
      { name: "ds-2", created: begun },
    ];
    elasticsearch.lines = lines.map(([index, id, time, tags]) => ({
      ...{ index, id, time: begun + time, tags },
    }));
    elasticsearch.changes.length = 0;
    await it.round();
    return it;
  }
  const kept = () => elasticsearch.lines.map(({ index, id }) => `${index}/${id}`);

  test("is removed from the new one, and others stay", async () => {
    await afterRollover([
      ["ds-1", "twice", -SECOND],
      ["ds-1", "once", -SECOND],
      ["ds-1", "ahead", 299 * SECOND],
      ["ds-1", "refused", -SECOND],
      ["ds-2", "twice", -SECOND],
      ["ds-2", "late", -SECOND],
      ["ds-2", "new", SECOND],
      ["ds-2", "ahead", 299 * SECOND],
      ["ds-2", "refused", 1_000 * SECOND, "_refused"],
    ]);
    expect(kept()).toEqual([
      ...["ds-1/twice", "ds-1/once", "ds-1/ahead", "ds-1/refused", "ds-2/late", "ds-2/new"],
    ]);
    expect(elasticsearch.changes).toEqual(["POST /ds-2/_delete_by_query?refresh=true"]);
    expect(lines.join("\n")).toContain("removed 3 lines that were sent again from ds-2");
  });

  test("is found among many", async () => {
    const many = Array.from({ length: 6_000 }, (_, i) => [`ds-2`, `late-${i}`, -SECOND] as const);
    await afterRollover([
      ...many.map(([index, id, time]): [string, string, number] => [index, id, time]),
      ...[0, 2_499, 2_500, 5_999].map((i): [string, string, number] => [
        ...(["ds-1", `late-${i}`, -SECOND] as const),
      ]),
    ]);
    expect(elasticsearch.lines).toHaveLength(6_000);
    expect(new Set(elasticsearch.lines.map(({ id }) => id)).size).toBe(6_000);
  });

  test("costs nothing but a count where none came, and is removed when one comes", async () => {
    const it = await afterRollover([
      ["ds-1", "twice", -SECOND],
      ["ds-2", "late", -SECOND],
    ]);
    elasticsearch.searches = 0;
    await it.round();
    expect(elasticsearch.searches).toBe(0);
    elasticsearch.lines.push({ index: "ds-2", id: "twice", time: begun - SECOND });
    await it.round();
    expect(kept()).toEqual(["ds-1/twice", "ds-2/late"]);
  });
});

test("waits for Elasticsearch, and then for Kibana", async () => {
  const it = await keeper();
  elasticsearch.broken = 503;
  await it.round();
  expect(it.status()).toMatchObject({
    state: "waiting",
    reason: "Elasticsearch cannot answer yet: 503",
  });
  elasticsearch.broken = undefined;
  kibana.broken = 503;
  await it.round();
  expect(it.status()).toMatchObject({ state: "waiting", reason: "Kibana cannot answer yet: 503" });
  kibana.broken = undefined;
  await it.round();
  expect(it.status().state).toBe("settled");
});

test("says so while Elasticsearch has hardly room for more lines, and keeps things up meanwhile", async () => {
  const it = await keeper();
  elasticsearch.room = 600 * 1024 ** 2;
  await it.round();
  expect(it.status()).toMatchObject({ state: "failing" });
  expect(it.status().reason).toMatch(/has 600 MiB of disk left.*logRetention/);
  expect(elasticsearch.indices).toHaveLength(1);
  // When there is none left, it takes nothing from the keeper either.
  elasticsearch.full = true;
  await it.round();
  expect(it.status()).toMatchObject({ state: "failing" });
  expect(it.status().reason).toMatch(/^Elasticsearch has 600 MiB.*; Elasticsearch cannot answer/);
  Object.assign(elasticsearch, { full: false, room: 2 * 1024 ** 3 });
  await it.round();
  expect(it.status()).toMatchObject({ state: "settled" });
});

test("nobody there is waited for", async () => {
  const it = await keeper();
  await elasticsearch.close();
  await it.round();
  expect(it.status()).toMatchObject({ state: "waiting" });
  expect(it.status().reason).toContain("Elasticsearch does not answer");
});

test("a wrong password of its own is a failure that names no password", async () => {
  elasticsearch.passwords["elastic"] = "changed by hand";
  const it = await keeper();
  await it.round();
  expect(it.status().state).toBe("failing");
  expect(it.status().reason).toMatch(/^Elasticsearch answered GET \/ with 401/);
  const everything = [...lines, JSON.stringify(it.status())].join("\n");
  for (const password of Object.values(passwords)) expect(everything).not.toContain(password);
});

test("runs until it is stopped, and says the same thing once", async () => {
  const it = await keeper();
  it.start();
  while (it.status().state !== "settled") await new Promise((done) => setImmediate(done));
  await it.round();
  await it.stop();
  expect(lines.filter((line) => line.includes("is as it should be"))).toHaveLength(1);
});

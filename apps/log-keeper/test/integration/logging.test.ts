import { eventually, Logging, passwords } from "./containers";

const logging = new Logging();
beforeAll(() => logging.start(), 300_000);
afterAll(() => logging.remove());

interface Hit {
  readonly _id: string;
  readonly _index: string;
  readonly _source: Readonly<Record<string, unknown>>;
}

const elasticsearch = logging.ask.bind(logging);

async function find(query: object): Promise<Hit[]> {
  const { body } = await elasticsearch("/logs-swarm-*/_search", { query, size: 10_000 });
  return (body as { hits: { hits: Hit[] } }).hits.hits;
}

/** Waits until so many lines are found. */
const found = (query: object, count: number) =>
  eventually(
    async () => {
      const hits = await find(query);
      return hits.length >= count ? hits : undefined;
    },
    `${count} lines of ${JSON.stringify(query)}`,
  );

const send = logging.send.bind(logging);

const line = (id: string, fields: object = {}) =>
  `${JSON.stringify({ event_id: id, timestamp: new Date().toISOString(), level: "info", app: "app1", message: `line ${id}`, ...fields })}\n`;
const lines = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => line(`${prefix}-${i}`)).join("");
const withId = (prefix: string) => ({ prefix: { event_id: prefix } });

test("the keeper sets up what is there", async () => {
  const status = await eventually(async () => {
    const text = await logging.exec("log-keeper", "node", "dist/healthcheck.js");
    return text.includes('"settled"') ? text : undefined;
  }, "settled");
  expect(status).toContain("a stand-in for Elasticsearch is as it should be");
  expect((await elasticsearch("/_index_template/logs-swarm")).status).toBe(200);
});

test("who writes may do nothing else, and Kibana's user has its password", async () => {
  const writer = ["logstash_writer", passwords.writer] as const;
  expect((await elasticsearch("/_security/_authenticate", undefined, ...writer)).status).toBe(200);
  expect((await elasticsearch("/logs-swarm-*/_search", {}, ...writer)).status).toBe(403);
  const kibana = ["kibana_system", passwords.kibana] as const;
  expect((await elasticsearch("/_security/_authenticate", undefined, ...kibana)).status).toBe(200);
  expect((await elasticsearch("/", undefined, "elastic", "wrong")).status).toBe(401);
});

test("what is sent twice is found once", async () => {
  await send(lines("twice", 1000));
  await send(lines("twice", 1000), line("after-twice"));
  await found(withId("after-twice"), 1);
  const ids = (await find(withId("twice-"))).map(({ _id }) => _id);
  expect(ids).toHaveLength(1000);
  expect(new Set(ids).size).toBe(1000);
});

test("what is sent again after a new index was begun is found once, as soon as the keeper has looked", async () => {
  await send(lines("rollover", 1000), line("before-rollover"));
  await found(withId("before-rollover"), 1);
  await found(withId("rollover-"), 1000);
  const rollover = await elasticsearch("/logs-swarm-default/_rollover", {});
  expect(rollover.body).toMatchObject({ rolled_over: true });
  await send(lines("rollover", 1001), line("after-rollover"));
  const [after] = await found(withId("after-rollover"), 1);
  expect(after?._index).toBe(rollover.body["new_index"]);
  await eventually(async () => {
    const log = await logging.logs("log-keeper");
    const removed = [...log.matchAll(/removed (\d+) lines that were sent again/g)];
    return removed.reduce((sum, [, count]) => sum + Number(count), 0) >= 1000 || undefined;
  }, "the removal of 1000 lines");
  const hits = await find(withId("rollover-"));
  expect(new Set(hits.map(({ _id }) => _id)).size).toBe(1001);
  expect(hits).toHaveLength(1001);
});

test("a line without an id of its own is found once, however often it was sent; two lines that differ are two", async () => {
  const timestamp = new Date().toISOString();
  const own = (fields: object) => `${JSON.stringify({ message: "namelessown", ...fields })}\n`;
  const long = "x".repeat(300);
  const each = [
    ...[own({ timestamp }), own({ timestamp, n: 1 }), own({ timestamp, event_id: long })],
    ...['{"broken": namelessbroken "1"\n', '{"broken": namelessbroken "2"\n'],
  ];
  await send(...each, ...each);
  await send(...each, line("after-nameless"));
  await found(withId("after-nameless"), 1);
  const ownLines = await find({ match: { message: "namelessown" } });
  expect(ownLines.map(({ _source }) => _source["n"] ?? _source["sender_event_id"])).toHaveLength(3);
  expect(ownLines.filter(({ _source }) => _source["sender_event_id"] === long)).toHaveLength(1);
  // These tell no time: what arrives in another minute is another line.
  const broken = await find({ match: { message: "namelessbroken" } });
  const distinct = broken.map(({ _source }) =>
    [_source["message"], String(_source["received"]).slice(0, 16)].join(),
  );
  expect(new Set(broken.map(({ _source }) => _source["message"])).size).toBe(2);
  expect(new Set(distinct).size).toBe(broken.length);
});

test("what is no line is kept, tagged and found", async () => {
  const long = "B".repeat(1024 * 1024);
  await send(
    '{"broken": "badjson\n',
    Buffer.from("badbinary \xff\xfe\x00\x01 y\n", "latin1"),
    `badplain ${long}\n`,
    line("bad-long", { message: `badneedle ${long}` }),
    line("bad-object", { message: { a: 1 }, level: { b: 2 } }),
    line("bad-clock", { timestamp: new Date(Date.now() + 3_600_000).toISOString() }),
    line("bad-time", { timestamp: "yesterday" }),
  );
  const tagged = (word: string) => ({
    bool: { must: { match: { message: word } }, filter: { term: { tags: "_jsonparsefailure" } } },
  });
  const searched = async (word: string) =>
    (await found(tagged(word), 1)).map(({ _source }) => _source["message"]);
  expect(await searched("badjson")).toEqual(['{"broken": "badjson']);
  expect(await searched("badbinary")).toEqual([expect.stringMatching(/^badbinary .* y$/s)]);
  expect(await searched("badplain")).toEqual([`badplain ${long}`]);
  const bad = await found(withId("bad-"), 4);
  const source = (id: string) => bad.find(({ _id }) => _id === id)?._source;
  expect(source("bad-long")?.["message"]).toBe(`badneedle ${long}`);
  expect(await find({ match: { message: "badneedle" } })).toHaveLength(1);
  expect(source("bad-object")).toMatchObject({ tags: "_refused" });
  expect(source("bad-object")?.["message"]).toContain('"level":{"b":2}');
  expect(source("bad-clock")).toMatchObject({ tags: "_clockskew", service: "app1" });
  expect(await find({ range: { "@timestamp": { gt: "now+50m" } } })).toHaveLength(1);
  expect(source("bad-time")?.["@timestamp"]).toBe(source("bad-time")?.["received"]);
});

test("what Logstash has taken survives its death and that of Elasticsearch", async () => {
  await logging.kill("elasticsearch");
  await send(lines("survive", 2000));
  await logging.kill("logstash");
  await logging.startAgain("elasticsearch");
  await logging.startAgain("logstash");
  expect(await found(withId("survive-"), 2000)).toHaveLength(2000);
});

test("what a container writes is found by service, task and node, once, whatever becomes of the shipper", async () => {
  const service = await logging.startService("proxy");
  const json = { level: "warn", message: "json wordtwo", status: 503, event_id: "own-id" };
  await service.say("echo a plain wordone");
  await service.say(`echo '${JSON.stringify(json)}'`);
  const one = await found({ match: { message: "wordone" } }, 1);
  expect(one[0]?._source).toMatchObject({
    service: "proxy",
    task: "proxy.1.xyz",
    node: "worker-1",
    stream: "stdout",
    message: "a plain wordone",
  });
  const two = await found({ match: { message: "wordtwo" } }, 1);
  expect(two[0]).toMatchObject({
    _id: "own-id",
    _source: { level: "warn", status: 503, service: "proxy" },
  });

  await logging.kill("proxy-shipper");
  await service.say("echo three while nobody reads");
  await logging.startAgain("proxy-shipper");
  await found({ match: { message: "three" } }, 1);
  await logging.kill("logstash");
  await service.say("echo four while nobody listens");
  await logging.kill("proxy-shipper");
  await logging.startAgain("proxy-shipper");
  await logging.startAgain("logstash");
  await found({ match: { message: "four" } }, 1);
  await service.say("echo five at last");
  await found({ match: { message: "five" } }, 1);
  const all = await find({ bool: { filter: [{ term: { service: "proxy" } }] } });
  expect(all.map(({ _source }) => _source["message"]).sort()).toEqual([
    "a plain wordone",
    "five at last",
    "four while nobody listens",
    "json wordtwo",
    "three while nobody reads",
  ]);
});

test("what a container writes while Logstash and the shipper are killed again and again is found, each line once", async () => {
  const service = await logging.startService("ledger");
  const isLedger = { bool: { filter: [{ term: { service: "ledger" } }] } };
  const line = String.raw`{\"message\":\"ledger\",\"status\":$i}`;
  // It writes on until the last death is over, as long as that takes.
  const written = service.say(
    `i=0; until [ -e /tmp/enough ]; do i=$((i + 1)); echo "${line}"; [ $((i % 100)) -gt 0 ] || sleep 1; done; ` +
      "echo $i >/tmp/count",
  );
  let seen = 0;
  for (let death = 0; death < 6; death++) {
    seen = (await found(isLedger, seen + 1)).length;
    await logging.kill("logstash");
    if (death % 2 === 1) await logging.kill("ledger-shipper");
    await logging.startAgain("logstash");
    if (death % 2 === 1) await logging.startAgain("ledger-shipper");
  }
  await logging.exec("ledger", "touch", "/tmp/enough");
  await written;
  const count = Number(await logging.exec("ledger", "cat", "/tmp/count"));
  // It was in the midst of it.
  expect(seen).toBeLessThan(count);
  const hits = await found(isLedger, count);
  expect(new Set(hits.map(({ _source }) => _source["status"])).size).toBe(count);
  expect(hits).toHaveLength(count);
});

test("the viewer shows lines to who logs in, and to nobody else", async () => {
  const base = `http://${await logging.address("kibana")}:5601/kibana`;
  const open = (path: string, init: RequestInit = {}) =>
    fetch(base + path, { redirect: "manual", ...init });
  expect((await open("/api/status")).status).toBe(200);
  expect((await open("/?q=wordtwo")).headers.get("location")).toMatch(/^\/kibana\/login\?next=/);
  const logIn = (password: string) =>
    open("/login", {
      method: "POST",
      body: new URLSearchParams({ username: "elastic", password }),
    });
  expect((await logIn("wrong")).status).toBe(401);
  const cookie = (await logIn(passwords.elastic)).headers.get("set-cookie")?.split(";")[0] ?? "";
  const page = await open("/?q=wordtwo&service=proxy&level=warn", { headers: { cookie } });
  expect(page.status).toBe(200);
  const html = await page.text();
  expect(html).toContain("1 line, the newest first");
  expect(html).toContain("json wordtwo");
  expect(html).toContain("This is a stand-in for Kibana");
});

test("no password is in any log", async () => {
  for (const part of ["elasticsearch", "logstash", "kibana", "log-keeper", "proxy-shipper"]) {
    const text = await logging.logs(part);
    for (const password of Object.values(passwords)) expect(text).not.toContain(password);
  }
});

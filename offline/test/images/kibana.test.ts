import { request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Found } from "../../images/kibana/src/elasticsearch";
import { Refused, Unavailable } from "../../images/kibana/src/elasticsearch";
import type { Search } from "../../images/kibana/src/search";
import { PAGE_SIZE, readSearch } from "../../images/kibana/src/search";
import { readSettings } from "../../images/kibana/src/settings";

process.env["VIEWS"] = join(__dirname, "../../images/kibana");

const RIGHT = `Basic ${Buffer.from("elastic:a password").toString("base64")}`;
const asked: { search: Search; authorization: string }[] = [];
let found: Found;
let failure: Error | undefined;
let there = true;

const elasticsearch = {
  isThere: () => Promise.resolve(there),
  authenticate: (authorization: string) =>
    authorization === RIGHT ? Promise.resolve() : Promise.reject(new Refused("not you")),
  search: (search: Search, authorization: string) => {
    asked.push({ search, authorization });
    return failure ? Promise.reject(failure) : Promise.resolve(found);
  },
};

let server: Server;
beforeAll(async () => {
  const { createApp } = await import("../../images/kibana/src/app");
  await new Promise<void>((done) => {
    server = createApp("/kibana", elasticsearch).listen(0, "127.0.0.1", () => done());
  });
});
afterAll(() => new Promise((done) => server.close(done)));
beforeEach(() => {
  asked.length = 0;
  failure = undefined;
  there = true;
  found = { total: 0, lines: [], services: [] };
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function ask(path: string, options: { cookie?: string; form?: Record<string, string> } = {}) {
  const body = options.form && new URLSearchParams(options.form).toString();
  return new Promise<Answer>((resolve, reject) => {
    request(
      {
        port: (server.address() as AddressInfo).port,
        host: "127.0.0.1",
        path,
        method: body === undefined ? "GET" : "POST",
        headers: {
          ...(options.cookie ? { cookie: options.cookie } : {}),
          ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    )
      .on("error", reject)
      .end(body);
  });
}

async function logIn(): Promise<string> {
  const answer = await ask("/kibana/login", {
    form: { username: "elastic", password: "a password", next: "/?q=x" },
  });
  expect(answer.status).toBe(303);
  expect(answer.headers["location"]).toBe("/kibana/?q=x");
  return answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

test("without a login there is no line, and the link is remembered", async () => {
  const answer = await ask("/kibana/?q=needle&span=7d");
  expect(answer.status).toBe(303);
  const to = new URL(String(answer.headers["location"]), "http://x");
  expect(to.pathname).toBe("/kibana/login");
  expect(to.searchParams.get("next")).toBe("/?q=needle&span=7d");
  expect((await ask("/kibana/", { cookie: `sid=${"0".repeat(64)}` })).status).toBe(303);
  expect(asked).toEqual([]);
});

test("a wrong password is told so and opens nothing", async () => {
  const answer = await ask("/kibana/login", { form: { username: "elastic", password: "wrong" } });
  expect(answer.status).toBe(401);
  expect(answer.body).toContain("not you");
  expect(answer.headers["set-cookie"]).toBeUndefined();
});

test.each(["//evil.example", "https://evil.example/", "/\\evil.example", "/login"])(
  "a login goes on to no other place: %s",
  async (next) => {
    const form = { username: "elastic", password: "a password", next };
    expect((await ask("/kibana/login", { form })).headers["location"]).toBe("/kibana/");
  },
);

test("the session's cookie is for the browser's requests to this path alone", async () => {
  const form = { username: "elastic", password: "a password" };
  const answer = await ask("/kibana/login", { form });
  expect(answer.headers["set-cookie"]?.[0]).toMatch(
    /^sid=[0-9a-f]{64}; Path=\/kibana; HttpOnly; SameSite=Strict$/,
  );
});

test("lines are shown with their fields, as text whatever they hold, under the banner", async () => {
  found = {
    total: 250,
    services: ["app1", "proxy"],
    lines: [
      {
        id: "id-1",
        fields: {
          "@timestamp": "2026-01-02T03:04:05.678Z",
          level: "warn",
          service: "app1",
          message: "<script>alert(1)</script>",
          task: "app1.1.x",
        },
      },
    ],
  };
  const { status, body } = await ask("/kibana/?q=script&page=2", { cookie: await logIn() });
  expect(status).toBe(200);
  expect(body).toContain("This is a stand-in for Kibana");
  expect(body).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(body).not.toContain("<script>");
  expect(body).toContain('<tr id="id-1">');
  expect(body).toContain("<dt>task</dt><dd>app1.1.x</dd>");
  expect(body).toContain("page 2 of 3");
  expect(body).toContain(
    'rel="prev" href="/kibana/?q=script&amp;service=&amp;level=&amp;span=24h&amp;page=1"',
  );
  expect(body).toContain(
    'rel="next" href="/kibana/?q=script&amp;service=&amp;level=&amp;span=24h&amp;page=3"',
  );
  expect(asked.map(({ authorization }) => authorization)).toEqual([RIGHT]);
});

test("a password that was changed in the meantime ends the session", async () => {
  const cookie = await logIn();
  failure = new Refused("not you any more");
  expect((await ask("/kibana/", { cookie })).status).toBe(401);
  failure = undefined;
  expect((await ask("/kibana/", { cookie })).status).toBe(303);
});

test("Elasticsearch's absence is told and keeps the session", async () => {
  const cookie = await logIn();
  failure = new Unavailable("Elasticsearch does not answer (gone)");
  const answer = await ask("/kibana/", { cookie });
  expect(answer.status).toBe(503);
  expect(answer.body).toContain("Elasticsearch does not answer (gone)");
  failure = undefined;
  expect((await ask("/kibana/", { cookie })).status).toBe(200);
});

test("after a logout the cookie is worth nothing", async () => {
  const cookie = await logIn();
  await ask("/kibana/logout", { cookie, form: {} });
  expect((await ask("/kibana/", { cookie })).status).toBe(303);
});

test("the status says whether there is an Elasticsearch", async () => {
  expect((await ask("/kibana/api/status")).status).toBe(200);
  there = false;
  expect((await ask("/kibana/api/status")).status).toBe(503);
});

test("outside of its path there is nothing", async () => {
  expect((await ask("/")).status).toBe(404);
  expect((await ask("/kibana/app/discover")).status).toBe(404);
});

describe("a search", () => {
  test("is of all that was said, the newest first", () => {
    const { body } = readSearch({
      q: " needle ",
      service: "app1",
      level: "error",
      span: "1h",
      page: "3",
    });
    expect(body).toMatchObject({
      query: {
        bool: {
          must: [{ simple_query_string: { query: "needle", default_operator: "and" } }],
          filter: [
            { term: { service: "app1" } },
            { term: { level: "error" } },
            { range: { "@timestamp": { gte: "now-1h" } } },
          ],
        },
      },
      sort: [{ "@timestamp": { order: "desc" } }, { event_id: { order: "desc" } }],
      from: 2 * PAGE_SIZE,
      size: PAGE_SIZE,
    });
  });

  test.each([
    [{}, { page: 1, span: "24h", text: "" }],
    [{ page: "-5" }, { page: 1 }],
    [{ page: "x" }, { page: 1 }],
    [{ page: "1e9" }, { page: 100 }],
    [{ span: "constructor" }, { span: "24h" }],
    [{ span: "" }, { span: "" }],
    [{ q: ["a", "b"] }, { text: "" }],
  ])("takes %j for %j", (query, expected) => {
    expect(readSearch(query)).toMatchObject(expected);
  });
});

test.each([
  [{ SERVER_BASEPATH: "kibana" }, 'SERVER_BASEPATH must be like "/kibana", got "kibana"'],
  [{ SERVER_BASEPATH: "/kibana/" }, 'SERVER_BASEPATH must be like "/kibana", got "/kibana/"'],
  [
    { ELASTICSEARCH_HOSTS: "elasticsearch" },
    'ELASTICSEARCH_HOSTS must be one URL, got "elasticsearch"',
  ],
])("settings such as %j are refused", (environment, message) => {
  expect(() => readSettings(environment)).toThrow(message);
});

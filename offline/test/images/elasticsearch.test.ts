import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFront } from "../../images/elasticsearch/front/front";
import { readSettings } from "../../images/elasticsearch/front/settings";
import { Users } from "../../images/elasticsearch/front/users";

const folder = mkdtempSync(join(tmpdir(), "front-"));
const file = join(folder, "users.json");
const passed: {
  method?: string;
  url?: string;
  headers: IncomingMessage["headers"];
  body: string;
}[] = [];

const listening = (server: Server) =>
  new Promise<number>((done) =>
    server.listen(0, "127.0.0.1", () => done((server.address() as AddressInfo).port)),
  );

let bulkStatus = 200;

const upstream = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url, headers } = request;
    passed.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    response
      .writeHead(/_bulk|_cat/.test(url ?? "") ? bulkStatus : 201, {
        "content-type": "application/json",
      })
      .end('{"passed":true}');
  });
});
let front: Server;
let port: number;

async function startFront() {
  const upstreamPort = (upstream.address() as AddressInfo).port;
  front = createFront(new Users(file, "elastic's own"), { host: "127.0.0.1", port: upstreamPort });
  port = await listening(front);
}

beforeAll(async () => {
  await listening(upstream);
  await startFront();
});
afterAll(() => {
  front.close();
  upstream.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  bulkStatus = 200;
  passed.length = 0;
});

async function ask(user: string | undefined, method: string, path: string, body?: unknown) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers:
      user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` },
    body: typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body),
  });
  return {
    status: response.status,
    body: (await response.json()) as Record<string, unknown>,
    headers: response.headers,
  };
}

const elastic = "elastic:elastic's own";

test("nobody gets through without the right password", async () => {
  for (const user of [
    undefined,
    "elastic:",
    "elastic:wrong",
    "nobody:elastic's own",
    "kibana_system:",
  ]) {
    const answer = await ask(user, "GET", "/logs/_search");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toContain("Basic");
  }
  expect(passed).toEqual([]);
});

test("elastic does everything, and OpenSearch does not see the password", async () => {
  const answer = await ask(elastic, "PUT", "/_index_template/x?y=1", { a: 1 });
  expect(answer).toMatchObject({ status: 201, body: { passed: true } });
  expect(passed).toMatchObject([{ method: "PUT", url: "/_index_template/x?y=1", body: '{"a":1}' }]);
  expect(passed[0]?.headers.authorization).toBeUndefined();
});

test("a user may do what the role says and nothing else, also after a restart", async () => {
  const role = { indices: [{ names: ["logs-swarm-*"], privileges: ["create_doc"] }] };
  expect((await ask(elastic, "PUT", "/_security/role/writer", role)).body).toEqual({
    role: { created: true },
  });
  const made = await ask(elastic, "PUT", "/_security/user/pen", {
    password: "secret word",
    roles: ["writer"],
  });
  expect(made.body).toEqual({ created: true });
  const checks = async () => {
    const status = async (method: string, path: string) =>
      (await ask("pen:secret word", method, path, method === "GET" ? undefined : "{}")).status;
    expect(await status("POST", "/_bulk")).toBe(200);
    expect(await status("POST", "/logs-swarm-default/_bulk")).toBe(200);
    expect(await status("PUT", "/logs-swarm-default/_create/1")).toBe(201);
    expect(await status("GET", "/")).toBe(201);
    expect(await status("POST", "/other%2Flogs-swarm-x/_doc")).toBe(403);
    expect(await status("GET", "/logs-swarm-default/_search")).toBe(403);
    expect(await status("DELETE", "/logs-swarm-default")).toBe(403);
    expect(await status("PUT", "/_security/user/pen/_password")).toBe(403);
  };
  await checks();
  await new Promise((done) => front.close(done));
  await startFront();
  await checks();
  expect(readFileSync(file, "utf8")).not.toContain("secret word");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("a bulk request that cannot be taken gets no answer at all, as rsyslog would throw its lines away", async () => {
  const role = { indices: [{ names: ["logs-swarm-*"], privileges: ["create_doc"] }] };
  await ask(elastic, "PUT", "/_security/role/writer", role);
  await ask(elastic, "PUT", "/_security/user/pen", { password: "secret word", roles: ["writer"] });
  const bulk = (user: string, path = "/_bulk") => ask(user, "POST", path, "{}");
  await expect(bulk("pen:wrong")).rejects.toThrow("fetch failed");
  await expect(bulk("pen:secret word", "/other/_bulk")).rejects.toThrow("fetch failed");
  expect(passed).toEqual([]);
  expect((await bulk("pen:secret word")).status).toBe(200);
  for (bulkStatus of [429, 503]) {
    await expect(bulk("pen:secret word")).rejects.toThrow("fetch failed");
  }
});

test("a server that takes nothing does not seem well to rsyslog, which would try again at once and for ever", async () => {
  const health = (user: string) => ask(user, "GET", "/_cat/health");
  expect((await health("pen:secret word")).status).toBe(200);
  await expect(health("pen:wrong")).rejects.toThrow("fetch failed");
  bulkStatus = 503;
  await expect(health("pen:secret word")).rejects.toThrow("fetch failed");
});

test("a new password ends the old one", async () => {
  const own = (password: string) =>
    ask(`kibana_system:${password}`, "GET", "/_security/_authenticate");
  expect((await own("first one")).status).toBe(401);
  await ask(elastic, "POST", "/_security/user/kibana_system/_password", { password: "first one" });
  expect((await own("first one")).body).toMatchObject({
    username: "kibana_system",
    roles: ["kibana_system"],
  });
  await ask(elastic, "POST", "/_security/user/kibana_system/_password", { password: "second one" });
  expect((await own("first one")).status).toBe(401);
  expect((await own("second one")).status).toBe(200);
});

test.each([
  ["POST", "/_security/user/kibana_system/_password", { password: "short" }],
  ["PUT", "/_security/user/kibana_system", { password: "long enough", roles: [] }],
  ["PUT", "/_security/user/someone", { roles: ["x"] }],
  ["PUT", "/_security/user/someone", { password: "long enough", roles: "x" }],
  ["PUT", "/_security/role/r", "no json"],
  ["POST", "/_security/api_key", {}],
])("%s %s %j is refused", async (method, path, body) => {
  expect((await ask(elastic, method, path, body)).status).toBe(400);
  expect(passed).toEqual([]);
});

test("while OpenSearch starts, the answer says so", async () => {
  const alone = createFront(new Users(join(folder, "other.json"), "elastic's own"), {
    host: "127.0.0.1",
    port: 1,
  });
  const before = port;
  port = await listening(alone);
  const answer = await ask(elastic, "GET", "/");
  port = before;
  alone.close();
  expect(answer.status).toBe(503);
  expect(JSON.stringify(answer.body)).toContain("OpenSearch does not answer");
});

describe("settings", () => {
  test("take the password from a file, and Java's options apart", () => {
    const path = join(folder, "password");
    writeFileSync(path, "a password\n");
    expect(
      readSettings({ ELASTIC_PASSWORD_FILE: path, ES_JAVA_OPTS: " -Xms1g  -Xmx1g " }),
    ).toMatchObject({
      password: "a password",
      javaOptions: ["-Xms1g", "-Xmx1g"],
    });
  });

  test.each([
    [{}, "must give a password"],
    [{ ELASTIC_PASSWORD: "short" }, "at least 6 characters"],
    [{ ELASTIC_PASSWORD: "long enough", ELASTIC_PASSWORD_FILE: "/x" }, "both set"],
    [{ ELASTIC_PASSWORD_FILE: "/not/there" }, "ENOENT"],
  ])("%j is refused: %s", (environment, message) => {
    expect(() => readSettings(environment)).toThrow(message);
  });
});

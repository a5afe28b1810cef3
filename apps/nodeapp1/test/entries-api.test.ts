import { connect } from "node:net";
import { randomUUID } from "node:crypto";
import { get, postJson, startApp, type TestApp } from "./harness";
import { MemoryEntryStore } from "./memory-store";

const API = "/app1/api/entries";
const ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

interface Body {
  entry: Record<string, unknown>;
  entries: Record<string, unknown>[];
  next: string | null;
  readBy: unknown;
  problems?: { field: string; message: string }[];
}
const json = ({ body }: { body: string }): Body => JSON.parse(body) as Body;

let store: MemoryEntryStore;
let app: TestApp;
/** A second replica on the same store. */
let other: TestApp;
beforeEach(async () => {
  store = new MemoryEntryStore();
  const replica = (task: string, node: string) =>
    startApp({ TASK_NAME: task, NODE_NAME: node }, undefined, () => store);
  app = await replica("app1.1.x", "worker-1");
  other = await replica("app1.2.y", "worker-2");
});
afterEach(() => Promise.all([app.stop(), other.stop()]));

const post = (body: unknown, headers?: Record<string, string>) =>
  postJson(app.port, API, body, headers);

describe("writing and reading", () => {
  test("what one replica wrote another reads, and both say who they are", async () => {
    const before = Date.now();
    const written = await post({ id: ID, name: " Ada ", message: "Hello\r\nyou" });
    expect(written.status).toBe(201);
    expect(written.headers.location).toBe(`${API}/${ID}`);
    const { entry } = json(written);
    expect(entry).toEqual({
      id: ID,
      name: "Ada",
      message: "Hello\nyou",
      createdAt: expect.any(String) as string,
      writtenBy: { task: "app1.1.x", node: "worker-1" },
    });
    const createdAt = Date.parse(entry["createdAt"] as string);
    expect(createdAt).toBeGreaterThanOrEqual(before);
    expect(createdAt).toBeLessThanOrEqual(Date.now());

    const readBy = { task: "app1.2.y", node: "worker-2" };
    const list = await get(other.port, API);
    expect(list.headers["cache-control"]).toBe("no-store");
    expect(json(list)).toEqual({ entries: [entry], next: null, readBy });
    expect(json(await get(other.port, `${API}/${ID}`))).toEqual({ entry, readBy });
    expect(json(await get(other.port, `${API}/${ID.toUpperCase()}`)).entry).toEqual(entry);
  });

  test("sent again under its id, also to another replica, an entry is not there twice", async () => {
    const body = { id: ID, name: "Ada", message: "Hello" };
    const first = await post(body);
    const second = await postJson(other.port, API, body);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(json(second).entry).toEqual(json(first).entry);
    expect(json(await get(app.port, API)).entries).toHaveLength(1);
  });

  test("another text under a known id is refused", async () => {
    await post({ id: ID, name: "Ada", message: "Hello" });
    const reply = await post({ id: ID, name: "Ada", message: "Bye" });
    expect(reply.status).toBe(409);
    expect(json(reply).problems).toEqual([
      { field: "id", message: "Another entry has this id: give a new one." },
    ]);
  });

  test("pages follow their cursors, each entry once", async () => {
    for (let i = 0; i < 7; i++) await post({ name: "Ada", message: String(i) });
    const seen: unknown[] = [];
    const sizes: number[] = [];
    let next: string | null = "";
    while (next !== null) {
      const url: string = `${API}?limit=3${next === "" ? "" : `&cursor=${next}`}`;
      const page = json(await get(app.port, url));
      sizes.push(page.entries.length);
      seen.push(...page.entries.map((entry) => entry["message"]));
      next = page.next;
    }
    expect(sizes).toEqual([3, 3, 1]);
    expect(seen.toSorted()).toEqual(["0", "1", "2", "3", "4", "5", "6"]);
  });

  test("twenty a page when nothing else is asked for", async () => {
    for (let i = 0; i < 21; i++) await post({ name: "Ada", message: String(i) });
    expect(json(await get(app.port, API)).entries).toHaveLength(20);
  });
});

describe("refusals are JSON, also for who does not ask for it", () => {
  test.each([
    ["GET", `${API}?limit=0`, 400],
    ["GET", `${API}?cursor=x`, 400],
    ["GET", `${API}?q=x`, 400],
    ["GET", `${API}/${ID}`, 404],
    ["GET", `${API}/x/y`, 404],
    ["GET", `${API}/%E0%A4%A`, 400],
    ["DELETE", API, 405],
    ["PUT", `${API}/${ID}`, 405],
  ])("%s %s is %i", async (method, url, status) => {
    const reply = await get(app.port, url, { method, headers: { Accept: "*/*" } });
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toMatchObject({
      status,
      requestId: reply.headers["x-request-id"],
    });
  });

  test("405 says what is allowed", async () => {
    expect((await get(app.port, API, { method: "DELETE" })).headers.allow).toBe("GET, HEAD, POST");
    expect((await get(app.port, `${API}/x`, { method: "POST" })).headers.allow).toBe("GET, HEAD");
  });

  test.each([
    [{ name: "", message: "x".repeat(1_001) }, ["name", "message"]],
    [{ name: "Ada", message: "Hello", id: "1" }, ["id"]],
    [{ name: "Ada", message: "Hello", writtenBy: {} }, ["writtenBy"]],
    [[1], ["0", "name", "message"]],
    ["5", [""]],
    ["null", [""]],
  ])("%j is 422 and names the fields", async (body, fields) => {
    const reply = await post(body);
    expect(reply.status).toBe(422);
    expect(
      json(reply)
        .problems?.map(({ field }) => field)
        .toSorted(),
    ).toEqual(fields.toSorted());
    expect(json(await get(app.port, API)).entries).toEqual([]);
  });

  test.each([
    ["no JSON", '{"name":', {}, 400],
    ["too much", JSON.stringify({ name: "x".repeat(17_000) }), {}, 413],
    ["a form", "name=Ada", { "Content-Type": "application/x-www-form-urlencoded" }, 415],
    ["plain text", "{}", { "Content-Type": "text/plain" }, 415],
    ["compressed", "x", { "Content-Encoding": "gzip" }, 415],
    ["in an unknown charset", "{}", { "Content-Type": "application/json; charset=x" }, 415],
  ])("a body that is %s", async (_what, body, headers, status) => {
    const reply = await post(body, headers);
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toMatchObject({ status });
  });

  test("no body at all is 415", async () => {
    expect((await get(app.port, API, { method: "POST" })).status).toBe(415);
  });

  test("nothing of a body gets into the log", async () => {
    await post("hunter2");
    await post({ name: "hunter2", message: "" });
    await post({ name: "hunter2", message: "hunter2" });
    expect(app.logs.filter(({ message }) => message === "request")).toHaveLength(3);
    expect(JSON.stringify(app.logs)).not.toContain("hunter2");
  });

  test("a body that never comes does not keep the server waiting when it stops", async () => {
    const socket = connect(app.port, "127.0.0.1");
    socket.write(
      `POST ${API} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{`,
    );
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("connect", resolve));
    await app.stop();
    socket.destroy();
  });
});

describe("without its database", () => {
  beforeEach(() => {
    store.isAway = true;
  });

  test.each([
    ["GET", API],
    ["GET", `${API}/${ID}`],
    ["POST", API],
  ])("%s %s is 503 and says when to try again", async (method, url) => {
    const reply =
      method === "POST"
        ? await post({ id: ID, name: "Ada", message: "Hello" })
        : await get(app.port, url);
    expect(reply.status).toBe(503);
    expect(reply.headers["retry-after"]).toBe("5");
    expect(JSON.parse(reply.body)).toEqual({
      status: 503,
      error: "Service Unavailable",
      requestId: reply.headers["x-request-id"],
    });
    expect(app.logs).toContainEqual(
      expect.objectContaining({
        level: "error",
        message: "request failed",
        requestId: reply.headers["x-request-id"],
      }) as object,
    );
  });

  test("it is live and ready, and says how the database is", async () => {
    const live = await get(app.port, "/app1/health/live");
    expect(live).toMatchObject({ status: 200, body: '{"status":"live"}' });
    const ready = await get(app.port, "/app1/health/ready");
    expect(ready).toMatchObject({
      status: 200,
      body: '{"status":"ready","database":"unreachable"}',
    });
    store.isAway = false;
    expect((await get(app.port, "/app1/health/ready")).body).toContain('"connected"');
  });

  test("it serves again when the database does", async () => {
    const body = { id: randomUUID(), name: "Ada", message: "Hello" };
    expect((await post(body)).status).toBe(503);
    store.isAway = false;
    expect((await post(body)).status).toBe(201);
  });
});

test("an app that has no database has no such path", async () => {
  const bare = await startApp();
  expect((await get(bare.port, API)).status).toBe(404);
  expect((await postJson(bare.port, API, { name: "Ada", message: "Hello" })).status).toBe(404);
});

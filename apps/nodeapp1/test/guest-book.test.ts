import { Agent } from "node:http";
import { randomUUID } from "node:crypto";
import nunjucks from "nunjucks";
import { parse } from "node-html-parser";
import { get, postForm, startApp, until, type TestApp } from "./harness";
import { MemoryEntryStore } from "./memory-store";
import { newEntry } from "./store-contract";

const ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

let store: MemoryEntryStore;
let app: TestApp;
beforeEach(async () => {
  store = new MemoryEntryStore();
  const env = { TASK_NAME: "app1.1.x", NODE_NAME: "worker-1" };
  app = await startApp(env, undefined, () => store);
});
afterEach(() => app.stop());

const page = (query = "") => get(app.port, `/app1${query}`);
const post = (fields: Record<string, string>, headers?: Record<string, string>) =>
  postForm(app.port, "/app1", fields, headers);
/** What the form on a page would send. */
function formOf(html: string) {
  const form = parse(html).querySelector("form.entry-form");
  return {
    action: form?.getAttribute("action"),
    id: form?.querySelector("[name=id]")?.getAttribute("value") ?? "",
    name: form?.querySelector("[name=name]")?.getAttribute("value") ?? "",
    // As in a browser, the first line end is not part of the text.
    message: form?.querySelector("textarea")?.textContent.replace(/^\n/, ""),
    invalid: form?.querySelectorAll("[aria-invalid=true]").map((field) => ({
      field: field.getAttribute("name"),
      problem: form.querySelector(`#${field.getAttribute("aria-describedby")}`)?.textContent,
    })),
  };
}
const formId = (html: string): string => formOf(html).id;

describe("the page", () => {
  test("says Hello World!, has an empty form and no entries yet", async () => {
    const { status, body, headers } = await page();
    expect(status).toBe(200);
    expect(body).toContain("<h1>Hello World!</h1>");
    expect(body).toContain("Nobody has signed yet.");
    expect(formId(body)).toMatch(UUID);
    expect(body).not.toMatch(/aria-invalid|class="?(problem|notice)/);
    expect(headers["cache-control"]).toBe("private, no-store");
  });

  test("has another id for each form", async () => {
    expect(formId((await page()).body)).not.toBe(formId((await page()).body));
  });

  test("says who wrote an entry and who reads it", async () => {
    await store.add(newEntry({ writtenBy: { task: "app1.2.y", node: "worker-2" } }));
    const { body } = await page();
    expect(body).toMatch(/written by\s*<code>app1\.2\.y<\/code>\s*on <code>worker-2<\/code>/);
    expect(body).toMatch(/Read just now by <code>app1\.1\.x<\/code> on <code>worker-1<\/code>/);
    await store.add(newEntry({ writtenBy: { task: "app1.1.x", node: "worker-1" } }));
    expect((await page()).body).toMatch(/written by this task on <code>worker-1<\/code>/);
  });

  test("escapes all that people write, and keeps their lines", async () => {
    const evil = `<script>alert(1)</script>" onload="x' {{ "a" + "b" }} &amp;`;
    const { id } = (await store.add(newEntry({ name: evil, message: `a\n${evil}\nb` }))).entry;
    const { body } = await page();
    const entry = parse(body).querySelector(`#entry-${id}`);
    expect(entry?.querySelector("h3")?.textContent).toBe(evil);
    // The parser gives a line end for each <br>.
    expect(entry?.querySelector(".entry-message")?.structuredText).toBe(`a\n${evil}\nb`);
    expect(entry?.querySelectorAll("script, [onload]")).toEqual([]);
  });

  test("goes back page by page to the oldest entry", async () => {
    for (let i = 0; i < 45; i++) await store.add(newEntry({ message: `message ${i}.` }));
    const seen: string[] = [];
    let url: string | undefined = "";
    let pages = 0;
    while (url !== undefined) {
      const { body } = await page(url);
      seen.push(...(body.match(/message \d+\./g) ?? []));
      expect(body.includes("Newest entries")).toBe(url !== "");
      url = /href="?\/app1(\?before=[^"#]+)#guest-book/.exec(body)?.[1];
      pages++;
    }
    expect(pages).toBe(3);
    expect(seen).toEqual(Array.from({ length: 45 }, (_, i) => `message ${44 - i}.`));
  });

  test("is not remembered, as no other will be like it", async () => {
    const render = jest.spyOn(nunjucks.Environment.prototype, "render");
    await page();
    expect(render.mock.calls.map(([, locals]) => locals)).toEqual([
      expect.objectContaining({ isUnique: true }),
    ]);
  });

  test.each(["?before=", "?before=x", "?before=1&before=2", "?before[a]=1"])(
    "%s is no page",
    async (query) => expect((await page(query)).status).toBe(query.includes("[") ? 200 : 400),
  );

  test("has nothing inline and nothing from elsewhere", async () => {
    await store.add(newEntry());
    const { body } = await page();
    expect(body).not.toMatch(/<style|\sstyle=|\son\w+=|<script|(href|src|action)="?https?:/);
  });
});

describe("the form", () => {
  test("writes, and leads back to the entry", async () => {
    const id = formId((await page()).body);
    const reply = await post({ id, name: "Ada", message: "Hello\r\nyou" });
    expect(reply.status).toBe(303);
    expect(reply.headers.location).toBe(`/app1#entry-${id}`);
    expect(await store.find(id)).toEqual({
      id,
      name: "Ada",
      message: "Hello\nyou",
      createdAt: expect.any(Date) as Date,
      writtenBy: { task: "app1.1.x", node: "worker-1" },
    });
    expect((await page()).body).toContain(`id=entry-${id}>`);
  });

  test("leads back to the root, when the app is there", async () => {
    const root = await startApp({ SERVICE_PATH: "/" }, undefined, () => store);
    expect((await get(root.port, "/")).body).toMatch(/<form action=\/ /);
    const reply = await postForm(root.port, "/", { id: ID, name: "Ada", message: "Hello" });
    expect(reply.headers.location).toBe(`/#entry-${ID}`);
  });

  test("sent twice, it writes once", async () => {
    const fields = { id: ID, name: "Ada", message: "Hello" };
    const replies = await Promise.all([post(fields), post(fields), post(fields)]);
    expect(replies.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect((await store.list(10)).entries).toHaveLength(1);
  });

  test("sent again with another text, it asks and has a new id", async () => {
    await post({ id: ID, name: "Ada", message: "Hello" });
    const reply = await post({ id: ID, name: "Ada", message: "Bye" });
    expect(reply.status).toBe(409);
    expect(reply.body).toContain("sent before, with another text");
    expect(formOf(reply.body)).toMatchObject({ name: "Ada", message: "Bye" });
    const id = formId(reply.body);
    expect(id).toMatch(UUID);
    expect(id).not.toBe(ID);
    expect((await post({ id, name: "Ada", message: "Bye" })).status).toBe(303);
    expect((await store.list(10)).entries).toHaveLength(2);
  });

  test("says what is wrong beside the field, and keeps what was written", async () => {
    await store.add(newEntry({ message: "from before" }));
    const reply = await post({ id: ID, name: '"><b>Ada', message: "x".repeat(1_001) });
    expect(reply.status).toBe(422);
    expect(reply.body).toContain("Nothing was written yet");
    expect(formOf(reply.body)).toEqual({
      action: "/app1",
      id: ID,
      name: '"><b>Ada',
      message: "x".repeat(1_001),
      invalid: [{ field: "message", problem: "Message has 1001 characters: 1000 are allowed." }],
    });
    expect(reply.body).toContain("from before");
    expect((await store.list(10)).entries).toHaveLength(1);
  });

  test.each([
    ["nothing", {}],
    ["an id that is none", { id: "x<y", name: "Ada", message: "Hello" }],
    ["fields that it does not have", { name: "Ada", message: "Hello", admin: "1" }],
  ])("that has %s is refused", async (_what, fields: Record<string, string>) => {
    const reply = await post(fields);
    expect(reply.status).toBe(422);
    expect(formId(reply.body)).toMatch(UUID);
    expect((await store.list(10)).entries).toEqual([]);
  });

  test("of another site is refused", async () => {
    const fields = { id: ID, name: "Ada", message: "Hello" };
    expect((await post(fields, { "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expect((await post(fields, { Origin: "https://evil.example" })).status).toBe(403);
    expect((await store.list(10)).entries).toEqual([]);
    // What a browser sends that has no Sec-Fetch-Site for plain HTTP.
    const own = { Host: "shop.example", Origin: "http://shop.example" };
    expect((await post(fields, own)).status).toBe(303);
  });

  test.each([
    ["JSON", "application/json", "{}", 415],
    ["too long", "application/x-www-form-urlencoded", `name=${"x".repeat(17_000)}`, 413],
    ["of too many fields", "application/x-www-form-urlencoded", "a=1&".repeat(30), 413],
  ])("that is %s is refused", async (_what, type, body, status) => {
    const headers = { "Content-Type": type };
    const reply = await get(app.port, "/app1", { method: "POST", headers, body });
    expect(reply.status).toBe(status);
    expect(reply.body).toContain("<!doctype html>");
  });
});

describe("without its database", () => {
  beforeEach(() => {
    store.isAway = true;
  });

  test("the page is there and says so", async () => {
    const { status, body } = await page();
    expect(status).toBe(200);
    expect(body).toContain("<h1>Hello World!</h1>");
    expect(body).toContain("The guest book cannot be read at the moment");
    expect(body).not.toContain("Nobody has signed yet");
  });

  test("what was to be written is 503, kept in the form, and may be sent again", async () => {
    const fields = { id: randomUUID(), name: "Ada", message: "Hello" };
    const reply = await post(fields);
    expect(reply.status).toBe(503);
    expect(reply.headers["retry-after"]).toBe("5");
    expect(reply.body).toContain("Send it again in a few seconds");
    expect(reply.body).not.toMatch(/cannot be read|Nobody has signed/);
    expect(formOf(reply.body)).toMatchObject(fields);
    const requestId = reply.headers["x-request-id"];
    expect(app.logs).toContainEqual(
      expect.objectContaining({ message: "entry not written", requestId }) as object,
    );
    store.isAway = false;
    expect((await post(fields)).status).toBe(303);
  });

  test("what is invalid is still said to be so", async () => {
    const reply = await post({ id: ID, name: "", message: "Hello" });
    expect(reply.status).toBe(422);
    expect(formOf(reply.body).invalid).toHaveLength(1);
    expect(reply.body).toContain("The guest book cannot be read at the moment");
  });
});

test("an error that is not the database's absence is 500", async () => {
  jest.spyOn(store, "list").mockRejectedValue(new Error("hunter2"));
  jest.spyOn(store, "add").mockRejectedValue(new Error("hunter2"));
  for (const reply of [await page(), await post({ name: "Ada", message: "Hello" })]) {
    expect(reply.status).toBe(500);
    expect(reply.body).not.toContain("hunter2");
  }
});

test("when it stops, a write in flight ends before the store is closed", async () => {
  const entry = { id: ID, name: "Ada", message: "Hello" };
  let release = (): void => undefined;
  let waiting = false;
  const add = store.add.bind(store);
  jest.spyOn(store, "add").mockImplementation(async (...args) => {
    waiting = true;
    await new Promise<void>((resolve) => (release = resolve));
    return add(...args);
  });
  const headers = { "Content-Type": "application/json" };
  const reply = get(app.port, "/app1/api/entries", {
    method: "POST",
    headers,
    body: JSON.stringify(entry),
    agent: new Agent({ keepAlive: true }),
  });
  await until(() => waiting);
  const stopped = app.stop();
  await until(() => app.lifecycle.draining);
  expect(store.isClosed).toBe(false);
  release();
  expect((await reply).status).toBe(201);
  await stopped;
  expect(store.isClosed).toBe(true);
});

test("an app that has no database says so and takes no entries", async () => {
  const bare = await startApp();
  const { body } = await get(bare.port, "/app1");
  expect(body).toContain("No database is configured");
  expect(body).not.toContain("<form");
  expect((await postForm(bare.port, "/app1", { name: "Ada", message: "Hello" })).status).toBe(404);
});

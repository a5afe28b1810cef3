import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { readDatabaseUrl } from "../../src/guest-book/database-url";
import { MongoEntryStore, type Timeouts } from "../../src/guest-book/mongo";
import { get, postForm, postJson, startApp, until, type TestApp } from "../harness";
import { Database, Link } from "./database";

const API = "/app1/api/entries";
const NAME = "app1";
/** For where it matters that there is a wait, not how long it may be. */
const PATIENT: Timeouts = { read: 30_000, write: 30_000 };

let database: Database;
afterEach(() => database.remove());

/** A replica with its own client, as a task in the swarm; `file` holds the database's URL. */
function startReplica(number: number, file: string, timeoutMs?: Timeouts): Promise<TestApp> {
  const env = { TASK_NAME: `app1.${number}.x`, NODE_NAME: `worker-${number}` };
  return startApp(
    env,
    undefined,
    (logger) => new MongoEntryStore({ ...readDatabaseUrl(file), appName: NAME, logger, timeoutMs }),
  );
}

const replica = (number: number, port = database.port, timeoutMs?: Timeouts): Promise<TestApp> =>
  startReplica(number, database.urlFile(database.url(NAME, port)), timeoutMs);

const statusOf = async (app: TestApp): Promise<unknown> =>
  (JSON.parse((await get(app.port, "/app1/health/ready")).body) as { database: string }).database;
const becomes = (app: TestApp, status: string): Promise<void> =>
  until(async () => (await statusOf(app)) === status);

const add = (app: TestApp, id: string, message = "Hello") =>
  postJson(app.port, API, { id, name: "Ada", message });
const idsOf = async (app: TestApp): Promise<string[]> => {
  const reply = await get(app.port, `${API}?limit=100`);
  return (JSON.parse(reply.body) as { entries: { id: string }[] }).entries.map(({ id }) => id);
};

describe("replicas on one database", () => {
  test("what the form of one has written is on the page of the other", async () => {
    database = await Database.start();
    const [one, other] = await Promise.all([replica(1), replica(2)]);
    const id = randomUUID();
    const posted = await postForm(one.port, "/app1", { id, name: "Ada", message: "Hello there" });
    expect(posted.status).toBe(303);
    const { body } = await get(other.port, "/app1");
    expect(body).toContain("Hello there");
    expect(body).toMatch(/written by <code>app1\.1\.x<\/code> on <code>worker-1<\/code>/);
    expect(body).toMatch(/Read just now by <code>app1\.2\.x<\/code> on <code>worker-2<\/code>/);
  });

  test("the first request of a replica that has just started has the entries", async () => {
    database = await Database.start();
    const id = randomUUID();
    const one = await replica(1);
    await add(one, id, "from before");
    await one.stop();
    const other = await replica(2, database.port, PATIENT);
    expect((await get(other.port, "/app1")).body).toContain("from before");
  });

  test("what was acknowledged outlives kill -9 of the database, once", async () => {
    database = await Database.start();
    const [one, other] = await Promise.all([replica(1), replica(2)]);
    await Promise.all([becomes(one, "connected"), becomes(other, "connected")]);
    const acknowledged: string[] = [];
    const sent = new Map<string, Promise<void>>();
    let ended = false;
    // Every client sends its entry again until it is told that it is kept.
    const client = async (app: TestApp): Promise<void> => {
      while (!ended) {
        const id = randomUUID();
        let status = 0;
        while (status !== 201 && status !== 200) ({ status } = await add(app, id));
        acknowledged.push(id);
        sent.set(id, Promise.resolve());
      }
    };
    const clients = [one, other, one, other].map((app) => client(app));
    for (let i = 0; i < 2; i++) {
      const before = acknowledged.length;
      await until(() => acknowledged.length >= before + 10);
      await database.kill();
      await database.start();
    }
    const before = acknowledged.length;
    await until(() => acknowledged.length >= before + 10);
    ended = true;
    await Promise.all(clients);

    const stored: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const reply = await get(one.port, `${API}?limit=100${query}`);
      const page = JSON.parse(reply.body) as { entries: { id: string }[]; next: string | null };
      stored.push(...page.entries.map(({ id }) => id));
      cursor = page.next;
    }
    expect(stored.toSorted()).toEqual(acknowledged.toSorted());
  });
});

describe("a database that is away", () => {
  test("the app starts, serves, says so, and connects when the database comes", async () => {
    database = await Database.reserve();
    const app = await replica(1);
    expect((await get(app.port, "/app1/health/live")).status).toBe(200);
    await becomes(app, "unreachable");
    expect((await get(app.port, "/app1/health/ready")).status).toBe(200);
    const page = await get(app.port, "/app1");
    expect(page.status).toBe(200);
    expect(page.body).toContain("Hello World!");
    expect(page.body).toContain("The guest book cannot be read at the moment");

    await database.start();
    await becomes(app, "connected");
    expect((await add(app, randomUUID())).status).toBe(201);
  });

  test("a write ends with 503 in bounded time, a read at once", async () => {
    database = await Database.start();
    const app = await replica(1);
    await becomes(app, "connected");
    await database.kill();
    const start = Date.now();
    const write = await add(app, randomUUID());
    expect(write.status).toBe(503);
    expect(write.headers["retry-after"]).toBe("5");
    expect(Date.now() - start).toBeLessThan(15_000);
    await becomes(app, "unreachable");
    // Reads that were tried at all would take two seconds each.
    const readStart = Date.now();
    for (let i = 0; i < 10; i++) expect((await get(app.port, API)).status).toBe(503);
    expect((await get(app.port, "/app1")).status).toBe(200);
    expect(Date.now() - readStart).toBeLessThan(15_000);
    expect((await get(app.port, "/app1/health/live")).status).toBe(200);
  });

  test("a write waits for one that is just coming back", async () => {
    database = await Database.start();
    const app = await replica(1, database.port, PATIENT);
    await becomes(app, "connected");
    await database.kill();
    const write = add(app, randomUUID());
    await database.start();
    expect((await write).status).toBe(201);
  });

  test("it does not hold up the stop", async () => {
    database = await Database.reserve();
    // The test has not the time for what it is in the middle of.
    const app = await replica(1, database.port, { read: 600_000, write: 600_000 });
    await app.stop();
  });
});

describe("a line to the database that fails", () => {
  let link: Link;
  afterEach(() => link.close());

  async function throughLink(timeoutMs?: Timeouts): Promise<TestApp> {
    database = await Database.start();
    link = await Link.open(database.port);
    const app = await replica(1, link.port, timeoutMs);
    await becomes(app, "connected");
    return app;
  }

  test("the answer to a write is lost: the entry is there, once, and acknowledged", async () => {
    const app = await throughLink();
    let lost = 0;
    link.onRequest = (request, server) => {
      if (request.includes("insert") && lost === 0) {
        lost = 1;
        link.onAnswer = () => {
          link.onAnswer = (answer: Buffer, client: Socket) => client.write(answer);
          link.cut();
        };
      }
      server.write(request);
    };
    const id = randomUUID();
    const reply = await add(app, id);
    expect(lost).toBe(1);
    expect([200, 201]).toContain(reply.status);
    expect(await idsOf(app)).toEqual([id]);
  });

  test("refused more often than the driver tries, a write and a read still succeed", async () => {
    const app = await throughLink(PATIENT);
    const id = randomUUID();
    await add(app, id);
    link.refusals = 10;
    link.cut();
    const replies = await Promise.all([add(app, randomUUID()), get(app.port, `${API}/${id}`)]);
    expect(replies.map(({ status }) => status)).toEqual([201, 200]);
  });

  test("nothing comes back: 503 in bounded time, and the same entry sent again is there once", async () => {
    const app = await throughLink();
    const id = randomUUID();
    link.onAnswer = () => undefined;
    const start = Date.now();
    expect((await add(app, id)).status).toBe(503);
    expect((await get(app.port, "/app1")).status).toBe(200);
    expect(Date.now() - start).toBeLessThan(15_000);
    await becomes(app, "unreachable");

    link.onAnswer = (answer, client) => client.write(answer);
    await becomes(app, "connected");
    expect([200, 201]).toContain((await add(app, id)).status);
    expect(await idsOf(app)).toEqual([id]);
  });
});

describe("a database with a password", () => {
  const PASSWORD = "canary-p@ss/w:rd";

  test("is used with it, and nobody is told", async () => {
    database = await Database.start(PASSWORD);
    const app = await replica(1);
    await becomes(app, "connected");
    const id = randomUUID();
    expect((await add(app, id)).status).toBe(201);
    expect(await idsOf(app)).toEqual([id]);
    const told = [
      (await get(app.port, "/app1")).body,
      (await get(app.port, "/app1/health/ready")).body,
      JSON.stringify(app.logs),
    ].join();
    expect(told).not.toContain("canary");
  });

  test("refuses another, which is no reason to die or to tell", async () => {
    database = await Database.start(PASSWORD);
    const url = database.url(NAME, database.port, "canary-wrong");
    const app = await startReplica(1, database.urlFile(url));
    await becomes(app, "unreachable");
    expect((await add(app, randomUUID())).status).toBe(503);
    expect((await get(app.port, "/app1")).status).toBe(200);
    expect(app.logs).toContainEqual(
      expect.objectContaining({
        level: "warn",
        message: "database unreachable",
        error: expect.objectContaining({
          message: expect.stringMatching(/authenticat/i) as string,
        }) as object,
      }) as object,
    );
    expect(JSON.stringify(app.logs)).not.toContain("canary");
  });
});

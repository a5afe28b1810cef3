import { randomUUID } from "node:crypto";
import type { CommandStartedEvent, MongoServerError } from "mongodb";
import { MongoEntryStore } from "../../src/guest-book/mongo";
import { createLogger } from "../../src/libs/logger";
import { until } from "../harness";
import { newEntry, storeContract } from "../store-contract";
import { Database } from "./database";

let database: Database;
beforeAll(async () => {
  database = await Database.start();
});
afterAll(() => database.remove());

const stores: MongoEntryStore[] = [];
afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())));

const logger = createLogger({ production: true, level: "error" });

/** A store on a database of this name, or on a new one. */
async function open(name = `test-${randomUUID()}`): Promise<MongoEntryStore> {
  const url = `${database.url(name)}&monitorCommands=true`;
  const args = { url, database: name, appName: "test", logger };
  const store = new MongoEntryStore(args);
  stores.push(store);
  await until(() => store.status === "connected");
  return store;
}

describe("the store in the database", () => {
  storeContract(open);
});

test("one store reads what another has written", async () => {
  const name = `test-${randomUUID()}`;
  const [one, other] = [await open(name), await open(name)];
  const entry = newEntry();
  await one.add(entry);
  expect(await other.find(entry.id)).toEqual(entry);
  expect((await other.list(1)).entries).toEqual([entry]);
});

test("of many adding through several stores, one makes the entry", async () => {
  const name = `test-${randomUUID()}`;
  const all = [await open(name), await open(name), await open(name)];
  const entry = newEntry();
  const results = await Promise.all(
    all.flatMap((store) => [store.add(entry), store.add(entry), store.add(entry)]),
  );
  expect(results.filter(({ created }) => created)).toHaveLength(1);
  expect((await all[0]!.list(10)).entries).toEqual([entry]);
});

test("makes its index, and making it again changes nothing", async () => {
  const name = `test-${randomUUID()}`;
  const first = await open(name);
  const indexes = () => first.client.db(name).collection("entries").listIndexes().toArray();
  const made = await indexes();
  expect(made.map(({ key }) => key as unknown)).toEqual([{ _id: 1 }, { createdAt: -1, _id: -1 }]);
  await open(name);
  expect(await indexes()).toEqual(made);
});

test("asks for what a majority holds, of the primary where it confirms a write", async () => {
  const store = await open();
  const seen: Record<string, unknown>[] = [];
  store.client.on("commandStarted", ({ command }: CommandStartedEvent) =>
    seen.push(command as Record<string, unknown>),
  );
  const entry = newEntry();
  await store.add(entry);
  await store.add(entry);
  await store.list(5);
  const of = (name: string) => seen.filter((command) => name in command);
  const majority = { w: "majority", wtimeout: expect.any(Number) as number };
  expect(of("insert")).toEqual([
    expect.objectContaining({ writeConcern: majority, txnNumber: expect.anything() as unknown }),
    expect.objectContaining({ writeConcern: majority }),
  ]);
  const [confirmation, list] = of("find");
  expect(confirmation).toMatchObject({
    readConcern: { level: "majority" },
    filter: { _id: entry.id },
  });
  expect(confirmation).not.toHaveProperty("$readPreference");
  expect(list).toMatchObject({
    readConcern: { level: "majority" },
    $readPreference: { mode: "primaryPreferred" },
  });
});

test("reads that were called off for the time they took leave the database as it was", async () => {
  const store = await open();
  await Promise.all(Array.from({ length: 100 }, () => store.add(newEntry())));
  const entries = store.client.db().collection("entries");
  const codes: unknown[] = [];
  await until(async () => {
    const hurried = Array.from({ length: 20 }, () =>
      entries.find({}, { maxTimeMS: 1 }).sort({ createdAt: -1 }).toArray(),
    );
    for (const read of await Promise.allSettled(hurried)) {
      if (read.status === "rejected") codes.push((read.reason as MongoServerError).code);
    }
    return codes.length >= 800;
  }, 40_000);
  // MaxTimeMSExpired
  expect(new Set(codes)).toEqual(new Set([50]));
  for (let batch = 0; batch < 50; batch++) {
    const reads = Array.from({ length: 20 }, () => entries.find().limit(10).toArray());
    for (const found of await Promise.all(reads)) expect(found).toHaveLength(10);
  }
});

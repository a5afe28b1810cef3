/** The keeper and the archive against the image that really runs: a mongod, or its stand-in. */
import { Readable, Writable } from "node:stream";
import { Long, MongoClient, ObjectId, type Document } from "mongodb";
import { connect } from "../../src/archive/connect";
import { dump } from "../../src/archive/dump";
import { restore } from "../../src/archive/restore";
import type { Config } from "../../src/config";
import { Keeper } from "../../src/keeper";
import { app1, app1Later, MemoryRecord, silentLog } from "../harness";
import { StoreContainer, StoreNetwork } from "./store";

let network: StoreNetwork;
let store: StoreContainer;
const clients: MongoClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await store.remove();
  await network.remove();
});

beforeEach(async () => {
  network = new StoreNetwork();
  await network.create();
  store = new StoreContainer(network);
});

const configOf = (users: Config["users"]): Config => ({
  members: [store.host],
  setName: "rs0",
  key: network.key,
  users,
  recordFile: "/nowhere",
  intervalS: 1,
  port: 0,
});

async function keep(record: MemoryRecord, users: Config["users"] = [app1]): Promise<void> {
  const keeper = new Keeper(configOf(users), record, silentLog);
  try {
    await store.until(async () => {
      await keeper.round();
      return keeper.status().settled;
    });
  } finally {
    await keeper.stop();
  }
}

/** As an application connects: by the set's name. */
async function asApp(user: Config["users"][number] = app1): Promise<MongoClient> {
  const client = new MongoClient(
    `mongodb://${user.name}:${user.password}@${store.host}/app1?replicaSet=rs0&authSource=app1&w=majority`,
    { serverSelectionTimeoutMS: 10_000 },
  );
  clients.push(client);
  return client.connect();
}

async function readAll(client: MongoClient): Promise<Record<string, Document[]>> {
  const found: Record<string, Document[]> = {};
  for (const { name } of await client.db("app1").listCollections().toArray()) {
    const all = client.db("app1").collection(name);
    found[name] = await all.find({}, { promoteValues: false, sort: { _id: 1 } }).toArray();
  }
  return found;
}

async function archiveOf(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk);
      done();
    },
  });
  const client = await connect(configOf([]));
  try {
    await dump(client, "rs0", sink, new Date());
  } finally {
    await client.close();
  }
  return Buffer.concat(chunks);
}

async function restoreFrom(archive: Buffer): Promise<void> {
  const client = await connect(configOf([]));
  try {
    await restore(client, () => Readable.from([archive]));
  } finally {
    await client.close();
  }
}

test("a new member refuses whoever has no password, gets its users, and keeps data and users over kill -9", async () => {
  await store.create();
  await store.start();
  const record = new MemoryRecord();
  await keep(record);

  const anonymous = new MongoClient(`mongodb://${store.host}/?directConnection=true`);
  clients.push(anonymous);
  await expect(anonymous.db("app1").collection("visits").findOne()).rejects.toThrow(
    /requires authentication/,
  );
  await expect(asApp({ ...app1, password: "wrong" })).rejects.toThrow(/Authentication failed/);

  const before = await asApp();
  const ids = Array.from({ length: 200 }, (_, i) => i);
  for (const _id of ids)
    await before.db("app1").collection<{ _id: number }>("visits").insertOne({ _id });
  await store.kill();
  await store.start();
  await keep(record);
  const after = await asApp();
  const found = await after.db("app1").collection<{ _id: number }>("visits").distinct("_id");
  expect(found.sort((a, b) => a - b)).toEqual(ids);
});

test("a member that was killed while it was set up starts well the next time", async () => {
  await store.create();
  for (let i = 0; i < 5; i++) {
    await store.begin();
    await new Promise((resolve) => setTimeout(resolve, 60 * i));
    await store.kill();
  }
  await store.start();
  await keep(new MemoryRecord());
  await asApp();
});

test("data that was kept is taken over with another key and other passwords", async () => {
  await store.create();
  await store.start();
  await keep(new MemoryRecord());
  const before = await asApp();
  await before.db("app1").collection("visits").insertOne({ kept: true });
  await before.close();

  network.key = "another".repeat(8);
  await store.startAnew();
  const changed = { ...app1, password: "another-password" };
  await keep(new MemoryRecord(), [changed]);
  const after = await asApp(changed);
  expect(await after.db("app1").collection("visits").countDocuments({ kept: true })).toBe(1);
  await expect(asApp()).rejects.toThrow(/Authentication failed/);
});

test("passwords change without a refused request", async () => {
  await store.create();
  await store.start();
  const record = new MemoryRecord();
  await keep(record);
  const old = await asApp();
  await keep(record, [app1, app1Later]);
  await old.db("app1").collection("visits").insertOne({ by: "old" });
  const later = await asApp(app1Later);
  await later.db("app1").collection("visits").insertOne({ by: "later" });
  await asApp();
  await keep(record, [app1Later]);
  await expect(asApp()).rejects.toThrow(/Authentication failed/);
  await later.db("app1").collection("visits").insertOne({ by: "later" });
});

test("a backup brings back every document, index and type, into the same store and into a fresh one", async () => {
  await store.create();
  await store.start();
  await keep(new MemoryRecord());
  const client = await asApp();
  const visits = client.db("app1").collection("visits");
  await visits.createIndex({ at: -1 }, { name: "newest" });
  await visits.createIndex({ id: 1 }, { unique: true });
  const documents = Array.from({ length: 2_500 }, (_, i) => ({
    id: `id-${i}`,
    at: new Date(1_700_000_000_000 + i),
    big: Long.fromNumber(2 ** 40 + i),
    text: `“${i}”\n${"ä".repeat(i % 50)}`,
  }));
  await visits.insertMany(documents);
  await client
    .db("app1")
    .collection("odd")
    .insertOne({ none: null, list: [1, 2.5, "x"], at: new ObjectId() });
  const expected = await readAll(client);
  const indexes = await visits.listIndexes().toArray();
  const archive = await archiveOf();

  // Into the same store, after everything went wrong.
  await visits.deleteMany({ id: /^id-1/ });
  await visits.insertOne({ id: "wrong" });
  await client.db("app1").collection("junk").insertOne({ a: 1 });
  await restoreFrom(archive);
  expect(await readAll(client)).toEqual(expected);
  expect(await visits.listIndexes().toArray()).toEqual(indexes);
  await expect(visits.insertOne({ id: "id-5" })).rejects.toThrow(/duplicate/);
  await client.close();

  // Into a fresh one.
  await store.remove();
  store = new StoreContainer(network);
  await store.create();
  await store.start();
  await keep(new MemoryRecord());
  await restoreFrom(archive);
  const fresh = await asApp();
  expect(await readAll(fresh)).toEqual(expected);
});

test("the health check passes while it answers, and fails when it does not", async () => {
  await store.create();
  await store.start();
  expect(await store.isHealthy()).toBe(true);
  await store.signal("STOP");
  expect(await store.isHealthy()).toBe(false);
  await store.signal("CONT");
  expect(await store.isHealthy()).toBe(true);
});

test("a key file that others may read is refused", async () => {
  await store.create(0o444);
  await store.begin();
  expect(await store.exitCode()).not.toBe(0);
  expect(await store.logs()).toMatch(/permissions on .* are too open/);
});

test("the key is nowhere to be seen", async () => {
  await store.create();
  await store.start();
  await keep(new MemoryRecord());
  const seen = [
    await store.inspect(),
    await store.logs(),
    await store.exec("cat /proc/[0-9]*/cmdline | tr '\\0' ' '"),
    await store.exec("setpriv --reuid=999 --clear-groups cat /proc/1/environ 2>/dev/null || true"),
  ].join("\n");
  expect(seen).not.toContain(network.key);
  expect(seen).not.toContain(app1.password);
});

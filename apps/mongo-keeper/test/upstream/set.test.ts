/** What needs three real members: no stand-in replicates. In order, on one set. */
import { Readable, Writable } from "node:stream";
import { MongoClient } from "mongodb";
import { connect } from "../../src/archive/connect";
import { dump } from "../../src/archive/dump";
import { readArchive, type ArchiveHeader } from "../../src/archive/format";
import { restore } from "../../src/archive/restore";
import { Keeper, type Status } from "../../src/keeper";
import { app1, MemoryRecord, silentLog } from "../harness";
import { standsInFor, StoreContainer, StoreNetwork } from "../integration/store";

const network = new StoreNetwork();
const members = [1, 2, 3].map(() => new StoreContainer(network));
const record = new MemoryRecord();
let keeper: Keeper;
let client: MongoClient;
/** Ends what was begun. */
const opened: (() => Promise<void>)[] = [];
/** Ids whose insertion was acknowledged. */
const acknowledged: number[] = [];
let lastId = 0;

const config = () => ({
  members: members.map(({ host }) => host),
  setName: "rs0",
  key: network.key,
  users: [app1],
  recordFile: "/nowhere",
  intervalS: 1,
  port: 0,
});

beforeAll(async () => {
  const standIn = await standsInFor();
  if (standIn)
    throw new Error(`${standIn} is a stand-in here, which does not replicate: set MONGO_IMAGE`);
  await network.create();
  for (const member of members) {
    await member.create();
    await member.start();
  }
  keeper = new Keeper(config(), record, silentLog);
  keeper.start();
  opened.push(() => keeper.stop());
});

afterAll(async () => {
  await Promise.all(opened.map((one) => one()));
  for (const member of members) await member.remove();
  await network.remove();
});

async function status(enough: (status: Status) => boolean): Promise<Status> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const now = keeper.status();
    if (enough(now)) return now;
    if (Date.now() > deadline) throw new Error(JSON.stringify(now));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** By a look that began after this: what was said before may be of a member that has gone since. */
async function settled(): Promise<void> {
  const begun = keeper.status().at;
  const { at } = await status((s) => s.at > begun);
  await status((s) => s.at > at && s.settled);
}
const inState = (host: string, state: string) => (s: Status) =>
  s.members.some((m) => m.host === host && m.state === state);
const primary = (): StoreContainer => {
  const { host } = keeper.status().members.find(({ state }) => state === "PRIMARY") ?? {};
  const found = members.find((m) => m.host === host);
  if (!found) throw new Error("no primary");
  return found;
};
const visits = () => client.db("app1").collection<{ _id: number }>("visits");

async function write(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    lastId += 1;
    await visits().insertOne({ _id: lastId });
    acknowledged.push(lastId);
  }
}

async function expectAll(): Promise<void> {
  const found = await visits()
    .find({}, { sort: { _id: 1 } })
    .toArray();
  expect(found.map(({ _id }) => _id)).toEqual(acknowledged);
}

test("three empty members become a set, with a user that has its own database alone", async () => {
  await settled();
  const hosts = config().members.join(",");
  client = await new MongoClient(
    `mongodb://app1-1:${app1.password}@${hosts}/app1?replicaSet=rs0&authSource=app1&w=majority`,
  ).connect();
  opened.push(() => client.close());
  await write(200);
  await expectAll();
  await expect(client.db("other").collection("a").insertOne({})).rejects.toThrow(/not authorized/);
  await expect(client.db("admin").command({ replSetGetConfig: 1 })).rejects.toThrow(
    /not authorized/,
  );
});

test("the loss of the primary loses nothing that was acknowledged, and the set is whole again", async () => {
  const old = primary();
  const writing = write(500);
  await old.kill();
  await writing;
  await old.start();
  await settled();
  await expectAll();
});

test("a primary that is cut off takes no writes, and follows when it is back", async () => {
  const old = primary();
  await old.cutOff();
  const { calm } = await status((s) => s.state === "degraded" && inState(old.host, "silent")(s));
  expect(calm).toBe(false);
  await write(100);
  await old.reconnect();
  await settled();
  await expectAll();
});

test("a member that lost its volume gets the data, and its vote back", async () => {
  const lost = members.find((m) => m !== primary()) as StoreContainer;
  await lost.loseVolume();
  await settled();
  const alone = new MongoClient(
    `mongodb://app1-1:${app1.password}@${lost.host}/app1?authSource=app1&directConnection=true&readPreference=secondary`,
  );
  expect(await alone.db("app1").collection("visits").countDocuments()).toBe(acknowledged.length);
  await alone.close();
});

test("a backup is a snapshot, and brings everything back", async () => {
  await visits().createIndex({ by: 1 });
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk);
      done();
    },
  });
  const whole = await connect(config());
  try {
    await dump(whole, "rs0", sink, new Date());
    let header: ArchiveHeader | undefined;
    await readArchive(Readable.from(chunks), {
      header: (h) => void (header = h),
      entry: () => undefined,
    });
    expect(header?.consistency).toBe("snapshot");

    await visits().deleteMany({ _id: { $gt: 10 } });
    await visits().insertOne({ _id: -1 });
    await restore(whole, () => Readable.from(chunks));
  } finally {
    await whole.close();
  }
  await expectAll();
  expect(await visits().indexExists("by_1")).toBe(true);
});

test("all volumes lost is told, and no new set is made", async () => {
  for (const member of members) await member.kill();
  for (const member of members) await member.loseVolume();
  await status((s) => s.state === "lost");
});

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { Binary, type Document, Int32 } from "mongodb";
import { type ArchiveEntry, type ArchiveHeader, writeArchive } from "../src/archive/format";
import { restoreFrom } from "../src/archive/restore";
import { Databases } from "./double/databases";

const collection = (name: string) => ({
  ...{ database: "app1", name, type: "collection" as const, options: {}, indexes: [] },
});
const documents = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ _id: new Int32(i), n: new Int32(i) }));
/** What is sent in two parts. */
const many = documents(1_010);
const few = documents(5);

/** A collection with an index and these documents, one without any, and a view. */
const entries = (visits: readonly Document[]): readonly ArchiveEntry[] => [
  { collection: { ...collection("visits"), indexes: [{ key: { n: 1 }, name: "n_1" }] } },
  ...visits.map((document) => ({ document })),
  { collection: collection("empty") },
  { collection: { ...collection("newest"), type: "view", options: { viewOn: "visits" } } },
];

async function archive(content: readonly ArchiveEntry[] = entries(few)): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const write = (chunk: Buffer, _: unknown, done: () => void) => {
    chunks.push(chunk);
    done();
  };
  const header: ArchiveHeader = {
    format: "swarm-mongo-archive",
    version: 1,
    set: "rs0",
    taken: "2026-01-02T03:04:05.000Z",
    consistency: "snapshot",
    databases: ["app1"],
  };
  await writeArchive(new Writable({ write }), header, Readable.from(content));
  return Buffer.concat(chunks);
}

// Machines that do much else take their time.
jest.setTimeout(60_000);

/** What is there before: a collection that the archive has otherwise, a view, what it has not, and another database. */
function before(): Databases {
  const databases = new Databases();
  databases.put("app1", "visits", [{ _id: 7, n: -7 }]);
  databases.put("app1", "empty", [], "visits");
  databases.put("app1", "junk", [{ _id: 1 }]);
  databases.put("app2", "visits", [{ _id: 1 }]);
  return databases;
}

const after = (visits: readonly Document[]) => ({
  "app1.visits": { documents: visits, indexes: ["n_1"] },
  "app1.empty": { documents: [], indexes: [] },
  "app1.newest": { documents: [], indexes: [], viewOn: "visits" },
  "app2.visits": { documents: [{ _id: 1 }], indexes: [] },
});

/** Where archives are kept meanwhile. */
const folder = mkdtempSync(join(os.tmpdir(), "restore-test-"));
beforeEach(() => jest.spyOn(os, "tmpdir").mockReturnValue(folder));
afterAll(() => rmSync(folder, { recursive: true }));

const restore = (databases: Databases, bytes: Buffer) =>
  restoreFrom(Readable.from([bytes]), () => Promise.resolve(databases.client()));

test("makes the databases of the archive what they were, and touches no other", async () => {
  const databases = before();
  const end = await restore(databases, await archive(entries(many)));
  expect(end).toMatchObject({ collections: 3, documents: many.length });
  expect(databases.content()).toEqual(after(many));
  expect(readdirSync(folder)).toEqual([]);
});

test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
  ["cut off", (bytes) => bytes.subarray(0, bytes.length - 20), /^is cut off/],
  [
    "changed",
    (bytes) => gzipSync(gunzipSync(bytes).toString().replace('"n":', '"m":')),
    /^is damaged: its content does not match its checksum/,
  ],
  [
    "of another version",
    (bytes) => gzipSync(gunzipSync(bytes).toString().replace('"version":1', '"version":2')),
    /^is of version 2; this program reads version 1/,
  ],
  ["none", () => Buffer.from("PK\u0003\u0004"), /^is no archive of this program/],
])(
  "an archive that is %s is refused before the store is so much as asked",
  async (_, edit, why) => {
    const connect = jest.fn(() => Promise.resolve(before().client()));
    const bytes = edit(await archive());
    await expect(restoreFrom(Readable.from([bytes]), connect)).rejects.toThrow(why);
    expect(connect).not.toHaveBeenCalled();
    expect(readdirSync(folder)).toEqual([]);
  },
);

test("with nowhere to connect to, it is read only", async () => {
  expect(await restoreFrom(Readable.from([await archive()]))).toMatchObject({
    documents: few.length,
  });
});

describe.each([
  ["MongoDB", true],
  ["the stand-in, which cannot rename over what is there", false],
])("interrupted at any step on %s", (_, canReplace) => {
  test("it leaves the old or the new, and run again it ends as if it had not been", async () => {
    const bytes = await archive();
    const whole = before();
    whole.canReplace = canReplace;
    await restore(whole, bytes);
    const steps = whole.steps;
    expect(steps).toBeGreaterThan(8);
    for (let step = 1; step <= steps; step++) {
      const databases = before();
      databases.canReplace = canReplace;
      databases.failAt = step;
      await expect(restore(databases, bytes)).rejects.toThrow("the connection broke");
      if (canReplace) {
        const { documents } = databases.content()["app1.visits"] ?? {};
        expect([1, few.length]).toContain(documents?.length);
      }
      databases.failAt = Infinity;
      await restore(databases, bytes);
      expect({ step, content: databases.content() }).toEqual({ step, content: after(few) });
    }
  });
});

test("holds no more than a few megabytes in memory, however large the documents are", async () => {
  const megabyte = new Binary(Buffer.alloc(1024 * 1024));
  const large = Array.from({ length: 6 }, (_, _id) => ({ document: { _id, megabyte } }));
  const databases = new Databases();
  await restore(databases, await archive([{ collection: collection("large") }, ...large]));
  expect(databases.content()["app1.large"]?.documents).toHaveLength(6);
  expect(Math.max(...databases.batches)).toBeLessThanOrEqual(4);
});

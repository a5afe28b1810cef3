import { Readable, Writable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { Binary, Decimal128, Double, Int32, Long, ObjectId, type Document } from "mongodb";
import { readArchive, writeArchive } from "../src/archive/format";
import type { ArchiveEntry, ArchiveHeader } from "../src/archive/format";

const header: ArchiveHeader = {
  format: "swarm-mongo-archive",
  version: 1,
  set: "rs0",
  taken: "2026-01-02T03:04:05.000Z",
  consistency: "snapshot",
  databases: ["app1"],
};

const visits: ArchiveEntry = {
  collection: {
    database: "app1",
    name: "visits",
    type: "collection",
    options: {},
    indexes: [{ key: { at: new Int32(-1) }, name: "at_-1" }],
  },
};

const everyType: Document = {
  _id: new ObjectId("5f0000000000000000000001"),
  text: "a\nb\u2028c\u0000d — 世界",
  whole: new Int32(7),
  long: Long.fromString("9223372036854775807"),
  double: new Double(1),
  decimal: Decimal128.fromString("0.10"),
  binary: new Binary(Buffer.from([0, 255])),
  when: new Date("2026-01-02T03:04:05.678Z"),
  none: null,
  list: [new Int32(1), { deep: true }],
  end: "a field may be called like this",
};

async function archived(entries: readonly ArchiveEntry[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk);
      done();
    },
  });
  await writeArchive(sink, header, Readable.from(entries));
  return Buffer.concat(chunks);
}

async function read(bytes: Buffer): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = [];
  const input = Readable.from(chunked(bytes, 1_000));
  await readArchive(input, { entry: (entry) => void entries.push(entry) });
  return entries;
}

function* chunked(bytes: Buffer, size: number): Generator<Buffer> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

const edited = (bytes: Buffer, edit: (text: string) => string): Buffer =>
  gzipSync(edit(gunzipSync(bytes).toString()));

test("gives back what was put in, every type as it was", async () => {
  const entries = [visits, { document: everyType }];
  expect(await read(await archived(entries))).toEqual(entries);
});

test("says what it holds, in its first and its last line", async () => {
  const lines = gunzipSync(await archived([visits, { document: everyType }]))
    .toString()
    .trimEnd()
    .split("\n");
  expect(JSON.parse(lines[0] ?? "")).toEqual(header);
  expect(JSON.parse(lines.at(-1) ?? "")).toEqual({
    end: {
      collections: 1,
      documents: 1,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    },
  });
});

describe("refuses", () => {
  let good: Buffer;
  beforeAll(async () => {
    const documents = Array.from({ length: 500 }, (_, i) => ({
      document: { _id: i, text: `no. ${i}` },
    }));
    good = await archived([visits, ...documents]);
  });

  test("none that is whole", async () => {
    expect(await read(good)).toHaveLength(501);
  });

  test.each<[string, () => Buffer, RegExp]>([
    ["nothing", () => Buffer.alloc(0), /is (empty|cut off)/],
    ["what is no archive", () => Buffer.from("hello, world"), /no archive/],
    ["another program's", () => gzipSync('{"format":"tar"}\n'), /is no archive of this program/],
    [
      "another version's",
      () => edited(good, (text) => text.replace('"version":1', '"version":2')),
      /is of version 2; this program reads version 1/,
    ],
    [
      "a changed document",
      () => edited(good, (text) => text.replace("no. 77", "no. 78")),
      /is damaged: its content does not match its checksum/,
    ],
    [
      "a lost document",
      () => edited(good, (text) => text.replace(/\n.*no\. 77.*\n/, "\n")),
      /does not match its checksum/,
    ],
    [
      "documents in another order",
      () => edited(good, (text) => text.replace(/(\n.*no\. 77"\}\})(\n.*no\. 78"\}\})/, "$2$1")),
      /does not match its checksum/,
    ],
    [
      "a file that was cut off between two lines",
      () => edited(good, (text) => text.slice(0, text.lastIndexOf('{"end"'))),
      /is cut off/,
    ],
    ["a file that was cut off anywhere", () => good.subarray(0, good.length / 2), /is cut off/],
    [
      "a file with a flipped bit",
      () => {
        const bytes = Buffer.from(good);
        const middle = bytes.length >> 1;
        bytes[middle] = (bytes[middle] ?? 0) ^ 0x10;
        return bytes;
      },
      /is (damaged|cut off)/,
    ],
    [
      "something behind the end",
      () => edited(good, (text) => `${text}{"document":{}}\n`),
      /behind its end/,
    ],
    ["a second archive behind it", () => Buffer.concat([good, good]), /behind its end/],
    [
      "a line of no kind",
      () => edited(good, (text) => text.replace('{"document"', '{"index"')),
      /none of version 1/,
    ],
  ])("%s", async (_, bytes, message) => {
    await expect(read(bytes())).rejects.toThrow(message);
  });
});

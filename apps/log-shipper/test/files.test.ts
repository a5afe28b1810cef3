import { LogFiles, type Piece } from "../src/files";
import { Engine } from "./engine";

const A = "a".repeat(64);
const B = "b".repeat(64);
const BATCH = 512 * 1024;

let engine: Engine;
beforeEach(() => (engine = new Engine()));
afterEach(() => engine.remove());

const open = (safe = new Map<string, number>(), mostDeletedBytes?: number) =>
  new LogFiles(engine.containers, safe, mostDeletedBytes);

/** Looks, reads everything there is, and takes it for safe. */
function readAll(files: LogFiles): string[] {
  const texts: string[] = [];
  files.scan(files.snapshot());
  for (;;) {
    const pieces = files.read(BATCH);
    if (pieces.length === 0) break;
    for (const { bytes } of pieces) {
      for (const line of bytes.toString().trimEnd().split("\n")) {
        texts.push((JSON.parse(line) as { log: string }).log.trimEnd());
      }
    }
  }
  return texts;
}

/** How each line in the pieces begins to say what it is, sorted. */
const logsIn = (pieces: readonly Piece[]) =>
  pieces
    .map(({ bytes }) => bytes.toString())
    .join("")
    .match(/"log":"\d/g)
    ?.sort();

test("reads each line once, of every container", () => {
  const files = open();
  engine.write(A, "1", "2");
  engine.write(B, "3");
  expect(readAll(files).sort()).toEqual(["1", "2", "3"]);
  engine.write(A, "4");
  expect(readAll(files)).toEqual(["4"]);
  expect(readAll(files)).toEqual([]);
});

test("half a line waits for its other half", () => {
  const files = open();
  const entry = `${engine.entry("whole\n")}\n`;
  engine.writeRaw(A, entry.slice(0, 20));
  expect(readAll(files)).toEqual([]);
  engine.writeRaw(A, entry.slice(20));
  expect(readAll(files)).toEqual(["whole"]);
});

test("a file that is rotated is the same file, whether it was open or not", () => {
  let files = open();
  engine.write(A, "1");
  expect(readAll(files)).toEqual(["1"]);
  engine.write(A, "2");
  engine.rotate(A);
  engine.write(A, "3");
  expect(readAll(files).sort()).toEqual(["2", "3"]);

  const positions = files.snapshot();
  engine.write(A, "4");
  engine.rotate(A);
  engine.write(A, "5");
  files = open(positions);
  files.scan(positions);
  expect(logsIn(files.read(BATCH))).toEqual(['"log":"4', '"log":"5']);
});

test("what is deleted before it was read is read, and let go when it is safe", () => {
  const files = open();
  engine.write(A, "1");
  files.scan(new Map());
  engine.write(A, "2");
  engine.removeContainer(A);
  files.scan(new Map());
  expect(files.read(BATCH)).toHaveLength(1);
  // Not safe yet: it may have to be sent again.
  files.scan(new Map());
  files.rewind();
  expect(files.read(BATCH)).toHaveLength(1);
  const safe = files.snapshot();
  expect(safe.size).toBe(1);
  files.scan(safe);
  expect(files.snapshot().size).toBe(0);
  expect(files.dropped).toBe(0);
});

test("of what is deleted and not taken, the oldest is given up, and counted", () => {
  const files = open(new Map(), 1_500);
  engine.write(A, "a".repeat(1_000));
  files.scan(new Map());
  engine.write(B, "b".repeat(1_000));
  files.scan(new Map());
  engine.removeContainer(A);
  engine.removeContainer(B);
  files.scan(new Map());
  expect(files.dropped).toBeGreaterThan(1_000);
  expect(files.dropped).toBeLessThan(1_300);
  expect(readAll(files)).toEqual(["b".repeat(1_000)]);
});

test("goes back to where all is safe", () => {
  const files = open();
  engine.write(A, "1");
  readAll(files);
  const safe = files.snapshot();
  engine.write(A, "2", "3");
  engine.write(B, "4");
  files.scan(safe);
  expect(files.read(BATCH)).toHaveLength(2);
  files.rewind();
  expect(logsIn(files.read(BATCH))).toEqual(['"log":"2', '"log":"3', '"log":"4']);
});

test("a busy container leaves room for others", () => {
  const files = open();
  engine.write(A, ...Array.from({ length: 20_000 }, () => "busy"));
  engine.write(B, "quiet");
  files.scan(new Map());
  const pieces = files.read(BATCH);
  expect(pieces.map(({ file }) => file.container).sort()).toEqual([A, B]);
  expect(pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(2 * BATCH);
});

test("bytes that are no lines are read in pieces", () => {
  const files = open();
  engine.writeRaw(A, "x".repeat(600 * 1024));
  files.scan(new Map());
  expect(files.read(BATCH)[0]?.bytes.length).toBe(256 * 1024);
});

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RecordFile } from "../src/record";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-record-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("remembers what was written, also for the next one", async () => {
  const path = join(folder, "data", "record.json");
  const record = new RecordFile(path);
  expect(await record.read()).toBe("none");
  await record.write("forming");
  expect(await new RecordFile(path).read()).toBe("forming");
  await record.write("formed");
  expect(await new RecordFile(path).read()).toBe("formed");
  expect(readdirSync(join(folder, "data"))).toEqual(["record.json"]);
});

test.each(["", "{}", '{"stage":"no', '{"stage":"other"}\n'])(
  "does not take %j for a record that there is none",
  async (text) => {
    const path = join(folder, "record.json");
    writeFileSync(path, text);
    await expect(new RecordFile(path).read()).rejects.toThrow(/is not the keeper's record/);
  },
);

test("does not take what cannot be read for no record", async () => {
  await expect(new RecordFile(folder).read()).rejects.toThrow();
});

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withFailures } from "./limits";
import { createLog } from "./log";
import { type Attempts, State } from "./state";

const lines: string[] = [];
const log = createLog((line) => lines.push(line));
let folder: string;
const file = (): string => join(folder, "companion", "state.json");

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "companion-state-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const DIRECTORY = "https://ca.example/dir";
const ATTEMPTS: Attempts = { subject: "s", pending: true, failures: 3, notBefore: 12345 };

test("is there again after a restart", async () => {
  const before = await State.load(file(), log);
  await before.setAttempts("a.example", ATTEMPTS);
  await before.changeUsage(DIRECTORY, (usage) => withFailures(usage, ["a.example"], 10), 11);
  await before.setOrigin("f1", DIRECTORY);
  await before.setOrigin("f2", DIRECTORY);
  await before.keepOrigins(["f2"]);
  const after = await State.load(file(), log);
  expect(after.attempts("a.example")).toEqual(ATTEMPTS);
  expect(after.attempts("b.example")).toBeUndefined();
  expect(after.usage(DIRECTORY).failedValidations).toEqual({ "a.example": [10] });
  expect(after.usage("https://other.example").failedValidations).toEqual({});
  expect([after.origin("f1"), after.origin("f2")]).toEqual([undefined, DIRECTORY]);
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

test.each(["", "{", "null", "[]", `{"version":2}`, `{"version":1,"attempts":{},"origins":{}}`])(
  "a damaged file is put aside: %j",
  async (text) => {
    await (await State.load(file(), log)).setAttempts("a.example", ATTEMPTS);
    writeFileSync(file(), text);
    expect((await State.load(file(), log)).attempts("a.example")).toBeUndefined();
    expect(readFileSync(`${file()}.damaged`, "utf8")).toBe(text);
    expect(lines.at(-1)).toContain("the state is damaged");
  },
);

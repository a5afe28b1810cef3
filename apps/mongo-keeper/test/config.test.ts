import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, loadConfig } from "../src/config";

let folder: string;
let good: Record<string, string>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-config-"));
  writeFileSync(join(folder, "key"), "abcd\nef01\n");
  writeFileSync(join(folder, "password"), "secret\n");
  writeFileSync(join(folder, "empty"), "\n");
  good = {
    MEMBERS: "mongo-store-1:27017",
    KEY_FILE: join(folder, "key"),
    USERS: `app1-1@app1=${join(folder, "password")}`,
  };
});
afterEach(() => rmSync(folder, { recursive: true }));

const problems = (environment: Record<string, string | undefined>): string => {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join("\n");
    throw error;
  }
  return "none";
};

test("reads the environment and the files that it names", () => {
  expect(loadConfig(good)).toEqual({
    members: ["mongo-store-1:27017"],
    setName: "rs0",
    key: "abcdef01",
    users: [{ name: "app1-1", database: "app1", password: "secret" }],
    recordFile: "/data/record.json",
    intervalS: 3,
    port: 8080,
  });
});

test.each<[string, Record<string, string | undefined>, RegExp]>([
  ["no members", { MEMBERS: undefined }, /^MEMBERS is missing: set it$/],
  ["two members", { MEMBERS: "a:1,b:1" }, /^MEMBERS must have an odd number/],
  ["nine members", { MEMBERS: "a:1,b:1,c:1,d:1,e:1,f:1,g:1,h:1,i:1" }, /^MEMBERS .* at most 7/],
  ["a member twice", { MEMBERS: "a:1,b:1,a:1" }, /^MEMBERS must not name a member twice/],
  ["a member without a port", { MEMBERS: "a" }, /^MEMBERS must be .* host:port, got "a"/],
  ["no key", { KEY_FILE: undefined }, /^KEY_FILE is missing: set it$/],
  [
    "a missing key",
    { KEY_FILE: "/nowhere/key" },
    /^KEY_FILE names \/nowhere\/key, which cannot be read \(ENOENT\)/,
  ],
  ["a wrong set name", { SET_NAME: "a b" }, /^SET_NAME must be/],
  [
    "no such user list",
    { USERS: "app1" },
    /^USERS must be a comma-separated list of name@database=/,
  ],
  [
    "MongoDB's own database",
    { USERS: "a-1@admin=/x" },
    /^USERS must not give a-1 the database admin/,
  ],
  ["a missing password", { USERS: "a-1@a=/nowhere/x" }, /^USERS names \/nowhere\/x/],
  ["a relative record", { RECORD_FILE: "record" }, /^RECORD_FILE must be an absolute path/],
  ["a port that is none", { PORT: "0" }, /^PORT must be a whole number/],
])("refuses %s", (_, change, message) => {
  expect(problems({ ...good, ...change })).toMatch(message);
});

test("refuses an empty password and an empty key, and shows neither file's content", () => {
  const text = problems({
    ...good,
    KEY_FILE: join(folder, "empty"),
    USERS: `app1-1@app1=${join(folder, "empty")}`,
  });
  expect(text).toMatch(/KEY_FILE must name a file with a key/);
  expect(text).toMatch(/USERS has no password for app1-1/);
  writeFileSync(join(folder, "key"), "not a key!");
  expect(problems(good)).not.toContain("not a key");
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError } from "../app/config";
import { readDatabaseUrl } from "./database-url";

const directory = mkdtempSync(path.join(tmpdir(), "database-url-"));
const file = path.join(directory, "url");
afterAll(() => rmSync(directory, { recursive: true }));

function read(content: string) {
  writeFileSync(file, content);
  return readDatabaseUrl(file);
}

test.each([
  ["mongodb://db:27017/app1", "app1"],
  ["mongodb://u:p@a:27017,b:27018,c/app1?replicaSet=rs0&authSource=admin\n", "app1"],
  ["mongodb://u:p%40%2F%3A@a/my-app_2?replicaSet=rs0", "my-app_2"],
  [`mongodb://a/${"d".repeat(63)}`, "d".repeat(63)],
])("%j names the database %s", (content, database) => {
  expect(read(content)).toEqual({ url: content.trim(), database });
});

test.each([
  ["", "does not hold a URL"],
  ["hunter2", "does not hold a URL"],
  ["http://u:hunter2@db/app1", "does not hold a URL"],
  ["mongodb://u:hun/ter2@db/app1", "does not hold a URL"],
  ["mongodb://u:hun@ter2@db/app1", "does not hold a URL"],
  ["mongodb://u:hunter2%zz@db/app1", "does not hold a URL"],
  ["mongodb://u:hunter2@/app1", "does not hold a URL"],
  ["mongodb://u:hunter2@db/app%zz1", "does not hold a URL"],
  ["mongodb://u:hunter2@db/app1?replcaSet=rs0", "does not hold a URL"],
  ["mongodb://u:hunter2@db/app1?w=hunter2&tls=hunter2", "does not hold a URL"],
  ["mongodb://u:hunter2@db", "names no database"],
  ["mongodb://u:hunter2@db/", "names no database"],
  ["mongodb://u:hunter2@db/?replicaSet=rs0", "names no database"],
  ["mongodb://u:hunter2@db/admin", "names no database"],
  ["mongodb://u:hunter2@db/a%20b", "names no database"],
  ["mongodb://u:hunter2@db/a%2Eb", "names no database"],
  [`mongodb://u:hunter2@db/${"d".repeat(64)}`, "names no database"],
])("%j is refused by the file's name, and nothing of it is told", (content, problem) => {
  const refused = problemOf(() => read(content));
  expect(refused).toMatch(new RegExp(`^MONGO_URL_FILE ${file} ${problem}`));
  expect(refused).toContain("correct the secret");
  expect(refused).not.toMatch(/hun|ter2/);
});

test("a file that is not there is refused", () => {
  expect(problemOf(() => readDatabaseUrl("/nowhere/url"))).toMatch(
    /^MONGO_URL_FILE \/nowhere\/url cannot be read \(ENOENT\): mount the secret there/,
  );
});

test("nor is a directory a file", () => {
  expect(problemOf(() => readDatabaseUrl(directory))).toContain("cannot be read (EISDIR)");
});

function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join("\n");
    throw error;
  }
  throw new Error("was accepted");
}

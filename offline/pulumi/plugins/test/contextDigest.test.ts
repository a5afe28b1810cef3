import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { contextFiles } from "../src/docker/image/context";
import { contextDigest, goMode } from "../src/docker/image/contextDigest";
import { parseIgnore } from "../src/docker/image/ignore";

let context: string;
beforeEach(() => {
  context = mkdtempSync(join(tmpdir(), "digest-"));
  write("Dockerfile", "FROM scratch\n");
});
afterEach(() => rmSync(context, { recursive: true }));

function write(name: string, content = "", mode = 0o644): void {
  const path = join(context, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

const digest = () => contextDigest(context, join(context, "Dockerfile"));
const files = (ignore?: string) =>
  [...contextFiles(context, ignore === undefined ? undefined : parseIgnore(ignore))].map(
    ({ path }) => path,
  );

describe("the digest", () => {
  test("is that of names, modes and contents", () => {
    const sha256 = (data: string) => createHash("sha256").update(data).digest();
    const total = createHash("sha256");
    for (const head of ["Dockerfile----------", "Dockerfile-rw-r--r--"]) {
      total.update(head).update(sha256("FROM scratch\n")).update("\0");
    }
    expect(digest()).toBe(total.digest("hex"));
  });

  test.each([
    ["a file's content", () => write("a", "2")],
    ["a file's mode", () => write("a", "1", 0o755)],
    ["a file that nobody tracks", () => write("b", "")],
    ["the Dockerfile", () => write("Dockerfile", "FROM x\n")],
    ["a file's name", () => (rmSync(join(context, "a")), write("c", "1"))],
  ])("sees %s", (_what, change) => {
    write("a", "1");
    const before = digest();
    change();
    expect(digest()).not.toBe(before);
  });

  test("does not see what is left out", () => {
    write(".dockerignore", "*\n!src\n");
    write("src/a", "1");
    const before = digest();
    write("notes", "");
    expect(digest()).toBe(before);
    write("src/b", "");
    expect(digest()).not.toBe(before);
  });

  test("sees where a link leads, not what is there", () => {
    write("a", "1");
    symlinkSync("a", join(context, "link"));
    const before = digest();
    rmSync(join(context, "link"));
    symlinkSync("Dockerfile", join(context, "link"));
    expect(digest()).not.toBe(before);
  });

  test("is the same whatever the Dockerfile is called, if it is outside", () => {
    const named = (name: string) => {
      const path = join(dirname(context), name);
      writeFileSync(path, "FROM x\n");
      const result = contextDigest(context, path);
      rmSync(path);
      return result;
    };
    expect(named(`${Date.now()}.a`)).toBe(named(`${Date.now()}.b`));
  });
});

test("a directory's files stand where the directory does", () => {
  for (const name of ["a/b", "a-b", "a.b", "B"]) write(name);
  expect(files()).toEqual(["B", "Dockerfile", "a/b", "a-b", "a.b"]);
});

test.each([
  ["an allow-list", "*\n!src\n!package*.json\n", ["package.json", "src/a.ts", "src/deep/b.ts"]],
  ["one that takes back", "*\n!src\nsrc/deep\n", ["src/a.ts"]],
  ["comments and blank lines", "# x\n\n*\n!src/a.ts\n", ["src/a.ts"]],
  ["two stars", "**/*.ts\nDockerfile\n", ["README.md", "package.json"]],
  ["a leading slash", "/src\n/README.md\n/Dockerfile", ["package.json"]],
])("an ignore file: %s", (_what, ignore, kept) => {
  for (const name of ["src/a.ts", "src/deep/b.ts", "package.json", "README.md"]) write(name);
  expect(files(ignore)).toEqual(kept);
});

test.each([
  [0o644, "-rw-r--r--"],
  [0o755, "-rwxr-xr-x"],
  [0o4755, "urwxr-xr-x"],
  [0o1600, "trw-------"],
])("mode %o is %s", (mode, text) => {
  write("a", "", mode);
  expect(goMode(lstatSync(join(context, "a")))).toBe(text);
});

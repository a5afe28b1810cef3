import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setRepositoryModes } from "../../infra/context";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "context-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (path: string): string => (statSync(join(folder, path)).mode & 0o777).toString(8);

test.each([0o077, 0o022, 0o002, 0o000])("sources have git's modes under umask %o", (umask) => {
  for (const path of ["src", "node_modules"]) mkdirSync(join(folder, path));
  for (const [path, mode] of [
    ["Dockerfile", 0o666],
    ["src/start", 0o777],
    ["node_modules/index.js", 0o666],
  ] as const) {
    writeFileSync(join(folder, path), "");
    chmodSync(join(folder, path), mode & ~umask);
  }
  chmodSync(join(folder, "src"), 0o777 & ~umask);

  setRepositoryModes(folder);

  expect(["", "src", "src/start", "Dockerfile"].map(modeOf)).toEqual(["755", "755", "755", "644"]);
  // What nobody sends to a build stays as it is.
  expect(modeOf("node_modules/index.js")).toBe((0o666 & ~umask).toString(8));
});

test("a folder that is not there is no error of its own", () => {
  expect(() => setRepositoryModes(join(folder, "nowhere"))).not.toThrow();
});

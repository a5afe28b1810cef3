import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedVersion, programDependencies, requiredPackages } from "../src/packages";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "packages-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

function writePackage(path: string, content: object): void {
  mkdirSync(join(directory, path), { recursive: true });
  writeFileSync(join(directory, path, "package.json"), JSON.stringify(content));
}

test("plugins of scoped, third-party and nested packages, by path", () => {
  writePackage("node_modules/@pulumi/docker", {
    name: "@pulumi/docker",
    version: "5.2.0",
    pulumi: { resource: true },
  });
  writePackage("node_modules/@pulumi/pulumi", { name: "@pulumi/pulumi", version: "3.259.0" });
  writePackage("node_modules/other", {
    name: "other",
    version: "1.0.0",
    pulumi: { resource: true, name: "thing", version: "v2.0.0", server: "https://plugins.example" },
  });
  writePackage("node_modules/other/node_modules/@pulumi/command", {
    name: "@pulumi/command",
    version: "1.2.1",
    pulumi: { resource: true },
  });
  expect(requiredPackages(directory)).toEqual([
    { name: "docker", version: "v5.2.0", server: "" },
    { name: "thing", version: "v2.0.0", server: "https://plugins.example" },
    { name: "command", version: "v1.2.1", server: "" },
  ]);
});

test("a third party that does not name its plugin, a broken package and a link in circles require nothing", () => {
  writePackage("node_modules/third", {
    name: "third",
    version: "1.0.0",
    pulumi: { resource: true },
  });
  writePackage("node_modules/broken", {});
  writeFileSync(join(directory, "node_modules/broken/package.json"), "{");
  symlinkSync(directory, join(directory, "node_modules/self"));
  expect(requiredPackages(directory)).toEqual([]);
});

test("no node_modules: nothing is required, nothing is installed", () => {
  expect(requiredPackages(directory)).toEqual([]);
  expect(programDependencies(directory, true)).toEqual([]);
  expect(installedVersion(directory, "typescript")).toBeUndefined();
});

test("dependencies: the direct ones that are installed, or all", () => {
  writePackage(".", { dependencies: { b: "^1.0.0", gone: "1.0.0" }, devDependencies: { a: "*" } });
  for (const name of ["a", "b", "c"])
    writePackage(`node_modules/${name}`, { name, version: "1.2.3" });
  writeFileSync(
    join(directory, "node_modules/.package-lock.json"),
    JSON.stringify({
      packages: {
        "": {},
        "node_modules/c": {},
        "node_modules/a": {},
        "node_modules/a/node_modules/d": {},
      },
    }),
  );
  const names = (transitive: boolean) =>
    programDependencies(directory, transitive).map(({ name }) => name);
  expect(names(false)).toEqual(["a", "b"]);
  expect(names(true)).toEqual(["a", "c"]);
});

import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { contextFiles } from "./context";
import { readIgnore } from "./ignore";

/** Go's letters for a file's kind and special bits, in the order in which Go prints them. */
const KIND_LETTERS: readonly (readonly [letter: string, has: (stats: Stats) => boolean])[] = [
  ["L", (stats) => stats.isSymbolicLink()],
  ["D", (stats) => stats.isBlockDevice() || stats.isCharacterDevice()],
  ["p", (stats) => stats.isFIFO()],
  ["S", (stats) => stats.isSocket()],
  ["u", (stats) => (stats.mode & 0o4000) !== 0],
  ["g", (stats) => (stats.mode & 0o2000) !== 0],
  ["c", (stats) => stats.isCharacterDevice()],
  ["t", (stats) => (stats.mode & 0o1000) !== 0],
];

/**
 * The digest by which Check notices a change of a build: over the Dockerfile, whatever its name, and each file of
 * the context with its name and mode. Equal to the real plugin's, so that neither rebuilds what the other built.
 * Source: pulumi/pulumi-docker, provider/provider.go, hashContext.
 * @throws if the Dockerfile or a file of the context cannot be read
 */
export function contextDigest(context: string, dockerfile: string): string {
  const total = createHash("sha256");
  const add = (name: string, mode: string, content: Buffer) => {
    total.update(name).update(mode).update(content).update(Buffer.of(0));
  };
  add("Dockerfile", "----------", sha256(readFileSync(dockerfile)));
  for (const { path, stats } of contextFiles(context, readIgnore(context, dockerfile))) {
    add(path, goMode(stats), contentDigest(join(context, path), stats));
  }
  return total.digest("hex");
}

function contentDigest(path: string, stats: Stats): Buffer {
  if (stats.isSymbolicLink()) return sha256(Buffer.from(evalSymlinks(path)));
  return sha256(stats.isFile() ? readFileSync(path) : Buffer.alloc(0));
}

function sha256(data: Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}

/** A file mode as Go's `FileMode.String` prints it. */
export function goMode(stats: Stats): string {
  const letters = KIND_LETTERS.filter(([, has]) => has(stats)).map(([letter]) => letter);
  const bits = ["r", "w", "x"];
  const permissions = Array.from({ length: 9 }, (_, index) =>
    (stats.mode & (0o400 >> index)) !== 0 ? bits[index % 3] : "-",
  );
  return (letters.join("") || "-") + permissions.join("");
}

/** Where a link leads in the end; relative as long as the links are, as with Go's `EvalSymlinks`. */
function evalSymlinks(path: string): string {
  let resolved = isAbsolute(path) ? "/" : "";
  const left = normalize(path).split("/").filter(Boolean);
  for (let links = 0; left.length > 0;) {
    const next = join(resolved, left.shift() ?? "");
    if (!lstatSync(next).isSymbolicLink()) {
      resolved = next;
      continue;
    }
    if (++links > 255) throw new Error(`too many links at ${path}`);
    const target = readlinkSync(next);
    if (isAbsolute(target)) resolved = "/";
    left.unshift(...normalize(target).split("/").filter(Boolean));
  }
  return normalize(resolved || dirname(path));
}

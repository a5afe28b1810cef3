import { chmodSync, existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** What installs and builds leave in a folder; no build context has it. */
const NOT_OURS = new Set(["node_modules", "dist", "coverage"]);

/**
 * Gives the sources of an image the modes that they have in the repository. Of a mode, git keeps only
 * whether a file is executable; the rest comes from the umask of whoever cloned, and would make another
 * build of the same sources, as the digest of a build's context sees modes.
 */
export function setRepositoryModes(path: string): void {
  // A context that is not there is for the build to complain about.
  if (!existsSync(path)) return;
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return;
  const wanted = stats.isDirectory() || (stats.mode & 0o100) !== 0 ? 0o755 : 0o644;
  if ((stats.mode & 0o777) !== wanted) chmodSync(path, wanted);
  if (!stats.isDirectory()) return;
  for (const name of readdirSync(path)) {
    if (!NOT_OURS.has(name)) setRepositoryModes(join(path, name));
  }
}

/** Clones of the repository that is tested. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The working tree that is tested. */
export const repository = resolve(__dirname, "../../..");

/**
 * Clones the repository as it is now, with what is not committed yet, and gives the clone the packages
 * that the repository has, so that `make` finds nothing to install.
 */
export function cloneRepository(folder: string, umask = 0o022): void {
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const before = process.umask(umask);
  try {
    mkdirSync(dirname(folder), { recursive: true });
    git(repository, "clone", "--quiet", "--no-hardlinks", ".", folder);
    const changed = git(
      repository,
      "ls-files",
      "-z",
      "--modified",
      "--others",
      "--deleted",
      "--exclude-standard",
    );
    for (const path of new Set(changed.split("\0").filter(Boolean))) {
      const [from, to] = [join(repository, path), join(folder, path)];
      if (!existsSync(from)) {
        rmSync(to, { force: true });
        continue;
      }
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, readFileSync(from));
      chmodSync(to, isExecutable(from) ? 0o777 & ~umask : 0o666 & ~umask);
    }
    for (const packages of ["node_modules", "offline/node_modules"]) {
      if (!existsSync(join(repository, packages))) continue;
      execFileSync("cp", ["-a", join(repository, packages), join(folder, packages)]);
      // Newer than the lock file: that is how the toolchain knows that they are installed.
      utimesSync(join(folder, packages, ".package-lock.json"), new Date(), new Date());
    }
  } finally {
    process.umask(before);
  }
}

const isExecutable = (file: string): boolean => (statSync(file).mode & 0o100) !== 0;

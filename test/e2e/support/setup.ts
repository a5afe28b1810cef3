/** Before the first file: nothing of an earlier run is left, and a fresh clone is there. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { removeObjects } from "./engine";
import { isAlive, killMarkedProcesses } from "./processes";
import { cloneRepository } from "./project";
import { cleanUp } from "./teardown";
import { artefacts, cloneFolder, ownerFile, repository, stacks, workspace } from "./workspace";

export default function setup(): void {
  refuseSecondRun();
  process.stdout.write("Removing what an earlier run may have left\n");
  execFileSync(join(repository, "offline/engine/ensure"), {
    stdio: ["ignore", "inherit", "inherit"],
  });
  killMarkedProcesses();
  for (const stack of stacks) removeObjects(stack);
  rmSync(workspace, { recursive: true, force: true });
  rmSync(artefacts, { recursive: true, force: true });
  mkdirSync(artefacts, { recursive: true });
  mkdirSync(workspace, { recursive: true });
  writeFileSync(ownerFile, String(process.pid));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      process.stdout.write(`\n${signal}: destroying the clusters before the end\n`);
      cleanUp();
      process.exit(1);
    });
  }
  process.stdout.write("Cloning the repository as it is\n");
  cloneRepository(cloneFolder);
}

/** @throws when another run has the clusters: both would destroy what the other makes. */
function refuseSecondRun(): void {
  if (!existsSync(ownerFile)) return;
  const owner = Number(readFileSync(ownerFile, "utf8"));
  if (owner !== process.pid && isAlive(owner)) {
    throw new Error(
      `another run of the end-to-end tests is under way (process ${owner}): wait for it, or end it`,
    );
  }
}

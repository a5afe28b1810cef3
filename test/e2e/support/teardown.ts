/** After the last file, and on Ctrl-C: the clusters go, whatever state they are in. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { objects, removeObjects } from "./engine";
import { killMarkedProcesses } from "./processes";
import { cloneFolder, stacks, workspace, place } from "./workspace";

export default function teardown(): void {
  cleanUp();
}

/** Blocks until all is gone, so that no test goes on meanwhile. */
export function cleanUp(): void {
  killMarkedProcesses();
  for (const stack of stacks) {
    if (objects(stack).length === 0) continue;
    process.stdout.write(`Destroying the stack ${stack}\n`);
    const down = spawnSync("make", ["down", `STACK=${stack}`], {
      cwd: cloneFolder,
      env: { ...process.env, ...place().env },
      stdio: ["ignore", "ignore", "inherit"],
      timeout: 300_000,
    });
    if (down.status !== 0 || objects(stack).length > 0) {
      process.stdout.write(`make down did not do it: removing what is labelled ${stack}\n`);
      removeObjects(stack);
    }
  }
  rmSync(workspace, { recursive: true, force: true });
}

/** The processes that a run started, found by a mark in their environment. */
import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "./eventually";

/** Name and value of an environment variable. */
export type Mark = readonly [name: string, value: string];

export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The engine outlives whoever started it. */
const ENGINE = /^(dockerd|containerd|containerd-shim.*|docker-proxy|runc)$/;

/** All marked processes but this one, the engine's left out. */
export function markedProcesses(mark: Mark): Process[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        if (!environment.includes(mark.join("="))) return [];
        const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
        if (ENGINE.test(name)) return [];
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        return command === "" ? [] : [{ pid, command }];
      } catch {
        // It ended between two looks, or belongs to somebody else.
        return [];
      }
    });
}

/** Waits for the end of all of them. @throws with those that are left. */
export const markedProcessesEnd = (mark: Mark, withinMs: number): Promise<true> =>
  eventually("the end of every process of the run", { withinMs }, () => {
    const left = markedProcesses(mark);
    if (left.length > 0) throw new Error(left.map(({ command }) => command).join("\n"));
    return true;
  });

/** Kills all of them. */
export function killMarkedProcesses(mark: Mark): void {
  for (const { pid } of markedProcesses(mark)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Whether a process of this number lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The processes that a run of these tests started, found by the mark in their environment. */
import { readdirSync, readFileSync } from "node:fs";
import { runMark } from "./workspace";

export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The engine outlives whoever started it. */
const ENGINE = /^(dockerd|containerd|containerd-shim.*|docker-proxy|runc)$/;

const mark = Object.entries(runMark)
  .map(([name, value]) => `${name}=${value}`)
  .join();

/** All marked processes but this one, the engine's left out. */
export function markedProcesses(): Process[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        if (!environment.includes(mark)) return [];
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

/** Kills all of them. */
export function killMarkedProcesses(): void {
  for (const { pid } of markedProcesses()) {
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

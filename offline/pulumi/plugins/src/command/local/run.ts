import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import type { RunArgs } from "../models";
import type { CommandOutput } from "../output";
import { OutputCollector, previousOutput } from "../output";

/** How a command is to be run here. */
export type RunOptions = Omit<RunArgs, "command">;

/** What a run needs of the operation it belongs to. */
export interface RunContext {
  readonly signal: AbortSignal;
  /** Shows a line while the command runs. */
  readonly status: (line: string) => void;
}

/**
 * Runs a command in a process group of its own, in `dir` or else where the CLI started the plugin: the
 * project's directory. An abort kills the group, so that nothing of it outlives the CLI.
 * @param previous what the last run printed
 * @throws if it cannot be started, fails, or is aborted
 */
export async function runLocally(
  command: string,
  options: RunOptions,
  previous: Partial<CommandOutput>,
  { signal, status }: RunContext,
): Promise<CommandOutput> {
  const output = new OutputCollector(options.logging, status);
  if (signal.aborted) throw output.failure(reasonOf(signal), command);
  requireDirectory(options.dir, (why) => output.failure(why, command));

  const interpreter = options.interpreter?.length ? options.interpreter : ["/bin/sh", "-c"];
  const [program = "", ...args] = [...interpreter, command];
  const child = spawn(program, args, {
    cwd: options.dir,
    env: {
      ...process.env,
      ...options.environment,
      ...(options.addPreviousOutputInEnv === false ? {} : previousOutput(previous)),
    },
    stdio: [options.stdin ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true,
  });
  child.stdout?.on("data", (chunk: Buffer) => output.take("stdout", chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.take("stderr", chunk));
  // A command need not read its stdin to the end.
  child.stdin?.on("error", () => undefined).end(options.stdin);

  const kill = () => killGroup(child.pid);
  signal.addEventListener("abort", kill, { once: true });
  try {
    const why = await new Promise<string | undefined>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, killedBy) => resolve(verdict(code, killedBy)));
    });
    const printed = output.end();
    if (signal.aborted) throw output.failure(reasonOf(signal), command);
    if (why !== undefined) throw output.failure(why, command);
    return printed;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

/** Node blames the program when it is the directory that does not exist. */
function requireDirectory(dir: string | undefined, failure: (why: string) => Error): void {
  if (dir === undefined || statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return;
  throw failure(`chdir ${dir}: no such file or directory`);
}

function verdict(code: number | null, killedBy: NodeJS.Signals | null): string | undefined {
  if (code === 0) return undefined;
  return code === null ? `signal: ${killedBy ?? "unknown"}` : `exit status ${code}`;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It may have ended by itself just now.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : "operation canceled";
}

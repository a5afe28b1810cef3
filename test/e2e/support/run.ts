/** Runs programs as a user would: in a process group of their own, with a deadline, output kept. */
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";

export interface RunOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; without it there is none. */
  readonly input?: string;
  /** The process group is killed after this time. Ten minutes when left out. */
  readonly timeoutMs?: number;
  /** A file that standard output and error are appended to while they come. */
  readonly log?: string;
}

export interface Outcome {
  /** The exit status, or null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output and error as they came. */
  readonly output: string;
  readonly seconds: number;
}

/** A program that runs. */
export interface Running {
  readonly done: Promise<Outcome>;
  /** Sends a signal to the whole process group; none may be left. */
  signal(signal: NodeJS.Signals): void;
}

/** Starts a program. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Running {
  const begun = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  const signal = (name: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  const done = new Promise<Outcome>((resolve, reject) => {
    let stdout = "";
    let stderr = "";
    let output = "";
    const take = (text: string) => {
      output += text;
      if (options.log) appendFileSync(options.log, text);
    };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      take(text);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      take(text);
    });
    const timeoutMs = options.timeoutMs ?? 600_000;
    const timer = setTimeout(() => {
      take(`\nkilled: not done after ${timeoutMs / 1000} s\n`);
      signal("SIGKILL");
    }, timeoutMs);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, stdout, stderr, output, seconds: (performance.now() - begun) / 1000 });
    });
    if (options.input !== undefined) child.stdin?.end(options.input);
  });
  return { done, signal };
}

/** Runs a program to its end, whatever that is. */
export const attempt = (
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Outcome> => start(command, args, options).done;

/** Runs a program that has to succeed. @throws with the last lines of its output when it does not. */
export async function run(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Outcome> {
  const outcome = await attempt(command, args, options);
  if (outcome.status !== 0) {
    throw new Error(
      `"${[command, ...args].join(" ")}" ended with ${outcome.status}:\n${tail(outcome.output, 60)}`,
    );
  }
  return outcome;
}

const tail = (text: string, lines: number): string => text.split("\n").slice(-lines).join("\n");

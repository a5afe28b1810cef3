import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { RuntimeOptions } from "./options";

/** Exit code of a program that has told its user what is wrong: nothing more is to be said. */
export const EXITED_AFTER_MESSAGE = 32;

/** How long a program may take to end after SIGINT before it is killed. */
const KILL_DELAY_MS = 5000;

/** What the engine says about one run of the program. */
export interface RunDescription {
  readonly monitor: string;
  readonly engine: string;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly rootDirectory: string;
  readonly programDirectory: string;
  readonly entryPoint: string;
  readonly parallel: number;
  readonly dryRun: boolean;
  readonly args: readonly string[];
  readonly config: Readonly<Record<string, string>>;
  readonly configSecretKeys: readonly string[];
}

/** How a run ended. */
export interface RunResult {
  /** Empty after a success. */
  readonly error: string;
  /** The program has already explained itself. */
  readonly bail: boolean;
}

/** The arguments of @pulumi/pulumi's `cmd/run`; empty values are left out. */
export function runArguments(run: RunDescription): string[] {
  const flag = (name: string, value: string) => (value === "" ? [] : [`--${name}`, value]);
  return [
    ...flag("monitor", run.monitor),
    ...flag("engine", run.engine),
    ...flag("organization", run.organization),
    ...flag("project", run.project),
    ...flag("root-directory", run.rootDirectory),
    ...flag("stack", run.stack),
    ...flag("pwd", run.programDirectory),
    ...(run.dryRun ? ["--dry-run"] : []),
    ...flag("parallel", String(run.parallel)),
    run.entryPoint,
    ...run.args,
  ];
}

/** What `cmd/run` expects in its environment. */
export function runEnvironment(
  run: RunDescription,
  options: RuntimeOptions,
): Record<string, string> {
  return {
    PULUMI_CONFIG: JSON.stringify(run.config),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(run.configSecretKeys),
    ...(options.typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
    ...(options.tsconfig ? { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig } : {}),
  };
}

/** What an exit means to the engine. */
export function resultOfExit(code: number | null, signal: NodeJS.Signals | null): RunResult {
  if (code === 0) return { error: "", bail: false };
  if (code === EXITED_AFTER_MESSAGE) return { error: "", bail: true };
  if (code === null) return { error: `Program was ended by ${String(signal)}`, bail: false };
  return { error: `Program exited with non-zero exit code: ${code}`, bail: false };
}

/** The programs that run now. */
const running = new Set<Promise<RunResult>>();

/** Resolves as soon as no program runs. */
export async function programsEnded(): Promise<void> {
  await Promise.all(running);
}

/**
 * Runs the program once. Its output is this process's: the CLI shows what it reads there.
 * @param cancel ends the program, and whatever it started, when aborted
 */
export async function runProgram(
  run: RunDescription,
  options: RuntimeOptions,
  cancel: AbortSignal,
): Promise<RunResult> {
  let entry: string;
  try {
    entry = locateRun(run.programDirectory);
  } catch {
    const error =
      "It looks like the Pulumi SDK has not been installed. Have you run npm ci or pulumi install?";
    return { error, bail: false };
  }
  const program = spawn("node", [...options.nodeArgs, entry, ...runArguments(run)], {
    cwd: run.programDirectory,
    env: { ...process.env, ...runEnvironment(run, options) },
    stdio: ["ignore", "inherit", "inherit"],
    detached: true, // a process group of its own, to be ended as a whole
  });
  const result = resultOf(program);
  running.add(result);
  const end = () => endGroup(program);
  cancel.addEventListener("abort", end, { once: true });
  if (cancel.aborted) end();
  try {
    return await result;
  } finally {
    cancel.removeEventListener("abort", end);
    running.delete(result);
  }
}

function resultOf(program: ChildProcess): Promise<RunResult> {
  return new Promise((resolve) => {
    program.once("error", (error) =>
      resolve({ error: `Problem executing program: ${error.message}`, bail: false }),
    );
    program.once("exit", (code, signal) => resolve(resultOfExit(code, signal)));
  });
}

/** The same variable moves it as in the real language host. */
function locateRun(programDirectory: string): string {
  const request = process.env["PULUMI_LANGUAGE_NODEJS_RUN_PATH"] || "@pulumi/pulumi/cmd/run";
  return createRequire(join(programDirectory, "package.json")).resolve(request);
}

function endGroup(program: ChildProcess): void {
  const send = (signal: NodeJS.Signals) => {
    try {
      if (program.pid !== undefined) process.kill(-program.pid, signal);
    } catch {
      // ended already
    }
  };
  send("SIGINT");
  const timer = setTimeout(() => send("SIGKILL"), KILL_DELAY_MS);
  program.once("exit", () => clearTimeout(timer));
}

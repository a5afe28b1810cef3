/** A clone of the repository with a stack, driven by what its user types. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { type Change, changesIn, readEvents, summaryOf } from "./changes";
import { attempt, type Outcome, run, type Running, start } from "./run";

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings of a stack that is as small as one can be. */
export const SMALL_STACK = `config:
  swarm:managers: "1"
  swarm:workers: "1"
  swarm:loggers: "0"
  swarm:app1Replicas: "1"
  swarm:mongoMembers: "1"
`;

/** What a command of Pulumi's did, or would do. */
export interface Result extends Outcome {
  /** Every resource that it changed, or announced to change. */
  readonly changes: readonly Change[];
  /** What its summary counts besides what stays the same. */
  readonly counts: Readonly<Record<string, number>>;
  readonly events: readonly EngineEvent[];
}

/** What the stack's `make outputs` prints. */
export interface Outputs {
  readonly proxyUrl: string;
  readonly app1Url: string;
  readonly kibanaUrl: string;
  readonly managers: readonly { readonly name: string; readonly address: string }[];
  readonly standIns: Readonly<Record<string, string>>;
}

/** A resource in the state, as far as tests look at it. */
export interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** Where a project is driven from. */
export interface Place {
  /** The clone. */
  readonly folder: string;
  /** What its commands find in their environment besides this process's own. */
  readonly env: Environment;
  /** The folder that takes the output and the event logs of its commands. */
  readonly logs: string;
}

export class Project {
  constructor(
    readonly stack: string,
    readonly place: Place,
  ) {}

  /** `make TARGET` that has to succeed. */
  make(target: string, env: Environment = {}): Promise<Outcome> {
    return run("make", this.makeArgs(target), this.options(`make ${target}`, env));
  }

  /** `make TARGET`, whatever comes of it. */
  tryMake(target: string, env: Environment = {}): Promise<Outcome> {
    return attempt("make", this.makeArgs(target), this.options(`make ${target}`, env));
  }

  /** Starts `make TARGET` and returns at once. */
  startMake(target: string): Running {
    return start("make", this.makeArgs(target), this.options(`make ${target}`));
  }

  /** `make up`, with what it changed. */
  up(): Promise<Result> {
    return this.withEvents(false, (env) => this.make("up", env));
  }

  preview(env: Environment = {}): Promise<Result> {
    return this.withEvents(true, (events) => this.pulumi(["preview"], { ...env, ...events }));
  }

  refresh(): Promise<Result> {
    return this.withEvents(false, (env) =>
      this.pulumi(["refresh", "--yes", "--skip-preview"], env),
    );
  }

  /** `make outputs`, parsed. */
  async outputs(): Promise<Outputs> {
    return JSON.parse((await this.make("outputs")).stdout) as Outputs;
  }

  /** The stack's state, as text. It may hold secrets, so it is not logged. */
  async state(...args: string[]): Promise<string> {
    const [command, all, options] = this.pulumiCommand(["stack", "export", ...args], {});
    return (await run(command, all, { ...options, log: undefined })).stdout;
  }

  /** The resources in the state. */
  async resources(...args: string[]): Promise<readonly Resource[]> {
    const { deployment } = JSON.parse(await this.state(...args)) as {
      deployment: { resources?: Resource[] };
    };
    return deployment.resources ?? [];
  }

  /** A digest of all resources with their secrets, whose encryption differs from one write to the next. */
  async fingerprint(): Promise<string> {
    const resources = await this.resources("--show-secrets");
    return createHash("sha256").update(JSON.stringify(resources)).digest("hex");
  }

  /** A secret output, by the command that the documentation names. It is not logged. */
  async secretOutput(name: string): Promise<string> {
    const command = this.pulumiCommand(["stack", "output", name, "--show-secrets"], {});
    const [program, args, options] = command;
    return (await run(program, args, { ...options, log: undefined })).stdout.trim();
  }

  setConfig(key: string, value: string): Promise<Outcome> {
    return this.pulumi(["config", "set", key, value]);
  }

  /** Any command of the CLI on this stack. */
  pulumi(args: readonly string[], env: Environment = {}): Promise<Outcome> {
    return run(...this.pulumiCommand(args, env));
  }

  tryPulumi(args: readonly string[], env: Environment = {}): Promise<Outcome> {
    return attempt(...this.pulumiCommand(args, env));
  }

  /** Takes over the stack of another clone, by its settings. */
  adopt(other: Project): void {
    const settings = `Pulumi.${this.stack}.yaml`;
    copyFileSync(join(other.place.folder, settings), join(this.place.folder, settings));
  }

  /** Rewrites a source file; what is returned restores it. @throws when that leaves it as it was. */
  edit(path: string, change: (text: string) => string): () => void {
    const file = join(this.place.folder, path);
    const before = readFileSync(file, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`the edit changes nothing in ${path}`);
    writeFileSync(file, after);
    return () => writeFileSync(file, before);
  }

  private makeArgs(target: string): string[] {
    return [target, `STACK=${this.stack}`];
  }

  private pulumiCommand(
    args: readonly string[],
    env: Environment,
  ): [string, string[], ReturnType<Project["options"]>] {
    const all = [...args, "--stack", this.stack, "--non-interactive"];
    return [join(this.place.folder, "scripts/pulumi"), all, this.options(`pulumi ${args[0]}`, env)];
  }

  private options(name: string, env: Environment = {}) {
    mkdirSync(this.place.logs, { recursive: true });
    const log = join(this.place.logs, `${this.stack} ${name}.log`);
    writeFileSync(log, `=== ${name}, ${new Date().toISOString()}\n`, { flag: "a" });
    return { cwd: this.place.folder, env: { ...this.place.env, ...env }, log };
  }

  /** Has the CLI write its event log, which is offered with the debug commands only. */
  private async withEvents(
    planned: boolean,
    command: (env: Environment) => Promise<Outcome>,
  ): Promise<Result> {
    mkdirSync(this.place.logs, { recursive: true });
    const file = join(this.place.logs, `${this.stack} ${Date.now()}.events`);
    const outcome = await command({
      PULUMI_DEBUG_COMMANDS: "true",
      PULUMI_OPTION_EVENT_LOG: file,
    });
    const events = readEvents(file);
    return {
      ...outcome,
      ...{ events, changes: changesIn(events, planned), counts: summaryOf(events) },
    };
  }
}

/** A run that makes stacks of its own from a clone of its own, and leaves nothing behind. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneRepository, repository } from "./clone";
import { objects, removeObjects } from "./engine";
import { isAlive, killMarkedProcesses, type Mark } from "./processes";
import type { Place } from "./project";

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

export class Ephemeral {
  /** Everything that the run writes, but for the artefacts; removed when it ends. */
  readonly workspace: string;
  /** The clone that the stacks are made from, whose sources may be edited. */
  readonly clone: string;
  /** Logs, figures and screenshots; kept, and not committed. */
  readonly artefacts: string;
  /** In the environment of every command on the stacks, so that what is left over can be found. */
  readonly mark: Mark;
  private readonly ownerFile: string;

  /** One run of a name at a time; its stacks are its own. */
  constructor(
    name: string,
    private readonly stacks: readonly string[],
  ) {
    this.workspace = join(tmpdir(), `swarm-${name}`);
    this.clone = join(this.workspace, "clone");
    this.artefacts = join(repository, "artefacts", name);
    this.ownerFile = join(this.workspace, "owner.pid");
    this.mark = ["SWARM_RUN", name];
  }

  /**
   * The clone, or another one with the same stacks. They are kept in the workspace, as those of a user
   * without a Pulumi login are in his home, whatever this machine's user has.
   */
  place(folder: string = this.clone): Place {
    const [markName, markValue] = this.mark;
    return {
      folder,
      logs: this.artefacts,
      env: {
        XDG_DATA_HOME: join(this.workspace, "data"),
        PULUMI_CREDENTIALS_PATH: join(this.workspace, "no-login"),
        PULUMI_BACKEND_URL: undefined,
        PULUMI_CONFIG_PASSPHRASE: undefined,
        PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
        [markName]: markValue,
      },
    };
  }

  /**
   * Removes what an earlier run left, and clones the repository. From here on a signal ends the stacks
   * before it ends the process.
   * @throws when another run of this name is under way: both would destroy what the other makes.
   */
  begin(): void {
    this.refuseSecondRun();
    say("Removing what an earlier run may have left");
    execFileSync(join(repository, "offline/engine/ensure"), {
      stdio: ["ignore", "ignore", "inherit"],
    });
    killMarkedProcesses(this.mark);
    this.stacks.forEach(removeObjects);
    for (const folder of [this.workspace, this.artefacts]) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    }
    writeFileSync(this.ownerFile, String(process.pid));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => {
        say(`\n${signal}: destroying the stacks before the end`);
        this.end();
        process.exit(1);
      });
    }
    say("Cloning the repository as it is");
    cloneRepository(this.clone);
  }

  /**
   * Destroys the stacks, whatever state they are in. Blocks until all is gone, so that nothing goes on meanwhile. Where a
   * `make down` did not do its work, this process will have failed.
   */
  end(): void {
    killMarkedProcesses(this.mark);
    for (const stack of this.stacks) {
      if (objects(stack).length === 0) continue;
      say(`Destroying the stack ${stack}`);
      const down = spawnSync("make", ["down", `STACK=${stack}`], {
        cwd: this.clone,
        env: { ...process.env, ...this.place().env },
        stdio: ["ignore", "pipe", "inherit"],
        encoding: "utf8",
        maxBuffer: Infinity,
        timeout: 300_000,
      });
      if (down.status === 0 && objects(stack).length === 0) continue;
      say(`${down.stdout}\nmake down failed (${down.status}): removing what is labelled ${stack}`);
      removeObjects(stack);
      process.exitCode = 1;
    }
    rmSync(this.workspace, { recursive: true, force: true });
  }

  private refuseSecondRun(): void {
    if (!existsSync(this.ownerFile)) return;
    const owner = Number(readFileSync(this.ownerFile, "utf8"));
    if (owner !== process.pid && isAlive(owner)) {
      throw new Error(
        `another run (process ${owner}) has the stacks ${this.stacks.join(", ")}: wait for it, or end it`,
      );
    }
  }
}

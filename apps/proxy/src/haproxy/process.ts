import { type ChildProcess, execFile, spawn } from "node:child_process";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { type Log, messageOf } from "../log";
import type { DataPlane, Exit } from "./dataPlane";
import { LIFECYCLE_BACKEND, LIFECYCLE_SERVER } from "./frontend";
import { ask, currentWorker, occupiedSlots } from "./masterCli";
import { renderCertificateCheck } from "./tls";

/** Where HAProxy's binary and files are. */
export interface HaproxyPaths {
  readonly binary: string;
  readonly runDir: string;
  /** Named in the configuration as `server-state-file`. */
  readonly stateFile: string;
}

/** HAProxy in master-worker mode as a child process. */
export class HaproxyProcess implements DataPlane {
  readonly exited: Promise<Exit>;
  private readonly configFile: string;
  private readonly socket: string;
  private child: ChildProcess | undefined;
  private lastGood = "";
  private serving = true;
  /** What is asked of the master comes one after another: in a reload nobody can say which worker would hear it, if any. */
  private turn: Promise<unknown> = Promise.resolve();
  private ended: (exit: Exit) => void = () => undefined;

  constructor(
    private readonly paths: HaproxyPaths,
    private readonly log: Log,
  ) {
    this.configFile = join(paths.runDir, "haproxy.cfg");
    this.socket = join(paths.runDir, "master.sock");
    this.exited = new Promise((resolve) => (this.ended = resolve));
  }

  check(config: string): Promise<string | undefined> {
    return this.checkAs("haproxy.cfg.candidate", config);
  }

  checkCertificates(listFile: string): Promise<string | undefined> {
    return this.checkAs("certificates.cfg.candidate", renderCertificateCheck(listFile));
  }

  private async checkAs(name: string, config: string): Promise<string | undefined> {
    const candidate = join(this.paths.runDir, name);
    await writeFile(candidate, config);
    return new Promise((resolve) => {
      execFile(
        this.paths.binary,
        ["-c", "-f", candidate],
        { timeout: 30_000 },
        (error, _stdout, stderr) => {
          resolve(error === null ? undefined : complaint(stderr || error.message));
        },
      );
    });
  }

  async start(config: string, serving = true): Promise<void> {
    await this.writeConfig(config);
    // A file of an earlier life would bring back addresses that others may have by now.
    await replaceFile(this.paths.stateFile, "1\n");
    const args = ["-W", "-f", this.configFile, "-S", `${this.socket},mode,600`];
    // The access log goes straight to our stdout, which nothing else writes to.
    const child = spawn(this.paths.binary, args, { stdio: ["ignore", "inherit", "pipe"] });
    this.child = child;
    child.once("error", (error) => {
      this.log.error("HAProxy cannot be started", { error: error.message });
      this.ended({ code: 127, signal: null });
    });
    child.once("exit", (code, signal) => this.ended({ code, signal }));
    createInterface({ input: child.stderr }).on("line", (line) => this.relay(line));
    await this.untilWorking();
    this.lastGood = config;
    if (!serving) await this.setServing(false);
  }

  reload(config: string): Promise<void> {
    return this.inTurn(() => this.reloadNow(config));
  }

  private async reloadNow(config: string): Promise<void> {
    await this.saveServerStates();
    await this.writeConfig(config);
    const answer = await ask(this.socket, "reload", 30_000).catch(messageOf);
    if (!answer.startsWith("Success=1")) {
      await this.writeConfig(this.lastGood);
      throw new Error(`HAProxy refused to reload: ${complaint(answer)}`);
    }
    this.lastGood = config;
    await this.untilWorking();
    // The new worker begins as the old one was, which may have missed what it was told.
    await this.tellServing();
  }

  replaceCertificate(file: string, pem: string): Promise<boolean> {
    return this.inTurn(() => this.replaceNow(file, pem));
  }

  private async replaceNow(file: string, pem: string): Promise<boolean> {
    try {
      // An empty line ends what HAProxy takes for the certificate.
      const set = await ask(this.socket, `@1 set ssl cert ${file} <<\n${pem.trimEnd()}\n`);
      if (!/Transaction (?:created|updated)/.test(set)) throw new Error(set);
      const commit = await ask(this.socket, `@1 commit ssl cert ${file}`);
      if (!commit.includes("Success!")) throw new Error(commit);
      return true;
    } catch (error) {
      this.log.warn("certificate could not be replaced without a reload", {
        file,
        error: messageOf(error),
      });
      await ask(this.socket, `@1 abort ssl cert ${file}`).catch(() => undefined);
      return false;
    }
  }

  setServing(serving: boolean): Promise<void> {
    this.serving = serving;
    return this.inTurn(() => this.tellServing());
  }

  private async tellServing(): Promise<void> {
    const verb = this.serving ? "enable" : "disable";
    await ask(this.socket, `@1 ${verb} server ${LIFECYCLE_BACKEND}/${LIFECYCLE_SERVER}`);
  }

  async stop(timeoutMs: number): Promise<void> {
    const child = this.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    // To HAProxy's master USR1 is «let them finish», TERM is «now».
    for (const [signal, patienceMs] of [
      ["SIGUSR1", timeoutMs],
      ["SIGTERM", 2000],
      ["SIGKILL", 2000],
    ] as const) {
      child.kill(signal);
      const patience = new AbortController();
      const gone = await Promise.race([
        this.exited.then(() => true),
        sleep(patienceMs, false, { signal: patience.signal }).catch(() => false),
      ]);
      patience.abort();
      if (gone) return;
      this.log.warn("HAProxy is still running", { after: signal, patienceMs });
    }
  }

  private inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.turn.then(action);
    this.turn = done.catch(() => undefined);
    return done;
  }

  /** What the next process starts from: without it every backend would be empty until DNS has answered again. */
  private async saveServerStates(): Promise<void> {
    try {
      const states = await ask(this.socket, "@1 show servers state");
      await replaceFile(this.paths.stateFile, occupiedSlots(states));
    } catch (error) {
      this.log.warn("server states could not be saved", { error: messageOf(error) });
    }
  }

  /** Waits until the master has a worker. */
  private async untilWorking(): Promise<void> {
    const deadline = Date.now() + 15_000;
    let reason = "";
    while (Date.now() < deadline) {
      if (this.child?.exitCode !== null) throw new Error("HAProxy ended while it was starting");
      try {
        if (currentWorker(await ask(this.socket, "show proc")) !== undefined) return;
        reason = "it has no worker";
      } catch (error) {
        reason = messageOf(error);
      }
      await sleep(20);
    }
    throw new Error(`HAProxy does not come up: ${reason}`);
  }

  private async writeConfig(config: string): Promise<void> {
    await replaceFile(this.configFile, config);
  }

  /** HAProxy's own lines look like `[WARNING]  (8) : text`. */
  private relay(line: string): void {
    const [, level = "NOTICE", pid, text = line] =
      /^\[(\w+)\]\s+\((\d+)\) : (.*)$/.exec(line) ?? [];
    const fields = { source: "haproxy", pid: pid === undefined ? undefined : Number(pid) };
    if (level === "ALERT" || level === "EMERG") this.log.error(text, fields);
    else if (level === "WARNING") this.log.warn(text, fields);
    else this.log.info(text, fields);
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** HAProxy's reasons without its greetings, on one line. */
function complaint(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const alerts = lines.filter((line) => /^\[(?:ALERT|EMERG)\]/.test(line));
  return (alerts.length > 0 ? alerts : lines.filter((line) => line !== ""))
    .join(" ")
    .slice(0, 2000);
}

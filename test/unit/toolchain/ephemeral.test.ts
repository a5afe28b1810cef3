import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { repository, temporaryFolder, writeCommand } from "./shell";

/** A project whose `scripts/stack` only notes what it is asked, and an engine that has what is noted as up. */
let folder: ReturnType<typeof temporaryFolder>;
const path = (name: string): string => join(folder.path, name);
const running: ChildProcess[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(path("scripts"));
  mkdirSync(path("bin"));
  for (const name of ["ephemeral", "lib.sh", "variables.ts"]) {
    copyFileSync(join(repository, "scripts", name), path(`scripts/${name}`));
  }
  for (const name of ["node_modules", "tsconfig.json"]) {
    symlinkSync(join(repository, name), path(name));
  }
  const outputs = {
    app1Url: "http://127.0.0.1:1/app1",
    kibanaPassword: "[secret]",
    names: ["it's"],
  };
  writeFileSync(path("outputs.json"), JSON.stringify(outputs));
  writeCommand(
    path("scripts/stack"),
    `echo "$1 $2" >>"${folder.path}/calls"
     case $1 in
       up) touch "${folder.path}/up.$2"; [ ! -f "${folder.path}/broken" ] || exit 1 ;;
       outputs) cat "${folder.path}/outputs.json" ;;
       down) rm -f "${folder.path}/up.$2"; "${folder.path}/scripts/ephemeral" --forget "$2" ;;
     esac`,
  );
  writeFileSync(path("known.json"), "[]");
  writeCommand(path("scripts/pulumi"), `cat "${folder.path}/known.json"`);
  writeCommand(
    path("bin/docker"),
    `for last; do :; done; [ ! -f "${folder.path}/up.\${last##*=}" ] || echo id`,
  );
});

afterEach(async () => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  // What watches a stack ends with it, or with its record.
  await until(() => !existsSync(path("data/swarm-system/ephemeral/pr-1")));
  folder.remove();
});

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

const environment = (): Record<string, string> => ({
  PATH: `${path("bin")}:${process.env["PATH"] ?? ""}`,
  HOME: folder.path,
  XDG_DATA_HOME: path("data"),
});

function start(name: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(path("scripts/ephemeral"), [name], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...environment(), ...env },
  });
  running.push(child);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve) => {
    child.on("exit", (status, signal) => resolve({ status, signal, stderr }));
  });
  return { child, ended };
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 25_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`not within 25 s: ${isTrue.toString()}`);
    await pause(20);
  }
}

const calls = (): string[] =>
  existsSync(path("calls")) ? readFileSync(path("calls"), "utf8").trim().split("\n") : [];
const isGone = (name: string): boolean =>
  !existsSync(path(`up.${name}`)) && !existsSync(path(`data/swarm-system/ephemeral/${name}`));
/** Says where it is, and goes on for ever. */
const FOREVER = 'echo $$ >"$HOME/pid"; exec sleep 1000';
const runs = (): boolean => existsSync(path("pid")) && readFileSync(path("pid"), "utf8") !== "";
const lives = (pid: string): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
};
const isAlive = (): boolean => runs() && lives(readFileSync(path("pid"), "utf8").trim());

test("the command has the plain outputs in its environment, its status is the script's, and the stack goes", async () => {
  const RUN = 'env >"$HOME/seen"; exit 7';
  const { status } = await start("pr-1", { RUN }).ended;
  expect(status).toBe(7);
  const seen = readFileSync(path("seen"), "utf8").split("\n");
  expect(seen).toContain("STACK=pr-1");
  expect(seen).toContain("APP1_URL=http://127.0.0.1:1/app1");
  expect(seen).toContain(`NAMES=["it's"]`);
  expect(seen.filter((line) => line.startsWith("KIBANA_PASSWORD"))).toEqual([]);
  expect(calls()).toEqual(["up pr-1", "outputs pr-1", "down pr-1"]);
  expect(isGone("pr-1")).toBe(true);
});

test("a stack that could not be made goes, and nothing is run", async () => {
  writeFileSync(path("broken"), "");
  const { status } = await start("pr-1", { RUN: 'touch "$HOME/ran"' }).ended;
  expect(status).toBe(1);
  expect(existsSync(path("ran"))).toBe(false);
  expect(calls()).toEqual(["up pr-1", "down pr-1"]);
});

test("Ctrl-C ends the command and the stack", async () => {
  const { child, ended } = start("pr-1", { RUN: FOREVER });
  await until(runs);
  process.kill(-(child.pid ?? 0), "SIGINT");
  expect((await ended).status).toBe(130);
  expect(isAlive()).toBe(false);
  expect(isGone("pr-1")).toBe(true);
});

test("killed with no chance to clean up, its command and stack go all the same", async () => {
  const { child, ended } = start("pr-1", { RUN: FOREVER });
  await until(runs);
  child.kill("SIGKILL");
  await ended;
  await until(() => isGone("pr-1"));
  expect(isAlive()).toBe(false);
  expect(calls()).toEqual(["up pr-1", "outputs pr-1", "down pr-1"]);
});

test("where what watches it is killed as well, the next call destroys it", async () => {
  const first = start("pr-1", { RUN: FOREVER });
  await until(runs);
  const record = readFileSync(path("data/swarm-system/ephemeral/pr-1"), "utf8");
  first.child.kill("SIGKILL");
  await first.ended;
  // What watches it forgets the record once more, as the last thing that it does.
  const watch = /^watch=(\d+)/m.exec(record)?.[1] ?? "";
  expect(lives(watch)).toBe(true);
  await until(() => isGone("pr-1") && !lives(watch));
  // As it would be had the watch not been there.
  writeFileSync(path("up.pr-1"), "");
  writeFileSync(path("data/swarm-system/ephemeral/pr-1"), record);
  const { status } = await start("pr-2", { RUN: "true" }).ended;
  expect(status).toBe(0);
  expect(isGone("pr-1")).toBe(true);
  expect(calls().slice(-4)).toEqual(["down pr-1", "up pr-2", "outputs pr-2", "down pr-2"]);
});

test("a command that takes longer than the stack may live is ended", async () => {
  const { status, stderr } = await start("pr-1", { RUN: FOREVER, TTL: "6s" }).ended;
  expect(status).not.toBe(0);
  expect(stderr).toContain("The time of stack pr-1 is over: TTL was 6s");
  expect(isAlive()).toBe(false);
  expect(isGone("pr-1")).toBe(true);
});

test("without a command the stack stays until its time is over, with its settings", async () => {
  writeFileSync(path("small.yaml"), "config: {}\n");
  const { status, stderr } = await start("pr-1", { TTL: "3s", SETTINGS: path("small.yaml") }).ended;
  expect(status).toBe(0);
  expect(stderr).toContain("make down STACK=pr-1");
  expect(existsSync(path("up.pr-1"))).toBe(true);
  expect(readFileSync(path("Pulumi.pr-1.yaml"), "utf8")).toBe("config: {}\n");
  await until(() => isGone("pr-1"));
  expect(existsSync(path("Pulumi.pr-1.yaml"))).toBe(false);
});

test("what watches a stack ends with it, whoever destroys it, and leaves another run of its name alone", async () => {
  const watchers = (): string[] =>
    readdirSync("/proc")
      .filter((pid) => /^\d+$/.test(pid) && existsSync(`/proc/${pid}/cmdline`))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(
            `${path("scripts/ephemeral")}\0--watch`,
          );
        } catch {
          return false;
        }
      });
  await start("pr-1").ended;
  await until(() => watchers().length > 0);
  spawnSync(path("scripts/stack"), ["down", "pr-1"], { env: environment() });
  await until(() => watchers().length === 0);
  expect((await start("pr-1", { RUN: "true" }).ended).status).toBe(0);
  const again = start("pr-1", { RUN: FOREVER });
  await until(runs);
  expect(existsSync(path("up.pr-1"))).toBe(true);
  process.kill(-(again.child.pid ?? 0), "SIGINT");
  await again.ended;
  await until(() => watchers().length === 0);
});

test("of two at once with one name, one is refused, and the other goes on", async () => {
  const both = [start("pr-1", { RUN: "sleep 1" }), start("pr-1", { RUN: "sleep 1" })];
  const ended = await Promise.all(both.map((one) => one.ended));
  expect(ended.map(({ status }) => status).sort()).toEqual([0, 1]);
  expect(calls()).toEqual(["up pr-1", "outputs pr-1", "down pr-1"]);
});

test("another clone that destroys a stack leaves its own settings alone", async () => {
  writeFileSync(path("small.yaml"), "config: {}\n");
  await start("pr-1", { TTL: "1h", SETTINGS: path("small.yaml") }).ended;
  const record = path("data/swarm-system/ephemeral/pr-1");
  writeFileSync(record, readFileSync(record, "utf8").replace(/^until=.*$/m, "until=1"));
  const other = path("other");
  mkdirSync(join(other, "scripts"), { recursive: true });
  for (const name of ["ephemeral", "lib.sh"]) {
    copyFileSync(path(`scripts/${name}`), join(other, "scripts", name));
  }
  writeFileSync(join(other, "Pulumi.pr-1.yaml"), "mine\n");
  spawnSync(join(other, "scripts/ephemeral"), ["--reap"], { env: environment() });
  expect(isGone("pr-1")).toBe(true);
  expect(existsSync(path("Pulumi.pr-1.yaml"))).toBe(false);
  expect(readFileSync(join(other, "Pulumi.pr-1.yaml"), "utf8")).toBe("mine\n");
});

test("two at once do not touch each other", async () => {
  const first = start("pr-1", { RUN: FOREVER });
  await until(runs);
  expect((await start("pr-2", { RUN: "exit 3" }).ended).status).toBe(3);
  expect(isAlive()).toBe(true);
  expect(existsSync(path("up.pr-1"))).toBe(true);
  expect(calls()).not.toContain("down pr-1");
  process.kill(-(first.child.pid ?? 0), "SIGTERM");
  expect((await first.ended).status).toBe(143);
  expect(isGone("pr-1")).toBe(true);
});

test.each([
  ["has machines here", () => writeFileSync(path("up.pr-1"), "")],
  ["has a state", () => writeFileSync(path("known.json"), '[{ "name": "team/pr-1" }]')],
])("the name of a stack that %s is refused, and that one left alone", async (_, take) => {
  take();
  const { status, stderr } = await start("pr-1").ended;
  expect(status).toBe(1);
  expect(stderr).toContain("there is a stack pr-1 that is not ephemeral");
  expect(calls()).toEqual([]);
});

test.each([
  ["a name with a slash", "a/b", {}, "NAME is 'a/b'"],
  ["a time that is none", "pr-1", { TTL: "soon" }, "TTL is 'soon'"],
  ["a time without a unit", "pr-1", { TTL: "20" }, "TTL is '20'"],
  ["settings that are not there", "pr-1", { SETTINGS: "/none" }, "SETTINGS is '/none'"],
])("%s is refused", async (_, name, env, message) => {
  const { status, stderr } = await start(name, env).ended;
  expect(status).toBe(1);
  expect(stderr).toContain(message);
  expect(calls()).toEqual([]);
});

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { PluginClient } from "./support/protocol";
import { until } from "./support/until";

const URN = "urn:pulumi:dev::test::command:local:Command::c";
const create = (command: string) => ({
  urn: URN,
  type: "command:local:Command",
  name: "c",
  properties: { create: command },
});

let folder: string;
let plugin: ChildProcess;
let client: PluginClient;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "executable-"));
  buildSync({
    entryPoints: [join(__dirname, "../src/command/main.ts")],
    outfile: join(folder, "plugin.js"),
    bundle: true,
    platform: "node",
    external: ["cpu-features", "*.node"],
    logLevel: "error",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  // Flags and the engine's address, as the CLI gives them; no engine listens there.
  const args = [join(folder, "plugin.js"), "--logtostderr", "-v=1", "127.0.0.1:9"];
  plugin = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = (await once(plugin.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
  expect(port.toString()).toMatch(/^\d+\n$/);
  client = new PluginClient(Number(port));
});
afterEach(() => {
  client.close();
  plugin.kill("SIGKILL");
});

/** Starts a command that would run for a minute, and waits until it does. */
async function startSleeper() {
  const file = join(folder, `pid-${plugin.pid}`);
  const outcome = client.call("Create", create(`sleep 60 & echo $! > ${file}; wait`));
  await until(() => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
  return { outcome, pid: Number(readFileSync(file, "utf8")) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has reaped yet is dead, too.
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

test("Cancel is answered at once, and kills what runs", async () => {
  const { outcome, pid } = await startSleeper();
  expect(await client.call("Cancel", {})).toEqual({ response: {} });
  expect((await outcome).error).toMatch(/^operation canceled: running/);
  await until(() => !isAlive(pid));
});

test.each([
  ["the end of stdin", () => plugin.stdin?.end()],
  ["SIGINT", () => plugin.kill("SIGINT")],
  ["SIGTERM", () => plugin.kill("SIGTERM")],
])("%s ends the plugin, and what it runs", async (_what, end) => {
  const { pid } = await startSleeper();
  end();
  const [code] = (await once(plugin, "exit")) as [number];
  expect(code).toBe(0);
  await until(() => !isAlive(pid));
});

import { spawn, type ChildProcess } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { transformFileSync } from "@swc/core";
import { FakeEngine } from "./fake-engine";
import { FakeProxy } from "./fake-proxy";
import { until } from "./harness";

const PACKAGE = path.join(__dirname, "..");
/** As in the Dockerfile. */
const HEAP = ["--no-warnings", "--max-semi-space-size=1", "--max-old-space-size=64"];

let directory: string;
const engine = new FakeEngine();
const proxy = new FakeProxy();
const children: ChildProcess[] = [];

/** The compiled listener, laid out as in its image. */
beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "listener-"));
  symlinkSync(path.join(PACKAGE, "node_modules"), path.join(directory, "node_modules"));
  const source = path.join(PACKAGE, "src");
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith(".test.ts")) continue;
    const from = path.join(entry.parentPath, entry.name);
    const to = path.join(directory, path.relative(source, from)).replace(/\.ts$/, ".js");
    mkdirSync(path.dirname(to), { recursive: true });
    writeFileSync(to, compile(from));
  }
  await engine.start();
  await proxy.start();
});
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));
afterAll(async () => {
  await engine.remove();
  await proxy.stop();
  rmSync(directory, { recursive: true });
});

function compile(file: string): string {
  return transformFileSync(file, {
    jsc: { parser: { syntax: "typescript" }, target: "es2023" },
    module: { type: "commonjs" },
  }).code;
}

function run(script: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [...HEAP, path.join(directory, script)], { env });
  children.push(child);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exit = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  );
  const messages = () =>
    output
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { message: string }).message);
  return { child, exit, messages, output: () => output };
}

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

test.each(["DF_NOTIFY", "DF_NOTIF"])(
  "notifies by the URLs of %s_…, and stops on SIGTERM",
  async (prefix) => {
    proxy.received.length = 0;
    engine.set("app1", { port: "8080" });
    const env = {
      PORT: await freePort(),
      DF_DOCKER_HOST: engine.host,
      [`${prefix}_CREATE_SERVICE_URL`]: proxy.url("reconfigure").href,
      [`${prefix}_REMOVE_SERVICE_URL`]: proxy.url("remove").href,
    };
    const listener = run("index.js", env);
    await until(() => proxy.received.length === 1);
    await until(() => engine.following === 1);
    engine.delete("app1");
    await until(() => proxy.received.length === 2);
    expect(proxy.calls).toEqual(["reconfigure app1", "remove app1"]);

    listener.child.kill("SIGTERM");
    expect(await listener.exit).toBe(0);
    expect(listener.messages().slice(-2)).toEqual(["told to stop", "stopped"]);
  },
);

test("500 services: a change is sent within a second, in less than 150 MB", async () => {
  proxy.received.length = 0;
  const labels = (i: number, port: string) => ({
    "com.df.notify": "true",
    "com.df.servicePath": `/app${i}`,
    "com.df.port": port,
  });
  // What the engine tells of a service besides its labels takes some 3 kB.
  const spec = (i: number, port: string) => ({
    Name: `app${i}`,
    Labels: labels(i, port),
    Mode: { Replicated: { Replicas: 2 } },
    TaskTemplate: {
      ContainerSpec: { Env: Array.from({ length: 60 }, (_, n) => "x".repeat(40) + n) },
    },
  });
  for (let i = 0; i < 500; i++) engine.put(spec(i, "8080"));
  const listener = run("index.js", {
    PORT: await freePort(),
    DF_DOCKER_HOST: engine.host,
    DF_SERVICE_POLLING_INTERVAL: "1",
    DF_NOTIFY_CREATE_SERVICE_URL: proxy.url("reconfigure").href,
  });
  await until(() => proxy.received.length === 500, 20_000);
  await until(() => engine.following === 1);

  const delays: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = Date.now();
    engine.put(spec(i, "9090"));
    await until(() => proxy.received.length === 501 + i);
    expect(proxy.received.at(-1)?.parameters).toMatchObject({
      serviceName: `app${i}`,
      port: "9090",
    });
    delays.push((proxy.received.at(-1)?.at ?? 0) - start);
  }
  // The median: tests run beside others, and any one change may have to wait for a processor.
  expect(delays.sort((a, b) => a - b)[2]).toBeLessThan(1_000);
  const status = readFileSync(`/proc/${listener.child.pid}/status`, "utf8");
  const peakMb = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1_000;
  expect(peakMb).toBeLessThan(150);
  engine.services.clear();
}, 40_000);

test("a wrong environment is reported, all of it, and the exit code is 1", async () => {
  const listener = run("index.js", { DF_RETRY: "many", DF_RETRIES: "1" });
  expect(await listener.exit).toBe(1);
  expect(listener.messages()).toEqual([
    "DF_RETRIES is not a variable of this listener: remove it or correct its name",
    'DF_RETRY must be a whole number from 0 to 1000000, got "many": correct it or leave it out',
  ]);
});

test("what nobody catches, and what Node warns of, are lines of JSON", async () => {
  const preload = path.join(directory, "preload.js");
  writeFileSync(
    preload,
    `process.emitWarning("two\\nlines"); setTimeout(() => { throw new Error("two\\nlines"); }, 500);`,
  );
  const listener = run("index.js", {
    PORT: await freePort(),
    DF_DOCKER_HOST: engine.host,
    NODE_OPTIONS: `--require ${preload}`,
  });
  expect(await listener.exit).toBe(1);
  expect(listener.messages()).toEqual(
    expect.arrayContaining(["Node warns", "nobody caught an error"]),
  );
});

test("a port in use is reported and the exit code is 1", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const PORT = String((server.address() as AddressInfo).port);
  const listener = run("index.js", { PORT, DF_DOCKER_HOST: engine.host });
  expect(await listener.exit).toBe(1);
  expect(listener.output()).toContain("EADDRINUSE");
  await new Promise((resolve) => server.close(resolve));
});

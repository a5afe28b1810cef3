import { spawn, type ChildProcess } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { transformFileSync } from "@swc/core";
import { get, until, type LogLine } from "./harness";
import { LogstashDouble } from "./logger/double";

// Several processes one after another, on a machine that may be busy.
jest.setTimeout(60_000);

const PACKAGE = path.join(__dirname, "..");

let directory: string;
const children: ChildProcess[] = [];

/** The compiled app, laid out as in its image. */
beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), "nodeapp1-"));
  cpSync(path.join(PACKAGE, "package.json"), path.join(directory, "package.json"));
  symlinkSync(path.join(PACKAGE, "node_modules"), path.join(directory, "node_modules"));
  const source = path.join(PACKAGE, "src");
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    const from = path.join(entry.parentPath, entry.name);
    const to = path.join(directory, "dist", path.relative(source, from)).replace(/\.ts$/, ".js");
    if (!entry.isFile() || /\.(test|d)\.ts$|\.md$/.test(entry.name)) continue;
    mkdirSync(path.dirname(to), { recursive: true });
    if (entry.name.endsWith(".ts")) writeFileSync(to, compile(from));
    else cpSync(from, to);
  }
});
afterEach(() => children.splice(0).forEach((child) => child.kill("SIGKILL")));
afterAll(() => rmSync(directory, { recursive: true }));

function compile(file: string): string {
  return transformFileSync(file, {
    jsc: { parser: { syntax: "typescript" }, target: "es2023" },
    module: { type: "commonjs" },
  }).code;
}

function run(script: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [path.join(directory, "dist", script)], { env });
  children.push(child);
  const output: string[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  const exit = new Promise<number | string | null>((resolve) =>
    child.once("close", (code, signal) => resolve(code ?? signal)),
  );
  const logs = () =>
    output
      .join("")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LogLine);
  return { child, exit, logs, output };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("SIGTERM: readiness turns, requests are served, then exit code 0 and every line written", async () => {
  const port = await freePort();
  const env = { NODE_ENV: "production", PORT: String(port), DRAIN_DELAY_MS: "1500" };
  const app = run("index.js", { ...env, TASK_NAME: "app1.2.x", NODE_NAME: "worker-2" });
  await until(() => app.output.join("").includes("listening"));

  app.child.kill("SIGTERM");
  app.child.kill("SIGTERM"); // an impatient second one must not cut the stop short
  const ready = () => get(port, "/app1/health/ready").then(({ status }) => status);
  await until(async () => (await ready()) === 503);
  expect((await get(port, "/app1")).status).toBe(200);

  expect(await app.exit).toBe(0);
  const lines = app.logs();
  expect(lines.at(-1)).toMatchObject({ message: "stopped", level: "info" });
  for (const line of lines) {
    expect(line).toMatchObject({ app: "app1", task: "app1.2.x", node: "worker-2" });
    expect(line["timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  }
});

test("SIGINT stops as gracefully", async () => {
  const port = await freePort();
  const app = run("index.js", { PORT: String(port), DRAIN_DELAY_MS: "0", NODE_ENV: "production" });
  await until(() => app.output.join("").includes("listening"));
  app.child.kill("SIGINT");
  expect(await app.exit).toBe(0);
  expect(app.logs().at(-1)).toMatchObject({ message: "stopped" });
});

test("an error that nobody expected: logged, stopped gracefully, exit code 1", async () => {
  const port = await freePort();
  const thrower = path.join(directory, "thrower.js");
  writeFileSync(thrower, 'process.on("SIGUSR2", () => { throw new Error("unexpected"); });');
  const app = run("index.js", {
    NODE_ENV: "production",
    PORT: String(port),
    DRAIN_DELAY_MS: "0",
    NODE_OPTIONS: `--require ${thrower}`,
  });
  await until(() => app.output.join("").includes("listening"));
  app.child.kill("SIGUSR2");
  expect(await app.exit).toBe(1);
  const error = { message: "unexpected", stack: expect.stringContaining("thrower.js") as string };
  expect(app.logs()).toContainEqual(
    expect.objectContaining({
      message: "uncaughtException",
      level: "error",
      error: expect.objectContaining(error) as object,
    }),
  );
  expect(app.logs().at(-1)).toMatchObject({ message: "stopped" });
});

test("a wrong environment is reported, all of it, and the exit code is 1", async () => {
  const app = run("index.js", { PORT: "abc", DRAIN_DELAY: "5" });
  expect(await app.exit).toBe(1);
  expect(app.logs().map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'error: PORT must be a whole number from 1 to 65535, got "abc": correct it or leave it out',
    "error: DRAIN_DELAY is not a variable of this app: remove it or correct its name",
  ]);
});

describe("with Logstash", () => {
  let double: LogstashDouble;
  beforeEach(async () => void (double = await new LogstashDouble().listen()));
  afterEach(() => double.close());

  const start = async (env: Record<string, string> = {}) => {
    const port = await freePort();
    const app = run("index.js", {
      ...{ NODE_ENV: "production", PORT: String(port), DRAIN_DELAY_MS: "0", TASK_NAME: "app1.2.x" },
      ...{ LOGSTASH_HOST: "127.0.0.1", LOGSTASH_PORT: String(double.port), ...env },
    });
    await until(() => app.output.join("").includes("listening"));
    return { app, port };
  };
  const ids = (lines: readonly Record<string, unknown>[]) =>
    lines.map(({ event_id: id }) => String(id));

  test("told to stop in the middle of a burst of requests, all of its lines arrive", async () => {
    const { app, port } = await start();
    const requests = Array.from({ length: 300 }, () => get(port, "/app1").catch(() => undefined));
    await until(() => app.output.join("").includes('"status":200'));
    app.child.kill("SIGTERM");
    expect(await app.exit).toBe(0);
    await Promise.all(requests);
    expect(ids(double.lines).sort()).toEqual(ids(app.logs()).sort());
    expect(double.lines.map(({ message }) => message)).toContain("stopped");
    expect(double.lines.find(({ message }) => message === "request")).toMatchObject({
      ...{ service: "app1", node_name: "nodeapp1", task: "app1.2.x", status: 200, path: "/app1" },
      ...{ requestId: expect.any(String) as string, durationMs: expect.any(Number) as number },
    });
  });

  test("that reads nothing, requests are answered, readiness says so, and a stop is bounded", async () => {
    double.behave("stall");
    const { app, port } = await start();
    for (let i = 0; i < 50; i++) expect((await get(port, "/app1")).status).toBe(200);
    const ready = await get(port, "/app1/health/ready");
    expect(ready.status).toBe(200);
    const { logs } = JSON.parse(ready.body) as { logs: { waiting: number; dropped: number } };
    expect(logs).toMatchObject({ state: "connecting", dropped: 0 });
    expect(logs.waiting).toBeGreaterThanOrEqual(50);
    app.child.kill("SIGTERM");
    await until(() => app.output.join("").includes("stopped"));
    // While it tries to deliver, a second one is heard and harms nothing.
    app.child.kill("SIGTERM");
    expect(await app.exit).toBe(0);
    const left = app.logs().at(-1);
    expect(left).toMatchObject({ message: "log lines may not have reached logstash" });
    expect(left?.["lines"]).toBe(app.logs().length - 1);
  });

  test.each(["throw new Error('unexpected')", "Promise.reject(new Error('unexpected'))"])(
    "%s: the line about it arrives before the end",
    async (accident) => {
      const thrower = path.join(directory, "accident.js");
      writeFileSync(thrower, `process.on("SIGUSR2", () => { ${accident}; });`);
      const { app } = await start({ NODE_OPTIONS: `--require ${thrower}` });
      app.child.kill("SIGUSR2");
      expect(await app.exit).toBe(1);
      expect(double.lines).toContainEqual(
        expect.objectContaining({
          level: "error",
          error: expect.objectContaining({ message: "unexpected" }) as object,
        }),
      );
    },
  );

  test("nothing of a request but its outside is in the lines", async () => {
    const { app, port } = await start({ LOG_LEVEL: "debug" });
    const secret = "hunter2";
    await get(port, `/app1?password=${secret}`, {
      method: "POST",
      headers: { Cookie: secret, Authorization: secret, "X-Request-Id": "x y" + secret },
      body: `name=${secret}`,
    });
    app.child.kill("SIGTERM");
    expect(await app.exit).toBe(0);
    expect(double.lines.find(({ message }) => message === "request")).toBeDefined();
    expect(JSON.stringify(double.lines)).not.toContain(secret);
  });
});

describe("with a database that is away", () => {
  // Nothing listens on port 1.
  const URL = "mongodb://app1:hunter2@127.0.0.1:1/app1?replicaSet=rs0";
  const urlFile = (content: string): string => {
    const file = path.join(directory, "mongo-url");
    writeFileSync(file, content);
    return file;
  };

  test("it starts, says so, and stops gracefully with exit code 0", async () => {
    const port = await freePort();
    const app = run("index.js", {
      NODE_ENV: "production",
      PORT: String(port),
      DRAIN_DELAY_MS: "0",
      MONGO_URL_FILE: urlFile(URL),
    });
    await until(() => app.output.join("").includes("listening"));
    const ready = await get(port, "/app1/health/ready");
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.body)).toEqual({
      status: "ready",
      database: expect.stringMatching(/^(connecting|unreachable)$/) as string,
    });
    app.child.kill("SIGTERM");
    expect(await app.exit).toBe(0);
    expect(app.logs().at(-1)).toMatchObject({ message: "stopped" });
    expect(app.output.join("")).not.toContain("hunter2");
  });

  test.each([
    ["that is no URL", "hunter2", "does not hold a URL like mongodb://"],
    ["without a database's name", "mongodb://app1:hunter2@db", "names no database"],
  ])(
    "a secret %s ends the start with one line, which does not repeat it",
    async (_, url, problem) => {
      const file = urlFile(url);
      const app = run("index.js", { NODE_ENV: "production", MONGO_URL_FILE: file });
      expect(await app.exit).toBe(1);
      expect(app.logs()).toHaveLength(1);
      expect(app.logs()[0]?.message).toContain(`MONGO_URL_FILE ${file} ${problem}`);
      expect(app.output.join("")).not.toContain("hunter2");
    },
  );

  test("a secret that is not there ends the start", async () => {
    const app = run("index.js", { NODE_ENV: "production", MONGO_URL_FILE: "/nowhere/url" });
    expect(await app.exit).toBe(1);
    expect(app.logs()[0]?.message).toContain("MONGO_URL_FILE /nowhere/url cannot be read (ENOENT)");
  });
});

test("a port in use is reported and the exit code is 1", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const app = run("index.js", { NODE_ENV: "production", PORT: String(port) });
  expect(await app.exit).toBe(1);
  expect(app.logs().at(-1)).toMatchObject({
    level: "error",
    message: "cannot listen",
    error: { message: expect.stringContaining("EADDRINUSE") as string },
  });
  await new Promise((resolve) => server.close(resolve));
});

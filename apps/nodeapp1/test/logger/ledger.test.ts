/** What was logged = what the server found + what was counted as dropped, whatever the server does. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { transports } from "winston";
import { LogstashTransport, closeLogger, createLogger } from "../../src/libs/logger";
import { until } from "../harness";
import { LogstashDouble, type Behaviour } from "./double";

// Some of these wait for many connections in a row, on a machine that may be busy.
jest.setTimeout(60_000);

/** Quick, so that many connections fit into a test. */
const QUICK = {
  host: "127.0.0.1",
  lingerMs: 20,
  batchBytes: 65_536,
  backoffMs: 5,
  maxBackoffMs: 50,
  noticeMs: 50,
  flushMs: 20_000,
};

type Options = Partial<ConstructorParameters<typeof LogstashTransport>[0]>;

const doubles: LogstashDouble[] = [];
const opened: LogstashTransport[] = [];
afterEach(async () => {
  for (const logstash of opened.splice(0)) logstash.close();
  await Promise.all(doubles.splice(0).map((double) => double.close()));
});

async function startDouble(behaviour: Behaviour, port?: number): Promise<LogstashDouble> {
  const double = await new LogstashDouble().listen(port);
  doubles.push(double);
  double.behave(behaviour);
  return double;
}

/** A logger whose console is a list of lines: all that was ever logged. */
function startLogger(port: number, options: Options = {}) {
  const logged: Record<string, unknown>[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const logstash = new LogstashTransport({ ...QUICK, port, ...options });
  opened.push(logstash);
  const logger = createLogger({
    production: true,
    level: "info",
    transports: [new transports.Stream({ stream })],
    logstash,
  });
  const write = (count: number, text = "x".repeat(100)): void => {
    for (let i = 0; i < count; i++) logger.info(`${i} ${text}`);
  };
  return { logger, logstash, logged, write };
}

/** Writes in many turns of the event loop, so that lines come while connections come and go. */
async function writeBetween(write: (count: number) => void, turns: number, each: number) {
  for (let i = 0; i < turns; i++) {
    write(each);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const idsOf = (lines: readonly Record<string, unknown>[]): string[] =>
  lines.map(({ event_id: id }) => String(id));

/** Which of the lines that were logged the server does not have. */
const missing = (logged: readonly Record<string, unknown>[], found: ReadonlySet<string>) =>
  idsOf(logged).filter((id) => !found.has(id));

test("a server that is well gets each line once, in order", async () => {
  const double = await startDouble("read");
  const { logger, logstash, logged, write } = startLogger(double.port);
  await writeBetween(write, 50, 40);
  await closeLogger(logger);
  expect(idsOf(double.lines)).toEqual(idsOf(logged));
  expect([...double.found.values()].every((times) => times === 1)).toBe(true);
  expect(double.connections).toBeGreaterThan(3);
  expect(logstash.stats).toMatchObject({
    state: "connected",
    accepted: 2_000,
    waiting: 0,
    dropped: 0,
    resent: 0,
    failures: 0,
  });
});

test.each<[Behaviour, number, Options]>([
  ["stall", 3, { patienceMs: 250 }],
  ["refuse-the-end", 3, { patienceMs: 250 }],
  ["end-at-once", 6, {}],
  ["lose", 6, {}],
  ["reset", 6, {}],
  ["crash", 6, {}],
])(
  "a server that would %s, and then is well, gets every line",
  async (behaviour, failures, how) => {
    const double = await startDouble(behaviour);
    const { logger, logstash, logged, write } = startLogger(double.port, how);
    const writing = writeBetween(write, 200, 10);
    await until(() => logstash.stats.failures >= failures, 20_000);
    await writing;
    expect(logstash.stats.state).toBe("unreachable");
    double.behave("read");
    await until(() => logstash.stats.waiting === 0, 20_000);
    expect(logstash.stats).toMatchObject({ state: "connected", dropped: 0 });
    await closeLogger(logger);
    expect(missing(logged, new Set(double.found.keys()))).toEqual([]);
    expect(logged.length).toBeGreaterThan(2_000);
  },
);

test("a server that comes late gets every line", async () => {
  const { port } = await startDouble("read");
  await doubles.pop()?.close();
  const { logger, logstash, logged, write } = startLogger(port);
  await writeBetween(write, 20, 100);
  await until(() => logstash.stats.failures >= 3);
  const double = await startDouble("read", port);
  await closeLogger(logger);
  expect(missing(logged, new Set(double.found.keys()))).toEqual([]);
  expect(logstash.stats.dropped).toBe(0);
});

test("a slow server gets every line, and is not asked to take them twice", async () => {
  const double = await startDouble("slow");
  const { logger, logstash, logged, write } = startLogger(double.port);
  await writeBetween(write, 10, 1_000);
  await closeLogger(logger);
  expect(missing(logged, new Set(double.found.keys()))).toEqual([]);
  expect(logstash.stats).toMatchObject({ dropped: 0, resent: 0 });
});

test("what a server lost after it had confirmed it is sent again, within the window", async () => {
  const double = await startDouble("read");
  const { logger, logstash, logged, write } = startLogger(double.port);
  write(500);
  await until(() => double.count === 500 && logstash.stats.waiting === 0);
  await until(() => double.connections >= 2);
  double.forgetLast(500);
  expect(double.count).toBe(0);
  await until(() => double.count >= 500);
  await closeLogger(logger);
  expect(missing(logged, new Set(double.found.keys()))).toEqual([]);
});

test("the window has an end: by time and by bytes", async () => {
  for (const window of [{ replayMs: 1 }, { replayBytes: 1_000 }]) {
    const double = await startDouble("read");
    const { logstash, write } = startLogger(double.port, window);
    write(100);
    await until(() => logstash.stats.waiting === 0);
    // The next confirmation is what looks at the window.
    await new Promise((resolve) => setTimeout(resolve, 2));
    write(1);
    await until(() => logstash.stats.waiting === 0);
    expect(logstash.stats.bytes).toBeLessThan(1_000);
  }
});

describe("a server that is killed", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "killable-"));
  const file = path.join(directory, "lines");
  let server: ChildProcess | undefined;
  afterAll(() => {
    server?.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  });

  const start = async (port: number): Promise<void> => {
    const script = path.join(__dirname, "killable.js");
    server = spawn(process.execPath, [script, String(port), file, "30"]);
    await once(server.stdout!, "data");
  };
  const found = (): Set<string> => {
    const whole = /^\{.*"event_id":"([0-9a-f-]{36})".*\}$/gm;
    return new Set([...readFileSync(file, "utf8").matchAll(whole)].map(([, id]) => id ?? ""));
  };
  const size = (): number => (existsSync(file) ? statSync(file).size : 0);

  test("ten times in the middle of a stream of lines has every one of them", async () => {
    const { port } = await startDouble("read");
    await doubles.pop()?.close();
    const { logger, logstash, logged, write } = startLogger(port);
    const writing = setInterval(() => write(10), 2);
    try {
      for (let i = 0; i < 10; i++) {
        await start(port);
        const before = size();
        // Enough for some lines to be confirmed; then it is killed while more come.
        await until(() => size() > before + 50_000, 20_000);
        const killed = once(server!, "exit");
        server!.kill("SIGKILL");
        await killed;
      }
    } finally {
      clearInterval(writing);
    }
    await start(port);
    await closeLogger(logger);
    expect(logstash.stats).toMatchObject({ dropped: 0, waiting: 0 });
    expect(logstash.stats.failures).toBeGreaterThanOrEqual(10);
    expect(logstash.stats.resent).toBeGreaterThan(0);
    // It keeps them in memory for a moment.
    await until(() => missing(logged, found()).length === 0);
    expect(logged.length).toBeGreaterThan(1_000);
  });
});

describe("a logger that is closed", () => {
  test("in the middle of a burst has its last lines delivered", async () => {
    const double = await startDouble("read");
    const { logger, logged, write } = startLogger(double.port);
    await writeBetween(write, 10, 200);
    write(3_000);
    await closeLogger(logger);
    expect(missing(logged, new Set(double.found.keys()))).toEqual([]);
    expect(logged.length).toBeGreaterThanOrEqual(5_000);
  });

  test("does not wait longer than it may, and says how many lines it leaves behind", async () => {
    const double = await startDouble("stall");
    const { logger, logstash, logged, write } = startLogger(double.port, { flushMs: 300 });
    write(500);
    await closeLogger(logger);
    const left = logged.find(({ message }) => String(message).includes("may not have reached"));
    expect(left).toMatchObject({ level: "warn", lines: logstash.stats.waiting });
    // All but the line that says so, which came too late.
    expect(left?.["lines"]).toBe(logged.length - 1);
    expect(logstash.stats.dropped).toBe(1);
  });

  test("takes lines while it delivers, and counts those that come after", async () => {
    const double = await startDouble("read");
    const { logger, logstash, logged, write } = startLogger(double.port);
    write(100);
    const closing = logstash.flush();
    write(100);
    expect(await closing).toBe(0);
    write(7);
    expect(logstash.stats).toMatchObject({ accepted: 200, dropped: 7 });
    await closeLogger(logger);
    expect(missing(logged, new Set(double.found.keys()))).toHaveLength(7);
  });
});

describe("while the server reads nothing", () => {
  const collectGarbage = (() => {
    setFlagsFromString("--expose-gc");
    return runInNewContext("gc") as () => void;
  })();
  const memory = (): number => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };

  test("100,000 lines return at once, take a bounded memory, and are all accounted for", async () => {
    const maxBytes = 4 * 1024 * 1024;
    const double = await startDouble("stall");
    const { logger, logstash, logged, write } = startLogger(double.port, {
      maxBytes,
      noticeMs: 1,
    });
    await until(() => double.connections === 1);
    let lines = 0;
    const ids = new Set<string>();
    const settle = (): void => {
      for (const id of idsOf(logged.splice(0))) ids.add(id);
    };
    const before = memory();
    for (; lines < 100_000; lines += 1_000) {
      write(1_000);
      // All of it is done by now: the logger has buffered nothing, and no turn of the event loop passed.
      expect(logger.writableLength).toBe(0);
      expect(logstash.writableLength).toBe(0);
      expect(logstash.stats.accepted + logstash.stats.dropped).toBe(ids.size + logged.length);
      settle();
      await turn();
    }
    expect(logstash.stats.bytes).toBeLessThanOrEqual(maxBytes);
    // The ids are the test's own: about 100 bytes each.
    expect(memory() - before).toBeLessThan(2 * maxBytes + ids.size * 150);
    expect(logstash.stats.dropped).toBeGreaterThan(50_000);
    await until(() => logged.some(({ message }) => message === "log lines were dropped"));

    double.behave("read");
    await closeLogger(logger);
    settle();
    const found = new Set(double.found.keys());
    expect([...found].every((id) => ids.has(id))).toBe(true);
    expect(ids.size).toBe(found.size + logstash.stats.dropped);
  });

  test("that lines are dropped is told at once, and then not for each of them", async () => {
    const double = await startDouble("stall");
    const { logged, write } = startLogger(double.port, { maxBytes: 100_000, noticeMs: 60_000 });
    const notices = () => logged.filter(({ message }) => message === "log lines were dropped");
    write(1_000);
    await until(() => notices().length > 0);
    for (let i = 0; i < 20; i++) {
      write(100);
      await turn();
    }
    expect(notices()).toEqual([
      expect.objectContaining({ level: "warn", logstash: `127.0.0.1:${double.port}` }),
    ]);
  });

  test("what is wrong has room when all else has none", async () => {
    const double = await startDouble("stall");
    const { logger, logstash, write } = startLogger(double.port, { maxBytes: 100_000 });
    write(1_000);
    const { dropped } = logstash.stats;
    expect(dropped).toBeGreaterThan(500);
    logger.error("this is what happened");
    expect(logstash.stats.dropped).toBe(dropped);
    double.behave("read");
    await until(() => double.lines.some(({ message }) => message === "this is what happened"));
  });
});

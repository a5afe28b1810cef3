import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Checkpoint } from "../src/checkpoint";
import { loadConfig } from "../src/config";
import { deliver } from "../src/delivery";
import { LogFiles } from "../src/files";
import { Shipper } from "../src/shipper";
import { Engine } from "./engine";
import { until } from "./until";

const A = "a".repeat(64);
const WINDOW = { ms: 60_000, bytes: 2_000 };
const OPTIONS = { node: "worker-1", batchBytes: 512 * 1024, pauseMs: 1, maxPauseMs: 5 };

let engine: Engine;
beforeEach(() => (engine = new Engine()));
afterEach(() => engine.remove());

/** A Logstash whose memory outlives it, or not. */
class Logstash {
  readonly messages: string[] = [];
  isAway = false;

  take = (lines: Buffer): Promise<void> => {
    if (this.isAway) return Promise.reject(new Error("away"));
    for (const line of lines.toString().trimEnd().split("\n")) {
      this.messages.push((JSON.parse(line) as { message: string }).message);
    }
    return Promise.resolve();
  };
}

function start(server: Logstash) {
  const said: [level: string, message: string, fields: object][] = [];
  const checkpoint = new Checkpoint(engine.checkpoint, WINDOW);
  const files = new LogFiles(engine.containers, checkpoint.positions);
  const shipper = new Shipper(files, checkpoint, server.take, OPTIONS, (...line) =>
    said.push(line),
  );
  return { shipper, said };
}

test("what cannot be delivered is delivered later, and what came shortly before it again", async () => {
  const server = new Logstash();
  const { shipper, said } = start(server);
  engine.write(A, "1");
  await shipper.step();
  server.isAway = true;
  engine.write(A, "2");
  await shipper.step();
  await shipper.step();
  server.isAway = false;
  await shipper.step();
  expect(server.messages).toEqual(["1", "1", "2"]);
  expect(said.map(([level, message]) => [level, message])).toEqual([
    ["warn", "logstash is away"],
    ["info", "logstash is back"],
  ]);
  await shipper.step();
  expect(server.messages).toHaveLength(3);
});

test("it says that it is alive while it works, and not while a delivery hangs", async () => {
  let beats = 0;
  const server = new Logstash();
  let release: (() => void) | undefined;
  server.take = () => new Promise((resolve) => (release = resolve));
  const { shipper } = start(server);
  const running = shipper.run(() => void beats++);
  await until(() => beats > 3);
  engine.write(A, "1");
  await until(() => release !== undefined);
  const before = beats;
  await pause(20 * OPTIONS.pauseMs);
  expect(beats).toBe(before);
  release?.();
  await until(() => beats > before);
  shipper.stop();
  await running;
});

test("what was delivered before the window is not sent again, by another process neither", async () => {
  const server = new Logstash();
  const { shipper } = start(server);
  const long = "x".repeat(1_500);
  for (const name of ["1", "2", "3"]) {
    engine.write(A, `${name}${long}`);
    await shipper.step();
  }
  server.messages.length = 0;
  await start(server).shipper.step();
  expect(server.messages.map((message) => message[0])).toEqual(["2", "3"]);
});

test("a checkpoint that is none is refused by its name", () => {
  writeFileSync(engine.checkpoint, "{");
  expect(() => start(new Logstash())).toThrow(
    `${engine.checkpoint} is no checkpoint: delete it, and everything is sent once more`,
  );
});

test("the checkpoint follows time, too", () => {
  const checkpoint = new Checkpoint(engine.checkpoint, WINDOW);
  checkpoint.confirm(new Map([["a", 1]]), 1, 0);
  checkpoint.confirm(new Map([["a", 2]]), 1, 59_999);
  expect(checkpoint.positions.get("a")).toBeUndefined();
  checkpoint.confirm(new Map([["a", 3]]), 1, 60_000);
  expect(checkpoint.positions.get("a")).toBe(1);
  expect(JSON.parse(readFileSync(engine.checkpoint, "utf8"))).toEqual({ a: 1 });
  // After a failure, time counts from the next confirmation.
  checkpoint.forget();
  checkpoint.confirm(new Map([["a", 4]]), 1, 200_000);
  expect(checkpoint.positions.get("a")).toBe(1);
});

test.each([
  [{ NODE_NAME: "n" }, "LOGSTASH_HOST is missing: set it to the host that takes JSON lines"],
  [{ LOGSTASH_HOST: "l", NODE_NAME: "" }, "NODE_NAME is missing: set it to the name of this node"],
])("%j is refused by name", (environment, message) => {
  expect(() => loadConfig(environment)).toThrow(message);
});

describe("a connection", () => {
  let server: Server;
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    return new Promise((done) => server.close(done));
  });
  async function listen(behave: Parameters<typeof createServer>[1]): Promise<number> {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, behave);
    server.on("connection", (socket) => sockets.push(socket));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return (server.address() as AddressInfo).port;
  }
  const send = (port: number, bytes = Buffer.alloc(300_000, "x\n")) =>
    deliver({ host: "127.0.0.1", port }, bytes, 300);

  test("that is read to its end and ended delivers", async () => {
    let length = 0;
    const port = await listen((socket) => {
      socket.on("data", (chunk: Buffer) => (length += chunk.length)).on("end", () => socket.end());
      socket.resume();
    });
    await send(port);
    expect(length).toBe(300_000);
  });

  test.each<[string, Parameters<typeof createServer>[1], string]>([
    ["is ended before ours", (socket) => socket.end(), "closed by the server"],
    ["is reset", (socket) => socket.resetAndDestroy(), "ECONNRESET"],
    ["is never read", (socket) => socket.on("error", () => undefined), "no answer in time"],
    ["is read and never ended", (socket) => socket.resume(), "no answer in time"],
  ])("that %s does not", async (_, behave, message) => {
    const port = await listen((socket) => {
      socket.on("error", () => undefined);
      behave?.(socket);
    });
    // More than the sockets' buffers hold.
    await expect(send(port, Buffer.alloc(20_000_000))).rejects.toThrow(message);
  });

  test("that nobody takes does not", async () => {
    const port = await listen(() => undefined);
    await new Promise((done) => server.close(done));
    await expect(send(port)).rejects.toThrow("ECONNREFUSED");
  });
});

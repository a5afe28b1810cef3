import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { Checkpoint } from "../src/checkpoint";
import { deliver } from "../src/delivery";
import { LogFiles } from "../src/files";
import { Shipper } from "../src/shipper";
import { Engine } from "./engine";
import { until } from "./until";

const A = "a".repeat(64);
const BATCH = 300;

const engine = new Engine();
let server: ChildProcess | undefined;
afterAll(() => {
  server?.kill("SIGKILL");
  engine.remove();
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

test("lines that were in the sockets' buffers when the server was killed are sent again", async () => {
  const port = await freePort();
  const file = `${engine.checkpoint}.received`;
  const start = async () => {
    const child = spawn(process.execPath, [join(__dirname, "killable.js"), String(port), file]);
    await new Promise((done) => child.stdout.once("data", done));
    server = child;
  };
  /** Messages of the lines that arrived as a whole. */
  const received = () =>
    (existsSync(file) ? readFileSync(file, "utf8") : "").match(/"message":"\d+"/g) ?? [];

  let deliveries = 0;
  const checkpoint = new Checkpoint(engine.checkpoint, { ms: 120_000, bytes: 4 * 1024 * 1024 });
  const files = new LogFiles(engine.containers, checkpoint.positions);
  const shipper = new Shipper(
    files,
    checkpoint,
    (lines) => {
      deliveries++;
      return deliver({ host: "127.0.0.1", port }, lines, 5_000);
    },
    { node: "worker-1", batchBytes: 512 * 1024, pauseMs: 5, maxPauseMs: 50 },
    () => undefined,
  );
  const running = shipper.run(() => undefined);

  let written = 0;
  const write = () => {
    for (let i = 0; i < BATCH; i++) engine.write(A, String(written++));
  };
  await start();
  for (let death = 0; death < 4; death++) {
    write();
    await until(() => new Set(received()).size === written);
    // It reads no more: what comes is in the sockets' buffers when it dies.
    server?.kill("SIGSTOP");
    const before = deliveries;
    write();
    await until(() => deliveries > before);
    await new Promise((done) => setImmediate(() => setImmediate(done)));
    const gone = new Promise((done) => server?.once("exit", done));
    server?.kill("SIGKILL");
    await gone;
    await start();
  }
  await until(() => new Set(received()).size === written);
  shipper.stop();
  await running;
  expect(received().length).toBeGreaterThan(written);
}, 60_000);

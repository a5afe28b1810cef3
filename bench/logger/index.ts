/** What logging costs a request: the same app with its lines on the console alone, sent to a server, and to one that reads nothing. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repository } from "../../test/e2e/support/clone";
import { eventually } from "../../test/e2e/support/eventually";
import { run } from "../../test/e2e/support/run";
import { load, type RequestReport } from "./load";

export interface LoggerMeasures {
  readonly ways: readonly LoggerWay[];
  /** Microseconds of CPU for a line, round by round. */
  readonly lines: readonly LineCost[];
  /** All requests for the page whose lines were to be found. */
  readonly requests: number;
  /** Lines about such requests that the server found, each id once. */
  readonly found: number;
}

/** With the console alone, and with Logstash besides. */
export interface LineCost {
  readonly alone: number;
  readonly both: number;
}

/** What one way to log reached, each time that it was tried. */
export interface LoggerWay {
  readonly way: string;
  readonly reports: readonly RequestReport[];
}

/** The ways; the first is what the others are compared with. */
const CONSOLE = "the console alone";
const LOGSTASH = "and Logstash";
const STALLED = "and Logstash, which reads nothing";

const APP = join(repository, "apps/nodeapp1");
const PAGE = "/app1";
const LINE_ROUNDS = 20;
const WITHIN = { withinMs: 30_000 } as const;

/** Runs the app three times, side by side, and loads them round by round, after one that warms up. */
export async function measureLogger(
  rounds: number,
  say: (line: string) => void,
): Promise<LoggerMeasures> {
  const workspace = mkdtempSync(join(tmpdir(), "swarm-bench-logger-"));
  const running: ChildProcess[] = [];
  const stalled = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  const node = (args: readonly string[], env: Record<string, string> = {}): ChildProcess => {
    const stdio = ["ignore", "ignore", "inherit"] as const;
    const child = spawn(process.execPath, args, { env, stdio: [...stdio] });
    running.push(child);
    return child;
  };
  try {
    await buildApp(workspace);
    const file = join(workspace, "lines");
    const sinkPort = await freePort();
    node([`${APP}/test/logger/killable.js`, String(sinkPort), file, "100"]);
    const plans = [
      { way: CONSOLE, logstash: undefined },
      { way: LOGSTASH, logstash: sinkPort },
      { way: STALLED, logstash: (stalled.address() as AddressInfo).port },
    ];
    const apps: { way: string; app: ChildProcess; url: string; reports: RequestReport[] }[] = [];
    for (const { way, logstash } of plans) {
      const port = await freePort();
      const app = node([join(workspace, "dist/index.js")], {
        ...{ NODE_ENV: "production", PORT: String(port), DRAIN_DELAY_MS: "0" },
        ...(logstash && { LOGSTASH_HOST: "127.0.0.1", LOGSTASH_PORT: String(logstash) }),
      });
      const url = `http://127.0.0.1:${port}`;
      await eventually("an app that is live", WITHIN, async () =>
        (await fetch(`${url}${PAGE}/health/live`)).ok ? true : undefined,
      );
      apps.push({ way, app, url, reports: [] });
    }
    let requests = 0;
    const targets = apps.map(({ url, app }) => ({ origin: url, pid: app.pid ?? 0 }));
    for (let round = 0; round <= rounds; round++) {
      const loaded = await load(targets, PAGE);
      for (const [i, { way, reports }] of apps.entries()) {
        const report = loaded[i];
        if (report === undefined) continue;
        if (way === LOGSTASH) requests += report.requests;
        if (round === 0) continue;
        reports.push(report);
        const { cpuMicroseconds, p99 } = report;
        say(`${way}: ${cpuMicroseconds.toFixed(0)} µs of CPU a request, p99 ${p99.toFixed(2)} ms`);
      }
    }
    // Told to stop, it delivers its last lines.
    const sender = apps.find(({ way }) => way === LOGSTASH)?.app;
    sender?.kill("SIGTERM");
    if (sender) await once(sender, "exit");
    const found = await eventually("the last line", WITHIN, () =>
      existsSync(file) ? requestsIn(readFileSync(file, "utf8")) : undefined,
    );
    say(`${requests} requests for the page, ${found} lines about them`);
    const script = join(repository, "bench/logger/lines.js");
    const logger = join(workspace, "dist/libs/logger/index.js");
    const measured = await run("node", [script, logger, String(sinkPort), String(LINE_ROUNDS)]);
    if (measured.status !== 0) throw new Error(`${script} failed: ${measured.output}`);
    const lines = JSON.parse(measured.stdout) as LineCost[];
    return { ways: apps.map(({ way, reports }) => ({ way, reports })), lines, requests, found };
  } finally {
    for (const child of running) child.kill("SIGKILL");
    stalled.close();
    rmSync(workspace, { recursive: true });
  }
}

/** The app as its image has it. */
async function buildApp(workspace: string): Promise<void> {
  const config = `${APP}/tsconfig.build.json`;
  const compiler = ["tsc", "-p", config, "--outDir", join(workspace, "dist")];
  const { status, output } = await run("npx", compiler, { cwd: APP });
  if (status !== 0) throw new Error(`${APP} does not compile: ${output}`);
  for (const folder of ["views", "public"]) {
    cpSync(`${APP}/src/${folder}`, join(workspace, "dist", folder), { recursive: true });
  }
  cpSync(`${APP}/package.json`, join(workspace, "package.json"));
  symlinkSync(join(APP, "node_modules"), join(workspace, "node_modules"));
}

/** How many ids of requests for the page the lines have; undefined before the app's last line is there. */
function requestsIn(text: string): number | undefined {
  if (!text.includes('"message":"stopped"')) return undefined;
  const lines = text.matchAll(/^\{.*"event_id":"([0-9a-f-]{36})".*"message":"request".*\}$/gm);
  return new Set([...lines].filter(([line]) => line.includes(`"${PAGE}"`)).map(([, id]) => id))
    .size;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

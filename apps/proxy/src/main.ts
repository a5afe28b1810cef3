import { mkdirSync, writeSync } from "node:fs";
import { availableParallelism } from "node:os";

import { startApp } from "./app";
import { HaproxyProcess } from "./haproxy/process";
import { createLog, messageOf } from "./log";
import { readSettings } from "./settings";
import { logUncaught } from "./uncaught";

const log = createLog((line) => {
  try {
    writeSync(2, line);
  } catch {
    // A log that cannot be written is no reason to stop serving.
  }
});

async function main(): Promise<void> {
  logUncaught(log);
  const settings = readSettings(process.env, { cpus: availableParallelism() });
  mkdirSync(settings.runDir, { recursive: true, mode: 0o700 });
  const haproxy = new HaproxyProcess(
    { binary: "haproxy", runDir: settings.runDir, stateFile: settings.render.stateFile },
    log,
  );

  let stopping = false;
  // Signals that come before the proxy runs wait for it.
  const stopRequested = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        stopping = true;
        resolve();
      });
    }
  });
  void haproxy.exited.then((exit) => {
    if (stopping) return;
    // The container must go, or Swarm would keep a proxy that serves nothing.
    log.error("HAProxy ended by itself", { ...exit });
    process.exit(1);
  });

  const app = await startApp(settings, haproxy, log);
  await stopRequested;
  await app.stop();
  process.exit(0);
}

main().catch((error: unknown) => {
  log.error("cannot go on", { error: messageOf(error) });
  process.exit(1);
});

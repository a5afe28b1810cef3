import { utimesSync, writeFileSync } from "node:fs";

import { Checkpoint } from "./checkpoint";
import { loadConfig } from "./config";
import { deliver } from "./delivery";
import { LogFiles } from "./files";
import { Shipper } from "./shipper";

const say = (level: string, message: string, fields: object = {}): void => {
  const timestamp = new Date().toISOString();
  process.stdout.write(`${JSON.stringify({ timestamp, level, message, ...fields })}\n`);
};

/** How long Logstash may be silent: it may be waiting for Elasticsearch. */
const PATIENCE_MS = 60_000;
/** The window of libs/logger. */
const REPLAY = { ms: 120_000, bytes: 4 * 1024 * 1024 };
/** Its age is what the image's health check looks at. */
const ALIVE = "/tmp/alive";
const OPTIONS = { batchBytes: 512 * 1024, pauseMs: 500, maxPauseMs: 5_000 };

try {
  const { logstash, node, containers, checkpoint: file } = loadConfig(process.env);
  const checkpoint = new Checkpoint(file, REPLAY);
  const files = new LogFiles(containers, checkpoint.positions);
  const send = (lines: Buffer) => deliver(logstash, lines, PATIENCE_MS);
  const shipper = new Shipper(files, checkpoint, send, { ...OPTIONS, node }, say);
  say("info", "shipping", { logstash: `${logstash.host}:${logstash.port}`, node });
  // Whatever is under way is sent again: positions are on the disk at any time.
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => process.exit(0));
  writeFileSync(ALIVE, "");
  // Needs no room on a disk that is full.
  const alive = () => utimesSync(ALIVE, new Date(), new Date());
  shipper.run(alive).catch((error: unknown) => {
    say("error", "the shipper failed", { reason: String(error) });
    process.exit(1);
  });
} catch (error) {
  say("error", error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

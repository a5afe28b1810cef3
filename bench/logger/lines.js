/**
 * What a line costs the process that logs it, in microseconds of CPU: with a console that goes nowhere, and with Logstash besides,
 * delivery included. Prints both for each round, as JSON. Arguments: the compiled logger, Logstash's port, rounds.
 */
const { Writable } = require("node:stream");
const { createRequire } = require("node:module");

const [logger, port, rounds] = process.argv.slice(2);
const { createLogger, LogstashTransport } = require(logger);
const { transports } = createRequire(logger)("winston");

const BURSTS = 200;
const BURST = 50;
/** As the app logs a request. */
const REQUEST = {
  requestId: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
  ...{ method: "GET", path: "/app1", status: 200, durationMs: 1.234567, client: "10.248.0.9" },
};

function loggerTo(logstash) {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const fields = { app: "app1", task: "app1.1.abcdefghijkl", node: "worker-1" };
  return createLogger({
    ...{ production: true, level: "info", fields, logstash },
    transports: [new transports.Stream({ stream })],
  });
}

async function measure(log) {
  const before = process.cpuUsage();
  for (let burst = 0; burst < BURSTS; burst++) {
    for (let i = 0; i < BURST; i++) log.info("request", REQUEST);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (BURSTS * BURST);
}

async function main() {
  const alone = loggerTo(undefined);
  const both = loggerTo(new LogstashTransport({ host: "127.0.0.1", port: Number(port) }));
  const results = [];
  // The first rounds warm up.
  for (let round = -5; round < Number(rounds); round++) {
    const result = { alone: await measure(alone), both: await measure(both) };
    if (round >= 0) results.push(result);
  }
  process.stdout.write(JSON.stringify(results));
  process.exit(0);
}
void main();

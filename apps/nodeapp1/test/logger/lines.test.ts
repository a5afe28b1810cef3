/** What a line looks like, on the console and at the server. */
import { Writable } from "node:stream";
import { transports } from "winston";
import { LogstashTransport, closeLogger, createLogger } from "../../src/libs/logger";
import { until } from "../harness";
import { LogstashDouble } from "./double";

// On a machine that may be busy.
jest.setTimeout(60_000);

let double: LogstashDouble;
beforeEach(async () => void (double = await new LogstashDouble().listen()));
afterEach(() => double.close());

function startLogger() {
  const logged: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString());
      done();
    },
  });
  const { port } = double;
  const logstash = new LogstashTransport({ host: "127.0.0.1", port, lingerMs: 5 });
  const logger = createLogger({
    production: true,
    level: "info",
    fields: { service: "app1", node_name: "nodeapp1", task: "app1.2.x" },
    transports: [new transports.Stream({ stream })],
    logstash,
  });
  return { logger, logstash, logged };
}

test("both get the same: fields, an id of its own, the time, errors as objects", async () => {
  const { logger, logged } = startLogger();
  logger.info("request", { requestId: "x", status: 200, durationMs: 1.5 });
  logger.error("failed", { error: new TypeError("bad") });
  logger.debug("not at this level");
  await closeLogger(logger);
  expect(double.lines).toEqual(logged.map((line) => JSON.parse(line) as unknown));
  expect(double.lines).toEqual([
    {
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      event_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      level: "info",
      message: "request",
      service: "app1",
      node_name: "nodeapp1",
      task: "app1.2.x",
      requestId: "x",
      status: 200,
      durationMs: 1.5,
    },
    expect.objectContaining({
      level: "error",
      error: {
        name: "TypeError",
        message: "bad",
        stack: expect.stringContaining("lines.test") as string,
      },
    }),
  ]);
  expect(double.count).toBe(2);
});

test("a field of the caller's does not take the place of the line's id and time", async () => {
  const { logger } = startLogger();
  for (let i = 0; i < 2; i++) logger.info("twice", { event_id: "mine", timestamp: "yesterday" });
  await closeLogger(logger);
  expect(double.count).toBe(2);
  expect(double.lines[0]?.["timestamp"]).toMatch(/^\d{4}-/);
});

test.each<[string, Record<string, unknown>]>([
  ["message", { message: "é\u0001".repeat(500_000) }],
  ["field", { message: "long", field: "x".repeat(1_000_000) }],
  ["error", { message: "long", error: new Error("y".repeat(1_000_000)) }],
  ["list of fields", Object.fromEntries([...Array(20_000).keys()].map((i) => [`field${i}`, i]))],
])("a line with a %s that is too long is cut and tagged, and keeps its id", async (_, fields) => {
  const { logger, logstash, logged } = startLogger();
  logger.log({ message: "long", ...fields, level: "warn" });
  logger.info("next");
  await closeLogger(logger);
  const [line, next] = double.lines;
  const { event_id } = JSON.parse(logged[0] ?? "") as { event_id: string };
  expect(line).toMatchObject({ event_id, level: "warn", service: "app1", tags: ["truncated"] });
  expect(line?.["originalBytes"]).toBe(Buffer.byteLength(logged[0] ?? ""));
  expect(Buffer.byteLength(JSON.stringify(line))).toBeLessThan(131_072);
  const { message = "long" } = fields as { message?: string };
  expect(message).toContain(line?.["message"]);
  expect(next).toMatchObject({ message: "next" });
  expect(logstash.stats).toMatchObject({ truncated: 1, dropped: 0 });
});

test("what cannot be written does not throw at who logs it, and the line is kept", async () => {
  const { logger, logged } = startLogger();
  const field = {
    toJSON: () => {
      throw new Error("no");
    },
  };
  const circle: Record<string, unknown> = {};
  circle["circle"] = circle;
  logger.info("thrown", { requestId: "x", field });
  logger.info("round", { circle, big: 10n, nothing: undefined });
  await closeLogger(logger);
  expect(double.lines).toEqual(logged.map((line) => JSON.parse(line) as unknown));
  expect(double.lines).toMatchObject([
    { message: "thrown", requestId: "x", tags: ["unserializable"], reason: "no" },
    { message: "round", big: "10" },
  ]);
});

test("trouble with the server is told once, and its end, too", async () => {
  double.behave("lose");
  const { logger, logstash, logged } = startLogger();
  await until(() => logstash.stats.failures >= 3);
  const notices = () => logged.filter((line) => line.includes("logstash is"));
  expect(notices()).toHaveLength(1);
  expect(JSON.parse(notices()[0] ?? "")).toMatchObject({
    level: "warn",
    message: "logstash is unreachable",
    logstash: `127.0.0.1:${double.port}`,
    service: "app1",
  });
  double.behave("read");
  await closeLogger(logger);
  expect(double.lines.map(({ message }) => message)).toEqual(["logstash is unreachable"]);
});

import { Writable } from "node:stream";
import { transports } from "winston";
import { closeLogger, createLogger, type LoggerOptions } from ".";

function collect(options: Omit<LoggerOptions, "transports">) {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return {
    lines,
    logger: createLogger({ ...options, transports: [new transports.Stream({ stream })] }),
  };
}

test("writes one JSON object a line in production", async () => {
  const { lines, logger } = collect({ production: true, level: "info", fields: { app: "app1" } });
  logger.info("two\nlines", { requestId: "x", error: new TypeError("bad") });
  logger.debug("not at this level");
  await closeLogger(logger);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toContain("\n");
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    level: "info",
    message: "two\nlines",
    app: "app1",
    requestId: "x",
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    error: {
      name: "TypeError",
      message: "bad",
      stack: expect.stringContaining("index.test") as string,
    },
  });
});

test("writes for people in development", async () => {
  const { lines, logger } = collect({ production: false, level: "debug" });
  logger.debug("plain");
  logger.warn("with fields", { requestId: "x" });
  await closeLogger(logger);
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} \S*debug\S* plain\n$/);
  expect(lines[1]).toMatch(/warn\S* with fields \{"requestId":"x"\}\n$/);
});

test("closing waits for every line", async () => {
  const { lines, logger } = collect({ production: true, level: "info" });
  for (let i = 0; i < 1_000; i++) logger.info(String(i));
  await closeLogger(logger);
  expect(lines).toHaveLength(1_000);
});

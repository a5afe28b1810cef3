/** What the logger writes and what Logstash's pipeline expects are two sides of one agreement. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { LogstashTransport, closeLogger, createLogger } from "../../src/libs/logger";
import { requestLog } from "../../src/app/request-log";
import { get, startApp } from "../harness";
import { LogstashDouble } from "./double";

const FOLDER = path.join(__dirname, "../../../../infra/images/logstash");
const read = (file: string): string => readFileSync(path.join(FOLDER, file), "utf8");

const pipeline = read("pipeline/logs.conf");
const { index_patterns, template } = JSON.parse(read("templates/logs.json")) as {
  index_patterns: string[];
  template: { mappings: { properties: Record<string, unknown> } };
};

/** What follows a key of the pipeline, which must be there once. */
function setting(key: string): string {
  const found = [...pipeline.matchAll(new RegExp(`^.*\\b${key} => "?([^" ]+)"?.*$`, "gm"))];
  expect(found).toHaveLength(1);
  return found[0]?.[1] ?? "";
}

test("a request's line: its id is a document's, and each of its fields has a type", async () => {
  const double = await new LogstashDouble().listen();
  const logstash = new LogstashTransport({ host: "127.0.0.1", port: double.port });
  const fields = { service: "app1", node_name: "nodeapp1", task: "app1.1.x", node: "worker-1" };
  const options = { production: true, level: "info", fields, transports: [], logstash };
  const logger = createLogger(options);
  const app = await startApp({}, requestLog(logger, "/none"));
  await get(app.port, "/app1");
  await app.stop();
  await closeLogger(logger);
  await double.close();

  const line = double.lines.find(({ message }) => message === "request");
  const pattern = /\[id\] =~ \/(.*)\/ \{/.exec(pipeline)?.[1];
  expect(line?.["id"]).toMatch(new RegExp(pattern ?? "nothing"));
  expect(setting("document_id")).toBe("%{[@metadata][id]}");
  const typed = Object.keys(template.mappings.properties);
  expect(typed).toEqual(expect.arrayContaining(Object.keys(line ?? {})));
});

test("a line of 1 MB passes, and the logger's longest is far below", () => {
  expect(Number(setting("decode_size_limit_bytes"))).toBeGreaterThan(2 * 1024 * 1024);
});

test("the template is that of the indices that are written to", () => {
  const prefix = (index_patterns[0] ?? "").replace("*", "");
  expect(index_patterns).toHaveLength(1);
  expect(setting("index").startsWith(prefix)).toBe(true);
  expect(setting("template")).toBe("/usr/share/logstash/templates/logs.json");
  expect(read("Dockerfile")).toContain(setting("template"));
});

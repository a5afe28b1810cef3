import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, loadConfig } from "../src/config";
import { expired, milliseconds, rolloverHours } from "../src/expiry";

const folder = mkdtempSync(join(tmpdir(), "log-keeper-"));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true }));

const right = {
  ELASTIC_PASSWORD_FILE: file("elastic", "elastic-password\n"),
  KIBANA_PASSWORD_FILE: file("kibana", "kibana-password"),
  WRITER_PASSWORD_FILE: file("writer", "writer-password"),
  RETENTION: "7d",
};

test("reads the passwords from their files", () => {
  expect(loadConfig({ ...right, KIBANA_URL: "http://kibana:5601/kibana/" })).toEqual({
    elasticsearch: "http://elasticsearch:9200",
    kibana: "http://kibana:5601/kibana",
    passwords: {
      elastic: "elastic-password",
      kibana: "kibana-password",
      writer: "writer-password",
    },
    retention: "7d",
    intervalS: 15,
    port: 8080,
  });
});

test.each([
  [{ RETENTION: "a week" }, 'RETENTION must be hours or days, such as 36h or 7d, got "a week"'],
  [{ RETENTION: "0d" }, 'RETENTION must be hours or days, such as 36h or 7d, got "0d"'],
  [{ RETENTION: undefined }, "RETENTION is missing: set it"],
  [
    { ELASTIC_PASSWORD_FILE: file("short", "short") },
    "ELASTIC_PASSWORD_FILE must name a file with a password of at least 6 characters",
  ],
  [
    { KIBANA_PASSWORD_FILE: "/not/there" },
    "KIBANA_PASSWORD_FILE names /not/there, which cannot be read (ENOENT)",
  ],
  [
    { ELASTICSEARCH_URL: "elasticsearch:9200" },
    "ELASTICSEARCH_URL must be a URL with http or https",
  ],
  [{ INTERVAL: "0" }, "INTERVAL must be a whole number from 1 to 3600"],
])("refuses %j", (wrong, problem) => {
  let problems: readonly string[] = [];
  try {
    loadConfig({ ...right, ...wrong });
  } catch (error) {
    problems = (error as ConfigError).problems;
  }
  expect(problems).toHaveLength(1);
  expect(problems[0]?.startsWith(problem)).toBe(true);
});

test("an index is expired when the one after it is older than the retention", () => {
  const HOUR = 3_600_000;
  const indices = [0, 10, 20, 30].map((hour) => ({ name: `at-${hour}`, created: hour * HOUR }));
  expect(expired(indices, "24h", 34 * HOUR)).toEqual([]);
  expect(expired(indices, "24h", 34 * HOUR + 1)).toEqual(["at-0"]);
  expect(expired(indices, "1h", 1000 * HOUR)).toEqual(["at-0", "at-10", "at-20"]);
});

test.each([
  ["36h", 36 * 3_600_000, 9],
  ["7d", 168 * 3_600_000, 42],
  ["1h", 3_600_000, 1],
])("%s is %d ms, with a new index after %d hours", (retention, ms, hours) => {
  expect(milliseconds(retention)).toBe(ms);
  expect(rolloverHours(retention)).toBe(hours);
});

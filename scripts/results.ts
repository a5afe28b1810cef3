/**
 * Prints what failed and why, so that the end of a log says it, and last the sum of all tests. Reads Jest's results, a JSON file of
 * each suite. Usage: results.ts DIRECTORY
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What Jest writes by `--json`, as far as it is shown. A check that is no Jest suite gives the counts alone. */
export interface Results {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Lines of a failure's message that are shown, and characters of a line. */
const LINES = 20;
const COLUMNS = 200;

/** The failures, a paragraph each, and the line of the sums. Suites that could not even start count as one failed test. */
export function summarize(suites: ReadonlyMap<string, Results>): string {
  const failures: string[] = [];
  let [passed, failed, skipped] = [0, 0, 0];
  for (const [suite, results] of suites) {
    passed += results.numPassedTests;
    failed += results.numFailedTests + (results.numRuntimeErrorTestSuites ?? 0);
    skipped += (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0);
    if (results.numFailedTests > 0 && results.testResults === undefined) {
      failures.push(`failed: ${suite}`);
    }
    for (const { name, status, message, assertionResults } of results.testResults ?? []) {
      const broken = assertionResults.filter((test) => test.status === "failed");
      if (status === "failed" && broken.length === 0) {
        failures.push(`failed: ${suite}, ${name}\n${shortened(message)}`);
      }
      for (const { fullName, failureMessages } of broken) {
        failures.push(`failed: ${suite}, ${fullName}\n${shortened(failureMessages.join("\n"))}`);
      }
    }
  }
  return [...failures, `${passed} passed, ${failed} failed, ${skipped} skipped`].join("\n\n");
}

function shortened(message: string): string {
  // eslint-disable-next-line no-control-regex -- Jest colours its messages
  const lines = message.replaceAll(/\u001b\[[0-9;]*m/g, "").split("\n");
  return lines
    .filter((line) => line.trim() !== "")
    .slice(0, LINES)
    .map((line) => `    ${line.slice(0, COLUMNS)}`)
    .join("\n");
}

function main([directory]: readonly string[]): void {
  if (directory === undefined) throw new Error("usage: results.ts DIRECTORY");
  const suites = readdirSync(directory).map((file): [string, Results] => [
    file.replace(/\.json$/, ""),
    JSON.parse(readFileSync(join(directory, file), "utf8")) as Results,
  ]);
  process.stdout.write(`${summarize(new Map(suites))}\n`);
}

if (require.main === module) main(process.argv.slice(2));

/**
 * Puts a preview into words: `pulumi preview --json --show-sames | main.ts preview|drift STACK FILE [WHY-ALONE]` prints the
 * page, and writes it to the file. Where the preview failed it says why, writes nothing and ends with 1; where there is
 * drift, with 2.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Plan } from "./plan";
import { hasChanges, report } from "./report";

const [about, stack = "", file = "", alone] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(0, "utf8")) as Plan;
const said = plan.diagnostics ?? [];
for (const message of new Set(said.map((one) => one.message.trimEnd()))) {
  process.stderr.write(`${message}\n`);
}
if (said.some(({ severity }) => severity === "error")) process.exit(1);
const isDrift = about === "drift";
const page = report(plan, { stack, alone: alone || undefined, isDrift });
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, page);
process.stdout.write(page);
if (isDrift && hasChanges(plan)) process.exitCode = 2;

/** Prints a stack's outputs, JSON on stdin, as a short table. */
import { readFileSync } from "node:fs";

/** One line for each output: its name, and its value as a person would write it. */
export function table(outputs: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(outputs).flatMap(([name, value]) => {
    const lines = describe(value);
    return lines.map((line, index) => [index === 0 ? name : "", line] as const);
  });
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, line]) => `${name.padEnd(width)}  ${line}`.trimEnd()).join("\n");
}

/** Lists and maps have a line for each entry. */
function describe(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ["none"] : value.map(inOneLine);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return ["none"];
    return entries.map(([key, one]) => `${key}: ${inOneLine(one)}`);
  }
  return [inOneLine(value)];
}

function inOneLine(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null) {
    return Object.values(value).map(inOneLine).join(" ");
  }
  return JSON.stringify(value) ?? "";
}

if (require.main === module) {
  const outputs = JSON.parse(readFileSync(0, "utf8")) as Record<string, unknown>;
  process.stdout.write(`\n${table(outputs)}\n`);
}

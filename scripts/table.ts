/** Prints a stack's outputs, JSON on stdin, as a short table. */
import { readFileSync } from "node:fs";

/** One line for each output, or for each of its entries: its name, and its value as a person would write it. */
export function table(outputs: Readonly<Record<string, unknown>>): string {
  const plain = ([, value]: [string, unknown]) => (typeof value === "object" ? 1 : 0);
  const inOrder = Object.entries(outputs).sort((a, b) => plain(a) - plain(b));
  const rows = inOrder.flatMap(([name, value]) => {
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
    const { name, ...rest } = value as Record<string, unknown>;
    const parts = name === undefined ? Object.values(rest) : [name, ...Object.values(rest)];
    return parts.map(inOneLine).join(" ");
  }
  return JSON.stringify(value) ?? "";
}

if (require.main === module) {
  const outputs = JSON.parse(readFileSync(0, "utf8")) as Record<string, unknown>;
  process.stdout.write(`\n${table(outputs)}\n`);
}

/** Prints a stack's outputs, JSON on stdin, as what a shell reads to export them. */
import { readFileSync } from "node:fs";

/** What Pulumi prints in the place of a secret. */
const SECRET = "[secret]";

/** `export APP1_URL='…'` for `app1Url`, a line each. Secrets are left out, lists and maps are JSON. */
export function variables(outputs: Readonly<Record<string, unknown>>): string {
  return Object.entries(outputs)
    .filter(([, value]) => value !== SECRET)
    .map(([name, value]) => {
      const variable = name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase();
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return `export ${variable}='${text.replaceAll("'", `'\\''`)}'\n`;
    })
    .join("");
}

if (require.main === module) {
  const outputs = JSON.parse(readFileSync(0, "utf8")) as Record<string, unknown>;
  process.stdout.write(variables(outputs));
}

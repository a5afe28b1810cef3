import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The repository. */
export const repository = resolve(__dirname, "../../..");

/** A folder that is there for one test. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "toolchain-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes a shell script that can be run. */
export function writeCommand(path: string, body: string): void {
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

/** Runs shell text with the shell that the scripts name, in an environment of its own. */
export function sh(
  text: string,
  env: Readonly<Record<string, string>> = {},
): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync("sh", ["-euc", text], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  return { status, stdout, stderr };
}

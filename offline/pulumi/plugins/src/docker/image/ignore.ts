import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import dockerignore from "@balena/dockerignore";

/** Says which files of a build context are left out. */
export type Ignored = (path: string) => boolean;

/**
 * Reads the ignore file of a build: the Dockerfile's own (`Dockerfile.dockerignore`), else the context's.
 * @returns undefined where there is none
 */
export function readIgnore(context: string, dockerfile: string): Ignored | undefined {
  const file = [`${dockerfile}.dockerignore`, join(context, ".dockerignore")].find(existsSync);
  if (file === undefined) return undefined;
  return parseIgnore(readFileSync(file, "utf8"));
}

/** The rule that the lines of a `.dockerignore` make; paths are relative to the context. */
export function parseIgnore(text: string): Ignored {
  const rules = dockerignore({ ignorecase: false }).add(text.replace(/^\uFEFF/, ""));
  return (path) => rules.ignores(path);
}

import type { Stats } from "node:fs";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Ignored } from "./ignore";

/** A file of a build context that is sent to the engine. */
export interface ContextFile {
  /** Relative to the context. */
  readonly path: string;
  readonly stats: Stats;
}

/**
 * The files of a build context in the order in which the real plugin walks them: each directory's entries by
 * name, a directory's content where the directory stands.
 */
export function* contextFiles(
  context: string,
  ignored: Ignored | undefined,
  directory = "",
): Generator<ContextFile> {
  const names = readdirSync(join(context, directory), "buffer")
    .sort((a, b) => Buffer.compare(a, b))
    .map((name) => name.toString());
  for (const name of names) {
    const path = join(directory, name);
    const stats = lstatSync(join(context, path));
    // A later rule may bring back a file in a directory that is left out, so every directory is entered.
    if (stats.isDirectory()) yield* contextFiles(context, ignored, path);
    else if (!ignored?.(path)) yield { path, stats };
  }
}

import { basename, isAbsolute, relative } from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-fs";
import type { Headers, Pack } from "tar-fs";
import { readFileSync } from "node:fs";
import { contextFiles } from "./context";
import { readIgnore } from "./ignore";

/** A build context on its way to the engine. */
export interface BuildContext {
  readonly tar: Readable;
  /** The Dockerfile's path in the tar. */
  readonly dockerfile: string;
}

/** The Dockerfile's path relative to the context, as the state records it. */
export function relativeDockerfile(context: string, dockerfile: string): string {
  return relative(context, dockerfile);
}

/**
 * Packs a build context: what the ignore file leaves in, owned by root, and the Dockerfile, wherever it is.
 */
export function packContext(context: string, dockerfile: string): BuildContext {
  const ignored = readIgnore(context, dockerfile);
  const relativePath = relativeDockerfile(context, dockerfile);
  const outside = relativePath.startsWith("..") || isAbsolute(relativePath);
  const needed = [".dockerignore", ...(outside ? [] : [relativePath])];
  const entries = [
    ...contextFiles(context, (path) => !needed.includes(path) && (ignored?.(path) ?? false)),
  ].map(({ path }) => path);
  const asRoot = (header: Headers): Headers => ({ ...header, uid: 0, gid: 0 });
  // Modes are the files' own, whatever this process's umask.
  const modes = { umask: 0 };
  if (!outside) {
    return {
      tar: stream(pack(context, { entries, map: asRoot, ...modes })),
      dockerfile: relativePath,
    };
  }
  const name = `.dockerfile.${basename(dockerfile)}`;
  const tar = pack(context, {
    entries,
    map: asRoot,
    ...modes,
    finalize: false,
    finish: (open: Pack) => {
      open.entry({ name, mode: 0o600 }, readFileSync(dockerfile));
      open.finalize();
    },
  });
  return { tar: stream(tar), dockerfile: name };
}

/** tar-stream's streams are like Node's, but not the same. */
function stream(tar: Pack): Readable {
  return Readable.from(tar as AsyncIterable<Buffer>);
}

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import express, { type RequestHandler } from "express";

const YEAR_S = 365 * 24 * 60 * 60;

/** The files of a public directory, addressed by their content. */
export interface Assets {
  /** `stylesheet.css` → `/app1/public/stylesheet.css?v=…`. Throws if there is no such file. */
  url(file: string): string;
  /** Serves the files. */
  handler: RequestHandler;
}

/**
 * Reads the directory once. A request that names the content it wants (`?v=`) may be cached for
 * ever; any other has to be revalidated. During a rolling update an old page can ask a new task
 * for old content: the version differs then, and the answer must not be kept under that name.
 */
export function createAssets(directory: string, urlPath: string): Assets {
  const versions = new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        const hash = createHash("sha256").update(readFileSync(file)).digest("hex");
        return [path.relative(directory, file), hash.slice(0, 16)];
      }),
  );

  return {
    url(file) {
      const version = versions.get(file);
      if (version === undefined) throw new Error(`there is no public file ${file}`);
      return `${urlPath}/${file}?v=${version}`;
    },
    handler: express.static(directory, {
      index: false,
      redirect: false,
      cacheControl: false,
      setHeaders: (res, file) => {
        const current = versions.get(path.relative(directory, file));
        const wanted = new URL(res.req.url ?? "", "http://localhost").searchParams.get("v");
        const forEver = current !== undefined && wanted === current;
        res.setHeader(
          "Cache-Control",
          forEver ? `public, max-age=${YEAR_S}, immutable` : "public, no-cache",
        );
      },
    }),
  };
}

import path from "node:path";
import { minify } from "@minify-html/node";
import type { Express } from "express";
import nunjucks from "nunjucks";

/** How many minified pages are remembered. */
const CACHE_SIZE = 200;

/**
 * What the minifier must keep: with its defaults it would drop tags that HTML allows to omit,
 * which is legal but surprises people and simple tools.
 */
const MINIFY = {
  keep_closing_tags: true,
  keep_html_and_head_opening_tags: true,
  minify_doctype: false,
  allow_noncompliant_unquoted_attribute_values: false,
};

const minifyOnce = (html: string): string => minify(Buffer.from(html), MINIFY).toString();

/**
 * A minifier that works on rendered pages and remembers its results. It cannot work on the
 * templates, once: it would remove the quotes of `title="{{ name }}"`, and a name with a space
 * in it could then add attributes.
 */
export function createMinifier(cacheSize = CACHE_SIZE): (html: string) => string {
  const cache = new Map<string, string>();
  return (html) => {
    const known = cache.get(html);
    if (known !== undefined) return known;
    const small = minifyOnce(html);
    if (cache.size >= cacheSize) cache.delete(cache.keys().next().value ?? "");
    cache.set(html, small);
    return small;
  };
}

/** Options of {@link createViews}. */
export interface ViewOptions {
  readonly directory: string;
  /** Keep compiled templates; if false, a changed template is seen at the next request. */
  readonly cache: boolean;
  /** What every template can use. */
  readonly globals: Readonly<Record<string, unknown>>;
}

/**
 * Gives an Express app its view engine: Nunjucks with autoescape, then the minifier. A page with the
 * local `isUnique` is not remembered.
 */
export function createViews({ directory, cache, globals }: ViewOptions): (app: Express) => void {
  const templates = new nunjucks.Environment(
    new nunjucks.FileSystemLoader(directory, { watch: false, noCache: !cache }),
    { autoescape: true, throwOnUndefined: true },
  );
  for (const [name, value] of Object.entries(globals)) templates.addGlobal(name, value);
  const minifyPage = createMinifier();

  return (app) => {
    app.engine("html", (file, locals, done) => {
      templates.render(path.relative(directory, file), locals, (error, html) => {
        if (error !== null || html === null) {
          done(error ?? new Error(`${file} rendered nothing`));
          return;
        }
        // What is made for one request will not be asked for again.
        const { isUnique } = locals as { isUnique?: boolean };
        done(null, isUnique === true ? minifyOnce(html) : minifyPage(html));
      });
    });
    app.set("views", directory);
    app.set("view engine", "html");
    app.set("view cache", cache);
  };
}

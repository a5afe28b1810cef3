import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as minifier from "@minify-html/node";
import express from "express";
import { createViews } from "./views";

jest.mock("@minify-html/node", () => ({
  minify: jest.fn(jest.requireActual<typeof minifier>("@minify-html/node").minify),
}));

const directory = mkdtempSync(path.join(tmpdir(), "views-"));
afterAll(() => rmSync(directory, { recursive: true }));

test("a page is minified once, a unique one each time and not remembered", async () => {
  writeFileSync(path.join(directory, "page.html"), "<p>{{ text }}</p>\n");
  const app = express();
  createViews({ directory, cache: true, globals: {} })(app);
  const render = (locals: object) =>
    new Promise((resolve, reject) =>
      app.render("page.html", locals, (error, html) => (error ? reject(error) : resolve(html))),
    );
  const minify = jest.mocked(minifier.minify);
  for (const [isUnique, times] of [
    [false, 1],
    [true, 2],
    [false, 0],
  ] as const) {
    minify.mockClear();
    for (let i = 0; i < 2; i++) expect(await render({ text: "a", isUnique })).toBe("<p>a</p>");
    expect(minify).toHaveBeenCalledTimes(times);
  }
});

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { complaintsOf, startBrowser } from "./support/browser";
import { project, requireCluster } from "./support/cluster";
import { ephemeral } from "./support/workspace";

let browser: Browser;
beforeAll(async () => {
  requireCluster();
  browser = await startBrowser();
});
afterAll(() => browser?.close());

test("a browser shows the page, styled and without a complaint", async () => {
  const { app1Url } = await project.outputs();
  const page = await browser.newPage({ viewport: { width: 1000, height: 600 } });
  const complaints = complaintsOf(page);

  const answer = await page.goto(app1Url, { waitUntil: "networkidle" });
  mkdirSync(ephemeral.artefacts, { recursive: true });
  await page.screenshot({ path: join(ephemeral.artefacts, "page.png"), fullPage: true });

  expect(answer?.status()).toBe(200);
  await expect(page.getByText("Hello World!", { exact: true }).isVisible()).resolves.toBe(true);
  await expect(page.locator("footer").innerText()).resolves.toMatch(/app1\.\d\.[a-z0-9]{25}/);
  const sheets = await page.evaluate("Array.from(document.styleSheets, (s) => s.cssRules.length)");
  expect(sheets).toEqual([expect.any(Number)]);
  expect((sheets as number[])[0]).toBeGreaterThan(0);
  expect(complaints).toEqual([]);
});

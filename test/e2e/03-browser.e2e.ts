import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { project, requireCluster } from "./support/cluster";
import { ephemeral } from "./support/workspace";

/** Debian's; playwright-core brings none. */
const CHROMIUM = "/usr/bin/chromium";

let browser: Browser;
beforeAll(async () => {
  requireCluster();
  if (!existsSync(CHROMIUM)) {
    const install = "apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium";
    execFileSync("sh", ["-c", install], { stdio: ["ignore", "ignore", "inherit"] });
  }
  const args = ["--no-sandbox", "--disable-background-networking"];
  browser = await chromium.launch({ executablePath: CHROMIUM, args });
});
afterAll(() => browser?.close());

test("a browser shows the page, styled and without a complaint", async () => {
  const { app1Url } = await project.outputs();
  const page = await browser.newPage({ viewport: { width: 1000, height: 600 } });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));

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

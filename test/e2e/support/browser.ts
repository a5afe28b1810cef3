/** A browser without a screen. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's; playwright-core brings none. */
const CHROMIUM = "/usr/bin/chromium";

/** Starts it, and installs it where it is missing. */
export function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    const install = "apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium";
    execFileSync("sh", ["-c", install], { stdio: ["ignore", "ignore", "inherit"] });
  }
  const args = ["--no-sandbox", "--disable-background-networking"];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/** What a page complains about, from now on. */
export function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  return complaints;
}

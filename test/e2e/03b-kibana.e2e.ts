import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { complaintsOf, startBrowser } from "./support/browser";
import { project, requireCluster } from "./support/cluster";
import { eventually } from "./support/eventually";
import { get } from "./support/page";
import { ephemeral } from "./support/workspace";

let browser: Browser;
beforeAll(async () => {
  requireCluster();
  browser = await startBrowser();
});
afterAll(() => browser?.close());

/** The stand-in's page: links and forms of the genuine one are others. */
test("a browser logs in at Kibana, and sees the line of a request that was just made", async () => {
  const { app1Url, kibanaUrl } = await project.outputs();
  const password = await project.secretOutput("kibanaPassword");
  const made = await get(app1Url);
  const id = String(made.headers["x-request-id"]);
  const page = await browser.newPage({ viewport: { width: 1200, height: 700 } });
  const complaints = complaintsOf(page);
  const logIn = async (secret: string) => {
    await page.fill('input[name="username"]', "elastic");
    await page.fill('input[name="password"]', secret);
    await page.press('input[name="password"]', "Enter");
    await page.waitForLoadState("networkidle");
  };

  // A link into the page, by whoever is not logged in yet.
  const link = `${kibanaUrl}/?q=${id}`;
  await page.goto(link);
  await logIn("not the password");
  await page.getByRole("alert").waitFor();
  expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
  await logIn(password);
  const line = page.locator("tr", { hasText: "app1" });
  await eventually("the line", { withinMs: 60_000, everyMs: 500 }, async () => {
    await page.reload({ waitUntil: "networkidle" });
    return (await line.count()) === 1 ? true : undefined;
  });
  expect(page.url()).toBe(link);
  await page.getByText("fields").click();
  await expect(line.innerText()).resolves.toContain(made.task);

  mkdirSync(ephemeral.artefacts, { recursive: true });
  await page.goto(`${kibanaUrl}/?service=app1`, { waitUntil: "networkidle" });
  await page.getByText("fields").first().click();
  await page.screenshot({ path: join(ephemeral.artefacts, "kibana.png") });

  await page.getByRole("button", { name: "Log out" }).click();
  await page.goto(link);
  expect(page.url()).toContain("/kibana/login?next=");
});

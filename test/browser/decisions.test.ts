/** The decisions of a flight in a real Chromium: from the page, with the slider, and on paper. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { Allocation } from "../../src/allocation/allocation.ts";
import { PLANNED } from "../../src/allocation/planned/planned.ts";
import { functionTableOf } from "../../src/config/function-table.ts";
import { startWebServer, type WebServer } from "../../src/manage/web/web-server.ts";
import { Decided } from "../allocation/decided.ts";
import { launchBrowser, openPage } from "../harness/browser.ts";
import { MaintenanceStandIn } from "../harness/maintenance-stand-in.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const DESK = { width: 1024, height: 600 };
const scratch = scratchDirectory("decisions");
const listen = `127.0.0.1:${20_000 + ((process.pid + 3571) % 20_000)}`;
const maintenance = new MaintenanceStandIn({ listen });
let browser: Browser;
let server: WebServer;

beforeAll(async () => {
  server = startWebServer(maintenance, { directory: scratch });
  browser = await launchBrowser();
  console.log(`pictures in ${scratch}`);
});
afterAll(async () => {
  await browser?.close();
  server?.stop();
});

/** All start, b fails, b comes back. */
function flight(): Decided {
  const table = functionTableOf(maintenance.config);
  const decided = new Decided(maintenance.config);
  const allocation = new Allocation();
  for (const operable of [3, 1, 3]) {
    allocation.operable = operable;
    PLANNED.allocate(table, allocation);
    decided.decide(allocation);
    decided.writeAll();
    allocation.current.set(allocation.assigned);
  }
  return decided;
}

test("one click from the page, and a slider through the flight, server by server", async () => {
  maintenance.log.decided = flight().records;
  const { page, complaints } = await openPage(browser, server.url, DESK);
  const [opened] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "Who ran what, decision by decision" }).click(),
  ]);
  await opened.waitForLoadState();
  const words = async () => (await opened.locator(".moment:visible").allTextContents()).join("|");
  expect(await opened.textContent("h1")).toContain("Decisions of server a");
  expect(await words()).toContain("3. leg 0");
  expect(await words()).toContain("the same answer");
  const slider = opened.getByRole("slider", { name: "Decision" });
  await slider.focus();
  await opened.keyboard.press("ArrowLeft");
  expect(await words()).toContain("2. leg 0");
  expect(await words()).toContain("✖ FAILS");
  expect(await slider.getAttribute("aria-valuetext")).toContain("2. leg 0");
  await opened.screenshot({ path: join(scratch, "failure.png") });
  await opened.getByRole("link", { name: "1", exact: true }).click();
  expect(await words()).toContain("10 of 10 functions run: 10 start.");
  await opened.emulateMedia({ media: "print" });
  expect(await opened.locator(".moment:visible").count()).toBe(3);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("without a decision it shows a message", async () => {
  maintenance.log.decided = [];
  const answer = await fetch(`${server.url}decisions.html`);
  expect(answer.status).toBe(404);
  expect(await answer.text()).toBe("the log has no decision yet");
});

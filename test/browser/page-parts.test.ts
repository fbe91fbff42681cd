/**
 * The parts of a server's page in a real Chromium, on a laptop and on a telephone: faults of every
 * server, one click from a code to its cause, the keep-alives of the last minute, and no false
 * content. Screenshots are kept in the scratch folder that is printed.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startWebServer, type WebServer } from "../../src/manage/web/web-server.ts";
import { emptyParts, launchBrowser, openPage, SIZES } from "../harness/browser.ts";
import { MaintenanceStandIn } from "../harness/maintenance-stand-in.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const CHANGE_MS_MAX = 5000;
const LIMIT_MS = 60_000;

const scratch = scratchDirectory("page-parts");
const listen = `127.0.0.1:${20_000 + ((process.pid + 5303) % 20_000)}`;
let maintenance: MaintenanceStandIn;
let browser: Browser;
let server: WebServer;

beforeAll(async () => {
  browser = await launchBrowser();
  console.log(`pictures in ${scratch}`);
});
afterAll(() => browser?.close());
beforeEach(() => {
  maintenance = new MaintenanceStandIn({ listen });
  server = startWebServer(maintenance, { directory: scratch });
});
afterEach(() => server?.stop());

const faultBoxes = (page: Page): Promise<string[]> => page.locator(".fault").allTextContents();

/** Whether a part is on the screen as it is, without scrolling. */
async function isOnScreen(page: Page, part: string): Promise<boolean> {
  const box = await page.locator(part).boundingBox();
  const { height = 0 } = page.viewportSize() ?? {};
  return box !== null && box.y >= 0 && box.y + box.height <= height;
}

/** The dialog of a code, when it is open. */
const meaning = (page: Page) => page.getByRole("dialog");

describe.each(Object.entries(SIZES))("on a %s", (name, size) => {
  const open = () => openPage(browser, server.url, size);
  const shot = (page: Page, what: string) =>
    page.screenshot({ path: join(scratch, `${what}-${name}.png`), fullPage: true });

  test(
    "the faults of every server, each with server, code, text, class and age",
    async () => {
      const { page, complaints } = await open();
      await page.getByText("No fault is active on any server that is heard.").waitFor();
      maintenance.log.set("WNG-0120", "CLIENT LINK LOST", "", "cause", "action");
      maintenance.document = maintenance.withFaultsOfB();
      await page.getByRole("link", { name: "Faults (4)" }).waitFor({ timeout: CHANGE_MS_MAX });
      const [own = "", failed = "", lone = "", more = ""] = await faultBoxes(page);
      expect(own).toMatch(
        /^WNG-0120 CLIENT LINK LOSTserver a \(this\), class 2, for \d+ d \d+ h, since 2026-11-26 02:00:05 UTC/,
      );
      expect(failed).toMatch(/^WNG-0203 .*: gamesserver b, class 2, for 4\d sDo: See what/);
      expect(lone).toMatch(
        /^WNG-0222 NO OTHER .*: pa-relayserver b, class 2, for 1 h 6 minDo: Restore/,
      );
      expect(more).toBe("server b: 1 more active fault. Its page, console or log names it.");
      await shot(page, "faults");
      // Ages keep counting, and the focused element keeps the focus.
      await page.getByRole("button", { name: /^WNG-0203/ }).focus();
      const aged = async () => (await faultBoxes(page))[1] !== failed;
      while (!(await aged())) await page.waitForTimeout(100);
      expect(await page.evaluate<string>("document.activeElement.textContent")).toBe("WNG-0203");
      expect(await emptyParts(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
    LIMIT_MS,
  );

  test("one click from a code to its cause and action, wherever it stands", async () => {
    maintenance.log.set("WNG-0111", "SERVER LOST", "b", "", "");
    maintenance.document = maintenance.withFaultsOfB();
    const { page, complaints } = await open();
    const cause = {
      "WNG-0111": "No server hears its keep-alives any longer.",
      "WNG-0203": "The function's process failed three times in 30 s, or in a retry.",
    };
    for (const [where, code] of [
      ["#fault-list", "WNG-0111"], // of this server
      ["#fault-list", "WNG-0203"], // of another one
      ["#timeline", "WNG-0111"],
    ] as const) {
      const button = page.locator(where).getByRole("button", { name: `${code} ` });
      await button.click();
      expect(await meaning(page).textContent()).toContain(cause[code]);
      expect(await meaning(page).getByText("Class 2").isVisible()).toBe(true);
      if (where === "#timeline") await shot(page, "code");
      await page.keyboard.press("Escape");
      await meaning(page).waitFor({ state: "hidden" });
      expect(
        await button.evaluate((element) => element === element.ownerDocument.activeElement),
      ).toBe(true);
    }
    await page.locator("#timeline").getByRole("button", { name: "WNG-0100 " }).click();
    expect(await meaning(page).textContent()).toContain("Event, no fault");
    await meaning(page).getByRole("button", { name: "Close" }).click();
    await meaning(page).waitFor({ state: "hidden" });
    // A code of another release is no button that does nothing.
    maintenance.log.add("WNG-0999", "OF ANOTHER RELEASE");
    const unknown = page.locator("#timeline-rows").getByText("WNG-0999");
    await unknown.waitFor({ timeout: CHANGE_MS_MAX });
    expect(await page.getByRole("button", { name: "WNG-0999" }).count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test(
    "a row of bars for each server: late ones exceed the limit, and missed ones are counted",
    async () => {
      const document = maintenance.allUp();
      const [a, b] = document.servers;
      if (a === undefined || b === undefined) throw new Error("there are two servers");
      const { keepAlive } = document;
      const startMs = performance.now();
      let lost = 0;
      let lastHeardMs = 4;
      const timer = setInterval(() => {
        const periods = Math.floor((performance.now() - startMs) / 10);
        maintenance.document = {
          ...document,
          servers: [a, { ...b, lastHeardMs }],
          uptimeMs: periods * 10,
          keepAlive: { ...keepAlive, accepted: periods - lost },
        };
      }, 20);
      try {
        const { page, complaints } = await open();
        const words = page.locator("#ages-words");
        const says = async (expected: RegExp) => {
          const deadlineMs = performance.now() + CHANGE_MS_MAX;
          while (!expected.test((await words.textContent()) ?? "")) {
            if (performance.now() > deadlineMs) break;
            await page.waitForTimeout(100);
          }
          expect(await words.textContent()).toMatch(expected);
        };
        await says(/^Keep-alives heard: b: heard 4 ms ago, worst 4 ms; missed by a: 0 of \d+$/);
        expect(await page.locator("#ages .over").count()).toBe(0);
        lastHeardMs = 120;
        lost = 40;
        await says(/b: heard 120 ms ago, worst 120 ms; missed by a: (39|40) of/);
        lastHeardMs = 6;
        await says(/b: heard 6 ms ago, worst 120 ms; missed by a: (39|40) of/);
        expect(await page.locator("#ages .over").count()).toBeGreaterThanOrEqual(1);
        expect(await page.locator("#ages .unseen").count()).toBeGreaterThan(20);
        const texts = await page.locator("#ages text").allTextContents();
        for (const expected of ["50 ms", "10 ms", "−60 s", "−30 s", "now"])
          expect(texts).toContain(expected);
        // As large as the words beside it, however wide the screen is.
        const { width = 0 } = (await page.locator("#ages").boundingBox()) ?? {};
        const box = await page.evaluate<number>(
          "document.getElementById('ages').viewBox.baseVal.width",
        );
        expect(Math.abs(box - width)).toBeLessThan(20);
        await page.locator("#keep-alives").screenshot({ path: join(scratch, `rows-${name}.png`) });
        expect(complaints).toEqual([]);
        await page.context().close();
      } finally {
        clearInterval(timer);
      }
    },
    LIMIT_MS,
  );

  test("what happens if b fails now: on the first screen, and its answer in sight", async () => {
    const { page, complaints } = await open();
    const button = page.getByRole("button", { name: "If b fails now" });
    await button.waitFor();
    expect(await isOnScreen(page, "#if-b")).toBe(true);
    await button.click();
    await page.getByRole("region", { name: "If server b fails now" }).waitFor();
    expect(await isOnScreen(page, "#reaction-title")).toBe(true);
    await page.getByRole("button", { name: "Close" }).click();
    // The same with more content above it.
    maintenance.document = maintenance.withoutB();
    await page.getByRole("button", { name: "If b comes back" }).waitFor({ timeout: CHANGE_MS_MAX });
    expect(await isOnScreen(page, "#if-b")).toBe(true);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("the decisions are one click away, once there are any", async () => {
    const { page, complaints } = await open();
    await page.locator("#timeline-rows tr").first().waitFor();
    const way = page.getByRole("link", { name: "Who ran what, decision by decision" });
    expect(await way.isVisible()).toBe(false);
    maintenance.log.decided = [{ code: 254, first: 3, second: 1 }];
    await way.waitFor({ timeout: CHANGE_MS_MAX });
    const [opened] = await Promise.all([page.context().waitForEvent("page"), way.click()]);
    await opened.waitForLoadState();
    expect(await opened.textContent("h1")).toContain("Decisions of server a");
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test("no part without words, no way that leads nowhere, nothing beside the screen", async () => {
    maintenance.document = null;
    const { page, complaints } = await open();
    await page.getByText("WINGMAN'S ENGINE IS NOT RUNNING ON THIS SERVER").waitFor();
    expect(await emptyParts(page)).toEqual([]);
    for (const part of ["#keep-alives", "#book", "#gaps", "#data-load", "#table-of-functions"])
      expect(await page.locator(part).isVisible()).toBe(false);
    for (const document of [maintenance.allUp(), maintenance.withoutB()]) {
      maintenance.document = document;
      const { state } = document.servers[1] ?? {};
      const words = state === "lost" ? "LOST" : "RUNNING";
      await page
        .getByRole("region", { name: `Server b: ${words}` })
        .waitFor({ timeout: CHANGE_MS_MAX });
      await page.getByText("Who runs what, as a table").waitFor();
      expect(await emptyParts(page)).toEqual([]);
      await shot(page, words.toLowerCase());
    }
    const table = (await page.locator("#function-rows").textContent()) ?? "";
    expect(table).not.toContain("none");
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

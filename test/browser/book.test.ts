/**
 * The contingency book in a real Chromium: the file on screen and as printed pages, and on the
 * maintenance page. Pictures and PDFs are left in the scratch folder that is printed.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { type Book, bookOf } from "../../src/book/book.ts";
import { bookHtml } from "../../src/book/book-html.ts";
import { formatProblems, loadConfig, parseConfig } from "../../src/config/load.ts";
import type { AircraftConfig } from "../../src/config/model.ts";
import { WhatIf } from "../../src/config/what-if.ts";
import { startWebServer, type WebServer } from "../../src/manage/web/web-server.ts";
import { launchBrowser, openPage } from "../harness/browser.ts";
import { MaintenanceStandIn } from "../harness/maintenance-stand-in.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const DESK = { width: 1280, height: 900 };
/** Size of a landscape A4 page inside its margins, in CSS px. */
const PAPER = { width: Math.floor((273 / 25.4) * 96), height: Math.floor((186 / 25.4) * 96) };
const CHANGE_MS_MAX = 5000;
const LIMIT_MS = 60_000;

const scratch = scratchDirectory("book");
const listen = `127.0.0.1:${20_000 + ((process.pid + 7919) % 20_000)}`;
const maintenance = new MaintenanceStandIn({ listen });
let browser: Browser;
let server: WebServer;

beforeAll(async () => {
  server = startWebServer(maintenance, { directory: scratch });
  browser = await launchBrowser();
  console.log(`pictures and PDFs in ${scratch}`);
});
afterAll(async () => {
  await browser?.close();
  server?.stop();
});

const aircraft = (name: string): AircraftConfig => {
  const result = loadConfig(
    new URL(`../../firmware-config/${name}.json`, import.meta.url).pathname,
  );
  if (!result.ok) throw new Error(formatProblems(result));
  return result.config;
};

const groundBook = (config: AircraftConfig, down: string[] = []): Book => {
  const owners = new WhatIf(config).planWithAllServers().assignment;
  return bookOf(config, config.allocation, { owners, down, cannotRun: {} });
};

async function openBook(name: string, book: Book) {
  const file = join(scratch, `${name}.html`);
  writeFileSync(file, bookHtml(book));
  return await openPage(browser, `file://${file}`, DESK);
}

/** The rows of the matrices, joined where functions stand in more than one table. */
async function matrixOf(page: Page): Promise<Map<string, string[]>> {
  const rows = await page
    .locator(".matrix tbody tr")
    .evaluateAll((found) =>
      found.map((row) => [...row.children].map((cell) => cell.textContent ?? "")),
    );
  const matrix = new Map<string, string[]>();
  for (const [name = "", ...cells] of rows)
    matrix.set(name, [...(matrix.get(name) ?? []), ...cells]);
  return matrix;
}

/** For the whole page, in px. */
const widthOf = (page: Page): Promise<number> =>
  page.evaluate<number>("document.documentElement.scrollWidth");

/** Pages of a PDF as Chromium writes it: one dictionary each. */
const pagesIn = (pdf: Buffer): number =>
  [...pdf.toString("latin1").matchAll(/\/Type\s*\/Page\b(?!s)/g)].length;

test.each([
  // the front, the matrix, with no failure, and one for each failure
  ["single-aisle-180", 1 + 1 + 1 + 2],
  ["twin-aisle-300", 1 + 1 + 1 + 14],
  // 62 failures are two pages of the matrix
  ["very-large-480", 1 + 2 + 1 + 62],
])(
  "the book of %s: without a complaint, its matrix right, %i pages of A4",
  async (name, pages) => {
    const config = aircraft(name);
    const book = groundBook(config);
    const { page, complaints } = await openBook(name, book);
    expect(await page.title()).toBe(`Contingency book: ${name}`);
    await page.screenshot({ path: join(scratch, `${name}-screen.png`) });

    const matrix = await matrixOf(page);
    expect(matrix.size).toBe(1 + book.book.length);
    const whatIf = new WhatIf(config);
    const all = whatIf.planWithAllServers();
    for (const { lost } of book.book) {
      const { assignment } = whatIf.plan({
        ...{ owners: all.assignment, down: lost, cannotRun: {} },
      });
      const expected = whatIf.byImportance().map((id) => assignment[id] ?? "✖");
      expect(matrix.get(lost.join("+"))).toEqual(expected);
    }

    await page.setViewportSize(PAPER);
    await page.emulateMedia({ media: "print" });
    // Every change is on one page, whole: nothing of it is cut, and nothing lies beside the paper.
    const sizes = await page.locator("section:not(.matrix)").evaluateAll((sections) =>
      sections.map((section) => ({
        ...{ id: section.id, height: section.getBoundingClientRect().height },
      })),
    );
    expect(sizes.filter(({ height }) => height > PAPER.height)).toEqual([]);
    expect(await widthOf(page)).toBeLessThanOrEqual(PAPER.width);
    await page
      .locator("section")
      .nth(3)
      .screenshot({ path: join(scratch, `${name}-print.png`) });
    const pdf = await page.pdf({ path: join(scratch, `${name}.pdf`), preferCSSPageSize: true });
    expect(pagesIn(pdf)).toBe(pages);
    expect(complaints).toEqual([]);
    await page.context().close();
  },
  LIMIT_MS,
);

test("letters in the pictures are large enough for print, and need no colour", async () => {
  const { page } = await openBook("letters", groundBook(aircraft("very-large-480")));
  await page.setViewportSize(PAPER);
  await page.emulateMedia({ media: "print" });
  // Size of the smallest letters of each picture, in points.
  const points = await page.evaluate<
    number[]
  >(`[...document.querySelectorAll("figure svg")].map((svg) => {
    const { width, height } = svg.getBoundingClientRect();
    const { baseVal } = svg.viewBox;
    return 11 * 0.75 * Math.min(width / baseVal.width, height / baseVal.height);
  })`);
  expect(points).toHaveLength(1 + 62);
  expect(Math.min(...points)).toBeGreaterThan(5.5);
  const cell = page.locator("td.stops").first();
  expect(await cell.textContent()).toBe("✖");
  await page.context().close();
});

test(
  "many servers with long names: counted in the matrix, and none beside the paper",
  async () => {
    const text = JSON.stringify({
      system: "sixteen",
      servers: Array.from({ length: 16 }, (_, index) => ({
        ...{ id: `head-end-number-${index + 1}`, resource: 100 },
      })),
      functions: Array.from({ length: 90 }, (_, index) => ({
        ...{ id: `function-with-a-long-name-${index}`, required: 14, priority: 1 + (index % 10) },
        vips: [`10.44.1.${index + 1}/16`],
      })),
    });
    const result = parseConfig(text, "sixteen", "/");
    if (!result.ok) throw new Error(formatProblems(result));
    const book = groundBook(result.config, ["head-end-number-3"]);
    const { page, complaints } = await openBook("sixteen", book);
    const matrix = await matrixOf(page);
    expect(matrix.get("head-end-number-3 back")).toHaveLength(90);
    expect(matrix.size).toBe(1 + 1 + 15 + 105);
    expect(await page.locator(".matrix").first().textContent()).toContain(
      "12 = head-end-number-12",
    );
    await page.setViewportSize(PAPER);
    await page.emulateMedia({ media: "print" });
    expect(await widthOf(page)).toBeLessThanOrEqual(PAPER.width);
    await page
      .locator("section.change")
      .nth(2)
      .screenshot({ path: join(scratch, "sixteen.png") });
    expect(complaints).toEqual([]);
    await page.context().close();
  },
  LIMIT_MS,
);

test("if server b fails now: one click away, and it follows the current state", async () => {
  maintenance.document = maintenance.allUp();
  const { page, complaints } = await openPage(browser, server.url, DESK);
  await page.getByRole("button", { name: "If b fails now" }).click();
  const reaction = page.getByRole("region", { name: "If server b fails now" });
  await reaction.waitFor();
  const words = (await reaction.textContent()) ?? "";
  expect(words).toContain("8 of 10 functions run: 4 are taken over, 2 stop.");
  expect(words).toContain("Stoppedavod (4), games (2)");
  expect(await reaction.locator("svg polygon").count()).toBe(4);
  expect(await page.evaluate<string>("document.activeElement.id")).toBe("reaction");
  await reaction.screenshot({ path: join(scratch, "reaction.png") });
  await page.screenshot({ path: join(scratch, "page-reaction.png"), fullPage: true });

  maintenance.document = maintenance.withoutB();
  const back = page.getByRole("region", { name: "If server b comes back now" });
  await back.waitFor({ timeout: CHANGE_MS_MAX });
  expect(await back.textContent()).toContain("10 of 10 functions run: 2 start.");
  await page.getByRole("button", { name: "Close" }).click();
  await back.waitFor({ state: "hidden" });
  const focus = await page.evaluate<string>("document.activeElement.textContent");
  expect(focus).toBe("If b comes back");
  maintenance.document = maintenance.allUp();
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("the book of now on the page: in short, and whole to print", async () => {
  maintenance.document = maintenance.allUp();
  const { page, complaints } = await openPage(browser, server.url, DESK);
  await page.getByText("The book in short").click();
  await page.getByText("From what runs now: all servers alive.").waitFor();
  const row = page.getByRole("row", { name: /^b 8 of 10 functions run/ });
  expect(await row.textContent()).toContain("avod, games");
  expect(await page.getByRole("row", { name: "avod a", exact: true }).count()).toBe(1);
  await page.locator("#book").screenshot({ path: join(scratch, "page-book.png") });
  maintenance.document = maintenance.withoutB();
  await page.getByText("alive: a; down: b").waitFor({ timeout: CHANGE_MS_MAX });
  maintenance.document = maintenance.allUp();
  await page.goto(`${server.url}book.html`);
  // Its style is let in by its hash: without it the pages would not be landscape.
  expect(await page.evaluate(`getComputedStyle(document.querySelector("h1")).fontSize`)).toBe(
    "27px",
  );
  const pdf = await page.pdf({ preferCSSPageSize: true });
  expect(pagesIn(pdf)).toBe(1 + 1 + 1 + 2);
  expect(complaints).toEqual([]);
  await page.context().close();
});

test("no book and no way to it while no engine runs; it comes back with the engine", async () => {
  maintenance.document = null;
  const { page, complaints } = await openPage(browser, server.url, DESK);
  await page.getByText("WINGMAN'S ENGINE IS NOT RUNNING ON THIS SERVER").waitFor();
  for (const part of [page.locator("#book"), page.getByRole("link", { name: "Book" })])
    expect(await part.first().isVisible()).toBe(false);
  expect(await page.getByRole("button", { name: "If b fails now" }).isVisible()).toBe(false);
  maintenance.document = maintenance.allUp();
  await page.getByText("The book in short").click({ timeout: CHANGE_MS_MAX });
  await page.getByText("From what runs now: all servers alive.").waitFor({
    timeout: CHANGE_MS_MAX,
  });
  expect(complaints).toEqual([]);
  await page.context().close();
});

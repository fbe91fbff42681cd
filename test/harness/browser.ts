/** A real Chromium without a screen, and what it complains about. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/** @throws Error when there is none */
export function chromiumPath(): string {
  const path = PLACES.find((place) => existsSync(place));
  if (path === undefined) throw new Error("Chromium is missing (Debian package chromium)");
  return path;
}

/** @param executablePath Chromium, or what starts it with the same arguments */
export async function launchBrowser(executablePath = chromiumPath()): Promise<Browser> {
  // Its own sandbox needs more than a container grants; it shows nothing but this page.
  return await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/**
 * A page with everything that must not happen: messages of the console, errors of scripts, requests
 * to anybody else.
 */
export async function openPage(
  browser: Browser,
  url: string,
  size: { width: number; height: number },
) {
  const context = await browser.newContext({ viewport: size, acceptDownloads: true });
  const page: Page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Screen sizes of a technician's and a mechanic's device. */
export const SIZES = {
  laptop: { width: 1024, height: 600 },
  telephone: { width: 390, height: 844 },
} as const;

/** Parts that are seen and say nothing, ways that lead nowhere, and what is wider than the screen. */
export async function emptyParts(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(`(() => {
    const seen = (part) => part.checkVisibility();
    const all = (selector) => [...document.querySelectorAll(selector)].filter(seen);
    const found = [];
    for (const way of all("nav a")) {
      const target = document.querySelector(way.getAttribute("href"));
      if (target === null || !seen(target)) found.push("way: " + way.textContent);
    }
    for (const section of all("main > section")) {
      const words = [...section.children].filter((part) => seen(part) && !/^H\\d$/.test(part.tagName));
      if (words.every((part) => part.textContent.trim() === "")) found.push("section: " + section.id);
    }
    for (const rows of all("tbody")) if (rows.rows.length === 0) found.push("table: " + rows.id);
    for (const drawn of all("main svg g")) if (drawn.childElementCount === 0) found.push("plot");
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push("width: " + scrollWidth);
    return found;
  })()`);
}

/** A real Chromium without a screen, and what it complains about. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((place) => existsSync(place));
  if (executablePath === undefined)
    throw new Error("Chromium is missing (Debian package chromium)");
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

/**
 * The rig's page in a real Chromium, over the real virtual aircraft: buttons have their effect, and
 * the picture follows.
 */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { rigCommand } from "../../src/rig/executables.ts";
import { linesOf } from "../../src/rig/line-stream.ts";
import { emptyParts, launchBrowser, openPage, SIZES } from "../harness/browser.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const DEADLINE_MS = 400_000;
/** A server and its functions are up again. */
const UP_MS = 60_000;

const address = `127.0.0.1:${40_000 + (process.pid % 20_000)}`;
const scratch = scratchDirectory("rig-page");
let rig: Bun.Subprocess<"pipe", "pipe", "inherit"> | null = null;

afterEach(async () => {
  rig?.kill("SIGTERM");
  await rig?.exited;
});

/** Starts the rig, and returns when the buttons work. */
async function startRig(): Promise<void> {
  rig = Bun.spawn([...rigCommand(), "--page", address], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = linesOf(rig.stdout);
  const told: string[] = [];
  for await (const line of lines) {
    told.push(line);
    if (line.includes("The aircraft stays up until Ctrl-C")) break;
  }
  expect(told).toContain(`page: http://${address}/`);
  void drain(lines);
}

async function drain(lines: AsyncGenerator<string>): Promise<void> {
  for await (const _ of lines);
}

test(
  "cut, pause, kill, drain and restore from the page",
  async () => {
    await startRig();
    const browser = await launchBrowser();
    const { page, complaints } = await openPage(browser, `http://${address}/`, {
      width: 1024,
      height: 600,
    });
    page.setDefaultTimeout(UP_MS);
    const press = (label: string, id: string) =>
      page.getByRole("button", { name: `${label}: server ${id}` }).click();
    const sees = (id: string, word: string) =>
      page.getByRole("region", { name: new RegExp(`^Server ${id}: ${word}`) }).waitFor();
    const allRun = () => page.getByText(/^ALL \d+ FUNCTIONS RUN$/).waitFor();

    await allRun();
    await page
      .getByText(/No gap of the|no answer|answers/)
      .first()
      .waitFor();
    // There is no log of the aircraft on the rig, and nothing that speaks of one.
    for (const part of ["#log", "#decisions-way", "#data-load"])
      expect(await page.locator(part).isVisible()).toBe(false);
    expect(await emptyParts(page)).toEqual([]);
    // The server that runs the most important function: it moves, whatever else the two run.
    const onA = await page.getByRole("region", { name: /^Server a/ }).textContent();
    const cut = onA?.includes("pa-relay") ? "a" : "b";
    await press("Cut", cut);
    const pressedMs = performance.now();
    await page.getByText(/FUNCTIONS DO NOT RUN/).waitFor();
    const movedMs = Math.round(performance.now() - pressedMs);
    await sees(cut, "OFF");
    const offMs = Math.round(performance.now() - pressedMs);
    console.log(
      `after the button the functions moved in ${movedMs} ms, the server was off in ${offMs} ms; see ${scratch}`,
    );
    await page.getByText(new RegExp(`FUNCTIONS DO NOT RUN.*; SERVER ${cut} OFF`)).waitFor();
    // The seats' view: immediately for functions that run nowhere, and at the end for those that
    // moved.
    await page
      .locator("#gap-rows .open")
      .getByText(/no answer for \d+ m?s, does not run/)
      .first()
      .waitFor();
    await page
      .locator("#columns")
      .getByText(/no answer for \d+ m?s/)
      .first()
      .waitFor();
    await page
      .locator("#gap-rows tr:not(.open)")
      .getByText(/^\d+(\.\d)? ms, \d+ s ago$/)
      .first()
      .waitFor();
    expect(await emptyParts(page)).toEqual([]);
    await page.screenshot({ path: join(scratch, "cut-1024x600.png") });
    await press("Restore", cut);
    await sees(cut, "RUNNING");
    await allRun();
    await page.locator("#gap-rows .open").first().waitFor({ state: "detached" });
    const worst = await page.locator("#gap-rows tr td:last-child").allTextContents();
    console.log(`the worst gaps of ${worst.length} functions: ${worst.join("; ")}`);
    expect(await page.locator("#gaps-worst").textContent()).toMatch(/^Worst since [0-9:]{8} UTC$/);
    await page.setViewportSize(SIZES.telephone);
    await page.screenshot({ path: join(scratch, "gaps-telephone.png"), fullPage: true });
    expect(await emptyParts(page)).toEqual([]);
    await page.setViewportSize(SIZES.laptop);

    await press("Pause", "b");
    await sees("b", "PAUSED");
    await page.getByText(/SERVER b PAUSED/).waitFor();
    await press("Restore", "b");
    await sees("b", "RUNNING");
    await allRun();

    // A machine that was hung, or is, can be switched off like any other.
    for (const isHung of [false, true]) {
      if (isHung) {
        await press("Pause", "b");
        await sees("b", "PAUSED");
      }
      await press("Cut", "b");
      await sees("b", "OFF");
      await press("Restore", "b");
      await sees("b", "RUNNING");
      await allRun();
    }

    await press("Drain", "b");
    await sees("b", "DRAINED");
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.screenshot({ path: join(scratch, "b-drained-1440x900.png") });
    await press("Restore", "b");
    await sees("b", "RUNNING");
    await allRun();

    await press("Kill", "b");
    await page.locator("#timeline-rows").getByText("killed the engine on b").waitFor();
    await sees("b", "RUNNING");
    await allRun();

    expect(complaints).toEqual([]);
    await browser.close();
  },
  DEADLINE_MS,
);

test("an address that others reach is refused: the page switches servers off", async () => {
  for (const bad of ["0.0.0.0:8045", "10.44.0.9:8045", "localhost:8045", "8045"]) {
    const child = Bun.spawn([...rigCommand(), "--page", bad], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(await child.stderr.text()).toContain(
      `--page: found "${bad}", expected a loopback address and a port`,
    );
    expect(await child.exited).toBe(2);
  }
});

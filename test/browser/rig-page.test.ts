/**
 * The rig's page in a real Chromium, over the real virtual aircraft: buttons do what they say, and
 * the picture follows.
 */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { rigCommand } from "../../src/rig/executables.ts";
import { linesOf } from "../../src/rig/line-stream.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { launchBrowser, openPage } from "./browser.ts";

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
    if (line.includes("the aircraft stays up until Ctrl-C")) break;
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
    await press("Cut", "a");
    const pressedMs = performance.now();
    await page.getByText(/FUNCTIONS DO NOT RUN/).waitFor();
    const movedMs = Math.round(performance.now() - pressedMs);
    await sees("a", "OFF");
    const offMs = Math.round(performance.now() - pressedMs);
    console.log(
      `after the button the functions moved in ${movedMs} ms, the server was off in ${offMs} ms; see ${scratch}`,
    );
    await page.getByText(/FUNCTIONS DO NOT RUN.*; SERVER a OFF/).waitFor();
    await page.screenshot({ path: join(scratch, "a-off-1024x600.png") });
    await press("Restore", "a");
    await sees("a", "RUNNING");
    await allRun();

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

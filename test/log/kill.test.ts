import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { BytesSource, LogPlaces, PLACE_WHOLE } from "../../src/manage/log/log-places.ts";
import { newestLogHeader } from "../../src/wire/log-header.ts";
import type { LogRecord } from "../../src/wire/log-record.ts";
import { scratch } from "../harness/log-on-disk.ts";
import { SeededRandom } from "../harness/seeded-random.ts";

const KILLS = 100;
const WRITER = join(import.meta.dir, "../children/log-writer.ts");

let directory: string;
beforeEach(() => {
  directory = scratch();
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function records(): LogRecord[] {
  const bytes = new Uint8Array(readFileSync(join(directory, "maintenance.log")));
  const header = newestLogHeader(bytes);
  if (header === null) throw new Error("the log has no header");
  const places = new LogPlaces(new BytesSource(bytes), header);
  // nothing has made room yet
  expect(places.count(PLACE_WHOLE)).toBeLessThan(bytes.length / 256 / 2);
  return [...places.newestFirst(1)].map(({ record }) => record).reverse();
}

/**
 * Starts a writer, kills it some ms after it has acknowledged something; gives the highest number
 * that it acknowledged.
 */
async function writeUntilKilled(first: number, afterMs: number): Promise<number> {
  const child = Bun.spawn([process.execPath, WRITER, directory, String(first)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  let said = "";
  let killed = false;
  for await (const chunk of child.stdout) {
    said += Buffer.from(chunk).toString();
    if (killed || !/\n\d+\n/.test(said)) continue;
    killed = true;
    await Bun.sleep(afterMs);
    child.kill("SIGKILL");
  }
  await child.exited;
  expect(said.startsWith("begun \n")).toBe(true);
  const whole = said.slice(0, said.lastIndexOf("\n")).split("\n");
  return Math.max(...whole.slice(1).map(Number));
}

/** A hundred starts of a process on a busy machine. */
const LIMIT_MS = 600_000;

test(
  `killed ${KILLS} times in a row, every delivery that was acknowledged is in the log, and every one at most once`,
  async () => {
    const random = new SeededRandom(4);
    let acknowledged = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const before = acknowledged;
      // Unacknowledged records are delivered again, as the supervisor does.
      acknowledged = await writeUntilKilled(acknowledged + 1, random.below(12));
      expect(acknowledged).toBeGreaterThan(before);
    }
    const all = records();
    const sequences = all.map(({ sequence }) => sequence);
    expect(new Set(sequences).size).toBe(sequences.length);
    const ofDelivery = new Map<number, LogRecord[]>();
    for (const record of all) {
      if (record.delivery !== 0)
        ofDelivery.set(record.delivery, [...(ofDelivery.get(record.delivery) ?? []), record]);
    }
    for (let delivery = 1; delivery <= acknowledged; delivery++) {
      const codes = (ofDelivery.get(delivery) ?? []).map(({ code }) => code);
      const expected =
        delivery % 10 === 0
          ? [111]
          : delivery % 10 === 1
            ? delivery === 1
              ? [110]
              : [110, 111]
            : [301];
      expect([delivery, ...codes]).toEqual([delivery, ...expected]);
    }
    expect(all.filter(({ code }) => code === 401).length).toBe(KILLS - 1);
    // a process that is killed tears nothing
    expect(all.filter(({ code }) => code === 421)).toEqual([]);
  },
  LIMIT_MS,
);

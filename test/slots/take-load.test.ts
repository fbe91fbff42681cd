/** What the process that takes a load reports: each whole per cent at most once, in order. */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SlotStore } from "../../src/slots/slot-store.ts";
import { takeLoad } from "../../src/slots/take-load.ts";
import { ABOUT, FILES, keyPair, smallPart, standIn } from "../harness/part.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

/** Large enough to be read and stored in several portions. */
const BYTES = 8_000_000;
const path = scratchDirectory("take-load");
const slots = join(path, "slots");
const load = join(path, "load");
const { privateKey, publicKey } = keyPair();
const executable = new Uint8Array(BYTES);
executable.set(standIn(5001));
const files = [
  { installName: "wingman", mode: 0o755, content: executable },
  ...FILES.slice(1),
] as const;

let told: [doing: string, percent: number][];
beforeEach(() => {
  told = [];
  for (const directory of [slots, load]) rmSync(directory, { recursive: true, force: true });
  mkdirSync(load);
  writeFileSync(join(path, "key.pub.pem"), publicKey.export({ type: "spki", format: "pem" }));
  for (const [name, content] of smallPart(privateKey, "665-3", ABOUT, files))
    if (!name.endsWith(".LUM")) writeFileSync(join(load, name), content);
});
afterAll(() => rmSync(path, { recursive: true }));

const { system, version, target } = ABOUT;
const machine = { system, version, target, hardware: "WINGHESA" };

/** @param toldMax it is no longer wanted when so much was told */
function take(toldMax = Number.POSITIVE_INFINITY): { accepted: boolean; why: string } {
  const caller = {
    isGone: () => told.length >= toldMax,
    tell: (doing: string, percent: number) => told.push([doing, percent]),
    mayTake: () => true,
  };
  return takeLoad(new SlotStore(slots), load, caller, {
    trust: ["key.pub.pem"],
    directory: path,
    machine,
  });
}

const percentsOf = (doing: string): number[] =>
  told.flatMap(([what, percent]) => (what === doing ? [percent] : []));

describe("while a load is taken", () => {
  test("how much is checked and stored is told in steps, from nothing to all of it", () => {
    expect(take()).toMatchObject({ accepted: true });
    for (const doing of ["checking", "storing in slot a"]) {
      const percents = percentsOf(doing);
      expect(percents.length).toBeGreaterThan(5);
      expect(percents).toEqual([...new Set(percents)].sort((one, other) => one - other));
      expect(percents[0]).toBe(0);
      expect(percents.at(-1)).toBeGreaterThanOrEqual(99); // headers and lists are not counted
    }
    const doings = told.map(([doing]) => doing);
    expect(doings).toEqual([...doings].sort());
  });

  test("between two steps it is left as soon as nobody waits for it", () => {
    expect(take(3)).toEqual({ accepted: false, why: "it is no longer wanted" });
    expect(told).toHaveLength(3);
  });
});

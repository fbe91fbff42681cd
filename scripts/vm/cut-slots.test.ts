/** Reports about slots after power cuts: real slots with small parts, and damage to them. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { cpSync, renameSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { verifyPart } from "../../src/part/verify.ts";
import { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { installPart } from "../../src/slots/install.ts";
import { SlotStore } from "../../src/slots/slot-store.ts";
import { ABOUT, keyPair, putMedium, smallPart } from "../../test/harness/part.ts";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { CutSlots, type SlotsHeld } from "./cut-slots.ts";

const directory = scratchDirectory("cut-slots");
afterAll(() => rmSync(directory, { recursive: true }));
const slots = join(directory, "slots");
const { privateKey, publicKey } = keyPair();
const NUMBERS = ["WNG5E00010001", "WNG5D00020001", "WNG5C00030001"] as const;
const [ONE, TWO, THREE] = NUMBERS;
const MACHINE = { ...ABOUT, hardware: "WINGHESA" };

function install(partNumber: string): void {
  const medium = join(directory, partNumber);
  putMedium(medium, smallPart(privateKey, "665-3", { ...ABOUT, partNumber }));
  installPart(new SlotStore(slots), verifyPart(medium, [publicKey]), medium, MACHINE, false);
}

/** The violations, in words. */
function complaints(before: SlotsHeld, after: SlotsHeld): string[] {
  const seen = new CutSlots(publicKey);
  seen.look("here", slots, before, after);
  const step = new ProcedureStep(1, "slots");
  seen.conclude(step);
  return step.result.checks.filter(({ passed }) => !passed).map(({ measured }) => measured);
}

const HELD: SlotsHeld = { a: ONE, b: TWO, current: "b" };
const NEXT: SlotsHeld = { a: THREE, b: TWO, current: "b" };

beforeEach(() => {
  rmSync(slots, { recursive: true, force: true });
  const store = new SlotStore(slots);
  install(ONE);
  store.activate();
  store.confirm();
  install(TWO);
  store.activate();
  store.confirm();
});

test("the old part is right, and the new one is", () => {
  expect(complaints(HELD, NEXT)).toEqual([]);
  install(THREE);
  expect(complaints(HELD, NEXT)).toEqual([]);
});

test("neither the old nor the new one is wrong", () => {
  install(THREE);
  expect(complaints(HELD, HELD)).toEqual([
    expect.stringContaining(`slot a: found ${THREE}, expected ${ONE} or ${ONE}`),
  ]);
});

test("a part that is not whole is reported, and whether it is the started one", () => {
  truncateSync(join(slots, "b/wingman"), 5000);
  expect(complaints(HELD, NEXT)).toEqual([
    expect.stringContaining("slot b: wingman: size: found 5000 bytes"),
    expect.stringContaining("slot b: found empty"),
    expect.stringContaining("slot b"),
  ]);
});

test("a cut between the two renames of an installation leaves the old part", () => {
  cpSync(join(slots, "b"), join(slots, ".incoming"), { recursive: true });
  renameSync(join(slots, "a"), join(slots, ".outgoing"));
  expect(complaints(HELD, NEXT)).toEqual([]);
});

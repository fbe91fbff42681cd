import { expect, test } from "bun:test";
import {
  LOG_EXECUTABLE_REPLACED,
  LOG_EXECUTABLE_RESTORED,
} from "../../catalogue/supervisor-code.ts";
import type { LogReader } from "../maintenance.ts";
import { MachineWatch } from "./machine-watch.ts";

/** Looks at a thing with which so much is wrong, one after the other; gives what was noted. */
async function noted(isActive: boolean, ...found: (string | null)[]): Promise<string[]> {
  const notes: string[] = [];
  let place = 0;
  const watch = new MachineWatch(
    [
      {
        ...{ faultCode: LOG_EXECUTABLE_REPLACED, endCode: LOG_EXECUTABLE_RESTORED },
        look: async () => found[place++] ?? null,
      },
    ],
    {
      note: (code, _, detail) => notes.push(`${code} ${detail}`.trim()),
      reader: { faults: () => [{ isActive, label: "WNG-0450" }] } as unknown as LogReader,
    },
  );
  while (place < found.length) {
    watch.tick();
    await Bun.sleep(0);
  }
  return notes;
}

test("a fault begins and ends once, and is reported again when it changes", async () => {
  expect(await noted(false, null, "gone", "gone", "other", null, null)).toEqual([
    "450 gone",
    "450 other",
    "451",
  ]);
});

test("a process that follows another continues its fault, or ends it", async () => {
  expect(await noted(true, "gone", "gone", null)).toEqual(["451"]);
  expect(await noted(true, null, null)).toEqual(["451"]);
});

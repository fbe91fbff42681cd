/** The maintenance log of a machine, from its own `wingman log`. */
import { catalogueEntry } from "../../src/catalogue/catalogue.ts";
import { codeLabel } from "../../src/catalogue/record-text.ts";
import { waitFor } from "../../src/rig/condition.ts";
import type { Machine } from "./machine.ts";

/** Time from an event to its record in the log, on an emulated processor. */
const RECORD_MS_MAX = 20_000;

export interface Told {
  readonly code: number;
  readonly powerOn: number;
}

/** Every record of the log; the last line of an export is its digest. */
export async function records(machine: Machine): Promise<Told[]> {
  const text = await machine.shell.run("wingman log --json");
  return text
    .split("\n")
    .filter((line) => line.includes('"code":'))
    .map((line) => JSON.parse(line) as Told);
}

/** Number of records of a code, once there are `expected` or time is up: records come late. */
export async function countRecords(
  machine: Machine,
  code: number,
  expected: number,
): Promise<number> {
  let count = 0;
  await waitFor(RECORD_MS_MAX, async () => {
    count = (await records(machine)).filter((record) => record.code === code).length;
    return count >= expected;
  });
  return count;
}

/** `WNG-0492 PART ROLLED BACK` */
export const recordName = (code: number): string =>
  `${codeLabel(code)} ${catalogueEntry(code)?.text}`;

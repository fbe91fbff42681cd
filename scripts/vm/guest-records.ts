/** The maintenance log of a machine, as its own `wingman log` tells it. */
import { catalogueEntry } from "../../src/catalogue/catalogue.ts";
import { codeLabel } from "../../src/catalogue/record-text.ts";
import type { Machine } from "./machine.ts";

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

/** `WNG-0492 PART ROLLED BACK` */
export const recordName = (code: number): string =>
  `${codeLabel(code)} ${catalogueEntry(code)?.text}`;

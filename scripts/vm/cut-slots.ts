/**
 * Content of the slots on the disks after power cuts, compared with the content before and after.
 */
import type { KeyObject } from "node:crypto";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { slotManifest, verifySlot } from "../../src/slots/slot-contents.ts";
import { SLOT_NAMES, type SlotName, SlotStore } from "../../src/slots/slot-store.ts";
import { judge } from "./cut-disk.ts";

/** Part numbers, and the started one. */
export interface SlotsHeld {
  readonly a: string | null;
  readonly b: string | null;
  readonly current: SlotName | null;
}

export class CutSlots {
  readonly #damaged: string[] = [];
  readonly #foreign: string[] = [];
  readonly #unstartable: string[] = [];
  #parts = 0;
  #started = 0;
  #old = 0;
  #new = 0;

  constructor(private readonly key: KeyObject) {}

  /**
   * Settles the slots, like the first command after the cut, and checks every file.
   * @param before content after the last completed command
   * @param after content after the command in progress
   */
  look(where: string, directory: string, before: SlotsHeld, after: SlotsHeld): void {
    const store = new SlotStore(directory);
    store.settle();
    const held = new Map(SLOT_NAMES.map((slot) => [slot, this.#held(where, store, slot)]));
    for (const slot of SLOT_NAMES) {
      const found = held.get(slot) ?? null;
      if (found !== before[slot] && found !== after[slot])
        this.#foreign.push(
          `${where}: slot ${slot}: found ${found ?? "empty"}, expected ${before[slot] ?? "empty"} or ${after[slot] ?? "empty"}`,
        );
      else if (before[slot] !== after[slot]) {
        if (found === before[slot]) this.#old++;
        else this.#new++;
      }
    }
    const { current } = store;
    if (current !== before.current && current !== after.current)
      this.#foreign.push(
        `${where}: started is ${current}, expected ${before.current} or ${after.current}`,
      );
    if (current === null) return;
    this.#started++;
    if (held.get(current) === null) this.#unstartable.push(`${where}: slot ${current}`);
  }

  conclude(step: ProcedureStep): void {
    const parts = `${this.#parts} parts whole`;
    judge(step, "every part in a slot", "whole and signed", parts, this.#damaged);
    const ways = `${this.#old} times the old one, ${this.#new} times the new one`;
    judge(step, "each slot, and which is started", "the old or the new", ways, this.#foreign);
    const started = `${this.#started} times`;
    judge(step, "current points to a whole part", "every time", started, this.#unstartable);
  }

  /** Number of a whole part; null when the slot is empty, or its content is not whole. */
  #held(where: string, store: SlotStore, slot: SlotName): string | null {
    const path = store.path(slot);
    try {
      if (slotManifest(path) === null) return null;
      const { partNumber } = verifySlot(path, [this.key]);
      this.#parts++;
      return partNumber;
    } catch (error) {
      this.#damaged.push(`${where}: slot ${slot}: ${(error as Error).message}`);
      return null;
    }
  }
}

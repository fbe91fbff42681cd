/**
 * Two slots for installed parts and which of them flies:
 *
 *   slots/a, slots/b   an installed part each, or nothing
 *   slots/current      link to the one that is started
 *   slots/state.json   whether that one is on trial, and what came of the last one
 *
 * The link alone says what is started. Each change is one atomic rename, so that a power cut at any
 * instant leaves the state before or the state after; `settle` ends what was begun.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { TRIAL_STARTS } from "../catalogue/roll-back-reason.ts";
import { RuntimeError } from "../command-line/errors.ts";
import { linkTarget, moveInto, replaceFile, replaceLink } from "./durable.ts";

export const SLOT_NAMES = ["a", "b"] as const;
export type SlotName = (typeof SLOT_NAMES)[number];

const StateSchema = v.object({
  format: v.literal(1),
  /** The slot that is to be found healthy before it counts as good. */
  trial: v.nullable(v.object({ slot: v.picklist(SLOT_NAMES), startsLeft: v.number() })),
  /** What was rolled back last, and whether the log knows. */
  rolledBack: v.nullable(
    v.object({ slot: v.picklist(SLOT_NAMES), reason: v.number(), isLogged: v.boolean() }),
  ),
});
export type SlotState = v.InferOutput<typeof StateSchema>;

const NOTHING: SlotState = { format: 1, trial: null, rolledBack: null };
const CURRENT = "current";
const STATE = "state.json";
/** A part that is being copied, and one that gives way to it. */
const INCOMING = ".incoming";
const OUTGOING = ".outgoing";

export class SlotStore {
  constructor(readonly directory: string) {}

  path(slot: SlotName): string {
    return join(this.directory, slot);
  }

  /** Where a part is copied to before it is in a slot. Empty. */
  beginIncoming(): string {
    const incoming = join(this.directory, INCOMING);
    rmSync(incoming, { recursive: true, force: true });
    mkdirSync(incoming, { recursive: true, mode: 0o755 });
    return incoming;
  }

  /** What was copied is in the slot from now on, in the place of what was there. */
  takeIncoming(slot: SlotName): void {
    const outgoing = join(this.directory, OUTGOING);
    rmSync(outgoing, { recursive: true, force: true });
    if (this.has(slot)) moveInto(this.path(slot), outgoing);
    moveInto(join(this.directory, INCOMING), this.path(slot));
    rmSync(outgoing, { recursive: true, force: true });
  }

  has(slot: SlotName): boolean {
    try {
      readFileSync(join(this.path(slot), "MANIFEST.JSN"));
      return true;
    } catch {
      return false;
    }
  }

  /** The slot that is started; null: none yet. */
  get current(): SlotName | null {
    const target = linkTarget(join(this.directory, CURRENT));
    return SLOT_NAMES.find((name) => name === target) ?? null;
  }

  /** The other one: parts are installed there. */
  get inactive(): SlotName {
    return this.current === "a" ? "b" : "a";
  }

  get state(): SlotState {
    let text: string;
    try {
      text = readFileSync(join(this.directory, STATE), "utf8");
    } catch {
      return NOTHING;
    }
    try {
      return v.parse(StateSchema, JSON.parse(text));
    } catch {
      return NOTHING; // it was written as a whole: somebody else's doing; nothing is on trial
    }
  }

  /** On trial: the current slot, as long as it is. */
  get trial(): SlotState["trial"] {
    const { trial } = this.state;
    return trial !== null && trial.slot === this.current ? trial : null;
  }

  /** The other slot is started from now on, on trial. @throws RuntimeError when it is empty */
  activate(): SlotName {
    const slot = this.inactive;
    if (!this.has(slot)) throw new RuntimeError(`slot ${slot} is empty: install a part first`);
    const { rolledBack } = this.state;
    this.write({ format: 1, trial: { slot, startsLeft: TRIAL_STARTS }, rolledBack });
    this.point(slot);
    return slot;
  }

  /** The current slot is healthy: it is no longer on trial. */
  confirm(): void {
    this.write({ ...this.state, trial: null });
  }

  /** A start of the slot on trial. @returns false: it has had all of its starts */
  countStart(): boolean {
    const { trial } = this;
    if (trial === null) return true;
    if (trial.startsLeft === 0) return false;
    this.write({ ...this.state, trial: { ...trial, startsLeft: trial.startsLeft - 1 } });
    return true;
  }

  /**
   * The other slot is started again from now on.
   * @param reason ROLLED_BACK_*
   * @throws RuntimeError when it is empty
   */
  rollBack(reason: number): SlotName {
    const slot = this.inactive;
    const from = this.current;
    if (from === null || !this.has(slot))
      throw new RuntimeError(`slot ${slot} is empty: there is no part to go back to`);
    // The link last: a cut before it leaves a part that is started once more, and rolled back then.
    this.write({ ...this.state, rolledBack: { slot: from, reason, isLogged: false } });
    this.point(slot);
    this.write({ ...this.state, trial: null });
    return slot;
  }

  /** The log knows of the last roll-back. */
  noteLogged(): void {
    const { state } = this;
    if (state.rolledBack !== null)
      this.write({ ...state, rolledBack: { ...state.rolledBack, isLogged: true } });
  }

  /** Ends what a power cut has left: half a copy, and a part that had given way or was about to. */
  settle(): void {
    const outgoing = join(this.directory, OUTGOING);
    const place = this.path(this.inactive);
    // Between the two renames of takeIncoming: nothing has come in the place of the old part.
    if (existsSync(outgoing) && !existsSync(place)) moveInto(outgoing, place);
    for (const name of [INCOMING, OUTGOING])
      rmSync(join(this.directory, name), { recursive: true, force: true });
    const { state } = this;
    if (state.trial !== null && state.trial.slot !== this.current)
      this.write({ ...state, trial: null });
  }

  private point(slot: SlotName): void {
    replaceLink(join(this.directory, CURRENT), slot);
  }

  private write(state: SlotState): void {
    replaceFile(join(this.directory, STATE), `${JSON.stringify(state, null, 2)}\n`);
  }
}

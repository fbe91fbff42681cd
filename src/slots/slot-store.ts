/**
 * Two slots for installed parts and which of them flies:
 *
 *   slots/a, slots/b   an installed part each, or nothing
 *   slots/current      link to the one that is started
 *   slots/state.json   whether that one is on trial, and the result of the last trial
 *
 * Only the link decides what is started. Each change is one atomic rename, so that a power cut at
 * any instant leaves the state before or the state after; `settle` completes an interrupted change.
 */
import { existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { TRIAL_STARTS } from "../catalogue/roll-back-reason.ts";
import { RuntimeError } from "../command-line/errors.ts";
import { EAGAIN, errno, SystemError } from "../io/errno.ts";
import { libc } from "../io/libc.ts";
import { linkTarget, makeDirectory, moveInto, replaceFile, replaceLink } from "./durable.ts";

export const SLOT_NAMES = ["a", "b"] as const;
export type SlotName = (typeof SLOT_NAMES)[number];

const StateSchema = v.object({
  format: v.literal(1),
  /** The slot that must prove healthy before it counts as good. */
  trial: v.nullable(v.object({ slot: v.picklist(SLOT_NAMES), startsLeft: v.number() })),
  /**
   * The slot that was current before, which a roll-back goes back to; null: the other slot holds a
   * part that never flew here, or was given up. Left out by releases before this field.
   */
  former: v.optional(v.nullable(v.picklist(SLOT_NAMES))),
  /** The last roll-back, and whether it is logged. */
  rolledBack: v.nullable(
    v.object({ slot: v.picklist(SLOT_NAMES), reason: v.number(), isLogged: v.boolean() }),
  ),
});
export type SlotState = v.InferOutput<typeof StateSchema>;

const NOTHING: SlotState = { format: 1, trial: null, rolledBack: null };
const CURRENT = "current";
const STATE = "state.json";
/** A part that is being copied, and the one that it replaces. */
const INCOMING = ".incoming";
const OUTGOING = ".outgoing";

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

export class SlotStore {
  /** Open for as long as this process holds or requests the lock. */
  #lock: number | null = null;

  constructor(readonly directory: string) {}

  /** Makes the directory where nothing was installed yet. */
  make(): void {
    makeDirectory(this.directory);
  }

  path(slot: SlotName): string {
    return join(this.directory, slot);
  }

  /**
   * Keeps all others that ask from changing the slots until this process ends.
   * @returns false when somebody else already does
   * @throws Error when there is no directory
   */
  lock(): boolean {
    this.#lock ??= openSync(this.directory, "r");
    if (libc.flock(this.#lock, LOCK_EX | LOCK_NB) === 0) return true;
    const reason = errno();
    if (reason === EAGAIN) return false;
    throw new SystemError("flock", reason, this.directory);
  }

  /** Empty directory for a copy before it goes into a slot. */
  beginIncoming(): string {
    this.dropIncoming();
    const incoming = join(this.directory, INCOMING);
    makeDirectory(incoming);
    return incoming;
  }

  /** Discards the copy. */
  dropIncoming(): void {
    rmSync(join(this.directory, INCOMING), { recursive: true, force: true });
  }

  /** Moves the copy into the slot, replacing its content. */
  takeIncoming(slot: SlotName): void {
    const outgoing = join(this.directory, OUTGOING);
    rmSync(outgoing, { recursive: true, force: true });
    if (this.current !== null) this.write({ ...this.state, former: null });
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

  /** The slot that is started; null before the first one. */
  get current(): SlotName | null {
    const target = linkTarget(join(this.directory, CURRENT));
    return SLOT_NAMES.find((name) => name === target) ?? null;
  }

  /** The other slot: parts are installed there. */
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
      return NOTHING; // changed by somebody else, because it is written as a whole; no trial
    }
  }

  /** The current slot while it is on trial. */
  get trial(): SlotState["trial"] {
    const { trial } = this.state;
    return trial !== null && trial.slot === this.current ? trial : null;
  }

  /** Starts the other slot from now on, on trial. @throws RuntimeError when it is empty */
  activate(): SlotName {
    const slot = this.inactive;
    if (!this.has(slot)) throw new RuntimeError(`slot ${slot} is empty: install a part first`);
    const trial = { slot, startsLeft: TRIAL_STARTS };
    this.write({ ...this.state, trial, former: this.current });
    this.point(slot);
    return slot;
  }

  /** The current slot is healthy: ends its trial. */
  confirm(): void {
    this.write({ ...this.state, trial: null });
  }

  /** Counts a start of the slot on trial. @returns false when it has used all of its starts */
  countStart(): boolean {
    const { trial } = this;
    if (trial === null) return true;
    if (trial.startsLeft === 0) return false;
    this.write({ ...this.state, trial: { ...trial, startsLeft: trial.startsLeft - 1 } });
    return true;
  }

  /**
   * Starts the former slot again from now on.
   * @param reason ROLLED_BACK_*
   * @throws RuntimeError when there is none
   */
  rollBack(reason: number): SlotName {
    const slot = this.inactive;
    const from = this.current;
    if (from === null)
      throw new RuntimeError("no installed part is started: there is nothing to go back from");
    if (!this.has(slot))
      throw new RuntimeError(`slot ${slot} is empty: there is no part to go back to`);
    const { former = slot } = this.state;
    if (former !== slot)
      throw new RuntimeError(
        `the part in slot ${slot} was never started here, or was given up: 'wingman part activate' starts it on trial`,
      );
    // The link last: after a cut before it, the part is started once more and then rolled back.
    this.write({ ...this.state, rolledBack: { slot: from, reason, isLogged: false } });
    this.point(slot);
    this.write({ ...this.state, trial: null, former: null });
    return slot;
  }

  /** Notes that the last roll-back is logged. */
  noteLogged(): void {
    const { state } = this;
    if (state.rolledBack !== null)
      this.write({ ...state, rolledBack: { ...state.rolledBack, isLogged: true } });
  }

  /** Entries of the directory that only exist during an installation, and after a cut. */
  get unsettled(): string[] {
    return [INCOMING, OUTGOING].map((name) => join(this.directory, name));
  }

  /**
   * Cleans up after a power cut: half a copy, and a part that was, or was about to be, replaced.
   */
  settle(): void {
    const outgoing = join(this.directory, OUTGOING);
    const place = this.path(this.inactive);
    // Between the two renames of takeIncoming: nothing has replaced the old part yet.
    if (existsSync(outgoing) && !existsSync(place)) moveInto(outgoing, place);
    for (const path of this.unsettled) rmSync(path, { recursive: true, force: true });
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

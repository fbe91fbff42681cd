/** From a verified part to the inactive slot. What flies is not touched. */
import type { VerifiedPart } from "../part/verify.ts";
import { type Machine, objections } from "./admissible.ts";
import { copyPart, slotManifest } from "./slot-contents.ts";
import type { SlotName, SlotStore } from "./slot-store.ts";

/** Why a part is not installed, in words. */
export class NotInstalledError extends Error {
  override readonly name = "NotInstalledError";
}

/** @throws NotInstalledError while another part is on trial: what it goes back to would be lost */
export function requireFreeSlot(store: SlotStore): void {
  const { trial, inactive } = store;
  if (trial !== null)
    throw new NotInstalledError(
      `slot ${trial.slot} is on trial, and slot ${inactive} is what it goes back to: wait, or 'wingman part good' or 'rollback' first`,
    );
}

/**
 * @param medium directory of the part's files
 * @param mayBeOlder than the one that flies
 * @throws NotInstalledError that says why it is not for this machine, PartError when the medium
 * changes while it is copied
 */
export function installPart(
  store: SlotStore,
  part: VerifiedPart,
  medium: string,
  machine: Machine,
  mayBeOlder: boolean,
): SlotName {
  requireFreeSlot(store);
  const before = store.current === null ? null : slotManifest(store.path(store.current));
  const wrong = objections(part, machine, before, mayBeOlder);
  if (wrong.length > 0) throw new NotInstalledError(`not for this server: ${wrong.join("; ")}`);
  const slot = store.inactive;
  copyPart(part, medium, store.beginIncoming());
  store.takeIncoming(slot);
  return slot;
}

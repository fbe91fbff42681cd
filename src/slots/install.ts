/** Installs a verified part in the inactive slot. The flying part is not touched. */
import type { VerifiedPart } from "../part/verify.ts";
import { type Machine, objections } from "./admissible.ts";
import { copyPart, slotManifest } from "./slot-contents.ts";
import type { SlotName, SlotStore } from "./slot-store.ts";

/** Reason why a part is not installed, in words. */
export class NotInstalledError extends Error {
  override readonly name = "NotInstalledError";
}

/** @throws NotInstalledError while a part is on trial: what it goes back to would be lost */
export function requireFreeSlot(store: SlotStore): void {
  const { trial, inactive } = store;
  if (trial === null) return;
  throw new NotInstalledError(
    store.has(inactive)
      ? `slot ${trial.slot} is on trial, and slot ${inactive} is what it goes back to: wait, or 'wingman part good' or 'rollback' first`
      : `slot ${trial.slot} is on trial: wait until it is kept, or 'wingman part good' first`,
  );
}

/** @throws NotInstalledError while another process changes the slots */
export function requireLock(store: SlotStore): void {
  if (!store.lock())
    throw new NotInstalledError("the slots are in use: another installation is running");
}

/** Progress of an installation. An exception in either callback ends it. */
export interface InstallSteps {
  /** Called with the number of further bytes copied. */
  onCopied(bytes: number): void;
  /** Everything is copied, and nothing is changed yet. */
  beforeTaken(): void;
}

const UNWATCHED: InstallSteps = { onCopied: () => {}, beforeTaken: () => {} };

/**
 * @param medium directory of the part's files
 * @param mayBeOlder than the flying one
 * @throws NotInstalledError that says why it is not for this machine, PartError when the medium
 * changes while it is copied
 */
export function installPart(
  store: SlotStore,
  part: VerifiedPart,
  medium: string,
  machine: Machine,
  mayBeOlder: boolean,
  steps = UNWATCHED,
): SlotName {
  requireFreeSlot(store);
  const before = store.current === null ? null : slotManifest(store.path(store.current));
  const wrong = objections(part, machine, before, mayBeOlder);
  if (wrong.length > 0) throw new NotInstalledError(`not for this server: ${wrong.join("; ")}`);
  const slot = store.inactive;
  try {
    copyPart(part, medium, store.beginIncoming(), steps.onCopied);
    steps.beforeTaken();
  } catch (error) {
    store.dropIncoming(); // it may have filled the disk
    throw error;
  }
  store.takeIncoming(slot);
  return slot;
}

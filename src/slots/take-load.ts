/** Checks a load that came over the network, and installs it in the inactive slot. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readTrustedKeys } from "../part/trust.ts";
import { PartError, verifyLoad } from "../part/verify.ts";
import type { Machine } from "./admissible.ts";
import { installPart, NotInstalledError, requireFreeSlot, requireLock } from "./install.ts";
import type { SlotStore } from "./slot-store.ts";

/** The caller's side of a load. */
export interface TakeCaller {
  /** Polled repeatedly. */
  isGone(): boolean;
  /** @param doing `checking`, `storing in slot b`; called for each whole per cent */
  tell(doing: string, percent: number): void;
  /** Asked once, when everything is stored and nothing is changed yet. */
  mayTake(): boolean;
}

export interface TakeConditions {
  /** Files of public keys, and the base of their relative names. */
  readonly trust: readonly string[];
  readonly directory: string;
  readonly machine: Machine;
}

/**
 * Every problem of the load or the disk is a refusal, and leaves the slots unchanged.
 * @param load directory of its files
 */
export function takeLoad(
  store: SlotStore,
  load: string,
  caller: TakeCaller,
  { trust, directory, machine }: TakeConditions,
): { accepted: boolean; why: string } {
  try {
    const reading = readTrustedKeys(trust, directory);
    if (!reading.ok) return refused(reading.problems.map(({ found }) => found).join("; "));
    if (reading.keys.length === 0) return refused("the configuration names no key in parts.trust");
    store.make();
    requireLock(store);
    store.settle();
    requireFreeSlot(store);
    const checking = new Progress(caller, "checking", sizeOf(load));
    const part = verifyLoad(load, reading.keys, (bytes) => checking.add(bytes));
    const whole = part.files.reduce((sum, { bytes }) => sum + bytes, 0);
    const storing = new Progress(caller, `storing in slot ${store.inactive}`, whole);
    const slot = installPart(store, part, load, machine, false, {
      onCopied: (bytes) => storing.add(bytes),
      beforeTaken: () => {
        if (!caller.mayTake()) throw new NotInstalledError(GONE);
      },
    });
    return { accepted: true, why: `${part.partNumber} in slot ${slot}; activate it` };
  } catch (error) {
    if (error instanceof PartError || error instanceof NotInstalledError)
      return refused(error.message);
    return refused(`the slots cannot be written: ${(error as Error).message}`);
  }
}

const GONE = "it is no longer wanted";

const refused = (why: string) => ({ accepted: false, why });

class Progress {
  #bytes = 0;
  #percent = -1;

  constructor(
    private readonly caller: TakeCaller,
    private readonly doing: string,
    private readonly whole: number,
  ) {
    this.add(0);
  }

  /** @throws NotInstalledError when nobody waits for it any more */
  add(bytes: number): void {
    if (this.caller.isGone()) throw new NotInstalledError(GONE);
    this.#bytes += bytes;
    const percent = Math.min(100, Math.floor((100 * this.#bytes) / Math.max(1, this.whole)));
    if (percent === this.#percent) return;
    this.#percent = percent;
    this.caller.tell(this.doing, percent);
  }
}

function sizeOf(directory: string): number {
  return readdirSync(directory).reduce(
    (sum, name) => sum + statSync(join(directory, name)).size,
    0,
  );
}

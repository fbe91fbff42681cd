/** Our sets of functions for the next keep-alive, derived from the functions' states. */

import { addFunction } from "../allocation/function-bitmap.ts";
import type { FunctionTable } from "../allocation/function-table.ts";
import { BITMAP_WORDS } from "../limits.ts";
import { ADDING, CLAIMED, REMOVING, STOPPING } from "./handover-rows.ts";

export class OwnSets {
  /** Their VIPs may be up here. */
  readonly owns = new Uint32Array(BITMAP_WORDS);
  readonly claims = new Uint32Array(BITMAP_WORDS);
  /** Claimed with room: the old owner may let go. Owned: the process can be used. */
  readonly ready = new Uint32Array(BITMAP_WORDS);
  readonly cannotRun = new Uint32Array(BITMAP_WORDS);
  /** VIPs may be up here. */
  ownsAny = false;

  constructor(private readonly table: FunctionTable) {}

  clear(): void {
    this.ownsAny = false;
    for (let word = 0; word < this.table.wordCount; word++) {
      this.owns[word] = 0;
      this.claims[word] = 0;
      this.ready[word] = 0;
      this.cannotRun[word] = 0;
    }
  }

  /** @param isReady claimed: it could be taken up now; owned: it serves */
  add(index: number, state: number, hasFailed: boolean, isReady: boolean): void {
    if (state >= ADDING && state <= REMOVING) {
      addFunction(this.owns, 0, index);
      this.ownsAny = true;
    } else if (state === CLAIMED) addFunction(this.claims, 0, index);
    if (isReady || state === STOPPING) addFunction(this.ready, 0, index);
    if (hasFailed) addFunction(this.cannotRun, 0, index);
  }
}

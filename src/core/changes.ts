/**
 * Counts changes of what decisions depend on. The numbers only grow: each reader remembers the one
 * it has seen, so none takes a change away from another.
 */

// ---- what has changed, as a mask
/** Something that a decision may depend on; every change is one. */
export const CHANGED = 1;
/** What a server cannot run or withholds: an S1 of its own, because functions must move. */
export const CHANGED_CANNOT_RUN = 2;
/** Which moves are asked for, or whether they count. */
export const CHANGED_MOVES = 4;
/** A peer waits for our echo: a claim, a view, a newcomer's first message. */
export const AWAITS_ECHO = 8;

export class Changes {
  total = 0;
  cannotRun = 0;
  moves = 0;
  echoes = 0;

  /** @param mask CHANGED and the kind of change; 0: nothing has changed */
  note(mask: number): void {
    if (mask === 0) return;
    this.total++;
    if ((mask & CHANGED_CANNOT_RUN) !== 0) this.cannotRun++;
    if ((mask & CHANGED_MOVES) !== 0) this.moves++;
    if ((mask & AWAITS_ECHO) !== 0) this.echoes++;
  }
}

// ---- when a part must be looked at although nothing has changed, in µs
export const ALWAYS = Number.NEGATIVE_INFINITY;
export const NEVER = Number.POSITIVE_INFINITY;

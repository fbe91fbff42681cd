/**
 * How often that has changed which others go by. These numbers only grow: nobody takes a change
 * away from another reader, each remembers the number that it has seen.
 */

// ---- what has changed, as a mask
/** Something that a decision may depend on; every change is one. */
export const CHANGED = 1;
/** What a server cannot run: an S1 of its own, because a function must move. */
export const CHANGED_CANNOT_RUN = 2;
/** What moves are asked for, or whether they count. */
export const CHANGED_MOVES = 4;
/** A peer waits for our echo: a claim, a view, a newcomer's first message. */
export const AWAITS_ECHO = 8;

export class Changes {
  total = 0;
  cannotRun = 0;
  moves = 0;
  echoes = 0;

  /** @param mask CHANGED and what else; 0: nothing has changed */
  note(mask: number): void {
    if (mask === 0) return;
    this.total++;
    if ((mask & CHANGED_CANNOT_RUN) !== 0) this.cannotRun++;
    if ((mask & CHANGED_MOVES) !== 0) this.moves++;
    if ((mask & AWAITS_ECHO) !== 0) this.echoes++;
  }
}

// ---- when a part wants to be looked at although nothing has changed, in µs
export const ALWAYS = Number.NEGATIVE_INFINITY;
export const NEVER = Number.POSITIVE_INFINITY;

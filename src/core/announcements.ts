/**
 * When VIPs that are up are announced again (gratuitous ARP, unsolicited neighbour advertisement):
 * once more after they came, in case the first was lost, and whenever somebody else was or is
 * there.
 */

import { NONE } from "../allocation/function-table.ts";
import { EFFECT_ANNOUNCE, type EffectQueue } from "../boundary/effect-queue.ts";
import { FUNCTIONS_MAX } from "../limits.ts";
import { NEVER } from "./changes.ts";

export class Announcements {
  /** When each function is announced next. */
  readonly atUs = new Float64Array(FUNCTIONS_MAX);
  private readonly left = new Uint8Array(FUNCTIONS_MAX);
  /** Server with which each function is owned twice, or NONE. */
  private readonly rival = new Int8Array(FUNCTIONS_MAX).fill(NONE);

  constructor(
    private readonly effects: EffectQueue,
    private readonly againUs: number,
  ) {}

  /** The function came up, and was announced with its address. */
  begin(index: number, nowUs: number): void {
    this.atUs[index] = nowUs + this.againUs;
    this.left[index] = 1;
  }

  /** Now, and once more later: the first may be lost. */
  repeat(index: number, nowUs: number): void {
    this.atUs[index] = nowUs;
    this.left[index] = 2;
  }

  /**
   * Once in a step, for a function that is up.
   * @param rival server that owns it too, or NONE: it is announced when one came or has let go
   */
  update(index: number, nowUs: number, rival: number): void {
    if (rival !== this.rival[index]) {
      this.rival[index] = rival;
      this.repeat(index, nowUs);
    }
    if (nowUs < this.atUs[index]) return;
    this.effects.push(EFFECT_ANNOUNCE, index, 0, 0);
    this.left[index]--;
    this.atUs[index] = this.left[index] > 0 ? nowUs + this.againUs : NEVER;
  }
}

/**
 * When VIPs that are up are announced again (gratuitous ARP, unsolicited neighbour advertisement):
 * once after they came up, in case the first was lost, and when another server took them or let go.
 */

import { NONE } from "../allocation/function-table.ts";
import { EFFECT_ANNOUNCE, type EffectQueue } from "../boundary/effect-queue.ts";
import { FUNCTIONS_MAX } from "../limits.ts";
import { NEVER } from "./changes.ts";

export class Announcements {
  /** When each function is announced next. */
  readonly atUs = new Float64Array(FUNCTIONS_MAX);
  private readonly left = new Uint8Array(FUNCTIONS_MAX);
  /** The other server that owns each function, or NONE. */
  private readonly rival = new Int8Array(FUNCTIONS_MAX).fill(NONE);

  constructor(
    private readonly effects: EffectQueue,
    private readonly againUs: number,
  ) {}

  /** The function came up and was announced. */
  begin(index: number, nowUs: number): void {
    this.atUs[index] = nowUs + this.againUs;
    this.left[index] = 1;
  }

  /** Now and once later, in case the first is lost. */
  repeat(index: number, nowUs: number): void {
    this.atUs[index] = nowUs;
    this.left[index] = 2;
  }

  /**
   * Once per step for a function that is up.
   * @param rival the other server that owns it, or NONE; a change of it is announced
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

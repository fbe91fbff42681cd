/**
 * Hosts that are not our servers but answer for a VIP (PROTOCOL.md, "Strangers"): a wrong address
 * in the cabin, found as in RFC 5227, section 2.4. Only the server on which the VIP is up judges
 * and answers:
 *
 * - A MAC that a server of this table gave as its own in a keep-alive is no stranger: two servers
 *   that both own a function settle that by themselves.
 * - A server that was never heard, because the network was divided when this one started, is heard
 *   within the listening time after its announcements arrive. So an unknown MAC becomes a stranger
 *   only after that time.
 * - A stranger is named in a fault and the VIP is announced again, so that the seats come back.
 *   Further sightings are answered at a falling rate: no endless fight. The VIP stays up, the third
 *   choice of that section: seats need the address they know.
 * - One stranger per function is followed at a time. Others that answer for the same function are
 *   counted, and named once it is gone.
 */

import type { FunctionTable } from "../allocation/function-table.ts";
import { EFFECT_ANNOUNCE, EFFECT_LOG, type EffectQueue } from "../boundary/effect-queue.ts";
import { LOG_STRANGER, LOG_STRANGER_GONE } from "../boundary/maintenance-code.ts";
import {
  DEFENCE_MS_MAX,
  DEFENCE_MS_MIN,
  FUNCTIONS_MAX,
  SERVERS_MAX,
  STRANGER_GONE_MS,
  STRANGER_LOG_AGAIN_MS,
} from "../limits.ts";
import { ALWAYS, NEVER } from "./changes.ts";
import type { Handover } from "./handover.ts";
import type { Membership } from "./membership.ts";

const NOBODY = 0;
/** Seen with an unknown MAC: it may still prove to be a server. */
const SEEN = 1;
/** Its fault is logged. */
const NAMED = 2;

const DEFENCE_US_MIN = DEFENCE_MS_MIN * 1000;
const DEFENCE_US_MAX = DEFENCE_MS_MAX * 1000;
const LOG_AGAIN_US = STRANGER_LOG_AGAIN_MS * 1000;
const GONE_US = STRANGER_GONE_MS * 1000;

export class Strangers {
  /** Frames in which strangers answered for a VIP that is up here. */
  sightings = 0;
  /** Functions with a stranger that is followed. */
  followed = 0;
  private readonly state = new Uint8Array(FUNCTIONS_MAX);
  private readonly macHigh = new Uint16Array(FUNCTIONS_MAX);
  private readonly macLow = new Uint32Array(FUNCTIONS_MAX);
  private readonly firstSeenUs = new Float64Array(FUNCTIONS_MAX);
  private readonly lastSeenUs = new Float64Array(FUNCTIONS_MAX);
  private readonly loggedUs = new Float64Array(FUNCTIONS_MAX);
  /** 1: seen since the VIPs were last announced. */
  private readonly defenceDue = new Uint8Array(FUNCTIONS_MAX);
  /** When the next defence is allowed, and the wait for the one after it. */
  private readonly defenceFromUs = new Float64Array(FUNCTIONS_MAX);
  private readonly defenceEveryUs = new Float64Array(FUNCTIONS_MAX).fill(DEFENCE_US_MIN);

  /** @param graceUs an unknown server that announces a VIP is heard within this: listening time */
  constructor(
    private readonly table: FunctionTable,
    private readonly membership: Membership,
    private readonly handover: Handover,
    private readonly effects: EffectQueue,
    private readonly graceUs: number,
  ) {
    this.defenceFromUs.fill(Number.NEGATIVE_INFINITY);
  }

  /**
   * A host other than this one answered for a VIP.
   * @param macHigh first two bytes of its MAC
   * @param macLow last four bytes, signed or not
   */
  onSighting(index: number, macHigh: number, macLow: number, nowUs: number): void {
    if (index >= this.table.functionCount || !this.handover.isUp(index)) return;
    const low = macLow >>> 0;
    if (this.isServer(macHigh, low)) return;
    this.sightings++;
    if (this.state[index] === NOBODY) {
      this.state[index] = SEEN;
      this.macHigh[index] = macHigh;
      this.macLow[index] = low;
      this.firstSeenUs[index] = nowUs;
      this.lastSeenUs[index] = nowUs;
      this.followed++;
    } else if (this.macHigh[index] === macHigh && this.macLow[index] === low)
      this.lastSeenUs[index] = nowUs;
    this.defenceDue[index] = 1;
  }

  /** A followed stranger is looked at in every step. */
  get dueUs(): number {
    return this.followed === 0 ? NEVER : ALWAYS;
  }

  /**
   * Judges, names and answers, once per step. At most FUNCTIONS_MAX rows; none without strangers.
   */
  advance(nowUs: number): void {
    if (this.followed === 0) return;
    for (let index = 0; index < this.table.functionCount; index++) {
      if (this.state[index] !== NOBODY) this.follow(index, nowUs);
    }
  }

  private follow(index: number, nowUs: number): void {
    const isOver =
      !this.handover.isUp(index) || // its next owner looks at it
      this.isServer(this.macHigh[index], this.macLow[index]) ||
      nowUs - this.lastSeenUs[index] >= GONE_US;
    if (isOver) {
      if (this.state[index] === NAMED) this.log(LOG_STRANGER_GONE, index);
      this.state[index] = NOBODY;
      this.defenceDue[index] = 0;
      this.defenceEveryUs[index] = DEFENCE_US_MIN;
      this.followed--;
      return;
    }
    if (this.state[index] === SEEN) {
      if (nowUs - this.firstSeenUs[index] < this.graceUs) return;
      this.name(index, nowUs);
    } else if (
      nowUs - this.loggedUs[index] >= LOG_AGAIN_US &&
      this.lastSeenUs[index] > this.loggedUs[index]
    ) {
      this.name(index, nowUs);
    }
    if (this.defenceDue[index] === 0 || nowUs < this.defenceFromUs[index]) return;
    this.defenceDue[index] = 0;
    this.defenceFromUs[index] = nowUs + this.defenceEveryUs[index];
    this.defenceEveryUs[index] = Math.min(2 * this.defenceEveryUs[index], DEFENCE_US_MAX);
    this.effects.push(EFFECT_ANNOUNCE, index, 0, 0);
  }

  private name(index: number, nowUs: number): void {
    this.state[index] = NAMED;
    this.loggedUs[index] = nowUs;
    this.log(LOG_STRANGER, index);
  }

  /** Function and first two bytes of the MAC share a value: "functionAndMac" of catalogue/entry. */
  private log(code: number, index: number): void {
    this.effects.push(
      EFFECT_LOG,
      code,
      (this.macHigh[index] << 16) | index,
      this.macLow[index] | 0,
    );
  }

  /** A server of this table gave this MAC as its own, in this incarnation of ours. */
  private isServer(macHigh: number, macLow: number): boolean {
    for (let server = 0; server < SERVERS_MAX; server++) {
      if ((this.membership.incompatible & (1 << server)) !== 0) continue;
      const { clientMacHigh, clientMacLow } = this.membership.latest(server);
      if (clientMacHigh === macHigh && clientMacLow === macLow && (macHigh | macLow) !== 0)
        return true;
    }
    return false;
  }
}

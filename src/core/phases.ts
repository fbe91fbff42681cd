/**
 * The phases of a server (protocol, sections 2 and 6): it listens, is active, drains; it is
 * isolated while it is cut off from its clients; and in an orderly stop it says good-bye when
 * nothing is left on it.
 */
import { CONTROL_DRAIN, CONTROL_LEAVE, CONTROL_RESUME } from "../wire/control.ts";
import type { Agreement } from "./agreement.ts";
import { EFFECT_LEFT, EFFECT_LOG, EFFECT_PHASE, type EffectQueue } from "./effect-queue.ts";
import type { Handover } from "./handover.ts";
import type { Isolation } from "./isolation.ts";
import type { Listening } from "./listening.ts";
import { LOG_ISOLATED, LOG_PHASE } from "./maintenance-code.ts";
import {
  MARK_CUT_OFF,
  MARK_NO_CONTACT_AT_START,
  MARK_YIELDED_TO_FOREIGN_TABLE,
  marks,
} from "./marks.ts";
import type { Membership } from "./membership.ts";
import { PHASE_ACTIVE, PHASE_DRAINING, PHASE_ISOLATED, PHASE_LISTENING } from "./phase.ts";
import type { Timing } from "./timing.ts";

/** Good-byes sent, so that one lost datagram does not turn an orderly stop into a failure. */
const GOOD_BYES = 3;

export class Phases {
  phase = PHASE_LISTENING;
  draining = false;
  leaving = false;
  /** Listening, and held back by another table or another box with our id. */
  passive = false;
  /** Something of this that the others hear of changed: to be sent at once. */
  changed = false;
  private goodByes = 0;
  private left = false;

  constructor(
    private readonly membership: Membership,
    private readonly handover: Handover,
    private readonly agreement: Agreement,
    private readonly isolation: Isolation,
    private readonly listening: Listening,
    private readonly effects: EffectQueue,
    private readonly timing: Timing,
  ) {
    effects.push(EFFECT_PHASE, 0, this.phase, 0);
  }

  /** It takes part: it owns what the policy gives it, or hands that over. */
  get serving(): boolean {
    return this.phase === PHASE_ACTIVE || this.phase === PHASE_DRAINING;
  }

  get saysGoodBye(): boolean {
    return this.goodByes > 0;
  }

  /** The engine ends out of turn: all keep-alives from now on are good-byes. */
  sayGoodBye(): void {
    this.goodByes = GOOD_BYES;
  }

  /** @param command CONTROL_DRAIN, CONTROL_RESUME or CONTROL_LEAVE */
  takeCommand(command: number): void {
    if (command === CONTROL_DRAIN) this.setDraining(true);
    else if (command === CONTROL_LEAVE) {
      this.leaving = true;
      this.setDraining(true);
    } else if (command === CONTROL_RESUME && !this.leaving) {
      this.setDraining(false);
      this.handover.clearFailed();
    }
  }

  private setDraining(draining: boolean): void {
    if (this.draining !== draining) this.changed = true;
    this.draining = draining;
  }

  /** Another box sends with this server's id. */
  hearsOwnIndex(nowUs: number): boolean {
    const heardUs = this.membership.ownIndexHeardUs;
    return heardUs !== 0 && nowUs - heardUs < this.timing.detectionUs;
  }

  /** Listening → active → draining, and isolated while it is cut off from its clients. */
  update(nowUs: number): void {
    const hearsPeer = this.membership.heard !== 0;
    const { isolation } = this;
    if (isolation.isCutOff(nowUs, hearsPeer)) {
      if (this.phase !== PHASE_ISOLATED && isolation.carrier) {
        marks[MARK_CUT_OFF]++;
        this.effects.push(EFFECT_LOG, LOG_ISOLATED, 0, 0);
      }
      this.enter(PHASE_ISOLATED);
      return;
    }
    const { serving } = this;
    const yields = this.membership.yieldsToForeignTable(serving);
    if (serving && yields) marks[MARK_YIELDED_TO_FOREIGN_TABLE]++;
    if (this.phase === PHASE_ISOLATED || (serving && yields)) {
      this.enter(PHASE_LISTENING);
      this.listening.begin(nowUs);
    }
    this.setPassive(this.phase === PHASE_LISTENING && (yields || this.hearsOwnIndex(nowUs)));
    if (this.phase === PHASE_LISTENING) {
      if (this.passive || !this.listening.isOver(nowUs)) return;
      if (!isolation.hasContact(nowUs, hearsPeer)) {
        marks[MARK_NO_CONTACT_AT_START]++;
        return;
      }
    }
    if (this.phase === PHASE_LISTENING) this.agreement.begin();
    this.enter(this.draining ? PHASE_DRAINING : PHASE_ACTIVE);
  }

  private setPassive(passive: boolean): void {
    if (this.passive === passive) return;
    this.passive = passive;
    this.changed = true;
  }

  private enter(phase: number): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.changed = true;
    this.effects.push(EFFECT_PHASE, 0, phase, 0);
    this.effects.push(EFFECT_LOG, LOG_PHASE, phase, 0);
  }

  /** Orderly stop: when nothing is left here, good-bye is said and the engine may end. */
  leave(): void {
    if (!this.leaving || this.left || this.handover.busy !== 0) return;
    if (this.phase === PHASE_ACTIVE) return; // draining begins with the next step
    if (this.goodByes === GOOD_BYES) {
      this.left = true;
      this.effects.push(EFFECT_LEFT, 0, 0, 0);
      return;
    }
    this.goodByes++;
    this.changed = true;
    this.handover.advanced = true; // come back at once
  }
}

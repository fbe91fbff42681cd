/**
 * The phases of a server (PROTOCOL.md, "Phases"): listening, active, draining; isolated while it is
 * cut off from its clients; and in an orderly stop it says good-bye once nothing is left on it.
 */
import {
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_PHASE,
  type EffectQueue,
} from "../boundary/effect-queue.ts";
import { LOG_CUT_OFF_FROM_CLIENTS, LOG_ISOLATED, LOG_PHASE } from "../boundary/maintenance-code.ts";
import {
  PHASE_ACTIVE,
  PHASE_DRAINING,
  PHASE_ISOLATED,
  PHASE_LISTENING,
} from "../boundary/phase.ts";
import {
  MARK_CUT_OFF,
  MARK_CUT_OFF_FROM_CLIENTS,
  MARK_ISOLATION_UNKNOWN,
  MARK_NO_CONTACT_AT_START,
  MARK_YIELDED_TO_FOREIGN_TABLE,
  marks,
} from "../marks.ts";
import { CONTROL_DRAIN, CONTROL_LEAVE, CONTROL_RESUME } from "../wire/control.ts";
import type { Admission } from "./admission.ts";
import type { Agreement } from "./agreement.ts";
import { ALWAYS, CHANGED, type Changes } from "./changes.ts";
import { yieldsToForeignTable } from "./foreign-table.ts";
import type { Handover } from "./handover.ts";
import { type Isolation, NOBODY_ELSE, OTHERS_REACH, othersOf } from "./isolation.ts";
import type { Listening } from "./listening.ts";
import type { Membership } from "./membership.ts";

/** Good-byes to send, so that one lost datagram does not turn an orderly stop into a failure. */
const GOOD_BYES = 3;

export class Phases {
  phase = PHASE_LISTENING;
  draining = false;
  leaving = false;
  /** Listening, and held back by another table or another box with our id. */
  passive = false;
  /** Good-byes requested so far. */
  goodByes = 0;
  private left = false;
  /** Our first keep-alive that reports the isolation: all servers heard echo it before it ends. */
  private isolatedSequence = 0;

  constructor(
    private readonly self: number,
    private readonly changes: Changes,
    private readonly membership: Membership,
    private readonly admission: Admission,
    private readonly handover: Handover,
    private readonly agreement: Agreement,
    readonly isolation: Isolation,
    private readonly listening: Listening,
    private readonly effects: EffectQueue,
  ) {
    effects.push(EFFECT_PHASE, 0, this.phase, 0);
  }

  /** It takes part: it owns what the policy gives it, or hands it over. */
  get serving(): boolean {
    return this.phase === PHASE_ACTIVE || this.phase === PHASE_DRAINING;
  }

  /** The engine ends out of turn: every keep-alive from now on is a good-bye. */
  sayGoodBye(): void {
    this.goodByes = GOOD_BYES;
  }

  /** @param command CONTROL_DRAIN, CONTROL_RESUME or CONTROL_LEAVE */
  takeCommand(command: number): void {
    if (command === CONTROL_DRAIN) this.draining = true;
    else if (command === CONTROL_LEAVE) {
      this.leaving = true;
      this.draining = true;
    } else if (command === CONTROL_RESUME && !this.leaving) {
      this.draining = false;
      this.handover.clearFailed();
    }
  }

  /** When to look at the phase again if nothing changes. */
  dueUs(nowUs: number): number {
    const { membership, isolation } = this;
    if (!this.serving || this.leaving || membership.incompatible !== 0) return ALWAYS;
    const cutOffUs = isolation.dueUs(nowUs, othersOf(membership));
    return Math.min(cutOffUs, this.admission.twinDueUs(nowUs));
  }

  /**
   * Listening → active → draining; isolated while it is cut off, and until all servers heard know
   * it: what it owned is theirs to take.
   * @param nextSequence sequence number of the next keep-alive, which reports the phase
   */
  update(nowUs: number, nextSequence: number): void {
    const { isolation } = this;
    const others = othersOf(this.membership);
    if (isolation.isCutOff(nowUs, others)) {
      if (this.phase !== PHASE_ISOLATED && isolation.carrier) {
        marks[others === NOBODY_ELSE ? MARK_CUT_OFF : MARK_CUT_OFF_FROM_CLIENTS]++;
        const code = others === NOBODY_ELSE ? LOG_ISOLATED : LOG_CUT_OFF_FROM_CLIENTS;
        this.effects.push(EFFECT_LOG, code, 0, 0);
      }
      if (this.phase !== PHASE_ISOLATED) this.isolatedSequence = nextSequence;
      this.enter(PHASE_ISOLATED);
      return;
    }
    const isKnown = this.handover.rivals.areAware(this.isolatedSequence, ALWAYS, false, nowUs);
    if (this.phase === PHASE_ISOLATED && !isKnown) {
      marks[MARK_ISOLATION_UNKNOWN]++;
      return;
    }
    const { serving } = this;
    const yields = yieldsToForeignTable(this.membership, this.self, serving);
    if (serving && yields) marks[MARK_YIELDED_TO_FOREIGN_TABLE]++;
    if (this.phase === PHASE_ISOLATED || (serving && yields)) {
      this.enter(PHASE_LISTENING);
      this.listening.begin(nowUs);
    }
    this.passive = false;
    if (this.phase === PHASE_LISTENING) {
      const hasContact = isolation.hasContact(nowUs, others);
      const othersServe = others === OTHERS_REACH && !hasContact;
      this.passive = othersServe || yields || this.admission.hearsTwin(nowUs);
      if (this.passive || !this.listening.isOver(nowUs)) return;
      if (!hasContact) {
        marks[MARK_NO_CONTACT_AT_START]++;
        return;
      }
      this.agreement.begin();
    }
    this.enter(this.draining ? PHASE_DRAINING : PHASE_ACTIVE);
  }

  private enter(phase: number): void {
    if (this.phase === phase) return;
    this.phase = phase;
    this.membership.isServing = this.serving;
    this.changes.note(CHANGED);
    this.effects.push(EFFECT_PHASE, 0, phase, 0);
    this.effects.push(EFFECT_LOG, LOG_PHASE, phase, 0);
  }

  /**
   * Orderly stop: once nothing is left here, says good-bye and lets the engine end.
   * @returns whether to step again at once
   */
  leave(): boolean {
    if (!this.leaving || this.left || this.handover.busy !== 0) return false;
    if (this.phase === PHASE_ACTIVE) return false; // draining begins with the next step
    if (this.goodByes === GOOD_BYES) {
      this.left = true;
      this.effects.push(EFFECT_LEFT, 0, 0, 0);
      return false;
    }
    this.goodByes++;
    return true;
  }
}

/**
 * When to allocate, from what, and whether the others came to the same (P5). The policies of FIG. 3
 * and FIG. 4 run on S1, a failure or a recovery, and on what equals one: a server drains, a process
 * failed and its function must move, or somebody moves a function by hand. Each server runs them on
 * what all can see. Should two servers have seen events in different orders, the digests of their
 * assignments in the keep-alives differ, and when that lasts everybody computes again from what is
 * seen now.
 */
import { BITMAP_WORDS, DISAGREEMENT_PERIODS, FUNCTIONS_MAX } from "../limits.ts";
import {
  NOTICE_BY_HAND,
  NOTICE_DRAIN,
  NOTICE_PREEMPTED,
  NOTICE_PROCESS_FAILED,
  NOTICE_RECOVERY,
  NOTICE_SERVER_FAILED,
  NOTICE_START,
} from "../wire/client-notice.ts";
import { REASON_FAILOVER, REASON_MOVE, REASON_RECOVERY, REASON_START } from "../wire/control.ts";
import { Allocation, type Policy } from "./allocation.ts";
import { EFFECT_LOG, type EffectQueue } from "./effect-queue.ts";
import { hasFunction } from "./function-bitmap.ts";
import { type FunctionTable, NONE } from "./function-table.ts";
import type { Handover } from "./handover.ts";
import { LOG_DISAGREEMENT } from "./maintenance-code.ts";
import { MARK_DISAGREEMENT, marks } from "./marks.ts";
import type { Membership } from "./membership.ts";
import type { Moves } from "./moves.ts";
import { PHASE_ACTIVE, PHASE_DRAINING } from "./phase.ts";
import { SERVER_ALIVE } from "./server-state.ts";
import type { Timing } from "./timing.ts";

const NOT_DISAGREEING = -1;
const BACK_OFF_MAX = 64;

export class Agreement {
  readonly allocation = new Allocation();
  /**
   * Where each function ran before the last allocation; NONE for nowhere. Its input differs where a
   * function is moved by hand.
   */
  readonly ranOn = new Int8Array(FUNCTIONS_MAX);
  /** Digest of the assignment, 32 bits, in every keep-alive. */
  digest = 0;
  /** Allocations since the start. */
  allocations = 0;

  private operable = 0;
  private due = true;
  private disagreeingSinceUs = NOT_DISAGREEING;
  private backOff = 1;
  /**
   * Something was owned somewhere: functions come back from now on, they do not start for the first
   * time.
   */
  private hasRun = false;

  constructor(
    private readonly table: FunctionTable,
    private readonly policy: Policy,
    private readonly membership: Membership,
    private readonly handover: Handover,
    private readonly moves: Moves,
    private readonly effects: EffectQueue,
    private readonly timing: Timing,
    private readonly self: number,
  ) {}

  /** This server begins to take part: it allocates at its next update whatever happened before. */
  begin(): void {
    this.due = true;
  }

  /**
   * An allocation is due, or the others' differ: the next update may allocate although nothing
   * changes.
   */
  get isPending(): boolean {
    return this.due || this.disagreeingSinceUs !== NOT_DISAGREEING;
  }

  /**
   * S1: allocates when something happened that asks for it. `available`: this server itself may be
   * given functions.
   */
  update(nowUs: number, available: boolean): void {
    const { membership, handover } = this;
    membership.allocationChanged = false;
    const operable = this.operableServers(available);
    const isMoveDue = this.moves.update(nowUs, operable);
    if (
      operable !== this.operable ||
      isMoveDue ||
      membership.cannotRunChanged ||
      handover.failedChanged
    ) {
      this.due = true;
      this.backOff = 1;
    }
    if (!this.due && !this.disagreesTooLong(nowUs)) return;
    this.operable = operable;
    this.due = false;
    this.disagreeingSinceUs = NOT_DISAGREEING;
    membership.cannotRunChanged = false;
    handover.failedChanged = false;
    this.allocate(nowUs);
  }

  private operableServers(available: boolean): number {
    let operable = available ? 1 << this.self : 0;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (server !== this.self && this.membership.isOperable(server)) operable |= 1 << server;
    }
    return operable;
  }

  private allocate(nowUs: number): void {
    const { allocation, table, handover } = this;
    this.allocations++;
    allocation.operable = this.operable;
    this.gatherCurrent();
    this.gatherCannotRun();
    this.ranOn.set(allocation.current);
    this.moves.apply(allocation);
    this.policy.allocate(table, allocation);
    let digest = 0x811c9dc5; // FNV-1a over the assigned servers
    for (let index = 0; index < table.functionCount; index++) {
      const before = handover.assigned[index];
      const after = allocation.assigned[index];
      digest = Math.imul(digest ^ (after + 1), 0x01000193);
      if (after !== before) this.assign(index, before, after, nowUs);
    }
    this.digest = digest >>> 0;
    // the others' digests are to be compared with the new one
    this.membership.allocationChanged = true;
  }

  /** Where each function runs or is about to run. Lower server index first where two say so. */
  private gatherCurrent(): void {
    const { allocation, table, membership, handover } = this;
    for (let index = 0; index < table.functionCount; index++) {
      const word = index >>> 5;
      const bit = 1 << (index & 31);
      let owner = NONE;
      let claimant = NONE;
      for (let server = table.serverCount - 1; server >= 0; server--) {
        const row = server * BITMAP_WORDS + word;
        const own = server === this.self;
        if (!own && !membership.mayOwn(server)) continue;
        if (((own ? handover.owns[word] : membership.owns[row]) & bit) !== 0) owner = server;
        if (((own ? handover.claims[word] : membership.claims[row]) & bit) !== 0) claimant = server;
      }
      // A function on its way from a server that drains belongs to the server that claims it.
      const ownerStays = owner !== NONE && (this.operable & (1 << owner)) !== 0;
      allocation.current[index] = ownerStays || claimant === NONE ? owner : claimant;
      if (owner !== NONE) this.hasRun = true;
    }
  }

  private gatherCannotRun(): void {
    const { allocation, table, membership, handover } = this;
    for (let index = 0; index < table.functionCount; index++) {
      let mask = handover.failed[index] !== 0 ? 1 << this.self : 0;
      for (let server = 0; server < table.serverCount; server++) {
        if (server === this.self || !membership.mayOwn(server)) continue;
        if (hasFunction(membership.cannotRun, server * BITMAP_WORDS, index)) mask |= 1 << server;
      }
      allocation.cannotRun[index] = mask;
    }
  }

  private assign(index: number, before: number, after: number, nowUs: number): void {
    const { handover, allocation } = this;
    handover.assign(index, after, nowUs);
    const from = this.ranOn[index];
    if (after === NONE) {
      const leaving = hasFunction(handover.owns, 0, index) ? this.self : from;
      handover.stopReason[index] = this.reasonToLeave(index, leaving, NOTICE_PREEMPTED);
    } else if (from !== NONE && from !== after) {
      handover.startReason[index] = REASON_MOVE;
      const byHand = allocation.current[index] !== from;
      handover.startNoticeReason[index] = byHand
        ? NOTICE_BY_HAND
        : this.reasonToLeave(index, from, NOTICE_RECOVERY);
    } else if (from === NONE && before !== NONE && this.isGone(before)) {
      handover.startReason[index] = REASON_FAILOVER;
      handover.startNoticeReason[index] = NOTICE_SERVER_FAILED;
    } else {
      handover.startReason[index] = this.hasRun ? REASON_RECOVERY : REASON_START;
      handover.startNoticeReason[index] = this.hasRun ? NOTICE_RECOVERY : NOTICE_START;
    }
  }

  private isGone(server: number): boolean {
    return server !== this.self && !this.membership.mayOwn(server);
  }

  private isDraining(server: number): boolean {
    if (server === this.self) return (this.operable & (1 << server)) === 0;
    return this.membership.phase[server] === PHASE_DRAINING;
  }

  /** Why a function goes away from server `from`, as its clients are told. */
  private reasonToLeave(index: number, from: number, otherwise: number): number {
    if (from === NONE) return otherwise;
    if ((this.allocation.cannotRun[index] & (1 << from)) !== 0) return NOTICE_PROCESS_FAILED;
    return this.isDraining(from) ? NOTICE_DRAIN : otherwise;
  }

  /**
   * Does a living server hold another assignment for longer than messages need? Each time in a row
   * it lasts twice as long, up to BACK_OFF_MAX times.
   */
  private disagreesTooLong(nowUs: number): boolean {
    let rival = NONE;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (this.membership.state[server] !== SERVER_ALIVE) continue;
      const phase = this.membership.phase[server];
      if (phase !== PHASE_ACTIVE && phase !== PHASE_DRAINING) continue;
      if (this.membership.assignmentDigest[server] !== this.digest) rival = server;
    }
    if (rival === NONE) {
      this.disagreeingSinceUs = NOT_DISAGREEING;
      return false;
    }
    if (this.disagreeingSinceUs === NOT_DISAGREEING) this.disagreeingSinceUs = nowUs;
    if (
      nowUs - this.disagreeingSinceUs <
      DISAGREEMENT_PERIODS * this.timing.periodUs * this.backOff
    )
      return false;
    marks[MARK_DISAGREEMENT]++;
    if (this.backOff < BACK_OFF_MAX) this.backOff *= 2;
    this.effects.push(EFFECT_LOG, LOG_DISAGREEMENT, rival, 0);
    return true;
  }
}

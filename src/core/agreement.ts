/**
 * When to allocate, from what, and whether the others came to the same (P5). The policies of FIG. 3
 * and FIG. 4 run on S1, a failure or a recovery, and on what equals one: a server drains, a process
 * failed and its function must move, or somebody moves a function by hand. Each server runs them on
 * what all can see. Should two servers have seen events in different orders, the digests of their
 * assignments in the keep-alives differ, and when that lasts everybody computes again from what is
 * seen now.
 */

import { Allocation, type Policy } from "../allocation/allocation.ts";
import { hasFunction } from "../allocation/function-bitmap.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { EFFECT_LOG, type EffectQueue } from "../boundary/effect-queue.ts";
import { LOG_DISAGREEMENT } from "../boundary/maintenance-code.ts";
import { PHASE_ACTIVE, PHASE_DRAINING } from "../boundary/phase.ts";
import { SERVER_ALIVE } from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import { DISAGREEMENT_PERIODS, FUNCTIONS_MAX } from "../limits.ts";
import { MARK_DISAGREEMENT, marks } from "../marks.ts";
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
import { ALWAYS, CHANGED, type Changes, NEVER } from "./changes.ts";
import type { Handover } from "./handover.ts";
import { lowest, type Membership } from "./membership.ts";
import type { Moves } from "./moves.ts";

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
  /** Of what servers cannot run, what the last allocation has seen. */
  private cannotRunSeen = 0;
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
    private readonly changes: Changes,
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

  /** When it would allocate although nothing changes. */
  dueUs(): number {
    if (this.due) return ALWAYS;
    if (this.disagreeingSinceUs === NOT_DISAGREEING) return NEVER;
    return this.disagreeingSinceUs + this.patienceUs();
  }

  /** Each time in a row that tables are computed again it lasts twice as long, up to a limit. */
  private patienceUs(): number {
    return DISAGREEMENT_PERIODS * this.timing.periodUs * this.backOff;
  }

  /**
   * S1: allocates when something happened that asks for it. `available`: this server itself may be
   * given functions.
   */
  update(nowUs: number, available: boolean): void {
    const operable = this.operableServers(available);
    const isMoveDue = this.moves.update(nowUs, operable);
    if (operable !== this.operable || isMoveDue || this.cannotRunSeen !== this.changes.cannotRun) {
      this.due = true;
      this.backOff = 1;
    }
    if (!this.due && !this.disagreesTooLong(nowUs)) return;
    this.operable = operable;
    this.due = false;
    this.disagreeingSinceUs = NOT_DISAGREEING;
    this.cannotRunSeen = this.changes.cannotRun;
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
    this.changes.note(CHANGED);
  }

  /** Where each function runs or is about to run. Lower server index first where two say so. */
  private gatherCurrent(): void {
    const { allocation, table, membership, handover } = this;
    for (let index = 0; index < table.functionCount; index++) {
      let owner = hasFunction(handover.owns, 0, index) ? this.self : NONE;
      let claimant = hasFunction(handover.claims, 0, index) ? this.self : NONE;
      for (let left = membership.counting; left !== 0; left &= left - 1) {
        const server = lowest(left);
        if ((owner === NONE || server < owner) && membership.owns(server, index)) owner = server;
        if ((claimant === NONE || server < claimant) && membership.claims(server, index))
          claimant = server;
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
      for (let left = membership.counting; left !== 0; left &= left - 1) {
        const server = lowest(left);
        if (membership.cannotRun(server, index)) mask |= 1 << server;
      }
      allocation.cannotRun[index] = mask;
    }
  }

  private assign(index: number, before: number, after: number, nowUs: number): void {
    const { handover, allocation } = this;
    const from = this.ranOn[index];
    if (after === NONE) {
      const leaving = hasFunction(handover.owns, 0, index) ? this.self : from;
      handover.assign(index, NONE, nowUs, 0, this.reasonToLeave(index, leaving, NOTICE_PREEMPTED));
    } else if (from !== NONE && from !== after) {
      const byHand = allocation.current[index] !== from;
      const why = byHand ? NOTICE_BY_HAND : this.reasonToLeave(index, from, NOTICE_RECOVERY);
      handover.assign(index, after, nowUs, REASON_MOVE, why);
    } else if (from === NONE && before !== NONE && this.isGone(before)) {
      handover.assign(index, after, nowUs, REASON_FAILOVER, NOTICE_SERVER_FAILED);
    } else if (this.hasRun) handover.assign(index, after, nowUs, REASON_RECOVERY, NOTICE_RECOVERY);
    else handover.assign(index, after, nowUs, REASON_START, NOTICE_START);
  }

  private isGone(server: number): boolean {
    return server !== this.self && !this.membership.counts(server);
  }

  private isDraining(server: number): boolean {
    if (server === this.self) return (this.operable & (1 << server)) === 0;
    return this.membership.phase(server) === PHASE_DRAINING;
  }

  /** Why a function goes away from server `from`, as its clients are told. */
  private reasonToLeave(index: number, from: number, otherwise: number): number {
    if (from === NONE) return otherwise;
    if ((this.allocation.cannotRun[index] & (1 << from)) !== 0) return NOTICE_PROCESS_FAILED;
    return this.isDraining(from) ? NOTICE_DRAIN : otherwise;
  }

  /** Does a living server hold another assignment for longer than messages need? */
  private disagreesTooLong(nowUs: number): boolean {
    let rival = NONE;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (this.membership.state[server] !== SERVER_ALIVE) continue;
      const phase = this.membership.phase(server);
      if (phase !== PHASE_ACTIVE && phase !== PHASE_DRAINING) continue;
      if (this.membership.said(server).assignmentDigest !== this.digest) rival = server;
    }
    if (rival === NONE) {
      this.disagreeingSinceUs = NOT_DISAGREEING;
      return false;
    }
    if (this.disagreeingSinceUs === NOT_DISAGREEING) this.disagreeingSinceUs = nowUs;
    if (nowUs - this.disagreeingSinceUs < this.patienceUs()) return false;
    marks[MARK_DISAGREEMENT]++;
    if (this.backOff < BACK_OFF_MAX) this.backOff *= 2;
    this.effects.push(EFFECT_LOG, LOG_DISAGREEMENT, rival, 0);
    return true;
  }
}

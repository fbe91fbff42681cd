/**
 * When to allocate, from what, and whether the others came to the same (P5;
 * PROTOCOL.md, "Agreement"). The policy runs on S1, a failure or a recovery, and on what equals
 * one: a server drains or changes what it gives, a process failed, or somebody moves a function by
 * hand. Each server runs it on what all can see. If two servers saw events in different orders, the
 * digests of their assignments in the keep-alives differ; if that lasts, everybody allocates again
 * from what is seen now.
 */
import { Allocation, assignmentDigest, type Policy } from "../allocation/allocation.ts";
import { ContingencyBook } from "../allocation/contingency-book.ts";
import { hasFunction } from "../allocation/function-bitmap.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { EFFECT_LOG, type EffectQueue } from "../boundary/effect-queue.ts";
import { LOG_DISAGREEMENT } from "../boundary/maintenance-code.ts";
import { PHASE_ACTIVE, PHASE_DRAINING } from "../boundary/phase.ts";
import { SERVER_ALIVE } from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import { BOOK_STEPS_PER_MS, DISAGREEMENT_PERIODS, FUNCTIONS_MAX } from "../limits.ts";
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
/** Quiet periods before the contingency book begins: after a start or a failure there is work. */
export const QUIET_PERIODS = 100;
const BACK_OFF_MAX = 64;

export class Agreement {
  readonly allocation = new Allocation();
  /**
   * Where each function ran before the last allocation, NONE for nowhere. The allocation's input
   * differs where a function is moved by hand.
   */
  readonly ranOn = new Int8Array(FUNCTIONS_MAX);
  /** Digest of the assignment, 32 bits; in every keep-alive. */
  digest = 0;
  /** Allocations since the start. */
  allocations = 0;

  /** Steps per period for the contingency book. */
  stepsAhead: number;
  readonly book: ContingencyBook;
  /** The inputs as they are now, and the count of changes when the book last looked. */
  private readonly now = new Allocation();
  private nowSeen = -1;
  private quietPeriods = 0;
  private operable = 0;
  private due = true;
  /** What the last allocation has seen of what servers cannot run. */
  private cannotRunSeen = 0;
  private disagreeingSinceUs = NOT_DISAGREEING;
  private backOff = 1;
  /**
   * Something was owned somewhere: from now on functions come back, not start for the first time.
   */
  private hasRun = false;

  constructor(
    private readonly table: FunctionTable,
    policy: Policy,
    private readonly changes: Changes,
    private readonly membership: Membership,
    private readonly handover: Handover,
    private readonly moves: Moves,
    private readonly effects: EffectQueue,
    private readonly timing: Timing,
    private readonly self: number,
  ) {
    this.book = new ContingencyBook(table, policy);
    this.stepsAhead = policy.planner ? (BOOK_STEPS_PER_MS * timing.periodUs) / 1000 : 0;
  }

  /** This server begins to take part: its next update allocates in any case. */
  begin(): void {
    this.due = true;
  }

  /** An allocation is due, or others' differ: the next update may allocate without a change. */
  get isPending(): boolean {
    return this.due || this.disagreeingSinceUs !== NOT_DISAGREEING;
  }

  /** When it allocates if nothing changes. */
  dueUs(): number {
    if (this.due) return ALWAYS;
    if (this.disagreeingSinceUs === NOT_DISAGREEING) return NEVER;
    return this.disagreeingSinceUs + this.patienceUs();
  }

  /** Doubles each time in a row that the assignment is computed again, up to a limit. */
  private patienceUs(): number {
    return DISAGREEMENT_PERIODS * this.timing.periodUs * this.backOff;
  }

  /** S1: allocates if something asks for it. `available`: this server may be given functions. */
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
    this.gather(allocation);
    this.ranOn.set(allocation.current);
    this.moves.apply(allocation);
    this.book.answer(allocation);
    for (let index = 0; index < table.functionCount; index++) {
      const before = handover.assigned[index];
      const after = allocation.assigned[index];
      if (after !== before) this.assign(index, before, after, nowUs);
    }
    this.digest = assignmentDigest(allocation, table.functionCount);
    // compare the others' digests with the new one
    this.changes.note(CHANGED);
  }

  /** Once per period when it is quiet: works out reactions to the next events. */
  planAhead(): void {
    if (this.isPending || this.stepsAhead === 0) return;
    this.quietPeriods = this.nowSeen === this.changes.total ? this.quietPeriods + 1 : 0;
    this.nowSeen = this.changes.total;
    if (this.quietPeriods === QUIET_PERIODS) {
      this.gather(this.now);
      this.book.open(this.now);
    }
    if (this.quietPeriods >= QUIET_PERIODS) this.book.advance(this.stepsAhead);
  }

  /**
   * The inputs that all servers see: where each function runs or is about to, what servers cannot
   * run, withhold and hold. If two claim to run the same, the lower server index counts.
   */
  private gather(inputs: Allocation): void {
    const { table, membership, handover, self } = this;
    inputs.operable = this.operable;
    inputs.holds = handover.room.inputs.holds;
    inputs.withheld[self] = handover.room.inputs.withheld;
    for (let left = membership.counting; left !== 0; left &= left - 1) {
      const { withheld, holds } = membership.latest(lowest(left));
      inputs.withheld[lowest(left)] = withheld;
      if (holds !== 0) inputs.holds = true;
    }
    for (let index = 0; index < table.functionCount; index++) {
      let owner = hasFunction(handover.sets.owns, 0, index) ? self : NONE;
      let claimant = hasFunction(handover.sets.claims, 0, index) ? self : NONE;
      let cannotRun = handover.failed[index] !== 0 ? 1 << self : 0;
      for (let left = membership.counting; left !== 0; left &= left - 1) {
        const server = lowest(left);
        if ((owner === NONE || server < owner) && membership.owns(server, index)) owner = server;
        if ((claimant === NONE || server < claimant) && membership.claims(server, index))
          claimant = server;
        if (membership.cannotRun(server, index)) cannotRun |= 1 << server;
      }
      // On its way from a server that drains, a function belongs to its claimant.
      const ownerStays = owner !== NONE && (this.operable & (1 << owner)) !== 0;
      inputs.claimed[index] = ownerStays || claimant === NONE ? 0 : 1;
      inputs.current[index] = inputs.claimed[index] === 0 ? owner : claimant;
      inputs.cannotRun[index] = cannotRun;
      if (owner !== NONE) this.hasRun = true;
    }
  }

  private assign(index: number, before: number, after: number, nowUs: number): void {
    const { handover, allocation } = this;
    const from = this.ranOn[index];
    if (after === NONE) {
      const leaving = hasFunction(handover.sets.owns, 0, index) ? this.self : from;
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

  /** Why a function leaves server `from`, as its clients are told. */
  private reasonToLeave(index: number, from: number, otherwise: number): number {
    if (from === NONE) return otherwise;
    if ((this.allocation.cannotRun[index] & (1 << from)) !== 0) return NOTICE_PROCESS_FAILED;
    return this.isDraining(from) ? NOTICE_DRAIN : otherwise;
  }

  /** Has a living server held another assignment for longer than messages need? */
  private disagreesTooLong(nowUs: number): boolean {
    let rival = NONE;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (this.membership.state[server] !== SERVER_ALIVE) continue;
      const phase = this.membership.phase(server);
      if (phase !== PHASE_ACTIVE && phase !== PHASE_DRAINING) continue;
      if (this.membership.latest(server).assignmentDigest !== this.digest) rival = server;
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

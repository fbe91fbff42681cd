/**
 * Break before make (protocol, section 4): one small state machine for every function on this
 * server. The machine is driven by level, not by edge: every step compares what is assigned with
 * what is up, so that a lost notification, an address removed by hand and a restart heal by the
 * same rows.
 *
 * A claim is heard by every living server before a VIP goes up: the claimant waits until all of
 * them have echoed the message that carried the claim. An echo is sent after the claim was taken
 * in, so of two claimants at least one knows of the other in time, and the lower server index goes
 * first (P1).
 */
import { assert } from "../assert.ts";
import { BITMAP_WORDS, FUNCTIONS_MAX, VIP_ATTEMPTS_MAX } from "../limits.ts";
import { NOTICE_MOVED, NOTICE_PREEMPTED, NOTICE_STARTED } from "../wire/client-notice.ts";
import {
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_RUNNING,
  REASON_FAILOVER,
  REASON_MOVE,
} from "../wire/control.ts";
import { ALWAYS, CHANGED, CHANGED_CANNOT_RUN, type Changes } from "./changes.ts";
import {
  EFFECT_ANNOUNCE,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
  type EffectQueue,
} from "./effect-queue.ts";
import { addFunction } from "./function-bitmap.ts";
import { type FunctionTable, NONE, PROCESS_ALWAYS, PROCESS_NONE } from "./function-table.ts";
import {
  ADD_VIP,
  ADDING,
  BEGIN_SERVICE,
  CLAIM,
  CLAIMED,
  CUT_OFF,
  END_PROCESS,
  IDLE,
  MARK_FAILED,
  MAY_TAKE,
  MOVE_OVERDUE,
  MOVE_READY,
  NOT_OURS,
  OURS,
  PROCESS_GONE,
  PUT_BACK,
  RELEASE,
  REMOVE_VIP,
  REMOVE_VIP_LATE,
  REMOVING,
  RESTORING,
  RESUME_SERVICE,
  RIVAL_BEFORE_US,
  ROW_ACTION,
  ROW_CONDITION,
  ROW_MARK,
  ROW_NEXT,
  ROW_START,
  STOP_DUE,
  STOP_SERVICE,
  UP,
  VIP_DOWN,
  VIP_DOWN_PROCESS_LEFT,
  VIP_HAS_FAILED,
  VIP_IS_UP,
  VIP_WAS_REMOVED,
  YIELD,
} from "./handover-rows.ts";
import {
  LOG_FUNCTION_FAILED,
  LOG_FUNCTION_PREEMPTED,
  LOG_FUNCTION_RELEASED,
  LOG_FUNCTION_UP,
  LOG_HANDOVER_LATE,
  LOG_OWNED_TWICE,
  LOG_VIP_FAILED,
  LOG_VIP_REMOVED,
} from "./maintenance-code.ts";
import { marks } from "./marks.ts";
import type { Membership } from "./membership.ts";
import { Rivals } from "./rivals.ts";
import { SERVER_ALIVE } from "./server-state.ts";
import type { Timing } from "./timing.ts";

// ---- what is known of the VIPs and the process
const VIP_UNKNOWN = 0;
const VIP_UP = 1;
const VIP_FAILED = 2;
const PROCESS_ABSENT = 0;
const PROCESS_STARTING = 1;
const PROCESS_RUNNING = 2;
const PROCESS_STOPPING = 3;

export class Handover {
  readonly state = new Uint8Array(FUNCTIONS_MAX);
  /**
   * Server each function is assigned to in our table; written by the agreement after each
   * allocation.
   */
  readonly assigned = new Int8Array(FUNCTIONS_MAX);
  /** Why each function comes here: REASON_* of wire/control. */
  readonly startReason = new Uint8Array(FUNCTIONS_MAX);
  /** The same for its clients: NOTICE_* reasons of wire/client-notice. */
  readonly startNoticeReason = new Uint8Array(FUNCTIONS_MAX);
  /** Why each function is stopped: NOTICE_* reasons. */
  readonly stopReason = new Uint8Array(FUNCTIONS_MAX);
  /** When the assignment of each function changed last. */
  readonly assignedSinceUs = new Float64Array(FUNCTIONS_MAX);
  /** 1 where the function cannot run on this server: its process or its VIP failed. */
  readonly failed = new Uint8Array(FUNCTIONS_MAX);
  /** What is known of the process of each function: PROCESS_*. */
  private readonly process = new Uint8Array(FUNCTIONS_MAX);
  private readonly vip = new Uint8Array(FUNCTIONS_MAX);
  /** Attempts in a row to move its VIPs that came to nothing. */
  private readonly attempts = new Uint8Array(FUNCTIONS_MAX);
  private readonly claimSequence = new Uint32Array(FUNCTIONS_MAX);
  private readonly announceAtUs = new Float64Array(FUNCTIONS_MAX);
  private readonly announcements = new Uint8Array(FUNCTIONS_MAX);
  /** 1 where an address of the function was removed by somebody else since it was asked for. */
  private readonly removedByOthers = new Uint8Array(FUNCTIONS_MAX);
  /** Until when such a removal is not logged again. */
  private readonly logRemovedFromUs = new Float64Array(FUNCTIONS_MAX);
  /** Server with which each function is owned twice, or NONE. */
  private readonly rival = new Int8Array(FUNCTIONS_MAX);
  private readonly rivals: Rivals;

  // Our sets of functions as they go into the next keep-alive.
  readonly owns = new Uint32Array(BITMAP_WORDS);
  readonly claims = new Uint32Array(BITMAP_WORDS);
  readonly ready = new Uint32Array(BITMAP_WORDS);
  readonly cannotRun = new Uint32Array(BITMAP_WORDS);
  /** VIPs may be up here. */
  ownsAny = false;
  private readonly readyNext = new Uint32Array(BITMAP_WORDS);

  /** Required resource of everything that is up or still ending here. */
  load = 0;
  /** Functions that are not idle. */
  busy = 0;
  /** A row was taken in the last `advance`: others may hold now. */
  advanced = false;
  /** When a function is to be looked at again although nothing changes. */
  dueUs = ALWAYS;

  constructor(
    private readonly table: FunctionTable,
    private readonly changes: Changes,
    private readonly membership: Membership,
    private readonly effects: EffectQueue,
    private readonly timing: Timing,
    private readonly self: number,
    private readonly announceAgainUs: number,
  ) {
    this.rivals = new Rivals(table, membership, self);
    this.assigned.fill(NONE);
    this.rival.fill(NONE);
  }

  /**
   * Advances every function by at most three rows, in the order of S3: the more important take the
   * room first.
   * @param mayServe this server is active or draining; otherwise it lets go of everything
   * @param nextSequence sequence number of the next keep-alive, which will carry new claims
   */
  advance(nowUs: number, mayServe: boolean, nextSequence: number): void {
    this.advanced = false;
    const { table, state } = this;
    let room = table.resource[this.self] - this.load;
    this.dueUs = Number.POSITIVE_INFINITY;
    for (let word = 0; word < this.table.wordCount; word++) this.readyNext[word] = 0;
    for (let place = 0; place < table.functionCount; place++) {
      const index = table.turn[place];
      for (let rows = 0; rows < 3; rows++) {
        const before = state[index];
        if (before === IDLE && (!mayServe || this.assigned[index] !== this.self)) break;
        const loadBefore = this.load;
        if (!this.takeRow(index, nowUs, mayServe, nextSequence, room)) break;
        room += loadBefore - this.load;
        this.advanced = true;
      }
      if (state[index] === CLAIMED && room >= table.required[index]) {
        room -= table.required[index]; // kept for it: the old owner may let go
        addFunction(this.readyNext, 0, index);
      }
      if (state[index] === UP) this.keepUp(index, nowUs);
      this.noteDue(index, nowUs);
    }
    this.publish();
    if (this.advanced) this.changes.note(CHANGED); // room that one gave may be another's
  }

  /**
   * When the function has to be looked at again although nothing changes: while it is on its way,
   * always.
   */
  private noteDue(index: number, nowUs: number): void {
    const state = this.state[index];
    if (state === IDLE) return;
    const dueUs = state === UP && !this.isMoving(index) ? this.announceAtUs[index] : nowUs;
    if (dueUs < this.dueUs) this.dueUs = dueUs;
  }

  /**
   * The policy gives function `index` to `server`, or to NONE.
   * @param reason REASON_* of wire/control, for its process
   * @param noticeReason NOTICE_* of wire/client-notice, for its clients
   */
  assign(index: number, server: number, nowUs: number, reason: number, noticeReason: number): void {
    this.assigned[index] = server;
    this.assignedSinceUs[index] = nowUs;
    if (server === NONE) this.stopReason[index] = noticeReason;
    else {
      this.startReason[index] = reason;
      this.startNoticeReason[index] = noticeReason;
    }
    this.changes.note(CHANGED);
  }

  private takeRow(
    index: number,
    nowUs: number,
    mayServe: boolean,
    nextSequence: number,
    room: number,
  ): boolean {
    const state = this.state[index];
    for (let row = ROW_START[state]; row < ROW_START[state + 1]; row++) {
      if (!this.holds(ROW_CONDITION[row], index, nowUs, mayServe, room)) continue;
      marks[ROW_MARK[row]]++;
      this.act(ROW_ACTION[row], index, nowUs, nextSequence);
      this.enter(index, ROW_NEXT[row]);
      return true;
    }
    return false;
  }

  private holds(
    condition: number,
    index: number,
    nowUs: number,
    mayServe: boolean,
    room: number,
  ): boolean {
    const ours = mayServe && this.assigned[index] === this.self && this.failed[index] === 0;
    switch (condition) {
      case OURS:
        return ours;
      case NOT_OURS:
        return !ours;
      case MAY_TAKE:
        return (
          room >= this.table.required[index] && this.rivals.isFree(index) && this.isConfirmed(index)
        );
      case VIP_IS_UP:
        return this.vip[index] === VIP_UP;
      case VIP_HAS_FAILED:
        return this.vip[index] === VIP_FAILED;
      case CUT_OFF:
        return !mayServe || this.failed[index] !== 0;
      case RIVAL_BEFORE_US:
        return this.rivals.ownerBeforeUs(index) !== NONE;
      case MOVE_READY:
        return this.isNewOwnerReady(index);
      case MOVE_OVERDUE:
        return (
          this.isMoving(index) && nowUs - this.assignedSinceUs[index] >= this.timing.handoverUs
        );
      case STOP_DUE:
        return this.assigned[index] === NONE;
      case PROCESS_GONE:
        return (
          this.process[index] === PROCESS_ABSENT || this.table.process[index] === PROCESS_ALWAYS
        );
      case VIP_DOWN_PROCESS_LEFT:
        return (
          this.vip[index] === VIP_UNKNOWN && !this.holds(PROCESS_GONE, index, nowUs, mayServe, room)
        );
      case VIP_WAS_REMOVED:
        return this.removedByOthers[index] !== 0;
      case VIP_DOWN:
        return this.vip[index] === VIP_UNKNOWN;
      default:
        return false;
    }
  }

  private act(action: number, index: number, nowUs: number, nextSequence: number): void {
    const { effects, table } = this;
    switch (action) {
      case CLAIM:
        this.claimSequence[index] = nextSequence;
        break;
      case ADD_VIP:
        this.load += table.required[index];
        this.addVip(index);
        break;
      case PUT_BACK:
        if (nowUs >= this.logRemovedFromUs[index])
          effects.push(EFFECT_LOG, LOG_VIP_REMOVED, index, 0);
        // somebody may do it again and again
        this.logRemovedFromUs[index] = nowUs + this.announceAgainUs;
        this.addVip(index);
        break;
      case RESUME_SERVICE:
        this.announceAtUs[index] = nowUs + this.announceAgainUs;
        this.announcements[index] = 1;
        break;
      case BEGIN_SERVICE:
        // the first one came with the address
        this.announceAtUs[index] = nowUs + this.announceAgainUs;
        this.announcements[index] = 1;
        this.beginProcess(index);
        effects.push(
          EFFECT_NOTICE,
          index,
          noticeOfStart(this.startReason[index]),
          this.startNoticeReason[index],
        );
        effects.push(EFFECT_LOG, LOG_FUNCTION_UP, index, 0);
        break;
      case MARK_FAILED:
        this.setFailed(index);
        effects.push(EFFECT_VIP_REMOVE, index, 0, 0);
        break;
      case REMOVE_VIP:
        effects.push(EFFECT_VIP_REMOVE, index, 0, 0);
        break;
      case YIELD:
        effects.push(EFFECT_VIP_REMOVE, index, 0, 0);
        effects.push(EFFECT_LOG, LOG_OWNED_TWICE, index, this.rivals.ownerBeforeUs(index));
        break;
      case REMOVE_VIP_LATE:
        effects.push(EFFECT_VIP_REMOVE, index, 0, 0);
        effects.push(EFFECT_LOG, LOG_HANDOVER_LATE, index, this.assigned[index]);
        break;
      case STOP_SERVICE:
        effects.push(EFFECT_NOTICE_STOPPING, index, this.stopReason[index], 0);
        if (this.stopReason[index] === NOTICE_PREEMPTED)
          effects.push(EFFECT_LOG, LOG_FUNCTION_PREEMPTED, index, 0);
        this.endProcess(index);
        break;
      case END_PROCESS:
        this.endProcess(index);
        break;
      case RELEASE:
        this.load -= table.required[index];
        effects.push(EFFECT_LOG, LOG_FUNCTION_RELEASED, index, 0);
        break;
    }
  }

  private addVip(index: number): void {
    this.vip[index] = VIP_UNKNOWN;
    this.removedByOthers[index] = 0;
    this.effects.push(EFFECT_VIP_ADD, index, 0, 0);
  }

  private enter(index: number, state: number): void {
    const before = this.state[index];
    if (before === IDLE) this.busy++;
    if (state === IDLE) this.busy--;
    this.state[index] = state;
  }

  private isConfirmed(index: number): boolean {
    return this.rivals.haveEchoed(this.claimSequence[index]);
  }

  private isMoving(index: number): boolean {
    return this.assigned[index] !== NONE && this.assigned[index] !== this.self;
  }

  private isNewOwnerReady(index: number): boolean {
    if (!this.isMoving(index)) return false;
    const target = this.assigned[index];
    if (this.membership.state[target] !== SERVER_ALIVE) return false;
    return this.membership.isReadyFor(target, index);
  }

  /**
   * Work on a function that stays up: announce it again when due, and when a rival came or has let
   * go.
   */
  private keepUp(index: number, nowUs: number): void {
    const rival = this.rivals.ownerAfterUs(index);
    if (rival !== this.rival[index]) {
      this.rival[index] = rival;
      this.announceTwice(index, nowUs);
    }
    if (nowUs < this.announceAtUs[index]) return;
    this.effects.push(EFFECT_ANNOUNCE, index, 0, 0);
    this.announcements[index]--;
    this.announceAtUs[index] =
      this.announcements[index] > 0 ? nowUs + this.announceAgainUs : Number.POSITIVE_INFINITY;
  }

  /** Now, and once more later: the first may have been lost. */
  private announceTwice(index: number, nowUs: number): void {
    this.announceAtUs[index] = nowUs;
    this.announcements[index] = 2;
  }

  /** A partition healed: every VIP is announced again. */
  announceAll(nowUs: number): void {
    this.changes.note(CHANGED);
    for (let index = 0; index < this.table.functionCount; index++) {
      if (this.state[index] === UP) this.announceTwice(index, nowUs);
    }
  }

  private beginProcess(index: number): void {
    if (this.table.process[index] === PROCESS_NONE) return;
    if (this.process[index] !== PROCESS_RUNNING) this.process[index] = PROCESS_STARTING;
    this.effects.push(EFFECT_PROCESS_START, index, this.startReason[index], 0);
  }

  private endProcess(index: number): void {
    if (this.table.process[index] === PROCESS_NONE || this.table.process[index] === PROCESS_ALWAYS)
      return;
    if (this.process[index] === PROCESS_STOPPING || this.process[index] === PROCESS_ABSENT) return;
    this.process[index] = PROCESS_STOPPING;
    this.effects.push(EFFECT_PROCESS_STOP, index, this.table.stopGraceUs[index] / 1000, 0);
  }

  // ---- events

  onVipUp(index: number): void {
    this.changes.note(CHANGED);
    this.attempts[index] = 0;
    this.vip[index] = VIP_UP;
  }

  /** @param mayPass for want of memory or of an answer: it is tried again, a few times */
  onVipFailed(index: number, errno: number, mayPass: boolean): void {
    this.changes.note(CHANGED);
    if (mayPass && ++this.attempts[index] < VIP_ATTEMPTS_MAX) {
      this.effects.push(EFFECT_VIP_ADD, index, 0, 0);
      return;
    }
    this.attempts[index] = 0;
    this.effects.push(EFFECT_LOG, LOG_VIP_FAILED, index, errno);
    this.vip[index] = VIP_FAILED;
  }

  onVipDown(index: number): void {
    this.changes.note(CHANGED);
    this.attempts[index] = 0;
    this.vip[index] = VIP_UNKNOWN;
  }

  /**
   * It may still answer here: nobody is told that it is gone. An engine that cannot take its VIPs
   * away ends, and its supervisor does.
   */
  onVipStays(index: number): void {
    this.changes.note(CHANGED);
    this.attempts[index]++;
    assert(this.attempts[index] < VIP_ATTEMPTS_MAX, "the kernel takes VIPs away");
    this.effects.push(EFFECT_VIP_REMOVE, index, 0, 0);
  }

  /** Somebody removed an address that should be up: it is put back. */
  onVipRemoved(index: number): void {
    this.changes.note(CHANGED);
    if (this.state[index] === IDLE) return;
    this.removedByOthers[index] = 1;
  }

  /** @param kind CONTROL_PROCESS_* */
  onProcess(index: number, kind: number): void {
    this.changes.note(CHANGED);
    if (kind === CONTROL_PROCESS_RUNNING) {
      if (this.process[index] !== PROCESS_STOPPING) this.process[index] = PROCESS_RUNNING;
    } else if (kind === CONTROL_PROCESS_EXITED) {
      if (this.process[index] === PROCESS_RUNNING) this.process[index] = PROCESS_STARTING;
    } else {
      this.process[index] = PROCESS_ABSENT;
      if (kind === CONTROL_PROCESS_FAILED) {
        this.setFailed(index);
        this.effects.push(EFFECT_LOG, LOG_FUNCTION_FAILED, index, 0);
      }
    }
  }

  private setFailed(index: number): void {
    if (this.failed[index] !== 0) return;
    this.failed[index] = 1;
    this.changes.note(CHANGED | CHANGED_CANNOT_RUN);
  }

  /** `resume`: functions that failed here may be tried again. */
  clearFailed(): void {
    for (let index = 0; index < this.table.functionCount; index++) {
      if (this.failed[index] === 0) continue;
      this.failed[index] = 0;
      this.changes.note(CHANGED | CHANGED_CANNOT_RUN);
    }
  }

  /** Its clients may be told that it is here. */
  isUp(index: number): boolean {
    return this.state[index] === UP || this.state[index] === RESTORING;
  }

  isServing(index: number): boolean {
    if (!this.isUp(index)) return false;
    return this.table.process[index] === PROCESS_NONE || this.process[index] === PROCESS_RUNNING;
  }

  /** Rebuilds our four sets. */
  private publish(): void {
    const { table, state } = this;
    this.ownsAny = false;
    for (let word = 0; word < table.wordCount; word++) {
      let owns = 0;
      let claims = 0;
      let failed = 0;
      const last = Math.min(32, table.functionCount - word * 32);
      for (let bit = 0; bit < last; bit++) {
        const index = word * 32 + bit;
        const at = state[index];
        if (at >= ADDING && at <= REMOVING) owns |= 1 << bit;
        else if (at === CLAIMED) claims |= 1 << bit;
        if (this.failed[index] !== 0) failed |= 1 << bit;
      }
      this.owns[word] = owns;
      if (owns !== 0) this.ownsAny = true;
      this.claims[word] = claims;
      this.cannotRun[word] = failed;
      this.ready[word] = this.readyNext[word];
    }
  }
}

function noticeOfStart(reason: number): number {
  return reason === REASON_FAILOVER || reason === REASON_MOVE ? NOTICE_MOVED : NOTICE_STARTED;
}

/**
 * Break before make (PROTOCOL.md, "Hand-over"): one small state machine per function on this
 * server. It is driven by level, not by edge: every step compares what is assigned with what is up,
 * so a lost notification, an address removed by hand and a restart heal by the same rows.
 *
 * Every living server hears a claim before a VIP goes up: the claimant waits until all have echoed
 * the message that carried it. A server echoes after it took the claim in, so of two claimants at
 * least one knows of the other in time, and the lower server index goes first (P1).
 */
import { hasFunction } from "../allocation/function-bitmap.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { mayBeTried } from "../allocation/retry.ts";
import { Room } from "../allocation/room.ts";
import {
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  type EffectQueue,
} from "../boundary/effect-queue.ts";
import {
  LOG_FUNCTION_FAILED,
  LOG_FUNCTION_PREEMPTED,
  LOG_FUNCTION_RELEASED,
  LOG_FUNCTION_UP,
  LOG_HANDOVER_LATE,
  LOG_OWNED_TWICE,
} from "../boundary/maintenance-code.ts";
import { SERVER_ALIVE } from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import { FUNCTIONS_MAX } from "../limits.ts";
import { marks } from "../marks.ts";
import { NOTICE_MOVED, NOTICE_PREEMPTED, NOTICE_STARTED } from "../wire/client-notice.ts";
import { CONTROL_PROCESS_FAILED, REASON_FAILOVER, REASON_MOVE } from "../wire/control.ts";
import { Announcements } from "./announcements.ts";
import { ALWAYS, CHANGED, CHANGED_CANNOT_RUN, type Changes } from "./changes.ts";
import {
  ADD_VIP,
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
  VIP_WITHDRAWN,
  YIELD,
} from "./handover-rows.ts";
import type { Membership } from "./membership.ts";
import { OwnSets } from "./own-sets.ts";
import { mayRunAgain, Processes } from "./processes.ts";
import { Rivals } from "./rivals.ts";
import { Vips } from "./vips.ts";

export class Handover {
  readonly state = new Uint8Array(FUNCTIONS_MAX);
  /** Server each function is assigned to, by our last allocation; written by the agreement. */
  readonly assigned = new Int8Array(FUNCTIONS_MAX);
  /** Why each function starts here: REASON_* of wire/control. */
  readonly startReason = new Uint8Array(FUNCTIONS_MAX);
  /** The same for its clients: NOTICE_* reasons of wire/client-notice. */
  readonly startNoticeReason = new Uint8Array(FUNCTIONS_MAX);
  /** Why each function is stopped: NOTICE_* reasons. */
  readonly stopReason = new Uint8Array(FUNCTIONS_MAX);
  /** When each function's assignment last changed. */
  readonly assignedSinceUs = new Float64Array(FUNCTIONS_MAX);
  /** 1: the function cannot run on this server: its process or its VIP failed. */
  readonly failed = new Uint8Array(FUNCTIONS_MAX);
  private readonly claimSequence = new Uint32Array(FUNCTIONS_MAX);
  /** Since when a claim is shown, and nobody else has the function. */
  private readonly shownSinceUs = new Float64Array(FUNCTIONS_MAX);
  /** 1: nobody had owned or claimed it before we claimed it. */
  private readonly wasFree = new Uint8Array(FUNCTIONS_MAX);
  readonly rivals: Rivals;
  readonly vips: Vips;
  private readonly processes: Processes;
  private readonly announcements: Announcements;

  readonly sets: OwnSets;

  /** Room beside everything that is up or still ending here. */
  readonly room: Room;
  /** Functions that are not idle. */
  busy = 0;
  /** The last `advance` took a row: conditions of others may hold now. */
  advanced = false;
  /** When to look at a function again if nothing changes. */
  dueUs = ALWAYS;

  constructor(
    private readonly table: FunctionTable,
    private readonly changes: Changes,
    private readonly membership: Membership,
    private readonly effects: EffectQueue,
    private readonly timing: Timing,
    private readonly self: number,
    announceAgainUs: number,
  ) {
    this.rivals = new Rivals(table, membership, timing, self);
    this.room = new Room(table, self);
    this.vips = new Vips(effects, announceAgainUs);
    this.processes = new Processes(table, effects);
    this.announcements = new Announcements(effects, announceAgainUs);
    this.sets = new OwnSets(table);
    this.assigned.fill(NONE);
  }

  /**
   * Advances each function by at most three rows, in the order of S3: the more important get room
   * first.
   * @param mayServe this server is active or draining; otherwise it lets go of everything
   * @param nextSequence sequence number of the next keep-alive, which carries new claims
   */
  advance(nowUs: number, mayServe: boolean, nextSequence: number): void {
    this.advanced = false;
    const { table, state, room } = this;
    room.begin();
    this.dueUs = Number.POSITIVE_INFINITY;
    this.rivals.look(this.sets.owns);
    this.sets.clear();
    for (let place = 0; place < table.functionCount; place++) {
      const index = table.turn[place];
      for (let rows = 0; rows < 3; rows++) {
        const before = state[index];
        if (before === IDLE && (!mayServe || this.assigned[index] !== this.self)) break;
        if (!this.takeRow(index, nowUs, mayServe, nextSequence)) break;
        this.advanced = true;
      }
      const isReady = state[index] === CLAIMED && this.mayBeHere(index);
      if (isReady) room.keep(index); // the old owner may let go
      const ready = isReady || this.isServing(index);
      this.sets.add(index, state[index], this.failed[index] !== 0, ready);
      if (state[index] === UP)
        this.announcements.update(index, nowUs, this.rivals.ownerAfterUs(index));
      this.noteDue(index, nowUs);
    }
    if (this.advanced) this.changes.note(CHANGED); // room that one gave up may serve another
  }

  /** When to look at the function again if nothing changes: always while it is on its way. */
  private noteDue(index: number, nowUs: number): void {
    const state = this.state[index];
    if (state === IDLE) return;
    const dueUs = state === UP && !this.isMoving(index) ? this.announcements.atUs[index] : nowUs;
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

  private takeRow(index: number, nowUs: number, mayServe: boolean, nextSequence: number): boolean {
    const state = this.state[index];
    for (let row = ROW_START[state]; row < ROW_START[state + 1]; row++) {
      if (!this.holds(ROW_CONDITION[row], index, nowUs, mayServe)) continue;
      marks[ROW_MARK[row]]++;
      this.act(ROW_ACTION[row], index, nowUs, nextSequence);
      this.enter(index, ROW_NEXT[row]);
      return true;
    }
    return false;
  }

  /** There is room, and nothing here that it must be apart from. */
  private mayBeHere(index: number): boolean {
    const { table, state } = this;
    for (let at = table.partnerStart[index]; at < table.partnerStart[index + 1]; at++)
      if (table.isApart[at] !== 0 && state[table.partner[at]] > CLAIMED) return false;
    return this.room.fits(index);
  }

  private holds(condition: number, index: number, nowUs: number, mayServe: boolean): boolean {
    const ours = mayServe && this.assigned[index] === this.self && this.failed[index] === 0;
    switch (condition) {
      case OURS:
        return ours;
      case NOT_OURS:
        return !ours;
      case MAY_TAKE:
        return this.mayTake(index, nowUs);
      case VIP_IS_UP:
        return this.vips.isUp(index);
      case VIP_HAS_FAILED:
        return this.vips.hasFailed(index);
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
        return this.processes.isGone(index);
      case VIP_DOWN_PROCESS_LEFT:
        return this.vips.isDown(index) && !this.processes.isGone(index);
      case VIP_WITHDRAWN:
        return this.vips.wasWithdrawn(index);
      case VIP_WAS_REMOVED:
        return this.vips.wereRemoved(index);
      case VIP_DOWN:
        return this.vips.isDown(index);
      default:
        return false;
    }
  }

  /** It is free, everybody knows that we are about to take it, and there is room. */
  private mayTake(index: number, nowUs: number): boolean {
    const { rivals, claimSequence, shownSinceUs, wasFree } = this;
    const isFree = rivals.isFree(index, nowUs);
    if (!isFree) shownSinceUs[index] = nowUs; // who waits for that, too, claims it only then
    if (!isFree || !this.mayBeHere(index)) return false;
    return rivals.areAware(claimSequence[index], shownSinceUs[index], wasFree[index] !== 0, nowUs);
  }

  private act(action: number, index: number, nowUs: number, nextSequence: number): void {
    const { effects, vips } = this;
    switch (action) {
      case CLAIM:
        this.claimSequence[index] = nextSequence;
        this.shownSinceUs[index] = nowUs;
        this.wasFree[index] = hasFunction(this.rivals.takenLately, 0, index) ? 0 : 1;
        break;
      case ADD_VIP:
        this.room.take(index);
        vips.add(index);
        break;
      case PUT_BACK:
        vips.putBack(index, nowUs);
        break;
      case RESUME_SERVICE:
        this.announcements.begin(index, nowUs);
        break;
      case BEGIN_SERVICE:
        this.beginService(index, nowUs);
        break;
      case MARK_FAILED:
        this.setFailed(index, 1);
        vips.remove(index);
        break;
      case REMOVE_VIP:
        vips.remove(index);
        break;
      case YIELD:
        vips.remove(index);
        effects.push(EFFECT_LOG, LOG_OWNED_TWICE, index, this.rivals.ownerBeforeUs(index));
        break;
      case REMOVE_VIP_LATE:
        vips.remove(index);
        effects.push(EFFECT_LOG, LOG_HANDOVER_LATE, index, this.assigned[index]);
        break;
      case STOP_SERVICE:
        effects.push(EFFECT_NOTICE_STOPPING, index, this.stopReason[index], 0);
        if (this.stopReason[index] === NOTICE_PREEMPTED)
          effects.push(EFFECT_LOG, LOG_FUNCTION_PREEMPTED, index, 0);
        this.processes.end(index);
        break;
      case END_PROCESS:
        this.processes.end(index);
        break;
      case RELEASE:
        this.room.giveBack(index);
        effects.push(EFFECT_LOG, LOG_FUNCTION_RELEASED, index, 0);
        break;
    }
  }

  private beginService(index: number, nowUs: number): void {
    const { effects } = this;
    const reason = this.startReason[index];
    const isMove = reason === REASON_FAILOVER || reason === REASON_MOVE;
    const notice = isMove ? NOTICE_MOVED : NOTICE_STARTED;
    this.announcements.begin(index, nowUs);
    this.processes.begin(index, reason);
    effects.push(EFFECT_NOTICE, index, notice, this.startNoticeReason[index]);
    effects.push(EFFECT_LOG, LOG_FUNCTION_UP, index, 0);
  }

  private enter(index: number, state: number): void {
    const before = this.state[index];
    if (before === IDLE) this.busy++;
    if (state === IDLE) this.busy--;
    this.state[index] = state;
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

  /** A partition healed: announce every VIP again. */
  announceAll(nowUs: number): void {
    for (let index = 0; index < this.table.functionCount; index++) {
      if (this.state[index] === UP) this.announcements.repeat(index, nowUs);
    }
  }

  // ---- events

  /** This loop was late: meanwhile it has shown nobody its claims. */
  excuse(lateUs: number): void {
    for (let index = 0; index < this.table.functionCount; index++)
      this.shownSinceUs[index] += lateUs;
  }

  /** Somebody removed an address that should be up: put it back. */
  onVipRemoved(index: number): void {
    if (this.state[index] !== IDLE) this.vips.onRemoved(index);
  }

  /** @param kind CONTROL_PROCESS_* */
  onProcess(index: number, kind: number): void {
    this.processes.onReport(index, kind);
    if (mayRunAgain(kind, mayBeTried(this, this.table, index, this.self))) this.setFailed(index, 0);
    if (kind !== CONTROL_PROCESS_FAILED) return;
    this.setFailed(index, 1);
    this.effects.push(EFFECT_LOG, LOG_FUNCTION_FAILED, index, 0);
  }

  private setFailed(index: number, failed: number): void {
    if (this.failed[index] === failed) return;
    this.failed[index] = failed;
    this.changes.note(CHANGED | CHANGED_CANNOT_RUN);
  }

  /** `resume`: functions that failed here may be tried again. */
  clearFailed(): void {
    for (let index = 0; index < this.table.functionCount; index++) this.setFailed(index, 0);
  }

  /** Its clients may be told that it runs here. */
  isUp(index: number): boolean {
    return this.state[index] === UP || this.state[index] === RESTORING;
  }

  isServing(index: number): boolean {
    return this.isUp(index) && this.processes.serves(index);
  }
}

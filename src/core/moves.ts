/**
 * Moves by hand (PROTOCOL.md, "Moves by hand"): somebody asks, at any server, for a function to run
 * on another one. Under a policy that keeps what runs, the server that was asked names function and
 * target in its keep-alives for a while, and every server allocates as if the function ran on the
 * target already. The rest is an ordinary planned hand-over, break before make.
 *
 * A move is done when the target owns the function. It is given up when one of its two servers is
 * no longer operable, or after part of a hand-over's time; then all allocate again from what is so,
 * and the function stays. Nothing retries it, and a server that starts knows of no moves.
 */

import type { Allocation, Policy } from "../allocation/allocation.ts";
import { hasFunction } from "../allocation/function-bitmap.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { fitsBeside } from "../allocation/room.ts";
import { EFFECT_LOG, type EffectQueue } from "../boundary/effect-queue.ts";
import { LOG_MOVE_BEGUN, LOG_MOVE_DONE, LOG_MOVE_GIVEN_UP } from "../boundary/maintenance-code.ts";
import { SERVER_ALIVE } from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import { MOVE_SHARE_OF_HANDOVER, MOVE_TOLD_PERIODS } from "../limits.ts";
import {
  MARK_MOVE_GIVEN_UP,
  MARK_MOVE_NOT_POSSIBLE,
  MARK_MOVE_OVERTAKEN,
  MARK_MOVED_BY_HAND,
  marks,
} from "../marks.ts";
import {
  MOVE_REFUSED_ALREADY_THERE,
  MOVE_REFUSED_CANNOT_RUN,
  MOVE_REFUSED_FUNCTION,
  MOVE_REFUSED_HELD,
  MOVE_REFUSED_NOT_ELIGIBLE,
  MOVE_REFUSED_NOT_OPERABLE,
  MOVE_REFUSED_NOT_RUNNING,
  MOVE_REFUSED_NOT_SERVING,
  MOVE_REFUSED_POLICY,
  MOVE_REFUSED_ROOM,
  MOVE_REFUSED_SERVER,
  MOVE_REFUSED_UNDER_WAY,
} from "../wire/control.ts";
import { ALWAYS, CHANGED, CHANGED_MOVES, type Changes, NEVER } from "./changes.ts";
import type { Handover } from "./handover.ts";
import type { Membership } from "./membership.ts";

const NOT_DONE = Number.POSITIVE_INFINITY;

export class Moves {
  /** The move that this server was asked for: a function, or NONE, and the server it goes to. */
  index = NONE;
  server = NONE;
  private from = NONE;
  private askedUs = 0;
  /** When the target was first seen to own the function. */
  private doneUs = NOT_DONE;
  /** Mask of the operable servers; 0 while this one does not serve. */
  private operable = 0;
  /** What the last allocation has seen of the moves asked for, here and elsewhere. */
  private seen = 0;
  private isHeld = false; // likewise

  constructor(
    private readonly table: FunctionTable,
    private readonly policy: Policy,
    private readonly changes: Changes,
    private readonly membership: Membership,
    private readonly handover: Handover,
    private readonly effects: EffectQueue,
    private readonly timing: Timing,
    private readonly self: number,
  ) {}

  /** A move is under way, or the last allocation does not know what is asked for. */
  get isPending(): boolean {
    return this.index !== NONE || this.seen !== this.changes.moves;
  }

  /** A pending move is looked at in every step. */
  get dueUs(): number {
    return this.isPending ? ALWAYS : NEVER;
  }

  /**
   * Why function `index` cannot move to `server` now: MOVE_REFUSED_* of wire/control; 0: it can.
   */
  refusal(index: number, server: number): number {
    const { table, handover, membership } = this;
    if (index < 0 || index >= table.functionCount) return MOVE_REFUSED_FUNCTION;
    if (server < 0 || server >= table.serverCount) return MOVE_REFUSED_SERVER;
    if (!this.policy.keepsRunning) return MOVE_REFUSED_POLICY;
    if (this.operable === 0) return MOVE_REFUSED_NOT_SERVING;
    if (this.isAnyUnderWay()) return MOVE_REFUSED_UNDER_WAY;
    if (this.isHeld) return MOVE_REFUSED_HELD;
    const from = handover.assigned[index];
    if (from === NONE) return MOVE_REFUSED_NOT_RUNNING;
    if (from === server) return MOVE_REFUSED_ALREADY_THERE;
    if (!this.owns(from, index)) return MOVE_REFUSED_UNDER_WAY; // it is on its way there
    if ((table.eligible[index] & (1 << server)) === 0) return MOVE_REFUSED_NOT_ELIGIBLE;
    if (!this.isOperable(server) || !this.isOperable(from)) return MOVE_REFUSED_NOT_OPERABLE;
    const failed =
      server === this.self ? handover.failed[index] !== 0 : membership.cannotRun(server, index);
    if (failed) return MOVE_REFUSED_CANNOT_RUN;
    if (!fitsBeside(table, handover.assigned, index, server, this.withheld(server)))
      return MOVE_REFUSED_ROOM;
    return 0;
  }

  /** Somebody asks this server for a move, and was told what `refusal` says. */
  ask(index: number, server: number, nowUs: number): void {
    if (this.refusal(index, server) !== 0) {
      marks[MARK_MOVE_OVERTAKEN]++; // between the answer and now
      this.effects.push(EFFECT_LOG, LOG_MOVE_GIVEN_UP, index, server);
      return;
    }
    this.index = index;
    this.server = server;
    this.from = this.handover.assigned[index];
    this.askedUs = nowUs;
    this.doneUs = NOT_DONE;
    this.changes.note(CHANGED | CHANGED_MOVES);
    this.effects.push(EFFECT_LOG, LOG_MOVE_BEGUN, index, server);
  }

  /**
   * @param operable mask of the operable servers, 0 when this one does not serve
   * @returns whether the moves asked for, here or elsewhere, have changed: an allocation is due
   */
  update(nowUs: number, operable: number): boolean {
    this.operable = operable;
    this.advance(nowUs);
    const isDue = this.seen !== this.changes.moves;
    this.seen = this.changes.moves;
    return isDue;
  }

  private advance(nowUs: number): void {
    const { index, server } = this;
    if (index === NONE) return;
    if (this.doneUs === NOT_DONE && this.owns(server, index)) {
      marks[MARK_MOVED_BY_HAND]++;
      this.doneUs = nowUs;
      this.effects.push(EFFECT_LOG, LOG_MOVE_DONE, index, server);
    }
    if (this.doneUs !== NOT_DONE) {
      if (nowUs - this.doneUs >= MOVE_TOLD_PERIODS * this.timing.periodUs) this.end();
    } else if (
      nowUs - this.askedUs >= this.timing.handoverUs / MOVE_SHARE_OF_HANDOVER ||
      !this.isOperable(server) ||
      !this.isOperable(this.from)
    ) {
      marks[MARK_MOVE_GIVEN_UP]++;
      this.effects.push(EFFECT_LOG, LOG_MOVE_GIVEN_UP, index, server);
      this.end();
    }
  }

  private end(): void {
    this.index = NONE;
    this.server = NONE;
    this.changes.note(CHANGED | CHANGED_MOVES);
  }

  /**
   * Enters the moves into the inputs of an allocation: a function that is to move counts as running
   * on its new server. The lower index of the asking server goes first; every server leaves out the
   * same ones for want of room. A function or server beyond the table is left out, too: nothing is
   * eligible there.
   */
  apply(allocation: Allocation): void {
    const { membership } = this;
    this.isHeld = allocation.holds;
    for (let asking = 0; asking < this.table.serverCount; asking++) {
      if (asking === this.self) {
        if (this.index !== NONE) this.applyOne(allocation, this.index, this.server);
      } else if (
        membership.moveFunction(asking) !== 0 &&
        membership.state[asking] === SERVER_ALIVE
      ) {
        this.applyOne(
          allocation,
          membership.moveFunction(asking) - 1,
          membership.latest(asking).moveServer,
        );
      }
    }
  }

  private applyOne(allocation: Allocation, index: number, server: number): void {
    const { table } = this;
    const from = allocation.current[index];
    if (from === server) return; // it is there
    const possible =
      allocation.operable & table.eligible[index] & ~allocation.cannotRun[index] & (1 << server);
    const stays = from !== NONE && (allocation.operable & (1 << from)) !== 0;
    const withheld = allocation.withheld[server];
    if (
      possible === 0 ||
      !stays ||
      !fitsBeside(table, allocation.current, index, server, withheld)
    ) {
      marks[MARK_MOVE_NOT_POSSIBLE]++;
      return;
    }
    allocation.current[index] = server;
  }

  private isAnyUnderWay(): boolean {
    if (this.index !== NONE) return true;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (this.membership.moveFunction(server) !== 0) return true;
    }
    return false;
  }

  private isOperable(server: number): boolean {
    return (this.operable & (1 << server)) !== 0;
  }

  private owns(server: number, index: number): boolean {
    if (server === this.self) return hasFunction(this.handover.sets.owns, 0, index);
    return this.membership.owns(server, index);
  }

  private withheld(server: number): number {
    if (server === this.self) return this.handover.room.inputs.withheld;
    return this.membership.latest(server).withheld;
  }
}

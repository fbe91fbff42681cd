/**
 * One server: its power, its clock, its kernel (addresses, lease), and what happens to its
 * processes. Times with `local` in their names are of its own clock, all others of the world's.
 */
import type { Engine } from "../../src/core/engine.ts";
import { BEGIN, CARRY_OUT, SEND_KEEP_ALIVE, type Turn } from "../../src/core/turn.ts";
import { type Datagrams, Inbox } from "./datagrams.ts";

/** Datagrams that a receive buffer holds: 256 KiB of some 1.5 KiB each. */
const INBOX_MAX = 170;

/** Steps of a turn before which a process may be stopped. */
export const AFTER_RENEWAL = SEND_KEEP_ALIVE;
export const BEFORE_EFFECTS = CARRY_OUT;

export class Host {
  powered = false;
  poweredOffUs = 0;
  engine: Engine | null = null;
  turn: Turn | null = null;
  /** Receive buffers, one for each network. */
  readonly inboxes: readonly Inbox[];

  // ---- clock
  offsetUs = 0;
  ppm = 0;
  /** How late the next turn is that a deadline asks for, and for how long turns are that late. */
  latenessUs = 0;
  latenessMaxUs = 100;

  /** The engine's deadline as it was last, and the time of the world at which it comes. */
  private deadlineUs = Number.NaN;
  private deadlineWorldUs = 0;

  // ---- kernel
  readonly up: Uint8Array;
  upCount = 0;
  /**
   * Required resource of the functions whose addresses are up, and of processes that are still
   * there without.
   */
  load = 0;
  /** Local time at which the lease ends. */
  leaseEndUs = 0;
  /** 1 where the kernel refuses the address of a function. */
  readonly refused: Uint8Array;
  carrier = true;
  /** How many faults keep the carrier away. */
  carrierFaults = 0;

  // ---- processes
  /** Functions whose process counts as load without an address. */
  readonly lingering: Uint8Array;
  pausedUntilUs = 0;
  /** Turns since the process was stopped last. */
  turnsSincePause = 1_000;
  busyUntilUs = 0;
  restartAtUs = Number.POSITIVE_INFINITY;
  /** Engines that ended in a row, for the supervisor's growing pause. */
  restarts = 0;
  startedUs = 0;
  /** This server flies with another table. */
  foreignTable = false;
  /** The next turn is interrupted before that step, for so long. */
  interruptAt = BEGIN;
  interruptUs = 0;
  hasLeft = false;

  // ---- events of the kernel and the supervisor on their way to the engine, in no order
  readonly laterUs: number[] = [];
  readonly laterKind: number[] = [];
  readonly laterIndex: number[] = [];
  readonly laterFirst: number[] = [];
  laterDueUs = Number.POSITIVE_INFINITY;

  constructor(
    readonly index: number,
    functionCount: number,
    networks: number,
    datagrams: Datagrams,
  ) {
    this.inboxes = Array.from({ length: networks }, () => new Inbox(datagrams, INBOX_MAX));
    this.up = new Uint8Array(functionCount);
    this.refused = new Uint8Array(functionCount);
    this.lingering = new Uint8Array(functionCount);
  }

  local(worldUs: number): number {
    if (this.ppm === 0) return this.offsetUs + worldUs;
    return this.offsetUs + worldUs + Math.floor((worldUs * this.ppm) / 1_000_000);
  }

  /** The earliest time of the world at which the own clock shows `localUs`. */
  world(localUs: number): number {
    if (localUs === Number.POSITIVE_INFINITY || this.ppm === 0) return localUs - this.offsetUs;
    let worldUs = Math.floor(((localUs - this.offsetUs) * 1_000_000) / (1_000_000 + this.ppm));
    while (this.local(worldUs) < localUs) worldUs++;
    return worldUs;
  }

  later(atUs: number, kind: number, index: number, first: number): void {
    this.laterUs.push(atUs);
    this.laterKind.push(kind);
    this.laterIndex.push(index);
    this.laterFirst.push(first);
    if (atUs < this.laterDueUs) this.laterDueUs = atUs;
  }

  /** Removes entry `at` of what is on its way. */
  forgetLater(at: number): void {
    const last = this.laterUs.length - 1;
    this.laterUs[at] = this.laterUs[last];
    this.laterKind[at] = this.laterKind[last];
    this.laterIndex[at] = this.laterIndex[last];
    this.laterFirst[at] = this.laterFirst[last];
    this.laterUs.pop();
    this.laterKind.pop();
    this.laterIndex.pop();
    this.laterFirst.pop();
  }

  clearLater(): void {
    this.laterUs.length = 0;
    this.laterKind.length = 0;
    this.laterIndex.length = 0;
    this.laterFirst.length = 0;
    this.laterDueUs = Number.POSITIVE_INFINITY;
  }

  /** It was stopped in the middle of a turn. */
  get isInTurn(): boolean {
    return this.turn !== null && this.turn.step !== BEGIN;
  }

  clearInboxes(): void {
    for (const inbox of this.inboxes) inbox.clear();
  }

  /** When this server's next turn is, Infinity when it has none. */
  dueUs(nowUs: number): number {
    const { engine } = this;
    if (engine === null) return this.restartAtUs;
    const deadlineUs = Math.min(engine.wakeUs, engine.nextSendUs);
    if (deadlineUs !== this.deadlineUs) {
      this.deadlineUs = deadlineUs;
      this.deadlineWorldUs = this.world(deadlineUs);
    }
    let dueUs = this.deadlineWorldUs + this.latenessUs;
    if (engine.effects.count > 0 || this.isInTurn) dueUs = nowUs;
    for (let network = 0; network < this.inboxes.length; network++) {
      const { firstUs } = this.inboxes[network] as Inbox;
      if (firstUs < dueUs) dueUs = firstUs;
    }
    if (this.laterDueUs < dueUs) dueUs = this.laterDueUs;
    return Math.max(dueUs, this.busyUntilUs, this.pausedUntilUs);
  }

  /** The kernel answers for function `index` on the client network. */
  answers(index: number, nowUs: number, hasLease: boolean): boolean {
    return (
      this.up[index] !== 0 && this.carrier && (!hasLease || this.local(nowUs) < this.leaseEndUs)
    );
  }
}

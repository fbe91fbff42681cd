/**
 * One server: its power, its clock, its kernel (addresses, lease), and what happens to its
 * processes. Times with `local` in their names are of its own clock, all others of the world's.
 */

import type { FunctionTable } from "../../src/allocation/function-table.ts";
import { EffectQueue } from "../../src/boundary/effect-queue.ts";
import { EVENT_WITNESS, EventQueue } from "../../src/boundary/event-queue.ts";
import { HeardServers, passOn } from "../../src/boundary/heard-servers.ts";
import type { Engine } from "../../src/core/engine.ts";
import { BEGIN, type Turn } from "../../src/core/turn.ts";
import { type Datagrams, Inbox } from "./datagrams.ts";
import type { HostShell } from "./host-shell.ts";

/**
 * Datagrams that a receive buffer holds (limits RECEIVE_BUFFER_BYTES, which the kernel doubles).
 */
const INBOX_MAX = 1_820;

const NEVER = Number.POSITIVE_INFINITY;

export class Host {
  powered = false;
  poweredOffUs = 0;
  engine: Engine | null = null;
  turn: Turn | null = null;
  shell: HostShell | null = null;
  /** Receive buffers, one for each network. */
  readonly inboxes: readonly Inbox[];

  // ---- clock
  offsetUs = 0;
  ppm = 0;
  /** How late the next turn is that a deadline asks for, and for how long turns are that late. */
  latenessUs = 0;
  latenessMaxUs = 100;

  /** When the turn that is over wants the next one, its lateness included. */
  private wakeUs = 0;
  /** Whether datagrams that arrive bring it forward. */
  private arrivalsWake = true;
  /** The time of the own clock that was asked for last, and when the world comes to it. */
  private localWakeUs = Number.NaN;
  private worldWakeUs = 0;

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
  /** Local time at which the kernel deletes each address that is up, if it is not renewed. */
  readonly addressEndUs: Float64Array;
  /** 1 where the kernel has deleted the address because it was not renewed. */
  readonly expired: Uint8Array;
  /** 1 where the kernel did not delete the address when it was asked to: it is asked again. */
  readonly stays: Uint8Array;
  /** No address expires before that. */
  expiryUs = NEVER;
  /** 1 where the kernel refuses the address of a function. */
  readonly refused: Uint8Array;
  carrier = true;
  /** How many faults keep the carrier away. */
  carrierFaults = 0;
  /** How many faults cut the client network behind the switch's port: its carrier stays. */
  clientCuts = 0;
  /** It was drained and not resumed, according to its state directory; survives restarts. */
  isDrained = false;
  drainedUs = 0;
  /**
   * Stored by its supervisor, survives restarts: withheld per cent of its resource, and whether it
   * holds running functions.
   */
  withheld = 0;
  holds = false;

  // ---- processes
  /** Functions whose process counts as load without an address. */
  readonly lingering: Uint8Array;
  /** When somebody else removed the address of each function last. */
  readonly removedUs: Float64Array;
  pausedUntilUs = 0;
  /** When the process was stopped last, and when the kernel last failed to renew its lease. */
  stoppedUs = Number.NEGATIVE_INFINITY;
  leaseFailedUs = Number.NEGATIVE_INFINITY;
  /** Turns since the process was stopped last. */
  turnsSincePause = 1_000;
  busyUntilUs = 0;
  restartAtUs = NEVER;
  /** Engines that ended in a row, for the supervisor's growing pause. */
  restarts = 0;
  startedUs = 0;
  /** Its executable knows the keep-alive of the version before alone. */
  isOlder = false;
  /** This server flies with another table. */
  foreignTable = false;
  /** What its last engine had heard of the others, with which table; nothing while one flies. */
  readonly heardBefore = new HeardServers();
  hasHeardBefore = false;
  hadForeignTable = false;
  hasLeft = false;
  /** Its engine was told to leave. */
  isToLeave = false;
  /** Its supervisor is there. */
  isSupervised = false;
  /** How many programs keep its kernel's lock for changes of addresses. */
  addressLocks = 0;
  addressLockUntilUs = 0;
  /** errno with which each network refuses what it is to send, 0 where it does not. */
  readonly sendErrno: Uint8Array;
  /** How many faults make it refuse. */
  readonly refusals: Uint8Array;

  // ---- a flood that comes in (flood)
  floodUs = NEVER;
  floodUntilUs = 0;
  floodNetworks = 0;
  floodCount = 0;

  /** Local time of its last decision. */
  decidedUs = 0;

  // ---- what holds a turn up (pace)
  /** Why the steps of this turn are looked at; 0 in most turns. */
  held = 0;
  stopAt = BEGIN;
  stopUs = 0;
  stopWithEffects = false;
  thenStopAt = BEGIN;
  thenStopUs = 0;
  /** There was something to do outside in this turn. */
  hadEffects = false;
  turnsUntilSlow = NEVER;
  slowAt = BEGIN;
  /** Duration of the last step. */
  tookUs = 0;
  /** The call that a step makes began then; NEVER when none takes long. */
  callBeganUs = NEVER;
  callStep = BEGIN;
  /** How long the next renewal of the lease takes, and in which step it is made. */
  leaseCallUs = 0;
  leaseCallStep = BEGIN;
  /** How long moving and renewing addresses takes at most. */
  addressCallUsMax = 0;

  // ---- how the kernel's next answers are
  /** errno of the next renewal of the lease, 0 for none; and whether it takes effect anyway. */
  leaseErrno = 0;
  leaseDone = false;
  /** Batches of addresses that fail so, and how many. */
  addressErrno = 0;
  addressFailures = 0;

  // ---- events of the kernel and the supervisor on their way to the engine, in the order in which
  // they began
  readonly laterUs: number[] = [];
  readonly laterKind: number[] = [];
  readonly laterIndex: number[] = [];
  readonly laterFirst: number[] = [];
  laterDueUs = NEVER;

  /**
   * @param index its place among the hosts
   * @param server whom it is configured as: the server of the same place, unless it is a second box
   * with that one's id
   */
  /** Queues of one engine after the other: they are large. */
  readonly events: EventQueue;
  readonly effects = new EffectQueue();

  constructor(
    readonly index: number,
    { serverCount, functionCount, wordCount }: FunctionTable,
    networks: number,
    datagrams: Datagrams,
    readonly server = index,
  ) {
    this.events = new EventQueue(serverCount, wordCount);
    this.inboxes = Array.from({ length: networks }, () => new Inbox(datagrams, INBOX_MAX));
    this.sendErrno = new Uint8Array(networks);
    this.refusals = new Uint8Array(networks);
    this.up = new Uint8Array(functionCount);
    this.refused = new Uint8Array(functionCount);
    this.addressEndUs = new Float64Array(functionCount);
    this.expired = new Uint8Array(functionCount);
    this.stays = new Uint8Array(functionCount);
    this.lingering = new Uint8Array(functionCount);
    this.removedUs = new Float64Array(functionCount);
  }

  local(worldUs: number): number {
    if (this.ppm === 0) return this.offsetUs + worldUs;
    return this.offsetUs + worldUs + Math.floor((worldUs * this.ppm) / 1_000_000);
  }

  /** The earliest time of the world at which the own clock shows `localUs`. */
  world(localUs: number): number {
    if (localUs === NEVER || this.ppm === 0) return localUs - this.offsetUs;
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

  /** Removes entry `at` of what is on its way; the others stay in their order. */
  forgetLater(at: number): void {
    this.laterUs.splice(at, 1);
    this.laterKind.splice(at, 1);
    this.laterIndex.splice(at, 1);
    this.laterFirst.splice(at, 1);
  }

  /** Its engine ends, and leaves what it has heard. */
  remember({ membership }: Engine): void {
    passOn(membership, this.heardBefore, this.server);
    this.hasHeardBefore = true;
    this.hadForeignTable = this.foreignTable;
  }

  forget(): void {
    const { incarnation, sequence, lastHeardUs } = this.heardBefore;
    for (const column of [incarnation, sequence, lastHeardUs]) column.fill(0);
    this.hasHeardBefore = false;
    this.hadForeignTable = false;
  }

  clearLater(): void {
    this.laterUs.length = 0;
    this.laterKind.length = 0;
    this.laterIndex.length = 0;
    this.laterFirst.length = 0;
    this.laterDueUs = NEVER;
  }

  /** It was stopped in the middle of a turn. */
  get isInTurn(): boolean {
    return this.turn !== null && this.turn.step !== BEGIN;
  }

  /** Something is on its way to the engine, or from it. */
  get isBusy(): boolean {
    const { engine } = this;
    if (engine === null) return false;
    // Witnesses answer as long as they are asked.
    return engine.effects.count > 0 || this.laterKind.some((kind) => kind !== EVENT_WITNESS);
  }

  /** Lifetimes of addresses are due to be renewed. */
  renewsAddresses(nowUs: number): boolean {
    return this.shell !== null && this.shell.renewalDueUs <= this.local(nowUs);
  }

  clearInboxes(): void {
    for (const inbox of this.inboxes) inbox.clear();
  }

  /** A turn is over: it returns the time of the next one if nothing happens before. */
  endTurn(nowUs: number): void {
    const { turn } = this;
    if (turn === null) return;
    const localUs = this.local(nowUs);
    const wakeUs = turn.wakeUs(localUs);
    this.arrivalsWake = turn.arrivalsWake;
    if (wakeUs <= localUs) {
      this.wakeUs = nowUs;
      return;
    }
    if (wakeUs !== this.localWakeUs) {
      this.localWakeUs = wakeUs;
      this.worldWakeUs = this.world(wakeUs);
    }
    this.wakeUs = this.worldWakeUs + this.latenessUs;
  }

  /** When this server's next turn is, or goes on; Infinity when it has none. */
  dueUs(nowUs: number): number {
    if (this.engine === null) return this.restartAtUs;
    let dueUs = this.isInTurn ? nowUs : this.wakeUs;
    if (this.arrivalsWake) {
      for (let network = 0; network < this.inboxes.length; network++) {
        const { firstUs } = this.inboxes[network] as Inbox;
        if (firstUs < dueUs) dueUs = firstUs;
      }
    }
    if (this.laterDueUs < dueUs) dueUs = this.laterDueUs;
    return Math.max(dueUs, this.busyUntilUs, this.pausedUntilUs);
  }

  /** Functions whose addresses are up. */
  functionsUp(): number[] {
    return [...this.up.keys()].filter((index) => this.up[index] !== 0);
  }

  /** A datagram arrives at `atUs`. @returns when it brings the next turn to */
  arrivalDueUs(atUs: number): number {
    return this.arrivalsWake ? Math.max(atUs, this.busyUntilUs, this.pausedUntilUs) : NEVER;
  }

  /** The kernel answers for function `index` on the client network. */
  answers(index: number, nowUs: number, hasLease: boolean): boolean {
    return (
      this.up[index] !== 0 && this.carrier && (!hasLease || this.local(nowUs) < this.leaseEndUs)
    );
  }
}

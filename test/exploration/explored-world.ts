/**
 * The simulator's world for the explorer: chance is switched off, events are chosen at ticks of
 * half a period, and the whole world can be saved and restored. Engines are not recreated at every
 * start, because they are large: one per server is reset to its initial state.
 */

import type { Identity } from "../../src/boundary/identity.ts";
import { QUIET_PERIODS } from "../../src/core/agreement.ts";
import type { Engine } from "../../src/core/engine.ts";
import { PLAN_AHEAD, type Turn } from "../../src/core/turn.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import { ChosenLosses } from "../simulation/chosen-losses.ts";
import type { Host } from "../simulation/host.ts";
import type { HostShell } from "../simulation/host-shell.ts";
import { type NominalOptions, NominalWorld } from "../simulation/nominal-world.ts";
import { healingUs } from "../simulation/segments.ts";
import { Trace } from "../simulation/trace.ts";
import { Judges } from "./judges.ts";
import { remembering } from "./remembering-policy.ts";
import { FIRST_NEW_INCARNATION, Snapshot } from "./snapshot.ts";

const NEVER = Number.POSITIVE_INFINITY;
/** Engines start so long after a tick. */
export const START_PHASE_US = 200;
/**
 * The engine remembers until when no server can be due, and does not check earlier. Checking at
 * every tick changes no decision, and states need not differ by the time of the last check.
 */
function judgeSilenceAnew(engine: Engine): void {
  (engine as unknown as { silenceDueUs: number }).silenceDueUs = Number.NEGATIVE_INFINITY;
}

/** The next quiet period works out the whole contingency book for what runs then. */
function planAheadNow(engine: Engine): void {
  const agreement = engine.agreement as unknown as { stepsAhead: number; quietPeriods: number };
  agreement.stepsAhead = Number.POSITIVE_INFINITY;
  agreement.quietPeriods = QUIET_PERIODS - 1;
}

/** Ticks from the end of an engine to its next start. */
const RESTART_TICKS = 6;

/** State that a server keeps for its engines, one after the other. */
interface Seat {
  readonly identity: { -readonly [field in keyof Identity]: Identity[field] };
  readonly engine: Engine;
  readonly shell: HostShell;
  readonly turn: Turn;
  readonly image: Int32Array;
}

export class ExploredWorld extends NominalWorld {
  declare readonly invariants: Judges;
  readonly losses: ChosenLosses;
  readonly tickUs: number;
  readonly snapshot: Snapshot;
  /** The last sequence number of engines that ended since the last restore. */
  readonly lastSequences = new Map<number, number>();
  /** Number of faults so far. */
  faults = 1;
  /** Whether a release without need is a violation. */
  judgesNeed = true;
  private readonly seats: (Seat | undefined)[] = [];
  private readonly identities: Identity[] = [];

  /**
   * @param isPooled engines are renewed, not made; otherwise nothing can be restored
   * @param hasBook reactions come from the contingency book, not from a cache of all results
   */
  constructor(
    options: NominalOptions,
    private readonly isPooled = true,
    trace = new Trace(false),
    private readonly hasBook = false,
  ) {
    super(
      {
        ...options,
        policy: isPooled && !hasBook ? remembering(options.policy) : options.policy,
        speeds: { addressLifetimeUs: NEVER, ...options.speeds },
      },
      new Judges(),
      trace,
    );
    this.tickUs = this.aircraft.timing.periodUs / 2;
    this.samplingUs = this.tickUs;
    this.supervision = {
      sweepUs: this.tickUs,
      startUs: (RESTART_TICKS - 1) * this.tickUs,
      pauseFirstUs: 0,
      pauseMaxUs: 0,
    };
    this.announceAgainUs = 2 * this.aircraft.timing.periodUs;
    this.incarnation = FIRST_NEW_INCARNATION;
    const { timing } = this.aircraft;
    // A stop or a loss may come while a cut heals: what is promised counts, not the nominal time.
    this.invariants.segments.healingUs = healingUs(timing);
    const roughTicks = (timing.takeOverUs + 2 * timing.periodUs) / this.tickUs;
    this.losses = new ChosenLosses(
      this.air.network,
      this.hosts.length,
      roughTicks,
      timing.detectionUs / this.tickUs,
    );
    this.losses.isDeaf = (to) => this.hosts[to]?.busyUntilUs === NEVER;
    this.snapshot = new Snapshot(this);
  }

  /** Flies to the next tick. */
  tick(): void {
    const endUs = this.nowUs + this.tickUs;
    this.losses.begin();
    for (const { engine } of this.hosts) {
      if (engine === null) continue;
      judgeSilenceAnew(engine);
      if (this.hasBook) planAheadNow(engine);
    }
    this.runUntil(endUs);
    for (const host of this.hosts) this.align(host);
    for (const host of this.hosts) if (host.pausedUntilUs === NEVER) this.noteUnsent(host);
    this.invariants.onTick();
    this.losses.pass();
  }

  /** The judges look, and keep what they see in the state. */
  protected override lookWhoAnswers(): void {}

  /** It is stopped, or its machine is: its keep-alive of this tick, if it has one, is not sent. */
  private noteUnsent({ engine, index }: Host): void {
    if (engine === null) return;
    const lateUs = this.nowUs - engine.nextSendUs;
    const isDue = lateUs >= 0 && lateUs % this.aircraft.timing.periodUs < this.tickUs;
    // Of an engine that has stalled nothing is saved.
    if (isDue || engine.hasStalled(this.nowUs)) this.losses.noteUnsent(index, this.nowUs);
  }

  /** Engines start at one phase of a tick, so that few phases are met. */
  private align(host: Host): void {
    if (host.engine !== null || host.restartAtUs === NEVER) return;
    const ticks = Math.ceil((host.restartAtUs - START_PHASE_US - this.nowUs) / this.tickUs);
    host.restartAtUs = this.nowUs + Math.max(0, ticks) * this.tickUs + START_PHASE_US;
    this.touch(host.index);
  }

  /** Long overdue work is due now: servers of one instant have their turns in order. */
  override touch(server: number): void {
    super.touch(server);
    const { due } = this.air;
    if (due[server] < this.nowUs) due[server] = this.nowUs;
  }

  /** It starts with the next tick. */
  switchOn(host: Host): void {
    host.restartAtUs = this.nowUs + START_PHASE_US;
    this.touch(host.index);
  }

  // ---- engines

  protected override board(host: Host, given: Identity): { engine: Engine; turn: Turn } {
    const identity = { ...given, nonce: given.incarnation };
    this.identities[host.index] = identity;
    const seat = this.seats[host.index];
    if (seat === undefined || !this.isPooled) {
      const boarded = super.board(host, identity);
      if (this.isPooled) {
        this.seats[host.index] = {
          identity,
          ...boarded,
          shell: host.shell as HostShell,
          image: this.snapshot.image(host),
        };
      }
      return boarded;
    }
    this.seat(host, identity.incarnation, host.foreignTable);
    host.effects.clear();
    this.snapshot.renew(host, seat.image);
    return seat;
  }

  /** No server releases anything without need. */
  override onLetGo(host: Host, code: number, value: number): void {
    super.onLetGo(host, code, value);
    if (!this.judgesNeed || this.losses.roughTicks > 0) return;
    if (this.invariants.needsToLetGo(host)) return;
    this.invariants.fail("needless", `s${host.index} lets go of everything without need`);
  }

  override endEngine(host: Host, how: string): void {
    if (host.engine !== null)
      this.lastSequences.set(this.incarnationOf(host), host.engine.sender.sequence);
    super.endEngine(host, how);
  }

  incarnationOf(host: Host): number {
    return (this.identities[host.index] as Identity).incarnation;
  }

  hasForeignTable(host: Host): boolean {
    return (this.identities[host.index] as Identity).digestHigh !== this.aircraft.digestHigh;
  }

  /** The host's engine is there, in this incarnation; what it knows comes afterwards. */
  seat(host: Host, incarnation: number, isForeign: boolean): void {
    const seat = this.seats[host.index] as Seat;
    const { digestHigh } = this.aircraft;
    seat.identity.incarnation = incarnation;
    seat.identity.nonce = incarnation;
    seat.identity.digestHigh = isForeign ? (digestHigh ^ 1) >>> 0 : digestHigh;
    this.identities[host.index] = seat.identity;
    host.engine = seat.engine;
    host.shell = seat.shell;
    host.turn = seat.turn;
  }

  /** Nothing flies on the host. */
  leave(host: Host): void {
    host.engine = null;
    host.shell = null;
    host.turn = null;
    host.clearInboxes();
  }

  /** The host's engine releases everything in its next turn. */
  doom(host: Host, sequence: number): void {
    const { engine, turn } = this.seats[host.index] as Seat;
    const { stall } = engine as unknown as { stall: { stoppedInTurn: boolean } };
    stall.stoppedInTurn = true;
    engine.sender.sequence = sequence;
    engine.phases.leaving = false;
    const inside = turn as unknown as { next: number; ended: number };
    inside.next = PLAN_AHEAD + 1;
    inside.ended = 0;
    host.events.clear();
    host.effects.clear();
  }

  // ---- what the snapshot cannot reach otherwise

  goBack(nowUs: number): void {
    this.nowUs = nowUs;
    this.incarnation = FIRST_NEW_INCARNATION;
    this.lastSequences.clear();
    for (let server = 0; server < SERVERS_MAX; server++) this.air.due[server] = NEVER;
  }

  sweepUs(host: Host): number {
    return this.sweepAtUs[host.index];
  }

  setSweep(host: Host, atUs: number): void {
    this.sweepAtUs[host.index] = atUs;
  }
}

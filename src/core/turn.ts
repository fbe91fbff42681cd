/**
 * One turn of the flight loop: its steps, in order. This is the only place that says so; aircraft,
 * simulator, warm-up and tests fly it over shells of their own (ARCHITECTURE.md, "Turn").
 *
 * P1 depends on the order. A turn may be stopped between any two steps, for any time, while the
 * kernel goes on; so each step relies only on what was so before it.
 */
import { COUNTER_DROPPED, COUNTER_SEND_FAILED } from "../boundary/counters.ts";
import {
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_VIP_ADD,
} from "../boundary/effect-queue.ts";
import { EVENT_VIP_WITHDRAWN } from "../boundary/event-queue.ts";
import { LOG_LEASE_LOST, LOG_SEND_FAILED, LOG_STALLED } from "../boundary/maintenance-code.ts";
import { PHASE_LISTENING } from "../boundary/phase.ts";
import type { Shell } from "../boundary/shell.ts";
import type { Timing } from "../boundary/timing.ts";
import {
  EFFECTS_PER_TURN_MAX,
  NETWORKS_MAX,
  OTHER_EFFECTS_PER_TURN_MIN,
  READ_REST_US,
} from "../limits.ts";
import type { KeepAliveMessage } from "../wire/keep-alive.ts";
import type { Engine } from "./engine.ts";
import { Reception } from "./reception.ts";

// ---- the steps of a turn, in their order
/** Reads the clock. A loop that was held up lets go of everything first. */
export const BEGIN = 0;
/**
 * Once per period, before the keep-alive: a server that is heard may answer, and one that stopped
 * is silent before it is missed.
 */
export const RENEW_LEASE = 1;
/** Sends what was settled last: its time does not depend on the work. */
export const SEND_KEEP_ALIVE = 2;
/** Status, signs of life, and who else answers for our VIPs. */
export const REPORT = 3;
/** Reads arrivals before anything is decided. */
export const RECEIVE = 4;
export const DECIDE = 5;
/** Tells news before acting on it: ownership is known before a VIP goes up. */
export const SEND_NEWS = 6;
export const RELAY = 7;
/** Between two keep-alives, if others grant less or more can be had. */
export const RENEW_LEASE_AGAIN = 8;
export const CARRY_OUT = 9;
/** Not after a stall: addresses that expired meanwhile stay away, and the next turn lets go. */
export const RENEW_ADDRESSES = 10;
/** In quiet periods, within a fixed share of each: works out reactions to the next events. */
export const PLAN_AHEAD = 11;
const OVER = 12;

// ---- how a flight ends
export const GOES_ON = 0;
/** An orderly stop: everything is handed over, and good-bye is said. */
export const ENDED_LEFT = 1;
/** Held up, or no lease: others may own what was ours. */
export const ENDED_LET_GO = 2;
export const ENDED_SUPERVISOR_GONE = 3;

/** No lease is granted any more: ETIME, as the kernel reports one that ran out. */
const NOT_GRANTED = 62;

export class Turn {
  /** GOES_ON, or why the flight has ended. */
  ended = GOES_ON;

  /** The next step; OVER between two turns. */
  private next = OVER;
  private beganUs = 0;
  private readUs = 0;
  private steppedUs = 0;
  /** A period begins with this turn. */
  private isPeriod = false;
  /** So late that this turn reads and decides before it sends. */
  private readsFirst = false;
  private readonly reception: Reception;
  /** Why each network refused the last datagram: an errno, 0 for sent. */
  private readonly refused = new Int32Array(NETWORKS_MAX);

  constructor(
    private readonly engine: Engine,
    private readonly shell: Shell,
    private readonly timing: Timing,
  ) {
    this.reception = new Reception(engine, shell);
  }

  /** Flight begins. */
  begin(): void {
    this.shell.beginLease();
    this.engine.begin(this.shell.nowUs());
  }

  /** One whole turn. */
  run(): void {
    do this.advance();
    while (this.next !== OVER);
  }

  /** The next step; BEGIN between two turns. */
  get step(): number {
    return this.next === OVER ? BEGIN : this.next;
  }

  /** Does the next step of the turn. @returns false when the turn is over */
  advance(): boolean {
    const { step } = this;
    this.next = step + 1;
    switch (step) {
      case BEGIN:
        this.beginTurn();
        break;
      case RENEW_LEASE:
        this.renewLease();
        break;
      case SEND_KEEP_ALIVE:
        if (!this.readsFirst) this.sendFirst();
        break;
      case REPORT:
        this.report();
        break;
      case RECEIVE:
        this.receive();
        break;
      case DECIDE:
        this.decide();
        break;
      case SEND_NEWS:
        if (this.engine.sendRequested) this.sendKeepAlive();
        break;
      case RELAY:
        this.sendRelays();
        break;
      case RENEW_LEASE_AGAIN:
        this.renewLeaseAgain();
        break;
      case CARRY_OUT:
        this.carryOut();
        break;
      case RENEW_ADDRESSES:
        this.renewAddresses();
        break;
      case PLAN_AHEAD:
        if (this.isPeriod && this.engine.effects.urgentCount === 0)
          this.engine.agreement.planAhead();
        break;
    }
    return this.next !== OVER;
  }

  /** The flight ends with this step. */
  private end(why: number): void {
    this.ended = why;
    this.next = OVER;
  }

  private beginTurn(): void {
    const { engine } = this;
    this.beganUs = this.shell.nowUs();
    if (engine.hasStalled(this.beganUs)) {
      const silentUs = this.beganUs - engine.nextSendUs + this.timing.periodUs;
      this.letGo(LOG_STALLED, Math.floor(silentUs / 1000));
      return;
    }
    this.isPeriod = this.beganUs >= engine.nextSendUs;
    this.readsFirst = this.isPeriod && engine.isLate(this.beganUs);
    if (!this.isPeriod) this.next = RECEIVE;
  }

  /** Granted by the time now, not by that of the turn's beginning. */
  private renewLease(): void {
    const { engine, shell } = this;
    if (!shell.hasLease || !engine.needsLease) return;
    const nowUs = shell.nowUs();
    const endUs = engine.lease.grant(nowUs);
    const refused = endUs === 0 ? NOT_GRANTED : shell.renewLease(nowUs, endUs);
    if (refused !== 0) this.letGo(LOG_LEASE_LOST, refused);
  }

  private renewLeaseAgain(): void {
    const { engine, shell } = this;
    if (shell.hasLease && engine.lease.look(this.steppedUs)) this.renewLease();
  }

  /** Others may own what was ours: everything goes, and a new incarnation begins. */
  private letGo(code: number, value: number): void {
    this.shell.letGo();
    this.shell.tell(code, value);
    this.end(ENDED_LET_GO);
  }

  private report(): void {
    const { engine, shell } = this;
    this.reception.beginPeriod();
    engine.counters[COUNTER_DROPPED] = shell.dropped();
    shell.report(this.beganUs, engine.events);
    shell.observeNeighbours(engine.events);
  }

  private receive(): void {
    const { engine, shell } = this;
    this.readUs = shell.nowUs();
    this.reception.receive();
    // The kernel reports every address that is moved: read when the move is over.
    if (engine.effects.urgentCount === 0 || shell.isHeldUp) shell.observeLinks(engine.events);
    if (shell.observeSupervisor(engine.events)) return;
    shell.letGo(); // nobody else is left to do it
    engine.phases.sayGoodBye();
    this.sendKeepAlive();
    this.end(ENDED_SUPERVISOR_GONE);
  }

  private decide(): void {
    const { engine } = this;
    this.steppedUs = this.shell.nowUs();
    engine.step(this.steppedUs, this.reception.mayJudgeSilence, this.readUs);
    if (this.readsFirst) engine.beginPeriod(this.beganUs);
  }

  private sendFirst(): void {
    this.engine.beginPeriod(this.beganUs);
    this.sendKeepAlive();
  }

  private sendKeepAlive(): void {
    this.send(this.engine.compose());
  }

  private sendRelays(): void {
    const { engine } = this;
    for (let next = engine.relay.compose(); next !== null; next = engine.relay.compose())
      this.send(next);
  }

  /** On every network. Each refusal is counted; the first of a row is recorded. */
  private send(message: KeepAliveMessage): void {
    const { engine, shell, refused } = this;
    message.version = engine.sender.message.version; // what all understand; relayed ones, too
    shell.compose(message);
    for (let network = 0; network < shell.networkCount; network++) {
      const error = shell.send(network);
      if (error !== 0) engine.counters[COUNTER_SEND_FAILED]++;
      if (error !== 0 && refused[network] === 0)
        engine.effects.push(EFFECT_LOG, LOG_SEND_FAILED, network, error);
      refused[network] = error;
    }
  }

  /**
   * VIPs first, at most one batch, because the next keep-alive must not wait for all of them; then
   * a minimum of the others, so that none waits for ever. After a stall no VIP is moved on what was
   * decided before it: the next turn lets go. A VIP that another server has or may have does not
   * wait for the kernel's lock: a loop that stands still has no lease.
   */
  private carryOut(): void {
    const { engine, shell } = this;
    const { effects, handover } = engine;
    const mayMove = effects.urgentCount > 0 && !engine.hasStalled(shell.nowUs());
    const isTaken = engine.phase === PHASE_LISTENING || handover.rivals.haveTaken(handover.state);
    let left = EFFECTS_PER_TURN_MAX;
    for (; mayMove && left > 0 && effects.urgentCount > 0; left--) {
      if (!shell.hasRoom(effects.peek(), effects.peekIndex(), !shell.isHeldUp || !isTaken)) break;
      effects.take();
      if (effects.kind !== EFFECT_VIP_ADD || this.mayAdd(effects.index)) this.carryOutOne();
      else engine.events.push(EVENT_VIP_WITHDRAWN, effects.index, 0, 0);
    }
    shell.commit(engine.events, effects.urgentCount > 0 && !shell.isHeldUp);
    let others = OTHER_EFFECTS_PER_TURN_MIN;
    if (effects.urgentCount === 0) others = Math.max(left, others);
    for (; others > 0 && effects.takeOther(); others--) this.carryOutOne();
  }

  /** Whether a VIP is still to be set: it may have waited long. */
  private mayAdd(index: number): boolean {
    const { phases, handover } = this.engine;
    return phases.serving && handover.rivals.mayAdd(index, handover.state[index], this.steppedUs);
  }

  private carryOutOne(): void {
    const { engine, shell } = this;
    const { kind, index, first, second } = engine.effects;
    // Its clients were warned of its stop: do not then tell them where it is.
    if (kind === EFFECT_NOTICE && !engine.handover.isUp(index)) return;
    shell.carryOut(kind, index, first, second);
    if (kind === EFFECT_LEFT) this.end(ENDED_LEFT);
  }

  private renewAddresses(): void {
    const { engine, shell } = this;
    const nowUs = shell.nowUs();
    const isIdle = engine.effects.urgentCount === 0;
    // Late by the kernel's lock, it would revive expired addresses that are still to be removed.
    const revives = !isIdle && nowUs - shell.renewalDueUs > this.timing.periodUs;
    if (!revives && !engine.hasStalled(nowUs)) shell.renewAddresses(nowUs, isIdle);
  }

  /**
   * The latest time for the next turn. A flood costs a bounded share of the processor: once much
   * has arrived in a period, arrivals no longer wake the loop, which reads them a little later,
   * many at a time, and never in the time of the next keep-alive.
   */
  wakeUs(nowUs: number): number {
    const { engine, shell } = this;
    const waiting = shell.isHeldUp ? engine.effects.urgentCount : 0;
    if (engine.effects.count > waiting || engine.events.count > 0) return nowUs;
    if (this.arrivalsWake) return Math.min(engine.wakeUs, shell.renewalDueUs);
    return Math.min(engine.nextSendUs, nowUs + READ_REST_US);
  }

  /** Datagrams that arrive bring the next turn forward. */
  get arrivalsWake(): boolean {
    return this.reception.arrivalsWake;
  }
}

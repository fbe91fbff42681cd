/**
 * Duration of a turn's steps. Most turns end at the instant at which they begin; some take a little
 * time in between, drawn at random; and a fault may stop a process before any step of its turn. The
 * other servers and all kernels go on meanwhile.
 */

import type { Engine } from "../../src/core/engine.ts";
import { BEGIN, CARRY_OUT, RENEW_ADDRESSES, SEND_NEWS } from "../../src/core/turn.ts";
import { STEP_NAMES } from "../harness/turn-steps.ts";
import type { Host } from "./host.ts";
import type { Chance } from "./random.ts";
import type { World } from "./world.ts";

const NEVER = Number.POSITIVE_INFINITY;

// ---- why the steps of a host's turn are looked at: bits of Host.held
/** A fault stops the process before the step `stopAt`. */
const STOPPED = 1;
/** The step before `slowAt` takes a little time. */
const TAKES_TIME = 2;
/** The next renewal of the lease takes long. */
const LEASE_CALL = 4;
/** Moving and renewing addresses takes long. */
const ADDRESS_CALLS = 8;
/** A step is in a call that takes long. */
const IN_CALL = 16;
/** Something else comes first now. */
const BROKEN_OFF = 32;

/** The turn of the host goes on later, at this instant of the world. */
export function breakOff(host: Host): void {
  host.held |= BROKEN_OFF;
}

export class Pace {
  /** The longest that a step takes which nothing holds up; 0: none takes any time. */
  private readonly stepUsMax: number;
  /** One turn in about this many takes time. */
  private readonly oneIn: number;

  constructor(
    private readonly world: World,
    private readonly random: Chance,
  ) {
    this.stepUsMax = random.pick([0, 100, 300, 1_000]);
    this.oneIn = random.between(3, 40);
    for (const host of world.hosts) host.turnsUntilSlow = this.drawTurns();
  }

  private drawTurns(): number {
    return this.stepUsMax === 0 ? NEVER : this.random.between(1, 2 * this.oneIn);
  }

  /** A turn begins. */
  beginTurn(host: Host): void {
    if (--host.turnsUntilSlow > 0) return;
    host.turnsUntilSlow = this.drawTurns();
    host.slowAt = this.random.between(1, RENEW_ADDRESSES);
    host.held |= TAKES_TIME;
  }

  /**
   * The process is to be stopped before `step` of its turn for `durationUs`; `withEffects`: of the
   * first turn in which it has something to do outside.
   */
  stop(host: Host, step: number, withEffects: boolean, durationUs: number): void {
    host.stopAt = step;
    host.stopUs = durationUs;
    host.stopWithEffects = withEffects;
    host.thenStopUs = 0;
    host.held |= STOPPED;
  }

  /** And once more in the same turn, before a later step. */
  thenStop(host: Host, step: number, durationUs: number): void {
    host.thenStopAt = step;
    host.thenStopUs = durationUs;
  }

  /** The next renewal of the lease, in `step`, takes `durationUs`. */
  slowLease(host: Host, step: number, durationUs: number): void {
    host.leaseCallStep = step;
    host.leaseCallUs = durationUs;
    host.held |= LEASE_CALL;
  }

  /** Moving and renewing addresses takes up to `durationUsMax` from now on; 0: no time. */
  slowAddresses(host: Host, durationUsMax: number): void {
    host.addressCallUsMax = durationUsMax;
    if (durationUsMax > 0) host.held |= ADDRESS_CALLS;
    else host.held &= ~ADDRESS_CALLS;
  }

  /** Nothing is under way any more that would hold the host's next turns up. */
  clear(host: Host): void {
    host.held &= IN_CALL;
  }

  /** The process is restarted. */
  begin(host: Host): void {
    host.held &= ADDRESS_CALLS;
    host.callBeganUs = NEVER;
    host.tookUs = 0;
  }

  /**
   * Whether the turn goes on with `step` only later; Host.busyUntilUs or Host.pausedUntilUs say
   * when. Only where `host.held` is not 0.
   */
  holdsUp(host: Host, engine: Engine, step: number): boolean {
    if ((host.held & BROKEN_OFF) !== 0) {
      host.held &= ~BROKEN_OFF;
      if (step !== BEGIN) return true;
    }
    const { held } = host;
    if ((held & STOPPED) !== 0 && this.isStopped(host, engine, step)) return true;
    if ((held & TAKES_TIME) !== 0 && this.takesTime(host, step)) return true;
    if ((held & IN_CALL) !== 0) {
      if (step === host.callStep) return false; // the call is over, and the step is done now
      host.held &= ~IN_CALL;
      host.callBeganUs = NEVER;
    }
    return (held & (LEASE_CALL | ADDRESS_CALLS)) !== 0 && this.callTakesLong(host, engine, step);
  }

  private callTakesLong(host: Host, engine: Engine, step: number): boolean {
    let durationUs = 0;
    if ((host.held & LEASE_CALL) !== 0 && step === host.leaseCallStep && this.world.hasLease) {
      host.held &= ~LEASE_CALL;
      durationUs = host.leaseCallUs;
    } else if ((host.held & ADDRESS_CALLS) !== 0 && this.movesAddresses(host, engine, step))
      durationUs = this.random.between(1, host.addressCallUsMax);
    if (durationUs === 0) return false;
    host.held |= IN_CALL;
    host.callStep = step;
    host.callBeganUs = this.world.nowUs;
    this.world.trace.say(
      this.world.nowUs,
      `s${host.index}: ${STEP_NAMES[step]} takes ${durationUs / 1000} ms`,
    );
    this.world.pause(host, durationUs);
    return true;
  }

  private movesAddresses(host: Host, engine: Engine, step: number): boolean {
    if (step === CARRY_OUT) return engine.effects.urgentCount > 0;
    return step === RENEW_ADDRESSES && host.renewsAddresses(this.world.nowUs);
  }

  private isStopped(host: Host, engine: Engine, step: number): boolean {
    if (step <= SEND_NEWS || step === CARRY_OUT) host.hadEffects = engine.effects.count > 0;
    if (step !== host.stopAt || (host.stopWithEffects && !host.hadEffects)) return false;
    host.held &= ~STOPPED;
    this.world.trace.say(
      this.world.nowUs,
      `s${host.index} is stopped before: ${STEP_NAMES[step]}, for ${host.stopUs / 1000} ms`,
    );
    this.world.pause(host, host.stopUs);
    if (host.thenStopUs > 0) this.stop(host, host.thenStopAt, false, host.thenStopUs);
    return true;
  }

  private takesTime(host: Host, step: number): boolean {
    if (step < host.slowAt) return false;
    host.held &= ~TAKES_TIME;
    host.busyUntilUs = this.world.nowUs + this.random.between(1, this.stepUsMax);
    return true;
  }
}

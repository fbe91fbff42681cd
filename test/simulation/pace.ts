/**
 * How long the steps of a turn take. Most turns are over at the instant at which they begin; some
 * take a little time in between, drawn; and a fault may stop a process before any step of its turn.
 * The other servers and all kernels go on meanwhile.
 */
import type { Engine } from "../../src/core/engine.ts";
import { CARRY_OUT, RENEW_ADDRESSES, SEND_NEWS, STEP_NAMES } from "../../src/core/turn.ts";
import type { Host } from "./host.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

const NEVER = Number.POSITIVE_INFINITY;

// ---- why the steps of a host's turn are looked at: bits of Host.held
/** A fault stops the process before the step `stopAt`. */
const STOPPED = 1;
/** The step before `pauseAt` takes a little time. */
const TAKES_TIME = 2;

export class Pace {
  /** The longest that a step takes which nothing holds up; 0: none takes any time. */
  private readonly stepUsMax: number;
  /** One turn in about so many takes time. */
  private readonly oneIn: number;

  constructor(
    private readonly world: World,
    private readonly random: Random,
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
    host.held |= STOPPED;
  }

  /** Nothing is under way any more that would hold the host up. */
  clear(host: Host): void {
    host.held = 0;
    host.hadEffects = false;
  }

  /**
   * Whether the turn goes on with `step` only later; Host.busyUntilUs or Host.pausedUntilUs say
   * when. Only where `host.held` is not 0.
   */
  holdsUp(host: Host, engine: Engine, step: number): boolean {
    if ((host.held & STOPPED) !== 0 && this.isStopped(host, engine, step)) return true;
    return (host.held & TAKES_TIME) !== 0 && this.takesTime(host, step);
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
    return true;
  }

  private takesTime(host: Host, step: number): boolean {
    if (step < host.slowAt) return false;
    host.held &= ~TAKES_TIME;
    host.busyUntilUs = this.world.nowUs + this.random.between(1, this.stepUsMax);
    return true;
  }
}

/** What to tell the service manager, and when (sd_notify(3)); decided from the engine's state. */

import type { FunctionTable } from "../allocation/function-table.ts";
import { COUNTER_SENT } from "../boundary/counters.ts";
import { PHASE_LISTENING } from "../boundary/phase.ts";
import { SERVER_ALIVE, SERVER_SELF } from "../boundary/server-state.ts";
import type { Engine } from "../core/engine.ts";
import { SAY_READY, SAY_STATUS, SAY_WATCHDOG } from "../wire/service-message.ts";
import type { FeedingRhythm } from "./watchdog.ts";

/**
 * Keep-alives after which the loop has completed a turn: the first is sent before anything was
 * received.
 */
const KEEP_ALIVES_MIN = 3;

/**
 * Interval between counts of functions and servers: during a failover they change in every turn,
 * faster than anybody reads.
 */
const COUNT_EVERY_US = 250_000;

const NOT_REPORTED = -1;

export class ServiceReport {
  /** Last findings of {@link due}. */
  phase = PHASE_LISTENING;
  functionsUp = 0;
  serversAlive = 0;

  private ready = false;
  private reportedPhase = NOT_REPORTED;
  private reportedFunctionsUp = NOT_REPORTED;
  private reportedServersAlive = NOT_REPORTED;
  private nextCountUs = 0;

  /** @param watchdog null when the service manager has none for this service */
  constructor(
    private readonly engine: Engine,
    private readonly table: FunctionTable,
    private readonly watchdog: FeedingRhythm | null,
  ) {}

  /** Once per period, after its keep-alive: what to tell now, SAY_* bits. Makes no garbage. */
  due(nowUs: number): number {
    const ready = !this.ready && this.hasStarted();
    if (ready || this.engine.phase !== this.reportedPhase || nowUs >= this.nextCountUs)
      this.count(nowUs);
    const feed = this.watchdog?.isDue(nowUs) === true;
    return (ready ? SAY_READY : 0) | (feed ? SAY_WATCHDOG : 0) | (this.hasNews() ? SAY_STATUS : 0);
  }

  /**
   * Notes that the service manager accepted the result of {@link due}; a refused message stays due.
   */
  reported(say: number, nowUs: number): void {
    if ((say & SAY_READY) !== 0) this.ready = true;
    if ((say & SAY_WATCHDOG) !== 0) this.watchdog?.fed(nowUs);
    if ((say & SAY_STATUS) === 0) return;
    this.reportedPhase = this.phase;
    this.reportedFunctionsUp = this.functionsUp;
    this.reportedServersAlive = this.serversAlive;
  }

  /**
   * Start-up is complete when listening is over, or when this server is blocked by something that
   * waiting does not fix: no carrier, another table, another box with its id. A service manager
   * that waited for those to end would kill a sound server.
   */
  private hasStarted(): boolean {
    const { engine } = this;
    return (
      engine.counters[COUNTER_SENT] >= KEEP_ALIVES_MIN &&
      (engine.phase !== PHASE_LISTENING || engine.phases.passive)
    );
  }

  private count(nowUs: number): void {
    const { engine, table } = this;
    this.nextCountUs = nowUs + COUNT_EVERY_US;
    this.phase = engine.phase;
    this.functionsUp = 0;
    for (let index = 0; index < table.functionCount; index++)
      if (engine.handover.isUp(index)) this.functionsUp++;
    this.serversAlive = 0;
    for (let server = 0; server < table.serverCount; server++) {
      const state = engine.membership.state[server];
      if (state === SERVER_SELF || state === SERVER_ALIVE) this.serversAlive++;
    }
  }

  private hasNews(): boolean {
    return (
      this.phase !== this.reportedPhase ||
      this.functionsUp !== this.reportedFunctionsUp ||
      this.serversAlive !== this.reportedServersAlive
    );
  }
}

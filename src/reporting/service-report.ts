/**
 * What the service manager is told, and when (sd_notify(3)); decided from what the engine knows.
 */

import type { FunctionTable } from "../allocation/function-table.ts";
import { COUNTER_SENT } from "../boundary/counters.ts";
import { PHASE_LISTENING } from "../boundary/phase.ts";
import { SERVER_ALIVE, SERVER_SELF } from "../boundary/server-state.ts";
import type { Engine } from "../core/engine.ts";
import { SAY_READY, SAY_STATUS, SAY_WATCHDOG } from "../wire/service-message.ts";
import type { FeedingRhythm } from "./watchdog.ts";

/**
 * Keep-alives after which the loop has come round: the first one is sent before anything was
 * received.
 */
const KEEP_ALIVES_MIN = 3;

/**
 * Functions and servers are counted so often: at a failover they change with every turn, and nobody
 * reads that fast.
 */
const COUNT_EVERY_US = 250_000;

const NEVER_SAID = -1;

export class ServiceReport {
  /** What {@link due} last found. */
  phase = PHASE_LISTENING;
  functionsUp = 0;
  serversAlive = 0;

  private ready = false;
  private saidPhase = NEVER_SAID;
  private saidFunctionsUp = NEVER_SAID;
  private saidServersAlive = NEVER_SAID;
  private nextCountUs = 0;

  /** @param watchdog null: the service manager has none for us */
  constructor(
    private readonly engine: Engine,
    private readonly table: FunctionTable,
    private readonly watchdog: FeedingRhythm | null,
  ) {}

  /** Once a period, after its keep-alive: what is to be said now, SAY_* bits. Makes no garbage. */
  due(nowUs: number): number {
    const ready = !this.ready && this.hasStarted();
    if (ready || this.engine.phase !== this.saidPhase || nowUs >= this.nextCountUs)
      this.count(nowUs);
    const feed = this.watchdog?.isDue(nowUs) === true;
    return (ready ? SAY_READY : 0) | (feed ? SAY_WATCHDOG : 0) | (this.hasNews() ? SAY_STATUS : 0);
  }

  /** The service manager has taken what {@link due} gave; whatever it refuses stays due. */
  said(say: number, nowUs: number): void {
    if ((say & SAY_READY) !== 0) this.ready = true;
    if ((say & SAY_WATCHDOG) !== 0) this.watchdog?.fed(nowUs);
    if ((say & SAY_STATUS) === 0) return;
    this.saidPhase = this.phase;
    this.saidFunctionsUp = this.functionsUp;
    this.saidServersAlive = this.serversAlive;
  }

  /**
   * Start-up is complete when listening is over, or when something holds this server back that no
   * waiting mends: no carrier, another table, another box with its id. A service manager that
   * waited for the end of those would end a sound server.
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
      this.phase !== this.saidPhase ||
      this.functionsUp !== this.saidFunctionsUp ||
      this.serversAlive !== this.saidServersAlive
    );
  }
}

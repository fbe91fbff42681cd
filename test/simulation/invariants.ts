/**
 * What must hold after every step, whatever fails (PROTOCOL.md, "Properties"). A violation ends the
 * flight.
 *
 * P1 is judged where seats judge it: who would answer for this VIP now?
 */

import type { Allocation } from "../../src/allocation/allocation.ts";
import { type FunctionTable, NONE } from "../../src/allocation/function-table.ts";
import { EFFECT_NOTICE_STOPPING } from "../../src/boundary/effect-queue.ts";
import { PHASE_ACTIVE, PHASE_LISTENING } from "../../src/boundary/phase.ts";
import { SERVER_ALIVE, SERVER_JOINING } from "../../src/boundary/server-state.ts";
import type { Engine } from "../../src/core/engine.ts";
import { RESTORING, UP } from "../../src/core/handover-rows.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import { NOTICE_PREEMPTED } from "../../src/wire/client-notice.ts";
import { plannedMistake } from "../allocation/judge-planned.ts";
import { FIGURES, type System } from "../allocation/reference.ts";
import { Clients } from "./clients.ts";
import { Conduct } from "./conduct.ts";
import type { Host } from "./host.ts";
import { Kept } from "./kept.ts";
import { Need } from "./need.ts";
import { Segments } from "./segments.ts";
import { Taken } from "./taken.ts";
import type { World } from "./world.ts";

/** Functions may still be stopped so long after a capacity was raised again (P3). */
const SETTLED_US = 1_000_000;

/** An address that somebody removed is back after some turns of the slowest loop and kernel. */
const PUT_BACK_US = 100_000;

/** A loop that was stopped ends its turn, and releases everything in the next. */
const TURNS_TO_LET_GO = 1;

export class Violation extends Error {
  constructor(
    readonly property: string,
    message: string,
  ) {
    super(`${property}: ${message}`);
  }
}

export class Invariants {
  /**
   * Notices, maintenance events and moves of VIPs so far: what must not grow in quiet flight (P6).
   */
  changes = 0;
  /** Steps of an allocation: the same whatever happened before (P7). */
  private steps = 0;
  protected world!: World;
  conduct!: Conduct;
  need!: Need;
  kept!: Kept;
  private taken!: Taken;
  private clients!: Clients;
  segments!: Segments;
  /** Servers on which each function's address is up. */
  protected owners!: Uint8Array;
  /** Functions whose address is up on more than one. */
  protected twice = 0;
  /** Allocations of each server's engine that were compared, and of which engine. */
  protected readonly compared = new Float64Array(SERVERS_MAX);
  private readonly engines: Engine[] = [];
  /** Steps of that engine in which it decided. */
  private readonly decisions = new Float64Array(SERVERS_MAX);
  protected readonly phases = new Uint8Array(SERVERS_MAX).fill(PHASE_LISTENING);
  /** How each server sees each other, as it was last, and since when it is joining. */
  private stateBefore!: Uint8Array;
  private joiningSinceUs!: Float64Array;
  /** When each server was last in another phase than active. */
  private notActiveUs!: Float64Array;
  /** When somebody was to give less than all for the last time. */
  private loweredUs = Number.NEGATIVE_INFINITY;

  begin(world: World): void {
    this.world = world;
    this.conduct = new Conduct(world);
    this.need = new Need(world);
    this.kept = new Kept(world);
    this.taken = new Taken(world);
    this.clients = new Clients(world);
    this.segments = new Segments(world);
    const { table, serverCount } = world.aircraft;
    this.owners = new Uint8Array(table.functionCount);
    this.stateBefore = new Uint8Array(SERVERS_MAX * serverCount);
    this.joiningSinceUs = new Float64Array(SERVERS_MAX * serverCount);
    this.notActiveUs = new Float64Array(SERVERS_MAX);
  }

  fail(property: string, message: string): never {
    throw new Violation(property, `${message} at ${(this.world.nowUs / 1000).toFixed(3)} ms`);
  }

  /** After every turn of `host`. */
  check(host: Host): void {
    if (this.twice > 0) this.checkOneAnswer();
    this.checkCapacity(host);
    const { engine } = host;
    if (engine === null) return;
    if (this.world.aircraft.witnesses > 0) this.clients.check(host);
    this.world.strangers.check(host);
    if (engine !== this.engines[host.index]) {
      this.engines[host.index] = engine;
      this.compared[host.index] = 0;
      this.phases[host.index] = PHASE_LISTENING;
      this.kept.begin(host);
      this.taken.begin(host);
    } else if (engine.decisions === this.decisions[host.index]) return; // nothing of what follows has changed
    this.decisions[host.index] = engine.decisions;
    this.kept.look(host, engine);
    this.taken.look(host, engine);
    this.notePhase(engine, host);
    this.checkRecovery(engine, host);
    const { allocations } = engine.agreement;
    if (allocations === this.compared[host.index]) return;
    this.compared[host.index] = allocations;
    this.compareWithPatent(engine, host);
  }

  private notePhase(engine: Engine, host: Host): void {
    const before = this.phases[host.index];
    this.phases[host.index] = engine.phase;
    this.conduct.onPhase(host, engine, before);
    if (engine.phase !== PHASE_ACTIVE || before !== PHASE_ACTIVE)
      this.notActiveUs[host.index] = this.world.nowUs;
  }

  /** The server has been active without a break since then. */
  isActiveSince(host: Host, sinceUs: number): boolean {
    return Math.max(this.notActiveUs[host.index], host.startedUs) < sinceUs;
  }

  onAdd(host: Host, index: number): void {
    this.changes++;
    if (host.isDrained && host.startedUs > host.drainedUs)
      this.fail("drained", `s${host.index} was drained, is started again, and takes f${index}`);
    this.taken.onAdd(host, index);
    if (++this.owners[index] === 2) this.twice++;
    this.checkCapacity(host);
  }

  protected checkCapacity(host: Host): void {
    const resource = this.world.aircraft.table.resource[host.server];
    if (host.load > resource)
      this.fail("capacity", `s${host.index} carries ${host.load} of ${resource}`);
  }

  /** The server's capacity or its hold changes. */
  onInputs(): void {
    this.loweredUs = this.world.nowUs;
  }

  /** Somebody gives less than all, or did so a moment ago. */
  private isLowered(): boolean {
    const { nowUs, hosts } = this.world;
    return nowUs - this.loweredUs < SETTLED_US || hosts.some(({ withheld }) => withheld > 0);
  }

  onGone(index: number): void {
    this.changes++;
    if (--this.owners[index] === 1) this.twice--;
  }

  /**
   * A renewal has set an expired address again. A server that knows of that, and waits for the
   * kernel's lock to put it back, may have it back either way: as long as it serves, and must
   * neither yield nor release it.
   */
  onRevived(host: Host, index: number): void {
    const { handover, phases, nextSendUs } = host.engine as Engine;
    const { detectionUs, periodUs } = this.world.aircraft.timing;
    const isPutBack =
      handover.state[index] === RESTORING && handover.rivals.ownerBeforeUs(index) === NONE;
    const stoodStill = host.local(this.world.nowUs) - nextSendUs > detectionUs - periodUs;
    if (isPutBack && phases.serving && !stoodStill) return;
    this.fail(
      "P1",
      `s${host.index} renews f${index}, which has expired, as if it had not stood still`,
    );
  }

  /**
   * A renewal finds an address gone that somebody removed: the hand-over should have put it back.
   */
  onMissed(host: Host, index: number): void {
    const { nowUs, aircraft } = this.world;
    const sinceUs = nowUs - host.removedUs[index];
    if (sinceUs < 3 * aircraft.timing.periodUs + PUT_BACK_US) return;
    if (host.turnsSincePause < 10 || host.engine?.handover.state[index] !== UP) return;
    this.fail("P2", `s${host.index} has not put f${index} back for ${sinceUs / 1000} ms`);
  }

  /** The engine asks for an address to be taken away. */
  onRemove(host: Host, index: number): void {
    this.kept.onRemove(host, index);
  }

  onNotice(kind: number, index: number, first: number): void {
    this.changes++;
    if (
      kind === EFFECT_NOTICE_STOPPING &&
      first === NOTICE_PREEMPTED &&
      this.world.aircraft.roomy &&
      !this.isLowered()
    ) {
      this.fail("P3", `f${index} is stopped for a more important one where there is room for all`);
    }
  }

  onLog(): void {
    this.changes++;
  }

  protected checkOneAnswer(): void {
    const { world } = this;
    const { hosts } = world;
    for (let index = 0; index < this.owners.length; index++) {
      if (this.owners[index] < 2) continue;
      for (let one = 0; one < hosts.length; one++) {
        if (!this.answers(hosts[one] as Host, index)) continue;
        for (let other = one + 1; other < hosts.length; other++) {
          if (!this.answers(hosts[other] as Host, index) || !this.segments.areJoined(one, other))
            continue;
          this.fail("P1", `f${index} is answered for by s${one} and by s${other}`);
        }
      }
    }
  }

  /**
   * Without a lease the kernel of a stopped process answers on: that is known, and ends with its
   * first turns.
   */
  protected answers(host: Host, index: number): boolean {
    const { nowUs, hasLease } = this.world;
    if (!host.answers(index, nowUs, hasLease)) return false;
    return hasLease || host.turnsSincePause > TURNS_TO_LET_GO;
  }

  /**
   * A server counts as recovered after this many keep-alives in a row: not before they can have
   * arrived.
   */
  private checkRecovery(engine: Engine, host: Host): void {
    const { state } = engine.membership;
    const { timing, serverCount } = this.world.aircraft;
    for (let server = 0; server < serverCount; server++) {
      const place = host.index * serverCount + server;
      const now = state[server];
      const before = this.stateBefore[place];
      if (now === before) continue;
      this.stateBefore[place] = now;
      if (now === SERVER_JOINING) this.joiningSinceUs[place] = host.decidedUs;
      if (now !== SERVER_ALIVE || before !== SERVER_JOINING) continue;
      const tookUs = host.decidedUs - this.joiningSinceUs[place];
      if (tookUs < (timing.recoveredAfter - 1) * timing.periodUs) {
        this.fail(
          "recovery",
          `s${host.index} counts s${server} as recovered after ${tookUs / 1000} ms`,
        );
      }
    }
  }

  /**
   * A function that is moved by hand goes where there is room for it beside all that runs there.
   */
  private checkMoves({ agreement }: Engine, host: Host): void {
    const { table } = this.world.aircraft;
    const { allocation } = agreement;
    const { current } = allocation;
    for (let index = 0; index < table.functionCount; index++) {
      const server = current[index];
      if (server === agreement.ranOn[index]) continue;
      let load = 0;
      for (let other = 0; other < table.functionCount; other++)
        if (current[other] === server) load += table.required[other];
      if (load > givenBy(table, allocation, server)) {
        this.fail(
          "move",
          `s${host.index} lets f${index} move to s${server}, which would carry ${load}`,
        );
      }
    }
  }

  /**
   * P2, P3, P5: each allocation is the patent's, to the letter, as an independent reading of its
   * figures gives it; of the policy "planned" it is the best there is.
   */
  protected compareWithPatent(engine: Engine, host: Host): void {
    const { table, figure } = this.world.aircraft;
    const { allocation } = engine.agreement;
    if (figure === null) {
      const mistake = plannedMistake(table, allocation);
      if (mistake !== null) this.fail("P2", `s${host.index}: ${mistake}`);
      this.checkMoves(engine, host);
      return;
    }
    const servers = Array.from({ length: table.serverCount }, (_, server) => server);
    const system: System = {
      resources: servers.map((server) => givenBy(table, allocation, server)),
      operable: servers.map((server) => (allocation.operable & (1 << server)) !== 0),
      functions: Array.from({ length: table.functionCount }, (_, index) => ({
        required: table.required[index],
        priority: table.priority[index],
        servers: servers.filter((server) => (table.eligible[index] & (1 << server)) !== 0),
        cannotRunOn: servers.filter(
          (server) => (allocation.cannotRun[index] & (1 << server)) !== 0,
        ),
        owner: allocation.current[index] === NONE ? null : allocation.current[index],
      })),
    };
    this.checkMoves(engine, host);
    // While functions are held it is always FIG. 4, which has other steps.
    if (!allocation.holds) this.steps ||= allocation.steps;
    if (!allocation.holds && allocation.steps !== this.steps)
      this.fail("P7", `an allocation took ${allocation.steps} steps, others ${this.steps}`);
    const { assigned } = (allocation.holds ? FIGURES.preempt : figure)(system);
    for (let index = 0; index < table.functionCount; index++) {
      if ((assigned[index] ?? NONE) !== allocation.assigned[index]) {
        this.fail(
          "P2",
          `s${host.index} assigns f${index} to ${allocation.assigned[index]}, the patent to ${assigned[index]}`,
        );
      }
    }
  }
}

/** The capacity of a server, as seen by an allocation. */
function givenBy({ resource }: FunctionTable, { withheld }: Allocation, server: number): number {
  return Math.floor(((resource[server] as number) * (100 - (withheld[server] as number))) / 100);
}

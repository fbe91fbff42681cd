/**
 * The simulator's judges without their memory, which would distinguish states with the same future.
 * In addition, checks of an exploration for every state.
 */
import { NONE } from "../../src/allocation/function-table.ts";
import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import { SERVER_ALIVE } from "../../src/boundary/server-state.ts";
import { bridgesLossBeforeDeath } from "../../src/boundary/timing.ts";
import type { Engine } from "../../src/core/engine.ts";
import { LEASE_BRIDGES, LEASE_LATENESS_MS, SENT_TIMES } from "../../src/limits.ts";
import type { Host } from "../simulation/host.ts";
import { Invariants } from "../simulation/invariants.ts";
import type { World } from "../simulation/world.ts";
import type { ExploredWorld } from "./explored-world.ts";

/** Turns after which a loop that was stopped is as any other. */
const TURNS_AFTER_PAUSE = 3;
const OUTAGE_FUNCTIONS_MAX = 8;
const OUTAGE_TICKS_MAX = 250;

export class Judges extends Invariants {
  /** Allocations that were compared with the patent's, by their inputs. */
  private readonly known = new Map<number, string>();
  /** The smallest time between a lease's end and a take-over. */
  marginUs = Number.POSITIVE_INFINITY;

  /** The number of ticks without an answer for each function that a server could run. */
  readonly outageTicks = new Uint8Array(OUTAGE_FUNCTIONS_MAX);

  override begin(world: World): void {
    super.begin(world);
    // It goes by what has happened before; see needsToLetGo.
    this.need.judge = () => null;
    this.known.clear();
  }

  /** Time has passed. */
  onTick(): void {
    const { hosts, aircraft } = this.world;
    for (let index = 0; index < aircraft.table.functionCount; index++) {
      let hasPlace = false;
      for (const host of hosts) if (this.couldServe(host, index)) hasPlace = true;
      if (!hasPlace || this.isAnswered(index)) this.outageTicks[index] = 0;
      else if (this.outageTicks[index] < OUTAGE_TICKS_MAX) this.outageTicks[index]++;
    }
  }

  override check(host: Host): void {
    if (this.twice > 0) this.checkOneAnswer();
    this.checkCapacity(host);
    const { engine } = host;
    if (engine === null) return;
    const { phase } = engine;
    if (phase !== this.phases[host.index]) {
      this.conduct.onPhase(host, engine, this.phases[host.index]);
      this.phases[host.index] = phase;
    }
    const { allocations } = engine.agreement;
    if (allocations === 0 || allocations === this.compared[host.index]) return;
    this.compared[host.index] = allocations;
    this.compareOnce(engine, host);
  }

  /** The same inputs need not be compared twice. */
  private compareOnce(engine: Engine, host: Host): void {
    const { table } = this.world.aircraft;
    const { allocation } = engine.agreement;
    let inputs = allocation.operable;
    for (let index = 0; index < table.functionCount; index++) {
      inputs = inputs * 32 + allocation.current[index] + 1;
      inputs = inputs * 16 + allocation.cannotRun[index];
    }
    const found = allocation.assigned.subarray(0, table.functionCount).join();
    if (this.known.get(inputs) === found) return;
    this.compareWithPatent(engine, host);
    this.known.set(inputs, found);
  }

  override onAdd(host: Host, index: number): void {
    super.onAdd(host, index);
    this.noteMargin(host, index);
  }

  /** A server that takes over without an announcement finds the previous lease at its end. */
  private noteMargin(host: Host, index: number): void {
    const { hosts, nowUs, hasLease } = this.world;
    if (!hasLease || this.owners[index] < 2) return;
    for (const other of hosts) {
      if (other === host || other.up[index] === 0 || !other.carrier) continue;
      if (!this.segments.areJoined(host.index, other.index)) continue;
      const marginUs = nowUs - other.leaseEndUs;
      if (marginUs < this.marginUs) this.marginUs = marginUs;
    }
  }

  // What the simulator asks with a long memory; see needsToLetGo.
  override onRemove(): void {}
  override onMissed(): void {}

  /**
   * Another server may take over this server's functions, so that it has to release them: its loop
   * was held up, or another server does not hear it, or is not heard, by any open path.
   */
  needsToLetGo(host: Host): boolean {
    if (host.turnsSincePause < TURNS_AFTER_PAUSE || host.engine === null) return true;
    return this.world.hosts.some((other) => this.mayTakeOver(other, host));
  }

  private mayTakeOver(other: Host, host: Host): boolean {
    if (other === host || host.engine === null) return false;
    const { nowUs, aircraft } = this.world;
    const isStopped = other.pausedUntilUs > nowUs || other.turnsSincePause < TURNS_AFTER_PAUSE;
    const { lastHeardUs, incarnation } = host.engine.membership;
    // A server that has restarted and was not heard since is gone as far as this server knows.
    const isKnown = (this.world as ExploredWorld).incarnationOf(other) === incarnation[other.index];
    const there = isKnown ? other.engine?.membership : undefined;
    const unheard =
      there !== undefined && !there.isHeard(host.index) && there.departures[host.index] > 0;
    // Stopped or gone after a word of one of the two was lost or late: two troubles at once.
    if (isStopped || there === undefined) {
      const heardUs = lastHeardUs[other.index];
      const isCut = !this.world.air.network.passes(host.index, other.index);
      const periods = this.bridgesLossAndDeath() ? 2.5 : 1.5;
      return unheard || isCut || this.isEchoOld(host.engine, other.index, heardUs, periods);
    }
    if (this.endedBefore(host, other.index)) return true;
    const { faults } = this.world as ExploredWorld;
    // A cut alone costs nothing; a message lost on the detour may cost a lease.
    if (this.isBridged(host, other))
      return faults > 1 && this.isEchoOld(host.engine, other.index, nowUs, 3.5);
    // One lost message is nothing; two in a row may be the first of many.
    const silentUs = 2 * aircraft.timing.periodUs + 500;
    const here = host.engine.membership;
    return (
      unheard ||
      // Two periods on its way and back, one lost, and the time until now.
      this.isEchoOld(host.engine, other.index, nowUs, 3.5) ||
      (there.isHeard(host.index) && nowUs - there.lastHeardUs[host.index] > silentUs) ||
      (here.isHeard(other.index) && nowUs - here.lastHeardUs[other.index] > silentUs)
    );
  }

  /**
   * The other one has restarted and was heard just now: the same two faults, if the lease ended
   * before that.
   */
  private endedBefore({ engine, leaseEndUs }: Host, other: number): boolean {
    const { membership } = engine as Engine;
    const { nowUs, aircraft } = this.world;
    const { periodUs, takeOverUs } = aircraft.timing;
    const contactUs = membership.contactUs[other];
    const heardUs = membership.silentSinceUs[other];
    if (nowUs - contactUs > 2 * periodUs || leaseEndUs > contactUs) return false;
    const echoAgeUs = takeOverUs - 1000 * LEASE_LATENESS_MS - (leaseEndUs - heardUs);
    const periods = echoAgeUs / periodUs;
    return periods > (this.bridgesLossAndDeath() ? 2.5 : 1.5) && periods < 3.5;
  }

  private bridgesLossAndDeath(): boolean {
    const { periodUs, takeOverUs, leaseTicksUs } = this.world.aircraft.timing;
    const [periodMs, takeOverMs, ticksMs] = [periodUs, takeOverUs, leaseTicksUs].map(
      (us) => us / 1000,
    ) as [number, number, number];
    return bridgesLossBeforeDeath(periodMs, takeOverMs, LEASE_BRIDGES, ticksMs);
  }

  /** The newest message of ours that the other one has echoed is older than that. */
  private isEchoOld(
    { membership, lease }: Engine,
    other: number,
    atUs: number,
    periods: number,
  ): boolean {
    const echoed = membership.echoedSequence[other];
    if (echoed === 0) return false;
    const { sentUs } = lease as unknown as { sentUs: Float64Array };
    const oldUs = periods * this.world.aircraft.timing.periodUs;
    return atUs - sentUs[echoed & (SENT_TIMES - 1)] > oldUs;
  }

  /** Messages cut between the two go through a third server that has flown for long enough. */
  private isBridged(one: Host, other: Host): boolean {
    const { network } = this.world.air;
    const { hosts, nowUs, aircraft } = this.world;
    const isCut =
      !network.passes(one.index, other.index) || !network.passes(other.index, one.index);
    if (!isCut) return false;
    return hosts.some(
      (third) =>
        third !== one &&
        third !== other &&
        third.engine !== null &&
        nowUs - third.startedUs > aircraft.timing.takeOverUs &&
        third.turnsSincePause >= TURNS_AFTER_PAUSE &&
        network.passes(one.index, third.index) &&
        network.passes(third.index, one.index) &&
        network.passes(third.index, other.index) &&
        network.passes(other.index, third.index),
    );
  }

  /** Differences from the state at rest when no fault lasts; empty at rest. */
  unrest(): string {
    const { hosts, aircraft } = this.world;
    for (const host of hosts) {
      const { engine } = host;
      if (engine === null || engine.phase !== PHASE_ACTIVE) return `s${host.index} is not active`;
      if (engine.agreement.digest !== hosts[0]?.engine?.agreement.digest)
        return `s${host.index} holds another assignment than s0`;
      for (const other of hosts) {
        if (other !== host && engine.membership.state[other.index] !== SERVER_ALIVE)
          return `s${host.index} does not see s${other.index} alive`;
      }
    }
    const { assigned } = (hosts[0] as Host & { engine: Engine }).engine.handover;
    for (let index = 0; index < aircraft.table.functionCount; index++) {
      if (assigned[index] === NONE ? this.owners[index] > 0 : !this.isAnswered(index))
        return `f${index} ${assigned[index] === NONE ? "has no place, and is up" : "is nowhere"}`;
    }
    return "";
  }

  /** A server that could run the function, or knows of one, as far as anybody can tell. */
  private couldServe(host: Host, index: number): boolean {
    return (
      host.engine !== null &&
      host.engine.handover.assigned[index] !== NONE &&
      host.pausedUntilUs <= this.world.nowUs &&
      host.carrier &&
      this.phases[host.index] === PHASE_ACTIVE &&
      !host.isDrained &&
      !host.isToLeave
    );
  }

  /** Somebody answers for the function. */
  isAnswered(index: number): boolean {
    const { hosts, nowUs, hasLease } = this.world;
    for (const host of hosts) if (host.answers(index, nowUs, hasLease)) return true;
    return false;
  }

  /** Place of the server on which the function is up, NONE where on none. */
  ownerOf(index: number): number {
    const owner = this.world.hosts.find((host) => host.up[index] !== 0);
    return owner?.index ?? NONE;
  }
}

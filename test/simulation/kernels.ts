/**
 * The servers' kernels and supervisors: actions on an engine's requests, and later reports about
 * addresses and processes.
 */

import { type FunctionTable, PROCESS_ALWAYS } from "../../src/allocation/function-table.ts";
import {
  EFFECT_ANNOUNCE,
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PROBE,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_REMOVE,
} from "../../src/boundary/effect-queue.ts";
import {
  EVENT_COMMAND,
  EVENT_INPUTS,
  EVENT_PROCESS,
  EVENT_VIP_REMOVED,
  EVENT_WITNESS,
  type EventQueue,
} from "../../src/boundary/event-queue.ts";
import { formatRecord } from "../../src/catalogue/record-text.ts";
import { EACCES, EEXIST, ETIMEDOUT } from "../../src/io/errno.ts";
import { ADDRESS_LIFETIME_EARLY_MS, SERVERS_MAX, VIP_BATCH_MAX } from "../../src/limits.ts";
import { addressLifetimeS } from "../../src/upkeep/address-renewal.ts";
import {
  CONTROL_DRAIN,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_RESUME,
  REASON_FAILOVER,
} from "../../src/wire/control.ts";
import type { Host } from "./host.ts";
import { GOES_DOWN, GOES_UP, NOBODY, PROCESS_STOPS } from "./moments.ts";
import type { Chance } from "./random.ts";
import type { World } from "./world.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** How fast kernels and processes are. */
export interface Speeds {
  /** How long a process needs to start, and to stop. */
  readonly processStartUs: number;
  readonly processStopUs: number;
  /** Functions whose VIPs one turn moves at most, and how long such a turn keeps the loop busy. */
  readonly vipsPerTurn: number;
  readonly batchUs: number;
  /** How long an address lives that is not renewed; Infinity: for ever, and none is renewed. */
  readonly addressLifetimeUs?: number;
}

export function drawSpeeds(random: Chance, table: FunctionTable): Speeds {
  const graceUs = Math.max(...table.stopGraceUs.slice(0, table.functionCount), 0);
  const processStartUs = random.between(1, 40) * 1000;
  const processStopUs = random.below(graceUs + 1000);
  const isSlow = random.oneIn(3);
  return {
    processStartUs,
    processStopUs,
    vipsPerTurn: isSlow ? 1 : VIP_BATCH_MAX,
    batchUs: isSlow ? random.between(100, 800) : 20,
  };
}
/** How long a lost answer is waited for (io/netlink-socket). */
const ANSWER_TIMEOUT_US = 20_000;

/** What the trace counts beside effects. */
const TRACE_EXPIRED = 110;

export class Kernels {
  /** Hand-overs of functions from one server to another, and the longest gap of a failover. */
  handovers = 0;
  worstFailoverUs = 0;
  readonly addressLifetimeUs: number;
  /** Server on which each function was up last, and when it answered there last. */
  private readonly lastOwner: Int8Array;
  private readonly lastAnsweredUs: Float64Array;

  constructor(
    private readonly world: World,
    private readonly random: Chance,
    readonly speeds: Speeds,
  ) {
    const { table } = world.aircraft;
    this.lastOwner = new Int8Array(table.functionCount).fill(-1);
    this.lastAnsweredUs = new Float64Array(table.functionCount).fill(NEVER);
    this.addressLifetimeUs =
      speeds.addressLifetimeUs ??
      addressLifetimeS(world.aircraft.timing.detectionUs / 1000, 0) * 1e6;
  }

  /** Every address of the server goes. */
  dropAll(host: Host): void {
    for (let index = 0; index < host.up.length; index++)
      if (host.up[index] !== 0) this.removeAddress(host, index);
  }

  /** Required resource of the functions whose addresses are up. */
  loadOfAddresses(host: Host): number {
    let load = 0;
    for (let index = 0; index < host.up.length; index++) {
      if (host.up[index] !== 0) load += this.world.aircraft.table.required[index];
    }
    return load;
  }

  /** The server on which the function was up last, or NOBODY. */
  ownerOf(index: number): number {
    return this.lastOwner[index];
  }

  /** The server to which the host gives the function, or NOBODY. */
  private nextOwner(host: Host, index: number): number {
    return host.engine?.handover.assigned[index] ?? NOBODY;
  }

  /** Gives the engine the reports that have become due. */
  takeLater(host: Host, events: EventQueue): void {
    let dueUs = NEVER;
    for (let at = 0; at < host.laterUs.length; ) {
      const atUs = host.laterUs[at];
      if (atUs > this.world.nowUs || events.isFull()) {
        if (atUs < dueUs) dueUs = atUs;
        at++;
        continue;
      }
      const kind = host.laterKind[at];
      const index = host.laterIndex[at];
      const first = host.laterFirst[at];
      host.forgetLater(at);
      const ended = first === CONTROL_PROCESS_STOPPED || first === CONTROL_PROCESS_FAILED;
      if (kind === EVENT_PROCESS && ended) this.endProcess(host, index);
      if (kind === EVENT_COMMAND) this.keepDrained(host, first);
      if (kind === EVENT_INPUTS)
        events.push(kind, 0, index, first); // withheld and holds
      else events.push(kind, index, first);
    }
    host.laterDueUs = dueUs;
  }

  /** The supervisor stores it before it answers the request. */
  private keepDrained(host: Host, command: number): void {
    if (command === CONTROL_RESUME) host.isDrained = false;
    if (command !== CONTROL_DRAIN) return;
    host.isDrained = true;
    host.drainedUs = this.world.nowUs;
  }

  /** The process of a function is gone. */
  endProcess(host: Host, index: number): void {
    if (host.lingering[index] === 0) return;
    host.lingering[index] = 0;
    if (host.up[index] === 0) host.load -= this.world.aircraft.table.required[index];
  }

  /** Does what an engine asks for; addresses are only gathered (HostShell). */
  carryOut(host: Host, kind: number, index: number, first: number, second: number): void {
    const { table } = this.world.aircraft;
    this.world.trace.note(this.world.nowUs, kind, host.index, index, first ^ second);
    this.world.recorder?.note(this.world.nowUs, host, kind, index, first, second);
    switch (kind) {
      case EFFECT_VIP_REMOVE:
        this.world.invariants.onRemove(host, index);
        this.world.moments.note(GOES_DOWN, host.index, this.nextOwner(host, index), index);
        break;
      case EFFECT_PROCESS_START:
        if (host.lingering[index] === 0 && table.process[index] !== PROCESS_ALWAYS) {
          host.lingering[index] = 1;
          if (host.up[index] === 0) host.load += table.required[index];
        }
        host.later(
          this.world.nowUs + this.speeds.processStartUs,
          EVENT_PROCESS,
          index,
          CONTROL_PROCESS_RUNNING,
        );
        break;
      case EFFECT_PROCESS_STOP:
        this.world.moments.note(PROCESS_STOPS, host.index, this.nextOwner(host, index), index);
        // A start that was under way is overtaken by the stop.
        for (let at = host.laterUs.length - 1; at >= 0; at--) {
          if (host.laterKind[at] === EVENT_PROCESS && host.laterIndex[at] === index)
            host.forgetLater(at);
        }
        host.later(
          this.world.nowUs + this.speeds.processStopUs,
          EVENT_PROCESS,
          index,
          CONTROL_PROCESS_STOPPED,
        );
        break;
      case EFFECT_PROBE:
        // A witness is on the client network: it answers every server that reaches it.
        if (this.world.witnesses[index] !== 0 && host.carrier && host.clientCuts === 0)
          host.later(this.world.nowUs + 150, EVENT_WITNESS, index, 0);
        break;
      case EFFECT_NOTICE:
      case EFFECT_NOTICE_STOPPING:
        this.world.invariants.onNotice(kind, index, first);
        break;
      case EFFECT_LOG:
        this.world.invariants.onLog();
        this.world.strangers.onLog(host, index, first);
        if (this.world.trace.lines !== null)
          this.world.trace.say(
            this.world.nowUs,
            `${name(host)} ${formatRecord(index, first, second, NAMES)}`,
          );
        break;
      case EFFECT_LEFT:
        this.world.endEngine(host, "left");
        host.hasLeft = true;
        this.dropAll(host);
        break;
      case EFFECT_ANNOUNCE:
        break;
    }
  }

  /** The kernel is asked for an address. @returns 0 or an errno */
  add(host: Host, index: number): number {
    this.world.invariants.conduct.onAdd(host, index);
    this.world.moments.note(GOES_UP, host.index, this.ownerOf(index), index);
    if (host.refused[index] !== 0) return EACCES;
    const isTheirs = this.world.strangers.isInPlaceOf(host, index);
    if (this.isDone(host)) {
      host.expired[index] = 0;
      this.addAddress(host, index, isTheirs);
    }
    return host.addressErrno === 0 && isTheirs ? EEXIST : host.addressErrno;
  }

  /** The kernel is asked to delete an address. @returns 0 or an errno */
  remove(host: Host, index: number): number {
    if (this.isDone(host) && host.up[index] !== 0) this.removeAddress(host, index);
    return host.addressErrno;
  }

  /** Of a batch whose answer is lost the kernel has executed some requests, and others not. */
  private isDone(host: Host): boolean {
    return host.addressErrno === 0 || (host.addressErrno === ETIMEDOUT && this.random.oneIn(2));
  }

  /**
   * The kernel has answered, or the answer is no longer waited for.
   * @returns µs that it took
   */
  endBatch(host: Host): number {
    if (host.addressErrno === 0) return this.speeds.batchUs;
    const tookUs = host.addressErrno === ETIMEDOUT ? ANSWER_TIMEOUT_US : this.speeds.batchUs;
    if (--host.addressFailures === 0) host.addressErrno = 0;
    return tookUs;
  }

  /** The address lives on; a missing one is set again. */
  renew(host: Host, index: number): void {
    if (host.up[index] !== 0) this.beginLifetime(host, index);
    else if (host.refused[index] === 0) {
      this.addAddress(host, index, this.world.strangers.isInPlaceOf(host, index));
      if (host.expired[index] !== 0) this.world.invariants.onRevived(host, index);
      else this.world.invariants.onMissed(host, index);
    }
  }

  /** Addresses that were not renewed go. */
  expire(host: Host): void {
    const localUs = host.local(this.world.nowUs);
    host.expiryUs = NEVER;
    for (let index = 0; index < host.up.length; index++) {
      if (host.up[index] === 0) continue;
      if (localUs < host.addressEndUs[index]) {
        host.expiryUs = Math.min(host.expiryUs, host.world(host.addressEndUs[index]));
        continue;
      }
      this.world.trace.note(this.world.nowUs, TRACE_EXPIRED, host.index, index, 0);
      this.world.trace.say(this.world.nowUs, `${name(host)} VIP of f${index} expires`);
      host.expired[index] = 1;
      this.removeByHand(host, index);
    }
  }

  private beginLifetime(host: Host, index: number): void {
    if (this.addressLifetimeUs === NEVER) return;
    const earlyUs = this.random.below(ADDRESS_LIFETIME_EARLY_MS * 1000);
    const endUs = host.local(this.world.nowUs) + this.addressLifetimeUs - earlyUs;
    host.addressEndUs[index] = endUs;
    if (host.expiryUs === NEVER) host.expiryUs = host.world(endUs);
    else host.expiryUs = Math.min(host.expiryUs, host.world(endUs));
  }

  /**
   * @param isTheirs a stranger's address is set there: this server answers with it as long as it
   * exists
   */
  private addAddress(host: Host, index: number, isTheirs: boolean): void {
    if (host.up[index] !== 0) return;
    host.up[index] = 1;
    if (isTheirs) host.addressEndUs[index] = NEVER;
    else this.beginLifetime(host, index);
    host.upCount++;
    if (host.lingering[index] === 0) host.load += this.world.aircraft.table.required[index];
    const before = this.lastOwner[index];
    if (before !== host.index) {
      if (before !== -1) this.noteHandover(host, index, before);
      this.lastOwner[index] = host.index;
    }
    this.world.trace.say(this.world.nowUs, `${name(host)} VIP of f${index} up`);
    this.world.invariants.onAdd(host, index);
  }

  private noteHandover(host: Host, index: number, before: number): void {
    this.handovers++;
    // A failover: given to this server because the one that answered until it was switched off is
    // gone.
    const from = this.world.hosts[before] as Host;
    if (from.powered || this.lastAnsweredUs[index] !== from.poweredOffUs) return;
    if (host.engine?.handover.startReason[index] !== REASON_FAILOVER) return;
    if (!this.world.invariants.isActiveSince(host, this.lastAnsweredUs[index])) return;
    const gapUs = this.world.nowUs - this.lastAnsweredUs[index];
    if (gapUs > this.worstFailoverUs) this.worstFailoverUs = gapUs;
  }

  private removeAddress(host: Host, index: number): void {
    host.up[index] = 0;
    host.upCount--;
    if (host.lingering[index] === 0) host.load -= this.world.aircraft.table.required[index];
    this.lastAnsweredUs[index] = this.world.hasLease
      ? Math.min(this.world.nowUs, host.world(host.leaseEndUs))
      : this.world.nowUs;
    this.world.trace.say(this.world.nowUs, `${name(host)} VIP of f${index} down`);
    this.world.invariants.onGone(index);
  }

  /** Somebody deletes the function's address: with a command of the operating system, say. */
  removeByHand(host: Host, index: number): void {
    if (host.up[index] === 0) return;
    this.removeAddress(host, index);
    host.removedUs[index] = this.world.nowUs;
    if (host.engine !== null) this.world.pushLater(host, 0, EVENT_VIP_REMOVED, index, 0);
  }
}

export function name(host: Host): string {
  return `s${host.index}`;
}

/** How records name servers, functions and networks. */
export const NAMES = {
  servers: Array.from({ length: SERVERS_MAX }, (_, server) => `s${server}`),
  functions: Array.from({ length: 64 }, (_, index) => `f${index}`),
  networks: ["eth0", "eth1"],
};

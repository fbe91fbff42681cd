/** Writes the engine's state into the snapshot that `wingman status` reads. */

import { givenResource } from "../allocation/allocation.ts";
import { hasFunction } from "../allocation/function-bitmap.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { COUNTERS } from "../boundary/counters.ts";
import {
  FUNCTION_FAILED,
  FUNCTION_RUNNING,
  FUNCTION_STARTING,
  FUNCTION_STOPPED,
  FUNCTION_STOPPING,
} from "../boundary/function-state.ts";
import type { HeardServers } from "../boundary/heard-servers.ts";
import type { Identity } from "../boundary/identity.ts";
import { LATENESS_BUCKETS } from "../boundary/lateness.ts";
import { SERVER_SELF } from "../boundary/server-state.ts";
import type { Engine } from "../core/engine.ts";
import { ADDING, CLAIMED, IDLE } from "../core/handover-rows.ts";
import { FAULTS_TOLD_MAX } from "../limits.ts";
import {
  decodeStatusSnapshot,
  encodeStatusSnapshot,
  STATUS_FLAG_CARRIER,
  STATUS_FLAG_DRAINING,
  StatusSnapshot,
} from "../wire/status-snapshot.ts";
import type { FaultBoard } from "./fault-board.ts";
import type { Redundancy } from "./redundancy.ts";

/** Keep-alive networks as this server sees them. */
export interface NetworksSeen {
  readonly count: number;
  /** Mask of the networks whose interface has a link. */
  readonly carriers: number;
  /** Mask of the servers that are heard on the network. */
  heardMask(network: number): number;
}

/**
 * What the engine before had heard, as it left it in `view`; null if there was none on this server
 * with this table, or it died while it wrote.
 */
export function heardBefore(
  view: DataView,
  self: number,
  tableDigest: Uint8Array,
): HeardServers | null {
  const left = new StatusSnapshot();
  if (!decodeStatusSnapshot(view, left) || left.sequence % 2 !== 0 || left.self !== self)
    return null;
  if (!left.tableDigest.every((byte, at) => byte === tableDigest[at])) return null;
  const { serverIncarnation, serverSequence, lastHeardUs } = left;
  return { incarnation: serverIncarnation, sequence: serverSequence, lastHeardUs };
}

export class StatusWriter {
  private readonly snapshot = new StatusSnapshot();

  constructor(
    private readonly view: DataView,
    private readonly table: FunctionTable,
    private readonly engine: Engine,
    private readonly identity: Identity,
    /** Constant STATUS_FLAG_* bits. */
    private readonly fixedFlags: number,
    /** Servers that could take each function. */
    private readonly redundancy: Redundancy | null = null,
    /** Active faults of all servers. */
    private readonly board: FaultBoard | null = null,
    /** Time of each witness's last answer. */
    private readonly witnessesUs: Float64Array | null = null,
    private readonly networks: NetworksSeen | null = null,
  ) {}

  /** Owner of each function as last written, NONE for none. */
  get owners(): Int8Array {
    return this.snapshot.owner;
  }

  /** Start-up: clears the state of an earlier engine and sets what never changes. */
  begin(pid: number, nowUs: number, tableDigest: Uint8Array): void {
    const { snapshot, view, table, identity } = this;
    for (let at = 0; at < view.byteLength; at++) view.setUint8(at, 0);
    snapshot.enginePid = pid;
    snapshot.startedUs = nowUs;
    snapshot.incarnation = identity.incarnation;
    snapshot.self = identity.self;
    snapshot.serverCount = table.serverCount;
    snapshot.functionCount = table.functionCount;
    snapshot.tableDigest.set(tableDigest);
    this.write(nowUs);
  }

  /** Writes the current state. */
  write(nowUs: number): void {
    const { snapshot, engine } = this;
    snapshot.writtenUs = nowUs;
    snapshot.phase = engine.phase;
    snapshot.flags =
      (engine.phases.draining ? STATUS_FLAG_DRAINING : 0) |
      (engine.isolation.carrier ? STATUS_FLAG_CARRIER : 0) |
      this.fixedFlags;
    for (let i = 0; i < COUNTERS; i++) snapshot.counters[i] = engine.counters[i];
    snapshot.latenessMaxUs = engine.sender.lateness.maxUs;
    for (let i = 0; i < LATENESS_BUCKETS; i++)
      snapshot.latenessHistogram[i] = engine.sender.lateness.histogram[i];
    this.takeInputs();
    this.takeFunctions();
    this.takeServers();
    if (this.witnessesUs !== null) snapshot.witnessHeardUs.set(this.witnessesUs);
    if (this.board !== null) this.takeFaults(this.board, nowUs);
    this.takeNetworks();
    encodeStatusSnapshot(snapshot, this.view);
  }

  private takeFaults(board: FaultBoard, nowUs: number): void {
    const { snapshot, table } = this;
    for (let server = 0; server < table.serverCount; server++) {
      snapshot.faultCount[server] = board.count[server] as number;
      snapshot.buildHigh[server] = board.buildHigh[server] as number;
      snapshot.buildLow[server] = board.buildLow[server] as number;
    }
    for (let row = 0; row < table.serverCount * FAULTS_TOLD_MAX; row++) {
      snapshot.faultCode[row] = board.code[row] as number;
      snapshot.faultFunction[row] = board.functionNumber[row] as number;
      const ageUs = nowUs - (board.sinceUs[row] as number);
      snapshot.faultAgeS[row] = board.code[row] === 0 ? 0 : Math.floor(ageUs / 1_000_000);
    }
  }

  private takeInputs(): void {
    const { snapshot, table } = this;
    const { membership, handover } = this.engine;
    for (let server = 0; server < table.serverCount; server++) {
      const latest = membership.counts(server) ? membership.latest(server) : null;
      snapshot.withheld[server] = latest?.withheld ?? 0;
      snapshot.holds[server] = latest?.holds ?? 0;
    }
    const { inputs } = handover.room;
    snapshot.withheld[this.identity.self] = inputs.withheld;
    snapshot.holds[this.identity.self] = inputs.holds ? 1 : 0;
  }

  private takeFunctions(): void {
    const { snapshot, table, redundancy } = this;
    for (let server = 0; server < table.serverCount; server++)
      snapshot.remaining[server] = givenResource(table, server, 0, snapshot.withheld[server]);
    for (let index = 0; index < table.functionCount; index++) {
      const owner = this.ownerOf(index);
      if (owner !== NONE) snapshot.remaining[owner] -= table.required[index];
      snapshot.owner[index] = owner;
      snapshot.functionState[index] = this.stateOf(index, owner);
      snapshot.cannotRunOn[index] = this.cannotRunOn(index);
      if (redundancy !== null) snapshot.couldRunOn[index] = redundancy.couldRunOn[index] as number;
    }
  }

  private cannotRunOn(index: number): number {
    const { engine, identity, table } = this;
    let mask = engine.handover.failed[index] !== 0 ? 1 << identity.self : 0;
    for (let server = 0; server < table.serverCount; server++)
      if (engine.membership.cannotRun(server, index)) mask |= 1 << server;
    return mask;
  }

  private ownerOf(index: number): number {
    const { engine, identity, table } = this;
    if (hasFunction(engine.handover.sets.owns, 0, index)) return identity.self;
    for (let server = 0; server < table.serverCount; server++) {
      if (!engine.membership.counts(server)) continue;
      if (engine.membership.owns(server, index)) return server;
    }
    return NONE;
  }

  private stateOf(index: number, owner: number): number {
    const { handover, membership } = this.engine;
    const own = handover.state[index];
    if (handover.isUp(index))
      return handover.isServing(index) ? FUNCTION_RUNNING : FUNCTION_STARTING;
    if (owner !== NONE && owner !== this.identity.self)
      return membership.isReadyFor(owner, index) ? FUNCTION_RUNNING : FUNCTION_STARTING;
    if (own === CLAIMED || own === ADDING) return FUNCTION_STARTING;
    if (own !== IDLE) return FUNCTION_STOPPING;
    if (handover.failed[index] !== 0) return FUNCTION_FAILED;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (!membership.counts(server)) continue;
      if (membership.claims(server, index)) return FUNCTION_STARTING;
      if (membership.cannotRun(server, index)) return FUNCTION_FAILED;
    }
    return FUNCTION_STOPPED;
  }

  private takeServers(): void {
    const { snapshot, table } = this;
    const { membership } = this.engine;
    for (let server = 0; server < table.serverCount; server++) {
      const isPresent = membership.counts(server) || membership.state[server] === SERVER_SELF;
      if (!isPresent) snapshot.remaining[server] = 0;
      snapshot.lastHeardUs[server] = membership.lastHeardUs[server];
      snapshot.serverIncarnation[server] = membership.incarnation[server];
      snapshot.serverSequence[server] = membership.sequence[server];
      snapshot.serverState[server] = membership.state[server];
      snapshot.serverPhase[server] = membership.phase(server);
    }
  }

  private takeNetworks(): void {
    const { snapshot, networks } = this;
    if (networks === null) return;
    for (let network = 0; network < networks.count; network++) {
      snapshot.networkCarrier[network] = (networks.carriers >> network) & 1;
      snapshot.networkHeard[network] = networks.heardMask(network);
    }
  }
}

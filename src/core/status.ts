/**
 * Writes what an engine knows into the snapshot that `wingman status` reads; the layout is in
 * wire/status-snapshot.
 */
import { BITMAP_WORDS, SERVERS_MAX } from "../limits.ts";
import {
  STATUS_COUNTERS_AT,
  STATUS_ENGINE_PID_AT,
  STATUS_FLAG_CARRIER,
  STATUS_FLAG_DRAINING,
  STATUS_FLAGS_AT,
  STATUS_FUNCTION_BYTES,
  STATUS_FUNCTION_COUNT_AT,
  STATUS_FUNCTION_OWNER_AT,
  STATUS_FUNCTION_STATE_AT,
  STATUS_FUNCTIONS_AT,
  STATUS_HISTOGRAM_AT,
  STATUS_INCARNATION_AT,
  STATUS_LATENESS_MAX_AT,
  STATUS_MAGIC,
  STATUS_MAGIC_AT,
  STATUS_PHASE_AT,
  STATUS_SELF_AT,
  STATUS_SEQUENCE_AT,
  STATUS_SERVER_BYTES,
  STATUS_SERVER_COUNT_AT,
  STATUS_SERVER_INCARNATION_AT,
  STATUS_SERVER_LAST_HEARD_US_AT,
  STATUS_SERVER_PHASE_AT,
  STATUS_SERVER_REMAINING_AT,
  STATUS_SERVER_STATE_AT,
  STATUS_SERVERS_AT,
  STATUS_STARTED_US_AT,
  STATUS_TABLE_DIGEST_AT,
  STATUS_TABLE_DIGEST_BYTES,
  STATUS_VERSION,
  STATUS_VERSION_AT,
  STATUS_WRITTEN_US_AT,
} from "../wire/status-snapshot.ts";
import { COUNTERS } from "./counters.ts";
import type { Engine } from "./engine.ts";
import { hasFunction } from "./function-bitmap.ts";
import {
  FUNCTION_FAILED,
  FUNCTION_RUNNING,
  FUNCTION_STARTING,
  FUNCTION_STOPPED,
  FUNCTION_STOPPING,
} from "./function-state.ts";
import { type FunctionTable, NONE } from "./function-table.ts";
import { ADDING, CLAIMED, IDLE } from "./handover-rows.ts";
import { LATENESS_BUCKETS } from "./lateness.ts";
import type { Identity } from "./membership.ts";
import { SERVER_SELF } from "./server-state.ts";

export class StatusWriter {
  private sequence = 0;
  private readonly remaining = new Int32Array(SERVERS_MAX);

  constructor(
    private readonly view: DataView,
    private readonly table: FunctionTable,
    private readonly engine: Engine,
    private readonly identity: Identity,
    /** STATUS_FLAG_* that never change. */
    private readonly fixedFlags: number,
  ) {}

  /** Start-up: everything that never changes. */
  begin(pid: number, nowUs: number, tableDigest: Uint8Array): void {
    const { view, table, identity } = this;
    for (let at = 0; at < view.byteLength; at++) view.setUint8(at, 0);
    view.setUint32(STATUS_VERSION_AT, STATUS_VERSION, true);
    view.setUint32(STATUS_ENGINE_PID_AT, pid, true);
    view.setFloat64(STATUS_STARTED_US_AT, nowUs, true);
    view.setUint32(STATUS_INCARNATION_AT, identity.incarnation, true);
    view.setUint8(STATUS_SELF_AT, identity.self);
    view.setUint8(STATUS_SERVER_COUNT_AT, table.serverCount);
    view.setUint32(STATUS_FUNCTION_COUNT_AT, table.functionCount, true);
    for (let i = 0; i < STATUS_TABLE_DIGEST_BYTES; i++)
      view.setUint8(STATUS_TABLE_DIGEST_AT + i, tableDigest[i]);
    this.write(nowUs);
    view.setUint32(STATUS_MAGIC_AT, STATUS_MAGIC, true);
  }

  /**
   * Writes the present state; a reader that comes in between sees the odd sequence and reads again.
   */
  write(nowUs: number): void {
    const { view, engine } = this;
    this.sequence = (this.sequence + 1) >>> 0;
    view.setUint32(STATUS_SEQUENCE_AT, this.sequence, true);
    view.setFloat64(STATUS_WRITTEN_US_AT, nowUs, true);
    view.setUint8(STATUS_PHASE_AT, engine.phase);
    const flags =
      (engine.draining ? STATUS_FLAG_DRAINING : 0) |
      (engine.isolation.carrier ? STATUS_FLAG_CARRIER : 0) |
      this.fixedFlags;
    view.setUint8(STATUS_FLAGS_AT, flags);
    for (let i = 0; i < COUNTERS; i++)
      view.setUint32(STATUS_COUNTERS_AT + 4 * i, engine.counters[i], true);
    view.setUint32(STATUS_LATENESS_MAX_AT, engine.lateness.maxUs, true);
    for (let i = 0; i < LATENESS_BUCKETS; i++)
      view.setUint32(STATUS_HISTOGRAM_AT + 4 * i, engine.lateness.histogram[i], true);
    this.writeFunctions();
    this.writeServers();
    this.sequence = (this.sequence + 1) >>> 0;
    view.setUint32(STATUS_SEQUENCE_AT, this.sequence, true);
  }

  private writeFunctions(): void {
    const { view, table } = this;
    for (let server = 0; server < table.serverCount; server++)
      this.remaining[server] = table.resource[server];
    for (let index = 0; index < table.functionCount; index++) {
      const owner = this.ownerOf(index);
      if (owner !== NONE) this.remaining[owner] -= table.required[index];
      const at = STATUS_FUNCTIONS_AT + STATUS_FUNCTION_BYTES * index;
      view.setInt8(at + STATUS_FUNCTION_OWNER_AT, owner);
      view.setUint8(at + STATUS_FUNCTION_STATE_AT, this.stateOf(index, owner));
    }
  }

  private ownerOf(index: number): number {
    const { engine, identity, table } = this;
    if (hasFunction(engine.handover.owns, 0, index)) return identity.self;
    for (let server = 0; server < table.serverCount; server++) {
      if (!engine.membership.mayOwn(server)) continue;
      if (hasFunction(engine.membership.owns, server * BITMAP_WORDS, index)) return server;
    }
    return NONE;
  }

  private stateOf(index: number, owner: number): number {
    const { handover, membership } = this.engine;
    const own = handover.state[index];
    if (own === CLAIMED || own === ADDING) return FUNCTION_STARTING;
    if (handover.isUp(index))
      return handover.isServing(index) ? FUNCTION_RUNNING : FUNCTION_STARTING;
    if (owner !== NONE && owner !== this.identity.self) return FUNCTION_RUNNING;
    if (own !== IDLE) return FUNCTION_STOPPING;
    if (handover.failed[index] !== 0) return FUNCTION_FAILED;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (!membership.mayOwn(server)) continue;
      if (hasFunction(membership.claims, server * BITMAP_WORDS, index)) return FUNCTION_STARTING;
      if (hasFunction(membership.cannotRun, server * BITMAP_WORDS, index)) return FUNCTION_FAILED;
    }
    return FUNCTION_STOPPED;
  }

  private writeServers(): void {
    const { view, table, engine } = this;
    const { membership } = engine;
    for (let server = 0; server < table.serverCount; server++) {
      const at = STATUS_SERVERS_AT + server * STATUS_SERVER_BYTES;
      const present = membership.mayOwn(server) || membership.state[server] === SERVER_SELF;
      view.setFloat64(at + STATUS_SERVER_LAST_HEARD_US_AT, membership.lastHeardUs[server], true);
      view.setInt32(at + STATUS_SERVER_REMAINING_AT, present ? this.remaining[server] : 0, true);
      view.setUint32(at + STATUS_SERVER_INCARNATION_AT, membership.incarnation[server], true);
      view.setUint8(at + STATUS_SERVER_STATE_AT, membership.state[server]);
      view.setUint8(at + STATUS_SERVER_PHASE_AT, membership.phase[server]);
    }
  }
}

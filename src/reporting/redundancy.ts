/**
 * For each function: the servers that could take it now. Such a server takes part, may and can run
 * the function, has room for it beside everything of equal or higher priority, and runs nothing
 * that the function must be apart from. A function that none could take, although one could if
 * every server were there and well, lacks its redundancy; when this lasts, it is a fault. A
 * function without another place even then was planned so; `wingman check` names it.
 */
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import {
  LOG_NO_REDUNDANCY,
  LOG_NO_REDUNDANCY_CRITICAL,
  LOG_REDUNDANCY,
} from "../boundary/maintenance-code.ts";
import { PHASE_ACTIVE } from "../boundary/phase.ts";
import type { Engine } from "../core/engine.ts";
import {
  CRITICAL_PRIORITY,
  DIMENSIONS_MAX,
  FUNCTIONS_MAX,
  PRIORITY_MAX,
  REDUNDANCY_FUNCTIONS_PER_PERIOD,
  REDUNDANCY_NAMED_MAX,
  REDUNDANCY_SETTLING_MS,
  SERVERS_MAX,
} from "../limits.ts";

const SETTLING_US = REDUNDANCY_SETTLING_MS * 1000;
const PRIORITIES = PRIORITY_MAX + 1;
const NOT_LACKING = Number.POSITIVE_INFINITY;

export class Redundancy {
  /** Mask of the servers that could take each function now. */
  readonly couldRunOn = new Uint16Array(FUNCTIONS_MAX);
  /** Since when each function lacks its redundancy. */
  private readonly lackingSinceUs = new Float64Array(FUNCTIONS_MAX).fill(NOT_LACKING);
  private readonly isNamed = new Uint8Array(FUNCTIONS_MAX);
  private namedCount = 0;
  /**
   * Room beside the functions of a priority and above, by dimension, server and priority; dimension
   * d begins at d × SERVERS_MAX × PRIORITIES.
   */
  private readonly room = new Int32Array(DIMENSIONS_MAX * SERVERS_MAX * PRIORITIES);
  private operable = 0;
  private next = 0;

  constructor(
    private readonly table: FunctionTable,
    private readonly engine: Engine,
    private readonly self: number,
  ) {}

  /**
   * Once per period: checks some functions, the most important first, and records changes. Makes no
   * garbage.
   * @param owners server that owns each function, NONE for none
   */
  update(nowUs: number, owners: Int8Array, events: EventQueue): void {
    if (this.next === 0) this.beginRound(owners);
    const { functionCount, turn } = this.table;
    let left = REDUNDANCY_FUNCTIONS_PER_PERIOD;
    for (; left > 0 && this.next < functionCount; left--, this.next++) {
      const index = turn[this.next] as number;
      this.look(index, owners, nowUs);
      this.record(index, nowUs, events);
    }
    if (this.next >= functionCount) this.next = 0;
  }

  private beginRound(owners: Int8Array): void {
    const { engine, table } = this;
    for (let dimension = 0; dimension < table.dimensions; dimension++)
      this.fillRoom(dimension, owners);
    this.operable = engine.phase === PHASE_ACTIVE ? 1 << this.self : 0;
    for (let server = 0; server < table.serverCount; server++) {
      if (server !== this.self && engine.membership.isOperable(server))
        this.operable |= 1 << server;
    }
  }

  private fillRoom(dimension: number, owners: Int8Array): void {
    const { table, room } = this;
    const column = dimension * SERVERS_MAX * PRIORITIES;
    for (let server = 0; server < table.serverCount; server++) {
      const resource = table.resource[dimension * SERVERS_MAX + server] as number;
      for (let priority = 0; priority < PRIORITIES; priority++)
        room[column + server * PRIORITIES + priority] = resource;
    }
    for (let index = 0; index < table.functionCount; index++) {
      const owner = owners[index] as number;
      if (owner === NONE) continue;
      const required = table.required[dimension * FUNCTIONS_MAX + index] as number;
      for (let priority = 0; priority <= (table.priority[index] as number); priority++)
        room[column + owner * PRIORITIES + priority] -= required;
    }
  }

  private look(index: number, owners: Int8Array, nowUs: number): void {
    const owner = owners[index] as number;
    const { table, operable } = this;
    let could = 0;
    let would = 0;
    for (let server = 0; server < table.serverCount; server++) {
      const bit = 1 << server;
      if (server === owner || ((table.eligible[index] as number) & bit) === 0) continue;
      if (!this.hasRoom(server, index) || this.hasApart(server, index, owners)) continue;
      would |= bit;
      if ((operable & bit) !== 0 && !this.cannotRun(server, index)) could |= bit;
    }
    this.couldRunOn[index] = could;
    const isLacking = owner !== NONE && could === 0 && would !== 0 && this.engine.phases.serving;
    if (!isLacking) this.lackingSinceUs[index] = NOT_LACKING;
    else if (this.lackingSinceUs[index] === NOT_LACKING) this.lackingSinceUs[index] = nowUs;
  }

  private hasRoom(server: number, index: number): boolean {
    const { table, room } = this;
    const place = server * PRIORITIES + (table.priority[index] as number);
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const left = room[dimension * SERVERS_MAX * PRIORITIES + place] as number;
      if (left < (table.required[dimension * FUNCTIONS_MAX + index] as number)) return false;
    }
    return true;
  }

  /**
   * Whether the server runs one that the function must be apart from. Not every policy would stop
   * it.
   */
  private hasApart(server: number, index: number, owners: Int8Array): boolean {
    const { table } = this;
    const end = table.partnerStart[index + 1] as number;
    for (let at = table.partnerStart[index] as number; at < end; at++)
      if (table.isApart[at] !== 0 && owners[table.partner[at] as number] === server) return true;
    return false;
  }

  private cannotRun(server: number, index: number): boolean {
    const { handover, membership } = this.engine;
    if (server === this.self) return handover.failed[index] !== 0;
    return membership.cannotRun(server, index);
  }

  /** A record without room in the queue follows in the next round. */
  private record(index: number, nowUs: number, events: EventQueue): void {
    const sinceUs = this.lackingSinceUs[index] as number;
    if (this.isNamed[index] !== 0) {
      if (sinceUs !== NOT_LACKING || !events.push(EVENT_RECORD, LOG_REDUNDANCY, index)) return;
      this.isNamed[index] = 0;
      this.namedCount--;
      return;
    }
    if (sinceUs === NOT_LACKING || nowUs - sinceUs < SETTLING_US) return;
    if (this.namedCount === REDUNDANCY_NAMED_MAX) return;
    const isCritical = (this.table.priority[index] as number) >= CRITICAL_PRIORITY;
    const code = isCritical ? LOG_NO_REDUNDANCY_CRITICAL : LOG_NO_REDUNDANCY;
    if (!events.push(EVENT_RECORD, code, index)) return;
    this.isNamed[index] = 1;
    this.namedCount++;
  }
}

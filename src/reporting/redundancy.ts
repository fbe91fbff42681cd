/**
 * Ready for a failure? For each function, which other servers could take it now: they take part,
 * may and can run it, and have room for it, beside what is as important or more. One that none
 * could take, and one could if every server were there and well, lacks its redundancy: that is a
 * fault, once it has lasted. A function that has no other place even then was planned so, and is
 * named by `wingman check`.
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
  /** By server and priority: room beside the functions of that priority and above. */
  private readonly room = new Int32Array(SERVERS_MAX * PRIORITIES);
  private operable = 0;
  private next = 0;

  constructor(
    private readonly table: FunctionTable,
    private readonly engine: Engine,
    private readonly self: number,
  ) {}

  /**
   * Once a period: looks at some functions, the most important first, and records what is new.
   * Makes no garbage.
   * @param owners server that owns each function, NONE for none
   */
  update(nowUs: number, owners: Int8Array, events: EventQueue): void {
    if (this.next === 0) this.beginRound(owners);
    const { functionCount, turn } = this.table;
    let left = REDUNDANCY_FUNCTIONS_PER_PERIOD;
    for (; left > 0 && this.next < functionCount; left--, this.next++) {
      const index = turn[this.next] as number;
      this.look(index, owners[index] as number, nowUs);
      this.record(index, nowUs, events);
    }
    if (this.next >= functionCount) this.next = 0;
  }

  private beginRound(owners: Int8Array): void {
    const { table, room, engine } = this;
    for (let server = 0; server < table.serverCount; server++) {
      for (let priority = 0; priority < PRIORITIES; priority++)
        room[server * PRIORITIES + priority] = table.resource[server] as number;
    }
    for (let index = 0; index < table.functionCount; index++) {
      const owner = owners[index] as number;
      if (owner === NONE) continue;
      for (let priority = 0; priority <= (table.priority[index] as number); priority++)
        room[owner * PRIORITIES + priority] -= table.required[index] as number;
    }
    this.operable = engine.phase === PHASE_ACTIVE ? 1 << this.self : 0;
    for (let server = 0; server < table.serverCount; server++) {
      if (server !== this.self && engine.membership.isOperable(server))
        this.operable |= 1 << server;
    }
  }

  private look(index: number, owner: number, nowUs: number): void {
    const { table, operable } = this;
    let could = 0;
    let would = 0;
    for (let server = 0; server < table.serverCount; server++) {
      const bit = 1 << server;
      if (server === owner || ((table.eligible[index] as number) & bit) === 0) continue;
      const place = server * PRIORITIES + (table.priority[index] as number);
      if ((this.room[place] as number) < (table.required[index] as number)) continue;
      would |= bit;
      if ((operable & bit) !== 0 && !this.cannotRun(server, index)) could |= bit;
    }
    this.couldRunOn[index] = could;
    const isLacking = owner !== NONE && could === 0 && would !== 0 && this.engine.phases.serving;
    if (!isLacking) this.lackingSinceUs[index] = NOT_LACKING;
    else if (this.lackingSinceUs[index] === NOT_LACKING) this.lackingSinceUs[index] = nowUs;
  }

  private cannotRun(server: number, index: number): boolean {
    const { handover, membership } = this.engine;
    if (server === this.self) return handover.failed[index] !== 0;
    return membership.cannotRun(server, index);
  }

  /** What the queue has no room for is recorded in the next round. */
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

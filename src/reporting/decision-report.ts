/**
 * Writes the inputs of each allocation and the digest of its result to the maintenance log. With
 * the table they yield the same result again ({@link replay} in manage/log). The inputs are copied
 * in the turn of the decision and written over several periods. Makes no garbage.
 */
import { Allocation } from "../allocation/allocation.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import {
  LOG_DECISION,
  LOG_DECISION_CANNOT_RUN,
  LOG_DECISION_OWNERS,
  LOG_DECISION_TABLE,
  LOG_DECISION_WITHHELD,
  LOG_DECISIONS_LEFT_OUT,
} from "../boundary/maintenance-code.ts";
import type { Engine } from "../core/engine.ts";
import {
  DECISION_INTERVAL_S,
  DECISION_RECORDS_PER_PERIOD,
  DECISIONS_BURST_MAX,
  DECISIONS_WAITING_MAX,
} from "../limits.ts";
import {
  decisionWord,
  OWNERS_PER_RECORD,
  ownerBits,
  ownerInFirst,
  ownerInSecond,
  ownersRecord,
} from "../wire/decision-record.ts";

const DECISION_EVERY_US = DECISION_INTERVAL_S * 1_000_000;

export class DecisionReport {
  private readonly inputs: readonly Allocation[];
  private readonly digest = new Uint32Array(DECISIONS_WAITING_MAX);
  /** Place of the decision being written, and the number of waiting ones, itself included. */
  private at = 0;
  private waiting = 0;
  /** Progress of the decision being written: the next items, and the records so far. */
  private nextOwners = 0;
  private nextFunction = 0;
  private nextServer = 0;
  private records = 0;
  /** Allocations seen so far. */
  private seen = 0;
  private leftOut = 0;
  private isTableReported = false;
  /** Decisions that may be written in a row now, and when one more is allowed. */
  allowed = DECISIONS_BURST_MAX;
  private allowedSinceUs = 0;

  /** @param digestHigh, digestLow the first 8 bytes of the table's digest */
  constructor(
    private readonly table: FunctionTable,
    private readonly engine: Engine,
    private readonly digestHigh: number,
    private readonly digestLow: number,
  ) {
    this.inputs = Array.from({ length: DECISIONS_WAITING_MAX }, () => new Allocation());
  }

  /** After every turn, which makes at most one allocation. */
  look(nowUs: number): void {
    const { agreement } = this.engine;
    if (agreement.allocations === this.seen) return;
    this.seen = agreement.allocations;
    while (this.allowed < DECISIONS_BURST_MAX && nowUs >= this.allowedSinceUs) {
      this.allowed++;
      this.allowedSinceUs += DECISION_EVERY_US;
    }
    if (this.allowed === DECISIONS_BURST_MAX) this.allowedSinceUs = nowUs + DECISION_EVERY_US;
    if (this.allowed === 0 || this.waiting === DECISIONS_WAITING_MAX) {
      this.leftOut++;
      return;
    }
    this.allowed--;
    const place = (this.at + this.waiting++) % DECISIONS_WAITING_MAX;
    this.digest[place] = agreement.digest;
    copyInputs(agreement.allocation, this.inputs[place] as Allocation);
  }

  /**
   * Once per period: continues writing. Records without room in the queue follow in the next one.
   */
  update(events: EventQueue): void {
    for (let left = DECISION_RECORDS_PER_PERIOD; left > 0; left--) {
      if (this.waiting === 0) {
        if (this.leftOut === 0 || this.allowed === 0) return;
        if (events.push(EVENT_RECORD, LOG_DECISIONS_LEFT_OUT, this.leftOut, 0)) this.leftOut = 0;
        return;
      }
      if (!this.writeNext(this.inputs[this.at] as Allocation, events)) return;
    }
  }

  /** @returns whether the queue had room for the record */
  private writeNext(inputs: Allocation, events: EventQueue): boolean {
    const { table } = this;
    if (!this.isTableReported) {
      const { digestHigh, digestLow } = this;
      this.isTableReported = events.push(EVENT_RECORD, LOG_DECISION_TABLE, digestHigh, digestLow);
      return this.isTableReported;
    }
    for (; this.nextOwners < table.functionCount; this.nextOwners += OWNERS_PER_RECORD)
      if (this.hasOwners(inputs)) return this.writeOwners(inputs, events);
    for (; this.nextFunction < table.functionCount; this.nextFunction++) {
      const cannotRun = inputs.cannotRun[this.nextFunction] as number;
      if (cannotRun !== 0) return this.writeFunction(cannotRun, events);
    }
    for (; this.nextServer < table.serverCount; this.nextServer++) {
      const withheld = inputs.withheld[this.nextServer] as number;
      if (withheld !== 0) return this.writeServer(withheld, events);
    }
    const word = decisionWord(inputs.operable, inputs.holds, this.records);
    if (!events.push(EVENT_RECORD, LOG_DECISION, word, this.digest[this.at] as number))
      return false;
    this.records = 0;
    this.nextOwners = 0;
    this.nextFunction = 0;
    this.nextServer = 0;
    this.at = (this.at + 1) % DECISIONS_WAITING_MAX;
    this.waiting--;
    return true;
  }

  private hasOwners({ current }: Allocation): boolean {
    for (let place = 0; place < OWNERS_PER_RECORD; place++) {
      const index = this.nextOwners + place;
      if (index < this.table.functionCount && current[index] !== NONE) return true;
    }
    return false;
  }

  private writeOwners({ current, claimed }: Allocation, events: EventQueue): boolean {
    let first = ownersRecord(this.nextOwners / OWNERS_PER_RECORD);
    let second = 0;
    for (let place = 0; place < OWNERS_PER_RECORD; place++) {
      const index = this.nextOwners + place;
      if (index >= this.table.functionCount) break;
      const bits = ownerBits(current[index] as number, claimed[index] !== 0);
      first |= ownerInFirst(place, bits);
      second |= ownerInSecond(place, bits);
    }
    if (!events.push(EVENT_RECORD, LOG_DECISION_OWNERS, first, second)) return false;
    this.nextOwners += OWNERS_PER_RECORD;
    this.records++;
    return true;
  }

  private writeFunction(cannotRun: number, events: EventQueue): boolean {
    if (!events.push(EVENT_RECORD, LOG_DECISION_CANNOT_RUN, this.nextFunction, cannotRun))
      return false;
    this.nextFunction++;
    this.records++;
    return true;
  }

  private writeServer(withheld: number, events: EventQueue): boolean {
    if (!events.push(EVENT_RECORD, LOG_DECISION_WITHHELD, this.nextServer, withheld)) return false;
    this.nextServer++;
    this.records++;
    return true;
  }
}

function copyInputs(from: Allocation, to: Allocation): void {
  to.operable = from.operable;
  to.holds = from.holds;
  to.current.set(from.current);
  to.claimed.set(from.claimed);
  to.cannotRun.set(from.cannotRun);
  to.withheld.set(from.withheld);
}

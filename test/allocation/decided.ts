/** Decisions of one server, as the records that reach its log. */
import { type Allocation, assignmentDigest } from "../../src/allocation/allocation.ts";
import { EVENT_RECORD, EventQueue } from "../../src/boundary/event-queue.ts";
import { tableDigest } from "../../src/config/digest.ts";
import { functionTableOf } from "../../src/config/function-table.ts";
import type { AircraftConfig } from "../../src/config/model.ts";
import type { Engine } from "../../src/core/engine.ts";
import { DecisionReport } from "../../src/reporting/decision-report.ts";
import type { LogRecord } from "../../src/wire/log-record.ts";

export class Decided {
  readonly records: LogRecord[] = [];
  private readonly report: DecisionReport;
  private readonly events = new EventQueue(16, 1);
  private readonly agreement: { allocations: number; digest: number; allocation: unknown } = {
    ...{ allocations: 0, digest: 0, allocation: null },
  };

  constructor(readonly config: AircraftConfig) {
    const view = new DataView(tableDigest(config).buffer);
    this.report = new DecisionReport(
      functionTableOf(config),
      { agreement: this.agreement } as unknown as Engine,
      view.getInt32(0),
      view.getInt32(4),
    );
  }

  decide(allocation: Allocation, nowUs = 0): void {
    this.agreement.allocations++;
    this.agreement.allocation = allocation;
    this.agreement.digest = assignmentDigest(allocation, this.config.functions.length);
    this.report.look(nowUs);
  }

  /** One period. @returns how many records it wrote */
  period(): number {
    const { events, records } = this;
    this.report.update(events);
    const { count } = events;
    for (let slot = 0; slot < count; slot++) {
      if (events.kind[slot] !== EVENT_RECORD) throw new Error("no record");
      const [code, first, second] = [events.index[slot], events.first[slot], events.second[slot]];
      records.push({ sequence: records.length + 1, code, first, second, server: "a" } as LogRecord);
    }
    events.clear();
    return count;
  }

  writeAll(): void {
    while (this.period() > 0);
  }
}

import { expect, test } from "bun:test";
import { play } from "../../test/scenarios/story.ts";
import type { NominalWorld } from "../../test/simulation/nominal-world.ts";
import { FunctionTable } from "../allocation/function-table.ts";
import { EVENT_RECORD, EventQueue } from "../boundary/event-queue.ts";
import {
  LOG_HEARD_BY,
  LOG_NO_REDUNDANCY,
  LOG_NO_REDUNDANCY_CRITICAL,
  LOG_NO_WITNESS,
  LOG_NOT_HEARD_BY,
  LOG_PEER_CUT_OFF,
  LOG_PEER_WITH_CLIENTS,
  LOG_REDUNDANCY,
} from "../boundary/maintenance-code.ts";
import { REDUNDANCY_NAMED_MAX, REDUNDANCY_SETTLING_MS } from "../limits.ts";
import { CONTROL_PROCESS_FAILED } from "../wire/control.ts";
import { ConditionReport } from "./condition-report.ts";
import { Redundancy } from "./redundancy.ts";

/** What server a reports in its world, looked at every 100 ms. */
class Watch {
  readonly redundancy: Redundancy;
  private readonly report: ConditionReport;
  private readonly events: EventQueue;

  constructor(readonly world: NominalWorld) {
    const { table } = world.aircraft;
    this.redundancy = new Redundancy(table, world.engine(0), 0);
    this.report = new ConditionReport(table, world.engine(0), this.redundancy);
    this.events = new EventQueue(table.serverCount, table.wordCount);
  }

  /** Flies for `ms`; gives the records, as code and first value. */
  fly(ms: number): [number, number][] {
    const { world, events } = this;
    const records: [number, number][] = [];
    for (let left = ms; left > 0; left -= 100) {
      world.run(100);
      const nowUs = (world.hosts[0] as { local(us: number): number }).local(world.nowUs);
      this.report.update(nowUs, Int8Array.from(world.owners()), events);
      for (let slot = 0; slot < events.count; slot++) {
        expect(events.kind[slot]).toBe(EVENT_RECORD);
        records.push([events.index[slot] as number, events.first[slot] as number]);
      }
      events.clear();
    }
    return records;
  }
}

const SYSTEM = `
  servers a 100, b 100
  functions f 40 p10, g 50 p8, h 40 p5 process, i 30 p2
  start a b
  wait 300 ms
  all agree
  a: f h | b: g i`;

test("servers that could take a function: present, able, and with room beside functions as important", () => {
  const watch = new Watch(play(SYSTEM));
  expect(watch.fly(200)).toEqual([]);
  // i makes room for f and h on b; nothing on a is less important than i.
  expect([...watch.redundancy.couldRunOn.slice(0, 4)]).toEqual([2, 1, 2, 0]);
});

test("room is needed in every dimension, and no function there to be apart from", () => {
  const { world } = new Watch(play(SYSTEM));
  const row = { priority: 5, servers: 3, process: 0, stopGraceMs: 0 };
  const could = (second: readonly number[], apart: readonly number[]): number[] => {
    const table = new FunctionTable(
      [
        [100, 10],
        [100, 10],
      ],
      second.map((value, index) => ({
        ...{ ...row, required: [10, value] },
        ...(index === 0 ? { apartFrom: apart } : {}),
      })),
    );
    const redundancy = new Redundancy(table, world.engine(0), 0);
    const nowUs = (world.hosts[0] as { local(us: number): number }).local(world.nowUs);
    redundancy.update(nowUs, Int8Array.of(0, 1), new EventQueue(2, 1));
    return [...redundancy.couldRunOn.slice(0, 2)];
  };
  expect(could([5, 5], [])).toEqual([2, 1]);
  expect(could([5, 6], [])).toEqual([0, 0]);
  expect(could([5, 5], [1])).toEqual([0, 0]);
});

test("what lacks its redundancy is recorded once it has lasted, by its importance, and ends at once", () => {
  const watch = new Watch(play(SYSTEM));
  watch.world.powerOff(watch.world.hosts[1] as never);
  expect(watch.fly(REDUNDANCY_SETTLING_MS - 1_000)).toEqual([]);
  const records = watch.fly(3_000);
  expect(records).toContainEqual([LOG_NO_REDUNDANCY_CRITICAL, 0]);
  expect(records).toContainEqual([LOG_NO_REDUNDANCY, 1]);
  expect(watch.fly(10_000)).toEqual([]);
  watch.world.start(watch.world.hosts[1] as never);
  expect(watch.fly(3_000)).toContainEqual([LOG_REDUNDANCY, 0]);
});

test("a function that failed on its standby has none; one that was planned without is no fault", () => {
  const watch = new Watch(
    play(`
      servers a 100, b 100
      functions f 40 p10 process, g 50 p10 on b
      start a b
      wait 300 ms
      all agree
      a: f | b: g`),
  );
  watch.world.process(watch.world.hosts[1] as never, 0, CONTROL_PROCESS_FAILED);
  expect(watch.fly(10_000)).toEqual([[LOG_NO_REDUNDANCY_CRITICAL, 0]]);
  expect([...watch.redundancy.couldRunOn.slice(0, 2)]).toEqual([0, 0]);
});

test("of many functions a few are recorded, and the same ones end", () => {
  const many = Array.from({ length: 20 }, (_, index) => `f${index} 1 p5`).join(", ");
  const watch = new Watch(
    play(`
      servers a 100, b 100
      functions ${many}
      start a b
      wait 300 ms
      all agree`),
  );
  watch.world.command(watch.world.hosts[1] as never, 32);
  const named = watch.fly(10_000).map(([, index]) => index);
  expect(named.length).toBe(REDUNDANCY_NAMED_MAX);
  watch.world.command(watch.world.hosts[1] as never, 33);
  const ended = watch.fly(3_000);
  expect(ended.map(([, index]) => index).sort()).toEqual(named.sort());
});

test("another server that is cut off from its clients, and one that is not any more", () => {
  const watch = new Watch(
    play(`
      servers a 100, b 100
      functions f 40 p10, g 50 p8
      networks 2
      start a b
      wait 300 ms
      all agree`),
  );
  watch.world.setCarrier(watch.world.hosts[1] as never, false);
  expect(watch.fly(500)).toEqual([[LOG_PEER_CUT_OFF, 1]]);
  watch.world.setCarrier(watch.world.hosts[1] as never, true);
  const records = watch.fly(1_000);
  expect(records).toEqual([[LOG_PEER_WITH_CLIENTS, 1]]);
  expect(records.map(([code]) => code)).not.toContain(LOG_NO_WITNESS);
});

test("another server that is heard and does not hear this one, and does again or is gone", () => {
  const watch = new Watch(
    play(`
      servers a 100, b 100
      functions f 40 p5 on b
      networks 2
      start a b
      wait 300 ms
      all agree`),
  );
  const hears = (isCut: boolean): void => {
    for (const network of [0, 1]) watch.world.cutNetwork(0, 1, network, isCut);
  };
  hears(true);
  expect(watch.fly(1_000)).toEqual([]);
  expect(watch.fly(200)).toEqual([[LOG_NOT_HEARD_BY, 1]]);
  hears(false);
  expect(watch.fly(500)).toEqual([[LOG_HEARD_BY, 1]]);
  hears(true);
  expect(watch.fly(1_200)).toEqual([[LOG_NOT_HEARD_BY, 1]]);
  watch.world.powerOff(watch.world.hosts[1] as never);
  expect(watch.fly(200)).toContainEqual([LOG_HEARD_BY, 1]);
});

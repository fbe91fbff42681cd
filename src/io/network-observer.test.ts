import { beforeEach, expect, test } from "bun:test";
import { FunctionTable } from "../allocation/function-table.ts";
import { PREEMPT } from "../allocation/preempt.ts";
import { EventQueue } from "../boundary/event-queue.ts";
import { LOG_SERVER_NEVER_HEARD } from "../boundary/maintenance-code.ts";
import { timingOf } from "../boundary/timing.ts";
import { Engine } from "../core/engine.ts";
import { NEVER_HEARD_MS } from "../limits.ts";
import { NetworkObserver } from "./network-observer.ts";

const BEGAN_US = 1_000_000;
const PERIOD_US = 10_000;
const NEVER_HEARD_US = 1000 * NEVER_HEARD_MS;
/** Masks of the networks with a link. */
const [NONE, FIRST] = [0, 1];

const events = new EventQueue();
let observer: NetworkObserver;
beforeEach(() => {
  events.clear();
  const identity = {
    ...{ self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 5, nonce: 0 },
    ...{ clientMacHigh: 0, clientMacLow: 0 },
  };
  const timing = timingOf(10, 3, 3, 0);
  const table = new FunctionTable([10, 10], []);
  const engine = new Engine(table, PREEMPT, identity, timing, 1_000_000, BEGAN_US);
  observer = new NetworkObserver(engine, [], identity, 2, timing);
});

/** Periods from `fromUs` on, before `untilUs`; gives the servers that were told never heard. */
function neverHeard(fromUs: number, untilUs: number, carriers: number): number[] {
  for (let atUs = fromUs; atUs < untilUs; atUs += PERIOD_US)
    observer.beginPeriod(BEGAN_US + atUs, carriers, events);
  const codes = Array.from({ length: events.count }, (_, at) => [
    events.index[at],
    events.first[at],
  ]);
  events.clear();
  return codes.flatMap(([code, server]) => (code === LOG_SERVER_NEVER_HEARD ? [server ?? -1] : []));
}

test("a server that was never heard is reported once, after some time with a link", () => {
  expect(neverHeard(0, NEVER_HEARD_US, FIRST)).toEqual([]);
  expect(neverHeard(NEVER_HEARD_US, 2 * NEVER_HEARD_US, FIRST)).toEqual([1]);
  expect(neverHeard(2 * NEVER_HEARD_US, 4 * NEVER_HEARD_US, FIRST)).toEqual([]);
});

test("time without any link does not count: no server can be heard then", () => {
  const pluggedUs = 3 * NEVER_HEARD_US;
  expect(neverHeard(0, pluggedUs, NONE)).toEqual([]);
  expect(neverHeard(pluggedUs, pluggedUs + NEVER_HEARD_US - PERIOD_US, FIRST)).toEqual([]);
  expect(neverHeard(pluggedUs + NEVER_HEARD_US, pluggedUs + 2 * NEVER_HEARD_US, FIRST)).toEqual([
    1,
  ]);
});

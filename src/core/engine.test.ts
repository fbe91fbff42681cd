import { describe, expect, test } from "bun:test";
import { EVENTS_MAX } from "../limits.ts";
import { CONTROL_DRAIN, CONTROL_LEAVE, CONTROL_RESUME } from "../wire/control.ts";
import { FLAG_DRAINING, FLAG_GOOD_BYE } from "../wire/keep-alive.ts";
import {
  COUNTER_OVERFLOW,
  COUNTER_SENT,
  PHASE_ACTIVE,
  PHASE_DRAINING,
  PHASE_LISTENING,
} from "../wire/status-snapshot.ts";
import { allocatePreempt } from "./allocation-preempt.ts";
import { EFFECT_LEFT } from "./effect-queue.ts";
import { Engine } from "./engine.ts";
import { EVENT_CARRIER, EVENT_COMMAND, EVENT_VIP_UP } from "./event-queue.ts";
import { FunctionTable } from "./function-table.ts";
import { timingOf } from "./timing.ts";

const BEGAN_US = 1_000_000;
const LISTEN_US = 50_000;

/** A server that hears nobody, of a system with two and no functions. */
function alone(): Engine {
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 5, nonce: 0 };
  const table = new FunctionTable([10, 10], []);
  return new Engine(table, allocatePreempt, identity, timingOf(10, 3, 3, 0), 1_000_000, BEGAN_US);
}

function active(): Engine {
  const engine = alone();
  engine.step(BEGAN_US + LISTEN_US);
  expect(engine.phase).toBe(PHASE_ACTIVE);
  return engine;
}

describe("periods", () => {
  test("deadlines are absolute: lateness never moves them", () => {
    const engine = alone();
    for (const [atUs, nextUs] of [
      [BEGAN_US, 10_000],
      [BEGAN_US + 13_000, 20_000],
      [BEGAN_US + 20_000, 30_000],
      [BEGAN_US + 57_000, 60_000], // missed ones are left out
    ]) {
      engine.beginPeriod(atUs);
      expect(engine.nextSendUs).toBe(BEGAN_US + nextUs);
    }
    expect(engine.lateness.maxUs).toBe(27_000);
  });

  test("every message has the next sequence number and is counted", () => {
    const engine = alone();
    for (let sequence = 1; sequence <= 5; sequence++) {
      engine.beginPeriod(engine.nextSendUs);
      expect(engine.sendRequested).toBe(true);
      engine.compose();
      expect(engine.outgoing.sequence).toBe(sequence);
      expect(engine.sendRequested).toBe(false);
    }
    expect(engine.counters[COUNTER_SENT]).toBe(5);
  });

  test("it wants to be called again at the next period, or at once while hand-overs advance", () => {
    const engine = alone();
    engine.beginPeriod(BEGAN_US);
    engine.step(BEGAN_US);
    expect(engine.wakeUs).toBe(BEGAN_US + 10_000);
  });
});

describe("phases", () => {
  test("listening lasts exactly as long as it should when nobody is heard", () => {
    const engine = alone();
    engine.step(BEGAN_US + LISTEN_US - 1);
    expect(engine.phase).toBe(PHASE_LISTENING);
    engine.step(BEGAN_US + LISTEN_US);
    expect(engine.phase).toBe(PHASE_ACTIVE);
  });

  test("a change of phase is sent at once", () => {
    const engine = active();
    expect(engine.sendRequested).toBe(true);
    engine.compose();
    expect(engine.outgoing.phase).toBe(PHASE_ACTIVE);
  });

  test("drain and resume", () => {
    const engine = active();
    engine.events.push(EVENT_COMMAND, 0, CONTROL_DRAIN);
    engine.step(BEGAN_US + LISTEN_US + 1);
    expect(engine.phase).toBe(PHASE_DRAINING);
    engine.compose();
    expect(engine.outgoing.flags).toBe(FLAG_DRAINING);
    engine.events.push(EVENT_COMMAND, 0, CONTROL_RESUME);
    engine.step(BEGAN_US + LISTEN_US + 2);
    expect(engine.phase).toBe(PHASE_ACTIVE);
  });

  test("a link that comes back makes it listen anew", () => {
    const engine = active();
    engine.events.push(EVENT_CARRIER, 0, 0);
    engine.events.push(EVENT_CARRIER, 0, 1);
    engine.step(BEGAN_US + LISTEN_US + 1); // lost and back within one turn: nothing has happened
    expect(engine.phase).toBe(PHASE_ACTIVE);
    engine.events.push(EVENT_CARRIER, 0, 0);
    engine.step(BEGAN_US + LISTEN_US + 2);
    engine.events.push(EVENT_CARRIER, 0, 1);
    engine.step(BEGAN_US + LISTEN_US + 3);
    expect(engine.phase).toBe(PHASE_LISTENING);
    engine.step(BEGAN_US + 2 * LISTEN_US + 3);
    expect(engine.phase).toBe(PHASE_ACTIVE);
  });

  test("leave: good-bye is said three times, then the engine may end; it cannot be resumed", () => {
    const engine = active();
    while (engine.effects.take());
    engine.events.push(EVENT_COMMAND, 0, CONTROL_LEAVE);
    engine.events.push(EVENT_COMMAND, 0, CONTROL_RESUME);
    let goodByes = 0;
    let left = false;
    for (let turn = 1; !left && turn < 20; turn++) {
      engine.step(BEGAN_US + LISTEN_US + turn);
      if (engine.sendRequested) {
        engine.compose();
        if ((engine.outgoing.flags & FLAG_GOOD_BYE) !== 0) goodByes++;
      }
      while (engine.effects.take()) if (engine.effects.kind === EFFECT_LEFT) left = true;
    }
    expect([goodByes, left]).toEqual([3, true]);
  });
});

test("changes are sent at once, but not without limit in one period", () => {
  const engine = active();
  engine.beginPeriod(BEGAN_US + LISTEN_US);
  engine.compose();
  let sent = 0;
  for (let turn = 0; turn < 100; turn++) {
    engine.handover.changed = true;
    engine.step(BEGAN_US + LISTEN_US + turn);
    if (!engine.sendRequested) continue;
    engine.compose();
    sent++;
  }
  expect(sent).toBe(32);
  engine.beginPeriod(engine.nextSendUs);
  expect(engine.sendRequested).toBe(true); // what is left goes out with the next one
});

test("an event that found no room is counted", () => {
  const engine = alone();
  for (let event = 0; event < EVENTS_MAX + 3; event++) engine.events.push(EVENT_VIP_UP, 0, 0);
  engine.step(BEGAN_US);
  expect(engine.counters[COUNTER_OVERFLOW]).toBe(3);
});

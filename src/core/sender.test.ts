/** When a keep-alive is sent at once: it would differ, or a peer waits for an echo. */
import { beforeEach, describe, expect, test } from "bun:test";
import { FunctionTable, PROCESS_NONE } from "../allocation/function-table.ts";
import { PREEMPT } from "../allocation/preempt.ts";
import { EFFECT_VIP_REMOVE } from "../boundary/effect-queue.ts";
import {
  EVENT_CLIENT_MAC,
  EVENT_COMMAND,
  EVENT_VIP_DOWN,
  EVENT_VIP_UP,
} from "../boundary/event-queue.ts";
import { timingOf } from "../boundary/timing.ts";
import { EXTRA_SENDS_MAX } from "../limits.ts";
import { CONTROL_DRAIN, CONTROL_LEAVE, CONTROL_RESUME } from "../wire/control.ts";
import { AWAITS_ECHO, CHANGED } from "./changes.ts";
import { Engine } from "./engine.ts";

const timing = timingOf(10, 3, 3, 0);
const row = { required: 1, priority: 5, servers: 3, process: PROCESS_NONE, stopGraceMs: 0 };
let engine: Engine;
let nowUs: number;

/** Active, alone, and about to own function 0; all of it is already sent. */
beforeEach(() => {
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 5, nonce: 0 };
  engine = new Engine(new FunctionTable([9, 9], [row]), PREEMPT, identity, timing, 1_000_000, 0);
  for (nowUs = 0; nowUs <= timing.listenUs; nowUs += timing.periodUs) {
    engine.beginPeriod(nowUs);
    step();
    step();
  }
  step();
});

/** One step, and the send that it requests. @returns whether it requested one */
function step(): boolean {
  engine.step(++nowUs);
  if (!engine.sendRequested) return false;
  engine.compose();
  return true;
}

test("nothing new: nothing is sent, however often it is asked", () => {
  for (let times = 0; times < 10; times++) {
    engine.changes.note(CHANGED);
    expect(step()).toBe(false);
  }
});

describe("sent at once", () => {
  test("a claim becomes an ownership", () => {
    engine.events.push(EVENT_VIP_UP, 0, 0);
    expect(engine.sender.message.owns[0]).toBe(1); // told before the address can answer
    expect(step()).toBe(false); // that it answers now says nothing new
  });

  test("a drain, and its end", () => {
    for (const command of [CONTROL_DRAIN, CONTROL_RESUME]) {
      engine.events.push(EVENT_COMMAND, 0, command);
      expect(step()).toBe(true);
    }
  });

  test("a change that was undone before sending is not sent", () => {
    engine.events.push(EVENT_COMMAND, 0, CONTROL_DRAIN);
    engine.events.push(EVENT_COMMAND, 0, CONTROL_RESUME);
    expect(step()).toBe(false);
  });

  test("each good-bye, although it is the same", () => {
    engine.events.push(EVENT_VIP_UP, 0, 0);
    engine.events.push(EVENT_COMMAND, 0, CONTROL_LEAVE);
    while (engine.phases.goodByes === 0) {
      step();
      while (engine.effects.take())
        if (engine.effects.kind === EFFECT_VIP_REMOVE) engine.events.push(EVENT_VIP_DOWN, 0, 0);
    }
    expect([step(), step(), step()]).toEqual([true, true, false]);
  });

  test("an echo that a peer waits for, once", () => {
    engine.changes.note(CHANGED | AWAITS_ECHO);
    expect(step()).toBe(true);
    expect(step()).toBe(false);
  });
});

test("the content of the period's keep-alive is not sent again when more may be sent", () => {
  engine.beginPeriod(engine.nextSendUs);
  engine.compose();
  for (let times = 0; times <= EXTRA_SENDS_MAX; times++) {
    engine.changes.note(CHANGED | AWAITS_ECHO);
    expect(step()).toBe(times < EXTRA_SENDS_MAX);
  }
  nowUs = engine.nextSendUs;
  engine.beginPeriod(nowUs);
  engine.compose();
  engine.changes.note(CHANGED);
  expect(step()).toBe(false);
});

test("a new Ethernet address is sent at once, another assignment too", () => {
  engine.events.push(EVENT_CLIENT_MAC, 0, 0x0266, 0x6666_6666);
  expect(step()).toBe(true);
  engine.agreement.digest ^= 1;
  engine.changes.note(CHANGED);
  expect(step()).toBe(true);
  expect(step()).toBe(false);
  const { clientMacHigh, clientMacLow } = engine.sender.message;
  expect([clientMacHigh, clientMacLow]).toEqual([0x0266, 0x6666_6666]);
});

import { beforeEach, describe, expect, test } from "bun:test";
import { TurnFlight } from "../../test/harness/turn-flight.ts";
import { EVENT_CARRIER, EVENT_PROCESS, EVENT_VIP_REMOVED } from "../boundary/event-queue.ts";
import { LOG_VIP_FAILED } from "../boundary/maintenance-code.ts";
import { VIP_ATTEMPTS_MAX } from "../limits.ts";
import { CONTROL_PROCESS_TRY } from "../wire/control.ts";

describe("a kernel that refuses", () => {
  const ENOMEM = 12;
  const EACCES = 13;
  const ADD = "carryOut(add, 0, 0, 0)";
  const REMOVE = "carryOut(remove, 0, 0, 0)";
  const FAILED = `carryOut(record, ${LOG_VIP_FAILED}, 0, ${ENOMEM})`;
  let flight: TurnFlight;

  beforeEach(() => {
    flight = new TurnFlight({ functions: 1 });
  });

  /** Flies this many turns, a quarter of a period apart. @returns which of the calls were made */
  function fly(turns: number, ...calls: string[]): string[] {
    const made: string[] = [];
    for (let turn = 0; turn < turns; turn++) {
      flight.hear();
      made.push(...flight.calls());
      flight.shell.clockUs += 2500;
    }
    return made.filter((call) => calls.includes(call));
  }

  /** Somebody takes the VIP away: it is to be put back. */
  function takeAway(): void {
    flight.engine.events.push(EVENT_VIP_REMOVED, 0, 0);
  }

  /** The link is gone: the VIP is to be taken down. */
  function cutOff(): void {
    flight.engine.events.push(EVENT_CARRIER, 0, 0);
  }

  test("to put a VIP up, for want of memory: some attempts, then it has failed here and is removed", () => {
    flight.shell.vipError = ENOMEM;
    takeAway();
    expect(fly(VIP_ATTEMPTS_MAX, ADD, FAILED)).toEqual(Array(VIP_ATTEMPTS_MAX).fill(ADD));
    flight.shell.vipError = 0;
    expect(fly(10, ADD, REMOVE, FAILED)).toEqual([REMOVE, FAILED]);
    expect(flight.shell.sent.cannotRun[0]).toBe(1);
    expect(flight.shell.sent.owns[0]).toBe(0);
  });

  test("now and then: attempts in a row are what counts", () => {
    for (let time = 0; time < 3; time++) {
      flight.shell.vipError = ENOMEM;
      takeAway();
      expect(fly(VIP_ATTEMPTS_MAX - 1, ADD)).toHaveLength(VIP_ATTEMPTS_MAX - 1);
      flight.shell.vipError = 0;
      expect(fly(5, ADD, REMOVE)).toEqual([ADD]);
    }
    expect(flight.shell.sent.cannotRun[0]).toBe(0);
    expect(flight.shell.sent.owns[0]).toBe(1);
  });

  test("for a lasting reason: it is not retried before the shell allows it", () => {
    flight.shell.vipError = EACCES;
    flight.shell.mayPass = false;
    takeAway();
    expect(fly(1, ADD)).toEqual([ADD]);
    flight.shell.vipError = 0;
    expect(fly(10, ADD, REMOVE)).toEqual([REMOVE]);
    expect(flight.shell.sent.cannotRun[0]).toBe(1);
    flight.engine.events.push(EVENT_PROCESS, 0, CONTROL_PROCESS_TRY);
    expect(fly(10, ADD, REMOVE)).toEqual([ADD]);
    expect(flight.shell.sent.cannotRun[0]).toBe(0);
    expect(flight.shell.sent.owns[0]).toBe(1);
    flight.engine.events.push(EVENT_PROCESS, 0, CONTROL_PROCESS_TRY); // nothing has failed
    expect(fly(10, ADD, REMOVE)).toEqual([]);
  });

  test("nothing is tried that another server was given", () => {
    flight.shell.vipError = EACCES;
    flight.shell.mayPass = false;
    takeAway();
    fly(1);
    flight.shell.vipError = 0;
    fly(10);
    flight.engine.handover.assign(0, 1, flight.shell.clockUs, 0, 0);
    flight.engine.handover.onProcess(0, CONTROL_PROCESS_TRY);
    expect(flight.engine.handover.failed[0]).toBe(1);
  });

  test("to take a VIP down: it is asked again, and the VIP is owned until it is gone", () => {
    flight.shell.vipError = ENOMEM;
    cutOff();
    expect(fly(VIP_ATTEMPTS_MAX - 1, REMOVE)).toHaveLength(VIP_ATTEMPTS_MAX - 1);
    expect(flight.shell.sent.owns[0]).toBe(1);
    flight.shell.vipError = 0;
    expect(fly(5, REMOVE)).toEqual([REMOVE]);
    expect(flight.shell.sent.owns[0]).toBe(0);
  });

  test("for ever: the engine ends, and its supervisor takes the VIPs away", () => {
    flight.shell.vipError = ENOMEM;
    cutOff();
    const removed = fly(VIP_ATTEMPTS_MAX, REMOVE);
    expect(removed).toHaveLength(VIP_ATTEMPTS_MAX);
    expect(() => fly(1)).toThrow("the kernel takes VIPs away");
  });

  test("to take one down now and then: that counts for nothing when it is put up again", () => {
    flight.shell.vipError = ENOMEM;
    cutOff();
    fly(VIP_ATTEMPTS_MAX - 1);
    flight.shell.vipError = 0;
    fly(1);
    flight.engine.events.push(EVENT_CARRIER, 0, 1);
    flight.shell.vipError = ENOMEM;
    let adds = 0;
    while (adds < VIP_ATTEMPTS_MAX - 1) adds += fly(1, ADD).length;
    flight.shell.vipError = 0;
    expect(fly(5, ADD, REMOVE, FAILED)).toEqual([ADD]);
  });

  test("both ways in a row: each has its own attempts", () => {
    flight.shell.vipError = ENOMEM;
    takeAway();
    expect(fly(VIP_ATTEMPTS_MAX + 1, FAILED)).toEqual([FAILED]);
    expect(fly(VIP_ATTEMPTS_MAX - 2, REMOVE)).toHaveLength(VIP_ATTEMPTS_MAX - 2);
    flight.shell.vipError = 0;
    expect(fly(5, REMOVE)).toEqual([REMOVE]);
    expect(flight.shell.sent.owns[0]).toBe(0);
  });
});

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { FUNCTIONS, LoopBench, PERIOD_US, TURN_ENDS } from "../../test/harness/loop-bench.ts";
import {
  EFFECT_ANNOUNCE,
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PHASE,
  EFFECT_PROBE,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../boundary/effect-queue.ts";
import { EVENT_COMMAND, EVENT_INPUTS, EVENT_MOVE, EVENT_PROCESS } from "../boundary/event-queue.ts";
import { LOG_LEASE_LOST } from "../boundary/maintenance-code.ts";
import { ENDED_LEFT, ENDED_LET_GO, ENDED_SUPERVISOR_GONE } from "../core/turn.ts";
import { READ_REST_US, RECEIVES_AT_ONCE_MAX, RECORDS_PER_TURN_MAX } from "../limits.ts";
import { NOTICE_STOPPING } from "../wire/client-notice.ts";
import {
  CONTROL_DONE,
  CONTROL_DRAIN,
  CONTROL_INPUTS,
  CONTROL_LEAVE,
  CONTROL_LEFT,
  CONTROL_LOG,
  CONTROL_MOVE,
  CONTROL_PHASE,
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_FIT,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_PROCESS_TRY,
  CONTROL_RESUME,
  CONTROL_START_PROCESS,
  CONTROL_STOP_PROCESS,
  inputsNumber,
  NO_INDEX,
} from "../wire/control.ts";
import { KEEP_ALIVE_BYTES, KeepAliveMessage } from "../wire/keep-alive.ts";
import { ENODEV } from "./errno.ts";

let bench: LoopBench;
beforeEach(() => {
  bench = new LoopBench();
});
afterEach(() => bench.close());

describe("what the core asks for", () => {
  test.each([
    ["VIPs up", EFFECT_VIP_ADD, "vips.add(7)"],
    ["VIPs down", EFFECT_VIP_REMOVE, "vips.remove(7)"],
    ["announced", EFFECT_ANNOUNCE, "vips.announce(7)"],
    ["a warning", EFFECT_NOTICE_STOPPING, `notices.send(7, ${NOTICE_STOPPING}, 8)`],
    ["a notice", EFFECT_NOTICE, "notices.send(7, 8, 9)"],
    ["a witness", EFFECT_PROBE, "neighbours.ask(7)"],
  ])("%s: only the part concerned is notified", (_, kind, call) => {
    bench.loop().carryOut(kind, 7, 8, 9);
    expect(bench.calls).toEqual([call]);
    expect(bench.heard(bench.supervisor)).toEqual([]);
  });

  test.each([
    ["a start", EFFECT_PROCESS_START, [CONTROL_START_PROCESS, 7, 8, 0, 0]],
    ["a stop", EFFECT_PROCESS_STOP, [CONTROL_STOP_PROCESS, 7, 8, 0, 0]],
    ["a record", EFFECT_LOG, [CONTROL_LOG, NO_INDEX, 7, 8, 9]],
    ["a phase", EFFECT_PHASE, [CONTROL_PHASE, NO_INDEX, 8, 0, 0]],
    ["the end", EFFECT_LEFT, [CONTROL_LEFT, NO_INDEX, 0, 0, 0]],
  ])("%s: only the supervisor is notified", (_, kind, record) => {
    bench.loop().carryOut(kind, 7, 8, 9);
    expect(bench.heard(bench.supervisor)).toEqual([record]);
    expect(bench.calls).toEqual([]);
  });

  test("room for VIPs, and the time of their renewal, come from their service", () => {
    const loop = bench.loop();
    expect([loop.hasRoom(2, 7, true), loop.hasRoom(7, 2, true)]).toEqual([true, false]);
    bench.renewUs = 1234;
    expect(loop.renewalDueUs).toBe(1234);
  });

  test("a record of why everything was let go", () => {
    bench.loop().tell(301, 55);
    expect(bench.heard(bench.supervisor)).toEqual([[CONTROL_LOG, NO_INDEX, 301, 55, 0]]);
  });

  test("letting go: the lease lapses before addresses are taken away", () => {
    bench.loop().letGo();
    expect(bench.calls).toEqual(["lease.lapse()", "vips.removeAll()"]);
  });

  test("the lease: its length, and the kernel's answer", () => {
    const loop = bench.loop();
    expect(loop.hasLease).toBe(true);
    loop.beginLease();
    bench.leaseError = ENODEV;
    expect(loop.renewLease(1000, 13_000)).toBe(ENODEV);
    expect(bench.calls).toEqual(["lease.begin()", "lease.renew(1000, 13000)"]);
  });

  test("without a lease: everything else is the same", () => {
    bench.close();
    bench = new LoopBench(false);
    const loop = bench.loop();
    expect(loop.hasLease).toBe(false);
    loop.beginLease();
    loop.letGo();
    expect(bench.calls).toEqual(["vips.removeAll()"]);
  });
});

describe("networks", () => {
  test("a message is sealed and sent whole, on each by itself; a refusal is the socket's", () => {
    const loop = bench.loop();
    const message = new KeepAliveMessage(2, 1);
    message.sequence = 99;
    loop.compose(message);
    bench.networks[1].sendError = ENODEV;
    expect([loop.send(0), loop.send(1)]).toEqual([0, ENODEV]);
    for (const { sent } of bench.networks) {
      expect(sent).toHaveLength(1);
      expect(sent[0]).toHaveLength(KEEP_ALIVE_BYTES);
      expect(new DataView(sent[0].buffer).getUint32(24)).toBe(99);
      expect(bench.seal.verify(sent[0])).toBe(true);
    }
    expect(loop.networkCount).toBe(2);
  });

  test("the datagram, and whether it is sealed, is looked up where it arrived", () => {
    const loop = bench.loop();
    const [one, other] = bench.networks;
    loop.compose(new KeepAliveMessage(2, 1));
    loop.send(1);
    other.received.bytes.set(other.sent[0]);
    one.arrivals.push(5);
    other.arrivals.push(6, 7);
    expect([loop.receive(1), loop.receive(0), loop.receive(1), loop.receive(1)]).toEqual([
      6, 5, 7, -1,
    ]);
    expect([loop.received(0), loop.received(1)]).toEqual([one.received.view, other.received.view]);
    expect([loop.isSealed(0), loop.isSealed(1)]).toEqual([false, true]);
    [one.droppedCount, other.droppedCount] = [3, 4];
    expect(loop.dropped()).toBe(7);
  });
});

describe("the supervisor", () => {
  test("what became of processes, and its commands, come as events; nothing else does", () => {
    bench.onPeriod = (period) => {
      if (period !== 1) return;
      for (const kind of [
        CONTROL_PROCESS_RUNNING,
        CONTROL_PROCESS_EXITED,
        CONTROL_PROCESS_FAILED,
        CONTROL_PROCESS_STOPPED,
        CONTROL_PROCESS_TRY,
        CONTROL_PROCESS_FIT,
      ]) {
        bench.say(kind, FUNCTIONS - 1);
        bench.say(kind, FUNCTIONS); // there is no such function
      }
      bench.say(CONTROL_PROCESS_RUNNING - 1);
      bench.say(CONTROL_PROCESS_FIT + 1);
      bench.say(CONTROL_DRAIN - 1);
      for (const kind of [CONTROL_DRAIN, CONTROL_RESUME]) bench.say(kind, 1);
      bench.say(CONTROL_MOVE, 1);
      bench.say(CONTROL_INPUTS, NO_INDEX, inputsNumber(40, true));
      bench.say(CONTROL_INPUTS, NO_INDEX, inputsNumber(100, false));
    };
    bench.fly(3);
    expect(bench.events(EVENT_PROCESS, EVENT_COMMAND, EVENT_MOVE, EVENT_INPUTS)).toEqual([
      [EVENT_PROCESS, FUNCTIONS - 1, CONTROL_PROCESS_RUNNING, 0],
      [EVENT_PROCESS, FUNCTIONS - 1, CONTROL_PROCESS_EXITED, 0],
      [EVENT_PROCESS, FUNCTIONS - 1, CONTROL_PROCESS_FAILED, 0],
      [EVENT_PROCESS, FUNCTIONS - 1, CONTROL_PROCESS_STOPPED, 0],
      [EVENT_PROCESS, FUNCTIONS - 1, CONTROL_PROCESS_TRY, 0],
      [EVENT_PROCESS, FUNCTIONS - 1, CONTROL_PROCESS_FIT, 0],
      [EVENT_COMMAND, 0, CONTROL_DRAIN, 0],
      [EVENT_COMMAND, 0, CONTROL_RESUME, 0],
      [EVENT_INPUTS, 0, 40, 1],
      [EVENT_INPUTS, 0, 100, 0],
    ]);
  });

  test("a bounded number of records a turn, and none is lost", () => {
    bench.onPeriod = (period) => {
      if (period !== 1) return;
      for (let record = 0; record < RECORDS_PER_TURN_MAX + 5; record++)
        bench.say(CONTROL_PROCESS_RUNNING, 1);
    };
    bench.fly(3);
    expect(bench.perTurn(EVENT_PROCESS)).toEqual([RECORDS_PER_TURN_MAX, 5]);
  });

  test("is gone: the flight ends, its last records are accepted, and the machine is left alone", () => {
    bench.onPeriod = (period) => {
      if (period === 2) bench.say(CONTROL_PROCESS_RUNNING, 1);
    };
    expect(bench.fly(2)).toBe(ENDED_SUPERVISOR_GONE);
    expect(bench.events(EVENT_PROCESS)).toHaveLength(1);
    expect(
      bench.called("lease.lapse", "vips.removeAll", "lease.remove", "lifeSigns.disarm"),
    ).toEqual(["lease.lapse()", "vips.removeAll()"]);
  });
});

test("requests of commands are taken, and answered", () => {
  bench.onPeriod = (period) => {
    if (period === 1) bench.ask(CONTROL_DRAIN);
  };
  bench.fly(3);
  expect(bench.events(EVENT_COMMAND)).toEqual([[EVENT_COMMAND, 0, CONTROL_DRAIN, 0]]);
  expect(bench.heard(bench.asker)).toEqual([[CONTROL_DONE, NO_INDEX, CONTROL_DRAIN, 0, 0]]);
});

describe("a flight", () => {
  test("begins with a lease; status and signs of life are given once a period, of the same time", () => {
    bench.fly(3);
    expect(bench.calls[0]).toBe("lease.begin()");
    const signs = bench.called("lifeSigns.give").map((call) => Number(/\d+/.exec(call)?.[0]));
    expect(signs).toEqual(bench.statusUs);
    expect(signs).toHaveLength(3);
    for (const call of ["lease.renew", "neighbours.receive"])
      expect(bench.called(call)).toHaveLength(3);
  });

  test("ends in an orderly way: the filter is taken away and the watchdog disarmed, after the supervisor knows", () => {
    bench.onPeriod = (period) => {
      if (period === 1) bench.say(CONTROL_LEAVE);
    };
    expect(bench.fly(20)).toBe(ENDED_LEFT);
    expect(bench.events(EVENT_COMMAND)).toEqual([[EVENT_COMMAND, 0, CONTROL_LEAVE, 0]]);
    expect(bench.calls.slice(-2)).toEqual(["lease.remove()", "lifeSigns.disarm()"]);
    expect(bench.called("lease.lapse", "vips.removeAll")).toEqual([]);
    expect(bench.heard(bench.supervisor).at(-1)).toEqual([CONTROL_LEFT, NO_INDEX, 0, 0, 0]);
  });

  test("ends without a lease: the filter stays, and the watchdog, too", () => {
    bench.leaseError = ENODEV;
    expect(bench.fly(20)).toBe(ENDED_LET_GO);
    expect(bench.calls.slice(1)).toEqual([
      expect.stringContaining("lease.renew"),
      "lease.lapse()",
      "vips.removeAll()",
    ]);
    expect(bench.heard(bench.supervisor).at(-1)).toEqual([
      CONTROL_LOG,
      NO_INDEX,
      LOG_LEASE_LOST,
      ENODEV,
      0,
    ]);
  });
});

describe("arrivals", () => {
  /** A loop that rests between two turns has no more of them in a period. */
  const RESTING_MAX = PERIOD_US / READ_REST_US + 2;

  /** Flies so many periods. @returns how many turns each of them had */
  function turnsOfPeriods(periods: number, act: (period: number) => void): number[] {
    const begins: number[] = [];
    bench.onPeriod = (period) => {
      begins.push(bench.reported.filter((event) => event === TURN_ENDS).length);
      act(period);
    };
    bench.fly(periods);
    return begins.slice(1).map((turns, period) => turns - begins[period]);
  }

  test("wake the loop: while something lies there, turns follow each other", () => {
    const turns = turnsOfPeriods(30, (period) => {
      if (period === 1) bench.networks[1].signal.raise();
    });
    // A busy machine may take the processor away in one of them.
    expect(Math.max(...turns)).toBeGreaterThan(RESTING_MAX);
  });

  test.each([
    ["one network", 0],
    ["the other", 1],
  ])(
    "many in a period no longer wake the loop, on %s: it pauses between two readings, until the next period",
    (_, network) => {
      const one = bench.networks[network];
      const turns = turnsOfPeriods(30, (period) => {
        one.signal.raise();
        if (period > 4) return;
        for (let datagram = 0; datagram < RECEIVES_AT_ONCE_MAX; datagram++) one.arrivals.push(1);
      });
      expect(Math.max(...turns.slice(0, 4))).toBeLessThanOrEqual(RESTING_MAX);
      expect(Math.max(...turns.slice(4))).toBeGreaterThan(RESTING_MAX);
    },
  );
});

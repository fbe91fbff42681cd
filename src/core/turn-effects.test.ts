import { beforeEach, describe, expect, test } from "bun:test";
import { TIMING, TurnFlight } from "../../test/harness/turn-flight.ts";
import { addFunction } from "../allocation/function-bitmap.ts";
import {
  EFFECT_ANNOUNCE,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PROCESS_START,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../boundary/effect-queue.ts";
import { EVENT_CARRIER, EVENT_VIP_REMOVED } from "../boundary/event-queue.ts";
import { PHASE_LISTENING } from "../boundary/phase.ts";
import { SERVER_ALIVE } from "../boundary/server-state.ts";
import { EFFECTS_PER_TURN_MAX, OTHER_EFFECTS_PER_TURN_MIN } from "../limits.ts";
import { ADDING } from "./handover-rows.ts";

let flight: TurnFlight;
beforeEach(() => {
  flight = new TurnFlight();
});

function push(kind: number, index: number, times = 1): void {
  for (let time = 0; time < times; time++) flight.engine.effects.push(kind, index, 1, 2);
}

/** One turn. @returns what was carried out in it, and when it was committed */
function carriedOut(): string[] {
  return flight.calls().filter((call) => /^(carryOut|commit)/.test(call));
}

/** How often each effect was carried out in one turn. */
function counts(): Record<string, number> {
  const count: Record<string, number> = {};
  for (const call of carriedOut()) {
    const name = /\((.*?),/.exec(call)?.[1];
    if (name !== undefined) count[name] = (count[name] ?? 0) + 1;
  }
  return count;
}

describe("effects that are carried out", () => {
  test("letting go before taking up, both before everything else, and the VIPs are moved in between", () => {
    push(EFFECT_LOG, 7);
    push(EFFECT_PROCESS_START, 0);
    push(EFFECT_ANNOUNCE, 0);
    push(EFFECT_VIP_ADD, 5);
    push(EFFECT_NOTICE_STOPPING, 6);
    push(EFFECT_VIP_REMOVE, 6);
    expect(carriedOut()).toEqual([
      "carryOut(notice of stop, 6, 1, 2)",
      "carryOut(remove, 6, 1, 2)",
      "carryOut(announce, 0, 1, 2)",
      "carryOut(add, 5, 1, 2)",
      "commit()",
      "carryOut(record, 7, 1, 2)",
      "carryOut(start, 0, 1, 2)",
    ]);
  });

  test("a VIP is not set that another server has by then", () => {
    const { engine } = flight;
    engine.handover.state[5] = ADDING;
    engine.membership.setState(1, SERVER_ALIVE);
    addFunction(engine.membership.latest(1).owns, 0, 5);
    push(EFFECT_VIP_ADD, 5);
    push(EFFECT_VIP_ADD, 6);
    expect(carriedOut()).toEqual(["carryOut(add, 6, 1, 2)", "commit()"]);
    expect(engine.handover.vips.wasWithdrawn(5)).toBe(false); // told by an event, as by a shell
    flight.turn.run();
    expect(engine.handover.vips.wasWithdrawn(5)).toBe(true);
  });

  test("effects without room wait for the next turn, with all later ones that move VIPs", () => {
    flight.shell.room = 2;
    for (const index of [10, 11, 12]) push(EFFECT_VIP_ADD, index);
    push(EFFECT_ANNOUNCE, 10);
    push(EFFECT_LOG, 7);
    expect(carriedOut()).toEqual([
      "carryOut(add, 10, 1, 2)",
      "carryOut(add, 11, 1, 2)",
      "commit()",
      "carryOut(record, 7, 1, 2)",
    ]);
    expect(flight.turn.wakeUs(flight.shell.clockUs)).toBe(flight.shell.clockUs);
    expect(carriedOut()).toEqual([
      "carryOut(add, 12, 1, 2)",
      "carryOut(announce, 10, 1, 2)",
      "commit()",
    ]);
  });

  test("room is asked for by kind and function", () => {
    const asked: unknown[][] = [];
    flight.shell.hasRoom = (...effect: unknown[]) => asked.push(effect) > 0;
    push(EFFECT_VIP_ADD, 11);
    push(EFFECT_VIP_REMOVE, 10);
    flight.turn.run();
    expect(asked).toEqual([
      [EFFECT_VIP_REMOVE, 10, true],
      [EFFECT_VIP_ADD, 11, true],
    ]);
  });

  test("a commit knows whether others follow at once: not those that wait for the kernel's lock", () => {
    const { shell } = flight;
    const moreFollow = (room: number): boolean => {
      shell.room = room;
      flight.turn.run();
      return shell.moreFollow;
    };
    for (const index of [10, 11, 12]) push(EFFECT_VIP_ADD, index);
    push(EFFECT_LOG, 7);
    expect([moreFollow(1), moreFollow(2)]).toEqual([true, false]);
    push(EFFECT_VIP_ADD, 13);
    expect(moreFollow(0)).toBe(true);
    shell.isHeldUp = true;
    expect(moreFollow(0)).toBe(false);
  });

  test("while the kernel's lock is taken VIPs may wait for it, but not where others may have them: a listening server removes its own", () => {
    const mayWait: unknown[] = [];
    const { shell, engine } = flight;
    shell.hasRoom = (...[, , may]: unknown[]) => mayWait.push(may) < 0;
    push(EFFECT_VIP_REMOVE, 10);
    flight.turn.run();
    shell.isHeldUp = true;
    flight.turn.run();
    engine.phases.phase = PHASE_LISTENING;
    flight.turn.run();
    expect(mayWait).toEqual([true, true, false]);
  });

  test("overdue renewals wait for them: they would revive what has expired and is still to be removed", () => {
    const { shell } = flight;
    shell.room = 0;
    push(EFFECT_VIP_REMOVE, 1);
    const renews = (overdueUs: number): boolean => {
      shell.renewalDueUs = shell.clockUs - overdueUs;
      return flight.calls().some((call) => call.startsWith("renewAddresses"));
    };
    expect(renews(0)).toBe(true);
    expect(renews(2 * TIMING.periodUs)).toBe(false);
    shell.room = Number.POSITIVE_INFINITY;
    expect(renews(2 * TIMING.periodUs)).toBe(true);
  });

  test("a bounded number a turn; effects that move no VIP do not wait forever, and take the rest", () => {
    push(EFFECT_LOG, 7, EFFECTS_PER_TURN_MAX + 1);
    expect(counts()).toEqual({ record: EFFECTS_PER_TURN_MAX });
    expect(counts()).toEqual({ record: 1 });

    push(EFFECT_ANNOUNCE, 0, EFFECTS_PER_TURN_MAX + 1);
    push(EFFECT_LOG, 7, 100);
    const least = OTHER_EFFECTS_PER_TURN_MIN;
    expect(counts()).toEqual({ announce: EFFECTS_PER_TURN_MAX, record: least });
    expect(counts()).toEqual({ announce: 1, record: 100 - least });

    push(EFFECT_ANNOUNCE, 0, EFFECTS_PER_TURN_MAX);
    push(EFFECT_LOG, 7, least);
    expect(counts()).toEqual({ announce: EFFECTS_PER_TURN_MAX, record: least });

    push(EFFECT_ANNOUNCE, 0, EFFECTS_PER_TURN_MAX - least - 1);
    push(EFFECT_LOG, 7, 100);
    expect(counts()).toEqual({ announce: EFFECTS_PER_TURN_MAX - least - 1, record: least + 1 });
    expect(counts()).toEqual({ record: 100 - least - 1 });
  });

  test("while VIPs wait for room, the others get their least share", () => {
    flight.shell.room = 0;
    push(EFFECT_VIP_ADD, 10);
    push(EFFECT_LOG, 7, 100);
    expect(counts()).toEqual({ record: OTHER_EFFECTS_PER_TURN_MIN });
  });

  test("after a stall no VIP is moved, whenever that was decided: the next turn releases them; records are reported", () => {
    for (const step of ["receive", "carry out"]) {
      flight = new TurnFlight({ hasLease: false });
      push(EFFECT_VIP_ADD, 10);
      push(EFFECT_ANNOUNCE, 0);
      push(EFFECT_LOG, 7);
      const calls = flight.calls((name) => {
        if (name === step) flight.shell.clockUs += TIMING.detectionUs + 1;
      });
      expect(calls.filter((call) => call.startsWith("carryOut"))).toEqual([
        "carryOut(record, 7, 1, 2)",
      ]);
      expect(flight.turn.wakeUs(flight.shell.clockUs)).toBe(flight.shell.clockUs);
      expect(flight.calls()).toEqual(["letGo()", expect.stringMatching(/^tell\(301/)]);
    }
  });
});

describe("notices to clients", () => {
  test("tell where a function is only while it is up here; that it stops, in any case", () => {
    for (const index of [0, 1000]) {
      push(EFFECT_NOTICE, index);
      push(EFFECT_NOTICE_STOPPING, index);
    }
    expect(carriedOut()).toEqual([
      "carryOut(notice of stop, 0, 1, 2)",
      "carryOut(notice of stop, 1000, 1, 2)",
      "commit()",
      "carryOut(notice, 0, 1, 2)",
    ]);
  });

  test("a function released in the same turn is not reported as here", () => {
    push(EFFECT_NOTICE, 0);
    flight.engine.events.push(EVENT_CARRIER, 0, 0);
    const calls = carriedOut();
    expect(calls).toContain("carryOut(remove, 0, 0, 0)");
    expect(calls).not.toContainEqual(expect.stringContaining("carryOut(notice"));
  });
});

describe("links", () => {
  test("are not looked at while addresses are to be moved, and are again after it", () => {
    flight.shell.room = 0;
    flight.engine.events.push(EVENT_VIP_REMOVED, 0, 0);
    expect(flight.calls()).toContain("observeLinks()"); // nothing waited yet
    const waiting = flight.calls();
    expect(waiting).not.toContain("observeLinks()");
    expect(waiting).toContain("observeSupervisor()");
    expect(waiting.at(-1)).toEndWith(", false)"); // addresses: not idle
    flight.shell.room = 1;
    push(EFFECT_LOG, 7, 2 * EFFECTS_PER_TURN_MAX); // what moves no address does not matter
    expect(flight.calls().at(-1)).toEndWith(", true)");
    expect(flight.calls()).toContain("observeLinks()");
  });
});

import { describe, expect, test } from "bun:test";
import { PERIOD_US, TIMING, TurnFlight } from "../../test/harness/turn-flight.ts";
import { EFFECT_ANNOUNCE, EFFECT_LOG } from "../boundary/effect-queue.ts";
import { EVENT_COMMAND, EVENT_VIP_REMOVED } from "../boundary/event-queue.ts";
import { LOG_LEASE_LOST, LOG_STALLED } from "../boundary/maintenance-code.ts";
import { CONTROL_LEAVE } from "../wire/control.ts";
import { ENDED_LEFT, ENDED_LET_GO, ENDED_SUPERVISOR_GONE } from "./turn.ts";

const ETIME = 62;
const ENODEV = 19;
const LEASE_MS = TIMING.leaseUs / 1000;

describe("the lease between two keep-alives", () => {
  /** A period in which less is granted: the peer has missed the last two keep-alives. */
  function shortOfLease(): TurnFlight {
    const flight = new TurnFlight();
    for (let period = 0; period < 2; period++) {
      flight.toPeriod();
      flight.turn.run();
      flight.peers[0].say(period + 1);
    }
    flight.turn.run();
    flight.toPeriod();
    expect(flight.steps()[1]).toEqual(["renew lease", "renewLease(15)"]);
    flight.shell.clockUs += 1000;
    return flight;
  }

  test("is renewed when more can be had, before anything is carried out", () => {
    const flight = shortOfLease();
    expect(flight.steps()[5]).toEqual(["renew lease again"]); // no more than before
    flight.hear();
    expect(flight.steps().slice(5)).toEqual([
      ["renew lease again", `renewLease(${LEASE_MS})`],
      ["carry out", "commit()"],
      ["renew addresses", expect.any(String)],
      ["plan ahead"],
    ]);
    flight.hear();
    expect(flight.steps()[5]).toEqual(["renew lease again"]); // it lasts
  });

  test("is refused by the kernel: everything goes, and nothing else is done", () => {
    const flight = shortOfLease();
    flight.hear();
    flight.shell.leaseError = ENODEV;
    flight.engine.effects.push(EFFECT_ANNOUNCE, 0, 0, 0);
    expect(flight.steps().at(-1)).toEqual([
      "renew lease again",
      `renewLease(${LEASE_MS})`,
      "letGo()",
      `tell(${LOG_LEASE_LOST}, ${ENODEV})`,
    ]);
    expect(flight.turn.ended).toBe(ENDED_LET_GO);
  });

  test("is not granted, because a server that is heard has missed our messages: the same", () => {
    const flight = new TurnFlight();
    flight.toPeriod();
    flight.turn.run();
    flight.peers[0].say(4); // it missed what was sent for 40 ms
    flight.engine.effects.push(EFFECT_ANNOUNCE, 0, 0, 0);
    expect(flight.steps().at(-1)).toEqual([
      "renew lease again",
      "letGo()",
      `tell(${LOG_LEASE_LOST}, ${ETIME})`,
    ]);
    expect(flight.turn.ended).toBe(ENDED_LET_GO);
  });

  test("runs from when the kernel takes it: a pause before that makes it shorter", () => {
    const renewal = (flight: TurnFlight, step: string, pauseMs: number): string | undefined =>
      flight
        .calls((name) => {
          if (name === step) flight.shell.clockUs += pauseMs * 1000;
        })
        .find((call) => call.startsWith("renewLease"));
    const settled = new TurnFlight();
    settled.toPeriod();
    expect(renewal(settled, "renew lease", 20)).toBe("renewLease(15)"); // echoed: the one of 30 ms ago
    const short = shortOfLease();
    short.hear(); // it echoes the one of 1 ms ago
    expect(renewal(short, "renew lease again", 12)).toBe("renewLease(32)");
  });

  test("messages that arrived after the reading, during the stall, are no silence of their sender", () => {
    const flight = new TurnFlight();
    const [peer] = flight.peers;
    flight.toPeriod();
    flight.turn.run();
    flight.shell.clockUs += 6000;
    peer.say(1); // it has missed the last one
    flight.turn.run();
    flight.toPeriod();
    flight.turn.run();
    flight.toPeriod();
    // Silent for 14 ms when all is read, and for 26 ms when it is decided.
    const calls = flight.calls((name) => {
      if (name === "decide") flight.shell.clockUs += 12_000;
    });
    expect(calls.filter((call) => call.startsWith("renewLease"))).toEqual(["renewLease(15)"]);
  });

  test("without a lease no server is asked for one", () => {
    const flight = new TurnFlight({ hasLease: false });
    flight.toPeriod();
    flight.turn.run();
    flight.hear();
    flight.turn.run();
    expect(flight.shell.takeCalls().filter((call) => call.startsWith("renewLease"))).toEqual([]);
  });
});

describe("what ends a flight", () => {
  test("held up for the detection time: everything goes first, and nothing else is done", () => {
    const flight = new TurnFlight({ hasLease: false });
    const { detectionUs } = TIMING;
    flight.engine.effects.push(EFFECT_ANNOUNCE, 0, 0, 0);
    flight.hear();
    flight.shell.clockUs = flight.engine.nextSendUs + detectionUs - PERIOD_US + 1;
    expect(flight.steps()).toEqual([["begin", "letGo()", `tell(${LOG_STALLED}, 50)`]]);
    expect(flight.turn.ended).toBe(ENDED_LET_GO);
  });

  test("held up for slightly less: it continues", () => {
    const flight = new TurnFlight({ hasLease: false });
    flight.shell.clockUs = flight.engine.nextSendUs + TIMING.detectionUs - PERIOD_US;
    expect(flight.calls()).not.toContain("letGo()");
  });

  test("the record names the whole ms for which nothing was sent", () => {
    const flight = new TurnFlight();
    flight.shell.clockUs = flight.engine.nextSendUs + 123_999;
    expect(flight.calls()).toEqual(["letGo()", `tell(${LOG_STALLED}, 133)`]);
  });

  test("a lease that is not granted: everything goes before the keep-alive", () => {
    const flight = new TurnFlight();
    flight.shell.clockUs = flight.engine.nextSendUs + 28_000; // granted for 35 ms after the echoed one
    expect(flight.calls()).toEqual(["letGo()", `tell(${LOG_LEASE_LOST}, ${ETIME})`]);
    expect(flight.turn.ended).toBe(ENDED_LET_GO);
  });

  test("a lease that the kernel refuses: the same", () => {
    const flight = new TurnFlight();
    flight.toPeriod();
    flight.shell.leaseError = ENODEV;
    expect(flight.steps()).toEqual([
      ["begin"],
      ["renew lease", `renewLease(${LEASE_MS})`, "letGo()", `tell(${LOG_LEASE_LOST}, ${ENODEV})`],
    ]);
    expect(flight.turn.ended).toBe(ENDED_LET_GO);
  });

  test("the supervisor is gone: everything is released, good-bye is sent, and nothing is carried out", () => {
    const flight = new TurnFlight();
    flight.engine.effects.push(EFFECT_LOG, 1, 0, 0);
    flight.engine.events.push(EVENT_VIP_REMOVED, 0, 0); // it would be put back
    flight.shell.isSupervisorThere = false;
    expect(flight.steps()).toEqual([
      ["begin"],
      [
        "receive",
        "receive(0)",
        "receive(1)",
        "observeLinks()",
        "observeSupervisor()",
        "letGo()",
        "compose(server 0 good-bye)",
        "send(0)",
        "send(1)",
      ],
    ]);
    expect(flight.turn.ended).toBe(ENDED_SUPERVISOR_GONE);
  });

  test("an orderly stop: three good-byes, and the end when the supervisor knows", () => {
    const flight = new TurnFlight();
    flight.engine.events.push(EVENT_COMMAND, 0, CONTROL_LEAVE);
    const calls: string[] = [];
    for (let turns = 0; flight.goesOn; turns++) {
      expect(turns).toBeLessThan(50);
      calls.push(...flight.calls());
      flight.shell.clockUs += 100;
      if (flight.turn.wakeUs(flight.shell.clockUs) > flight.shell.clockUs) flight.toPeriod();
      flight.hear();
    }
    expect(flight.turn.ended).toBe(ENDED_LEFT);
    expect(calls.filter((call) => call === "compose(server 0 good-bye)").length).toBe(3);
    expect(calls.indexOf("carryOut(remove, 0, 0, 0)")).toBeLessThan(
      calls.indexOf("compose(server 0 good-bye)"),
    );
    expect(calls.filter((call) => call.startsWith("carryOut(left"))).toHaveLength(1);
    // What follows is what waits behind it in the queue; no address is renewed.
    expect(calls.slice(calls.indexOf("carryOut(left, 0, 0, 0)"))).not.toContainEqual(
      expect.stringContaining("renewAddresses"),
    );
    expect(calls).not.toContain("letGo()");
  });

  test("a leaving server that has released everything needs no lease any more", () => {
    const flight = new TurnFlight({ functions: 0 });
    flight.shell.leaseError = ENODEV;
    flight.engine.events.push(EVENT_COMMAND, 0, CONTROL_LEAVE);
    flight.calls();
    flight.toPeriod();
    expect(flight.calls()).not.toContainEqual(expect.stringContaining("renewLease"));
    expect(flight.turn.ended).not.toBe(ENDED_LET_GO);
  });
});

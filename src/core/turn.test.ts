import { describe, expect, test } from "bun:test";
import { RecordingShell } from "../../test/harness/recording-shell.ts";
import { PERIOD_US, TIMING, TurnFlight } from "../../test/harness/turn-flight.ts";
import { STEP_NAMES } from "../../test/harness/turn-steps.ts";
import { FunctionTable } from "../allocation/function-table.ts";
import { PREEMPT } from "../allocation/preempt.ts";
import { COUNTER_DROPPED, COUNTER_SEND_FAILED } from "../boundary/counters.ts";
import { EFFECT_LOG, EFFECT_VIP_ADD } from "../boundary/effect-queue.ts";
import { EVENT_CARRIER, EVENT_RECORD } from "../boundary/event-queue.ts";
import { LOG_SEND_FAILED, LOG_SERVER_LEFT, LOG_SERVER_LOST } from "../boundary/maintenance-code.ts";
import { PHASE_ACTIVE } from "../boundary/phase.ts";
import {
  READ_REST_US,
  RECEIVES_AT_ONCE_MAX,
  RECEIVES_PER_TURN_MAX,
  UNREAD_TURNS_MAX,
} from "../limits.ts";
import { FLAG_GOOD_BYE, FLAG_LEASE, FLAG_OWNS, FLAG_TICKS } from "../wire/keep-alive.ts";
import { Engine } from "./engine.ts";
import { BEGIN, GOES_ON, RECEIVE, Turn } from "./turn.ts";

const ENETDOWN = 100;
const ENETUNREACH = 101;
const LEASE_MS = TIMING.leaseUs / 1000;

/** What is sent in the words of the calls. */
const KEEP_ALIVE = ["compose(server 0)", "send(0)", "send(1)"];
const READING = ["receive(0)", "receive(1)", "observeLinks()", "observeSupervisor()"];

describe("the order of a turn", () => {
  test("a period begins: lease, keep-alive, report, reading, effects, addresses", () => {
    const flight = new TurnFlight();
    flight.toPeriod();
    const { clockUs } = flight.shell;
    expect(flight.steps()).toEqual([
      ["begin"],
      ["renew lease", `renewLease(${LEASE_MS})`],
      ["send keep-alive", ...KEEP_ALIVE],
      ["report", "dropped()", `report(${clockUs})`, "observeNeighbours()"],
      ["receive", ...READING],
      ["decide"],
      ["send news"],
      ["relay"],
      ["renew lease again"],
      ["carry out", "commit()"],
      ["renew addresses", `renewAddresses(${clockUs}, true)`],
      ["plan ahead"],
    ]);
    expect(flight.goesOn).toBe(true);
  });

  test("between two keep-alives: nothing is renewed, sent or reported", () => {
    const flight = new TurnFlight();
    flight.shell.clockUs = flight.engine.nextSendUs - 1;
    const { clockUs } = flight.shell;
    expect(flight.steps()).toEqual([
      ["begin"],
      ["receive", ...READING],
      ["decide"],
      ["send news"],
      ["relay"],
      ["renew lease again"],
      ["carry out", "commit()"],
      ["renew addresses", `renewAddresses(${clockUs}, true)`],
      ["plan ahead"],
    ]);
  });

  test("more than half a period late: it reads and decides before it sends", () => {
    const flight = new TurnFlight({ hasLease: false });
    flight.shell.clockUs = flight.engine.nextSendUs + PERIOD_US / 2;
    expect(flight.steps()[2]).toEqual(["send keep-alive", ...KEEP_ALIVE]);
    flight.shell.clockUs = flight.engine.nextSendUs + PERIOD_US / 2 + 1;
    const { clockUs } = flight.shell;
    const [peer] = flight.peers;
    peer.say();
    expect(flight.steps()).toEqual([
      ["begin"],
      ["renew lease"],
      ["send keep-alive"],
      ["report", "dropped()", `report(${clockUs})`, "observeNeighbours()"],
      ["receive", "receive(0)", "receive(0)", "receive(1)", ...READING.slice(1)],
      ["decide"],
      ["send news", ...KEEP_ALIVE],
      ["relay"],
      ["renew lease again"],
      ["carry out", "commit()"],
      ["renew addresses", `renewAddresses(${clockUs}, true)`],
      ["plan ahead"],
    ]);
    expect(flight.shell.sent.heardSequence[1]).toBe(peer.message.sequence); // no old echo
    expect(flight.engine.nextSendUs).toBe(clockUs + PERIOD_US / 2 - 1);
    expect(flight.engine.sender.lateness.maxUs).toBe(PERIOD_US / 2 + 1);
  });

  test("the lateness is that of the beginning, and ends with the turn", () => {
    const flight = new TurnFlight({ hasLease: false });
    flight.shell.clockUs = flight.engine.nextSendUs + PERIOD_US / 2 + 1;
    flight.calls(() => {
      flight.shell.clockUs += 10;
    });
    expect(flight.engine.sender.lateness.maxUs).toBe(PERIOD_US / 2 + 11);
    expect(flight.calls()).not.toContain("compose(server 0)");
    flight.toPeriod();
    expect(flight.steps()[2]).toEqual(["send keep-alive", ...KEEP_ALIVE]);
  });

  test("even a late turn renews the lease first", () => {
    const flight = new TurnFlight();
    flight.shell.clockUs = flight.engine.nextSendUs + PERIOD_US / 2 + 1;
    const steps = flight.steps();
    expect(steps[1][1]).toStartWith("renewLease(");
    expect(steps[2]).toEqual(["send keep-alive"]);
  });

  test("every step has its name, reported before the step", () => {
    const flight = new TurnFlight();
    const names: string[] = [];
    flight.toPeriod();
    flight.calls((name) => names.push(name));
    expect(names).toEqual([...STEP_NAMES]);
    expect(flight.turn.step).toBe(BEGIN);
    flight.turn.advance();
    expect(flight.turn.step).toBe(RECEIVE);
  });

  test("arrived messages are read before anything is decided, and no later", () => {
    for (const [step, isTaken] of [
      ["receive", true],
      ["decide", false],
    ] as const) {
      const flight = new TurnFlight();
      const [peer] = flight.peers;
      peer.message.flags = FLAG_GOOD_BYE;
      const calls = flight.calls((name) => {
        if (name === step) peer.say();
      });
      expect(calls.includes(`carryOut(record, ${LOG_SERVER_LEFT}, 1, 0)`)).toBe(isTaken);
    }
  });

  test("changes are sent before they are made: ownership before the VIPs go up", () => {
    const flight = new TurnFlight({ servers: 1, periods: 0 });
    let calls: string[] = [];
    for (let period = 0; !calls.includes("carryOut(add, 0, 0, 0)"); period++) {
      expect(period).toBeLessThan(20);
      flight.toPeriod();
      calls = flight.calls();
    }
    const { sent } = flight.shell;
    const flags = FLAG_OWNS | FLAG_LEASE | FLAG_TICKS;
    expect([sent.phase, sent.flags, sent.owns[0]]).toEqual([PHASE_ACTIVE, flags, 0b11]);
    const toldAt = calls.lastIndexOf("compose(server 0)");
    expect(calls.slice(toldAt, toldAt + 6)).toEqual([
      ...KEEP_ALIVE,
      "carryOut(add, 0, 0, 0)",
      "carryOut(add, 1, 0, 0)",
      "commit()",
    ]);
  });

  test("a release is sent first, too", () => {
    const flight = new TurnFlight();
    flight.engine.events.push(EVENT_CARRIER, 0, 0);
    expect(flight.steps().slice(3, 7)).toEqual([
      ["send news", ...KEEP_ALIVE],
      ["relay"],
      ["renew lease again"],
      expect.arrayContaining(["carryOut(remove, 0, 0, 0)", "carryOut(remove, 1, 0, 0)"]),
    ]);
  });

  test("messages of others are sent on after the own news, each once on every network", () => {
    const flight = new TurnFlight({ servers: 3 });
    flight.peers[1].message.direct = 0b001; // its cable to server 1 is cut
    flight.hear();
    const relays = (): string[] | undefined => flight.steps().find(([name]) => name === "relay");
    expect(relays()).toEqual(["relay", "compose(server 1 relayed)", "send(0)", "send(1)"]);
    expect(relays()).toEqual(["relay"]);
    flight.peers[0].message.direct = 0b001; // in both directions
    flight.hear();
    expect(relays()?.filter((call) => call.startsWith("compose"))).toEqual([
      "compose(server 1 relayed)",
      "compose(server 2 relayed)",
    ]);
    for (const peer of flight.peers) peer.message.direct = peer.message.heard;
    flight.hear();
    expect(relays()).toEqual(["relay"]);
  });

  test("the report is of the time at which the turn began; addresses have their own time", () => {
    const flight = new TurnFlight();
    flight.toPeriod();
    const beganUs = flight.shell.clockUs;
    const calls = flight.calls(() => {
      flight.shell.clockUs += 10;
    });
    expect(calls).toContain(`report(${beganUs + 10})`);
    expect(calls.at(-1)).toBe(`renewAddresses(${beganUs + 110}, true)`);
    expect(flight.engine.nextSendUs).toBe(beganUs + PERIOD_US); // lateness moves no deadline
  });

  test("datagrams that found no room are counted once a period", () => {
    const flight = new TurnFlight();
    flight.shell.droppedCount = 7;
    flight.turn.run();
    expect(flight.engine.counters[COUNTER_DROPPED]).toBe(0);
    flight.toPeriod();
    flight.turn.run();
    expect(flight.engine.counters[COUNTER_DROPPED]).toBe(7);
  });
});

describe("the beginning of the flight", () => {
  test("the first lease; what start-up took is no lateness", () => {
    const table = new FunctionTable([1], []);
    const identity = {
      self: 0,
      systemId: 1,
      digestHigh: 1,
      digestLow: 1,
      incarnation: 1,
      nonce: 1,
    };
    const shell = new RecordingShell(1, true, TIMING.leaseUs, 1);
    const engine = new Engine(table, PREEMPT, identity, TIMING, 1_000_000, shell.clockUs);
    const turn = new Turn(engine, shell, TIMING);
    shell.clockUs += 10 * TIMING.detectionUs;
    shell.beginLease = () => {
      RecordingShell.prototype.beginLease.call(shell);
      shell.clockUs += 3000; // the kernel makes its filter
    };
    turn.begin();
    expect(shell.takeCalls()).toEqual(["beginLease()"]);
    expect(turn.wakeUs(shell.clockUs)).toBe(shell.clockUs);
    turn.run();
    expect(turn.ended).toBe(GOES_ON);
    expect(engine.sender.lateness.maxUs).toBe(0);
    expect(shell.calls.slice(0, 2)).toEqual([`renewLease(${LEASE_MS})`, "compose(server 0)"]);
  });
});

describe("a network that refuses", () => {
  /** One period. @returns what was sent and recorded in it */
  function period(flight: TurnFlight): string[] {
    flight.hear();
    flight.toPeriod();
    return flight.calls().filter((call) => /^send|record/.test(call));
  }

  test("is counted each time and recorded when it begins, by its number; the others are sent to", () => {
    const flight = new TurnFlight();
    const { shell, engine } = flight;
    const sent = ["send(0)", "send(1)"];
    for (const network of [0, 1]) {
      const count = engine.counters[COUNTER_SEND_FAILED];
      const record = `carryOut(record, ${LOG_SEND_FAILED}, ${network}, ${ENETDOWN})`;
      shell.sendErrors[network] = ENETDOWN;
      expect(period(flight)).toEqual([...sent, record]);
      shell.sendErrors[network] = ENETUNREACH; // another reason is no other fault
      expect(period(flight)).toEqual(sent);
      expect(engine.counters[COUNTER_SEND_FAILED]).toBe(count + 2);
      shell.sendErrors[network] = 0;
      expect(period(flight)).toEqual(sent);
      expect(engine.counters[COUNTER_SEND_FAILED]).toBe(count + 2);
      shell.sendErrors[network] = ENETDOWN;
      expect(period(flight)).toEqual([...sent, record]);
      expect(engine.counters[COUNTER_SEND_FAILED]).toBe(count + 3);
      shell.sendErrors[network] = 0;
      expect(period(flight)).toEqual(sent);
    }
  });

  test("both at once are two faults", () => {
    const flight = new TurnFlight();
    flight.shell.sendErrors.fill(ENETDOWN);
    const records = period(flight).slice(2);
    expect(records.map((record) => record.split(", ")[2])).toEqual(["0", "1"]);
    expect(flight.engine.counters[COUNTER_SEND_FAILED]).toBe(2);
  });
});

test("silence is not judged while networks are unread, but a flood does not put it off for ever", () => {
  const flight = new TurnFlight({ hasLease: false });
  const { arrivals } = flight.shell;
  const view = new DataView(new ArrayBuffer(0));
  /** One turn in a flood. @returns whether the peer was found to be lost */
  const isLost = (): boolean => {
    while (arrivals[0].length < RECEIVES_PER_TURN_MAX)
      arrivals[0].push({ view, length: 1, isSealed: false });
    return flight.calls().includes(`carryOut(record, ${LOG_SERVER_LOST}, 1, 0)`);
  };
  let turns = 0;
  for (; turns < 7; turns++) {
    flight.toPeriod();
    expect(isLost()).toBe(false); // silent for up to 69 ms
  }
  while (!isLost()) turns++;
  expect(turns).toBe(UNREAD_TURNS_MAX);
});

describe("when the next turn is wanted", () => {
  test("with the next period, or with what the core or the addresses want before", () => {
    const flight = new TurnFlight();
    const { engine, shell, turn } = flight;
    const { clockUs } = shell;
    expect(turn.wakeUs(clockUs)).toBe(engine.nextSendUs);
    shell.renewalDueUs = engine.nextSendUs - 1;
    expect(turn.wakeUs(clockUs)).toBe(engine.nextSendUs - 1);
    shell.renewalDueUs = engine.nextSendUs + 1;
    expect(turn.wakeUs(clockUs)).toBe(engine.nextSendUs);
  });

  test("at once while effects or events wait", () => {
    const { engine, shell, turn } = new TurnFlight();
    engine.effects.push(EFFECT_LOG, 1, 0, 0);
    expect(turn.wakeUs(shell.clockUs)).toBe(shell.clockUs);
    turn.run();
    expect(turn.wakeUs(shell.clockUs)).toBe(engine.nextSendUs);
    engine.events.push(EVENT_RECORD, 1, 0);
    expect(turn.wakeUs(shell.clockUs)).toBe(shell.clockUs);
  });

  test("with the period while VIPs wait for the kernel's lock, but at once for all else", () => {
    const { engine, shell, turn } = new TurnFlight();
    shell.isHeldUp = true;
    shell.room = 0;
    engine.effects.push(EFFECT_VIP_ADD, 0, 0, 0);
    engine.effects.push(EFFECT_LOG, 1, 0, 0);
    expect(turn.wakeUs(shell.clockUs)).toBe(shell.clockUs);
    turn.run();
    expect(turn.wakeUs(shell.clockUs)).toBe(engine.nextSendUs);
    expect(shell.takeCalls()).toContain("observeLinks()");
    shell.isHeldUp = false;
    expect(turn.wakeUs(shell.clockUs)).toBe(shell.clockUs);
    turn.run();
    expect(shell.takeCalls()).not.toContain("observeLinks()");
  });

  test("in a flood: a rest later, and never later than the next keep-alive; until the next period", () => {
    const flight = new TurnFlight();
    const { engine, shell, turn } = flight;
    expect(turn.arrivalsWake).toBe(true);
    const view = new DataView(new ArrayBuffer(0));
    for (let datagram = 0; datagram < RECEIVES_AT_ONCE_MAX; datagram++)
      shell.arrivals[0].push({ view, length: 1, isSealed: false });
    turn.run();
    expect(turn.arrivalsWake).toBe(false);
    shell.renewalDueUs = shell.clockUs + 1; // waits for the rest, too
    expect(turn.wakeUs(shell.clockUs)).toBe(shell.clockUs + READ_REST_US);
    shell.clockUs = engine.nextSendUs - 1;
    expect(turn.wakeUs(shell.clockUs)).toBe(engine.nextSendUs);
    turn.run();
    expect(turn.arrivalsWake).toBe(false);
    flight.toPeriod();
    turn.run();
    expect(turn.arrivalsWake).toBe(true);
  });
});

/**
 * A turn may be stopped between any two of its steps, for any time, and the kernel goes on
 * meanwhile.
 */

import { describe, expect, test } from "bun:test";
import { PERIOD_US, TIMING, TurnFlight } from "../../test/harness/turn-flight.ts";
import { STEP_NAMES } from "../../test/harness/turn-steps.ts";
import { EFFECT_ANNOUNCE } from "../boundary/effect-queue.ts";
import { EVENT_VIP_REMOVED } from "../boundary/event-queue.ts";
import { LOG_LEASE_LOST, LOG_STALLED } from "../boundary/maintenance-code.ts";

const DETECTION_MS = TIMING.detectionUs / 1000;
const PAUSES_MS = [3, 8, 20, 30, 38, 45, 51, 120];

type Kind = "period" | "between" | "late";

/** A turn is about to begin; a VIP waits for room to be put up, another one to be announced. */
function waiting(hasLease: boolean, kind: Kind): TurnFlight {
  const flight = new TurnFlight({ hasLease });
  flight.shell.room = 0;
  flight.engine.events.push(EVENT_VIP_REMOVED, 0, 0);
  flight.turn.run();
  flight.engine.effects.push(EFFECT_ANNOUNCE, 1, 0, 0);
  flight.shell.room = 1;
  if (kind !== "between") flight.toPeriod();
  if (kind === "late") flight.shell.clockUs += PERIOD_US / 2 + 1000;
  flight.shell.takeCalls();
  return flight;
}

interface Outcome {
  /**
   * "." when the flight goes on, "-" when the turn has no such step; else why everything was let
   * go, S for stalled and L for the lease, and whether in this turn, 0, or in the next one, 1.
   */
  readonly word: string;
  /** All calls, and those after the pause. */
  readonly calls: readonly string[];
  readonly later: readonly string[];
  /** The kernel took a renewal of the lease after the pause. */
  readonly isRenewed: boolean;
  /** By how much a lease outlasted the time at which the others miss this server, in µs. */
  readonly tooLongUs: number;
}

/** Two turns, the first of which stands still before `step`. Peers speak meanwhile, or not. */
function pause(flight: TurnFlight, step: string, pauseMs: number, peersSpeak: boolean): Outcome {
  const { engine, shell, turn } = flight;
  let sentUs = engine.nextSendUs - PERIOD_US;
  let tooLongUs = 0;
  let paused = false;
  let isRenewed = false;
  const calls: string[] = [];
  const later: string[] = [];
  let word = ".";
  for (let turns = 0; turns < 2 && flight.goesOn; turns++) {
    for (let goesOn = true; goesOn; ) {
      if (!paused && STEP_NAMES[turn.step] === step) {
        paused = true;
        shell.clockUs += pauseMs * 1000;
        if (peersSpeak)
          for (let spoken = 0; spoken < pauseMs * 1000; spoken += PERIOD_US) flight.hear();
      }
      goesOn = turn.advance();
      for (const call of shell.takeCalls()) {
        calls.push(call);
        if (paused) later.push(call);
        if (call === "compose(server 0)") sentUs = shell.clockUs;
        if (call.startsWith("renewLease")) {
          tooLongUs = Math.max(tooLongUs, shell.leaseEndUs - sentUs - TIMING.detectionUs);
          if (paused && shell.leaseEndUs > shell.clockUs) isRenewed = true;
        }
        if (call.startsWith(`tell(${LOG_STALLED}`)) word = `S${turns}`;
        if (call.startsWith(`tell(${LOG_LEASE_LOST}`)) word = `L${turns}`;
      }
    }
  }
  return { word: paused ? word : "-", calls, later, isRenewed, tooLongUs };
}

const KINDS: readonly Kind[] = ["period", "between", "late"];

/** Every kind of turn, stopped before each of its steps, for each time. */
function everyPause(hasLease: boolean, check: (outcome: Outcome, pauseMs: number) => void): void {
  for (const kind of KINDS) {
    for (const step of STEP_NAMES) {
      for (const pauseMs of PAUSES_MS) {
        for (const peersSpeak of [true, false])
          check(pause(waiting(hasLease, kind), step, pauseMs, peersSpeak), pauseMs);
      }
    }
  }
}

describe.each([
  ["with a lease", true],
  ["without", false],
])("%s", (_, hasLease) => {
  test("after a stall for longer than the detection time no VIP is put up, announced or renewed, and no lease: all is let go", () => {
    everyPause(hasLease, ({ word, later, isRenewed }, pauseMs) => {
      if (word === "-" || pauseMs <= DETECTION_MS) return;
      expect(word).toMatch(/[SL][01]/);
      expect(later).toContain("letGo()");
      expect(isRenewed).toBe(false);
      for (const call of later) expect(call).not.toMatch(/carryOut\((add|announce)|renewAddresses/);
    });
  });

  test("what was waiting is carried out when the flight goes on", () => {
    everyPause(hasLease, ({ word, calls }) => {
      if (word !== ".") return;
      expect(calls.filter((call) => /carryOut\((add|announce)/.test(call))).toHaveLength(2);
    });
  });
});

test("no lease runs for longer than the others wait, should this server stop for good just then", () => {
  everyPause(true, ({ tooLongUs }) => expect(tooLongUs).toBe(0));
});

/**
 * What pauses of PAUSES_MS lead to while the peers speak. Once a lease has run out, only letting go
 * is left. Without one it goes on as long as the others have not missed it; in a late turn that is
 * stopped after its decision it may go on for a little longer, and finds itself owned twice.
 */
const OUTCOMES: readonly [hasLease: boolean, kind: Kind, rows: string][] = [
  [
    true,
    "period",
    `
    begin                .   .   .  L0  L0  S0  S0  S0
    renew lease          .   .   .  L0  L0  L0  L0  L0
    send keep-alive      .   .   .  L1  L1  S1  S1  S1
    report               .   .   .   .  L0  S1  S1  S1
    receive              .   .   .   .  L0  S1  S1  S1
    decide               .   .   .  L1  L1  S1  S1  S1
    send news            .   .   .  L1  L1  L1  S1  S1
    relay                .   .   .  L1  L1  L1  S1  S1
    renew lease again    .   .   .  L1  L1  L1  S1  S1
    carry out            .   .   .  L1  L1  L1  S1  S1
    renew addresses      .   .   .  L1  L1  L1  S1  S1
    plan ahead           .   .   .  L1  L1  L1  S1  S1
    `,
  ],
  [
    true,
    "between",
    `
    begin                .   .   .   .  L0  L0  S0  S0
    receive              .   .   .   .  L0  L0  L0  L0
    decide               .   .   .   .  L0  L0  L0  L0
    send news            .   .   .   .  L1  L1  S1  S1
    relay                .   .   .   .  L1  L1  S1  S1
    renew lease again    .   .   .   .  L1  L1  S1  S1
    carry out            .   .   .   .  L1  L1  S1  S1
    renew addresses      .   .   .   .  L1  L1  S1  S1
    plan ahead           .   .   .   .  L1  L1  S1  S1
    `,
  ],
  [
    true,
    "late",
    `
    begin                .   .  L0  L0  S0  S0  S0  S0
    renew lease          .   .  L0  L0  L0  L0  L0  L0
    send keep-alive      .   .   .  S1  S1  S1  S1  S1
    report               .   .   .  S1  S1  S1  S1  S1
    receive              .   .   .  S1  S1  S1  S1  S1
    decide               .   .   .  S1  S1  S1  S1  S1
    send news            .   .   .  L1  L1  S1  S1  S1
    relay                .   .   .  L1  L1  S1  S1  S1
    renew lease again    .   .   .  L1  L1  S1  S1  S1
    carry out            .   .   .  L1  L1  S1  S1  S1
    renew addresses      .   .   .  L1  L1  S1  S1  S1
    plan ahead           .   .   .  L1  L1  S1  S1  S1
    `,
  ],
  [
    false,
    "period",
    `
    begin                .   .   .   .  S1  S0  S0  S0
    renew lease          .   .   .   .   .  S1  S1  S1
    send keep-alive      .   .   .   .   .  S1  S1  S1
    report               .   .   .   .   .  S1  S1  S1
    receive              .   .   .   .   .  S1  S1  S1
    decide               .   .   .   .   .  S1  S1  S1
    send news            .   .   .   .   .   .  S1  S1
    relay                .   .   .   .   .   .  S1  S1
    renew lease again    .   .   .   .   .   .  S1  S1
    carry out            .   .   .   .   .   .  S1  S1
    renew addresses      .   .   .   .   .   .  S1  S1
    plan ahead           .   .   .   .   .   .  S1  S1
    `,
  ],
  [
    false,
    "between",
    `
    begin                .   .   .   .   .  S1  S0  S0
    receive              .   .   .   .   .  S1  S1  S1
    decide               .   .   .   .   .  S1  S1  S1
    send news            .   .   .   .   .   .  S1  S1
    relay                .   .   .   .   .   .  S1  S1
    renew lease again    .   .   .   .   .   .  S1  S1
    carry out            .   .   .   .   .   .  S1  S1
    renew addresses      .   .   .   .   .   .  S1  S1
    plan ahead           .   .   .   .   .   .  S1  S1
    `,
  ],
  [
    false,
    "late",
    `
    begin                .   .   .  S1  S0  S0  S0  S0
    renew lease          .   .   .  S1  S1  S1  S1  S1
    send keep-alive      .   .   .  S1  S1  S1  S1  S1
    report               .   .   .  S1  S1  S1  S1  S1
    receive              .   .   .  S1  S1  S1  S1  S1
    decide               .   .   .  S1  S1  S1  S1  S1
    send news            .   .   .   .   .  S1  S1  S1
    relay                .   .   .   .   .  S1  S1  S1
    renew lease again    .   .   .   .   .  S1  S1  S1
    carry out            .   .   .   .   .  S1  S1  S1
    renew addresses      .   .   .   .   .  S1  S1  S1
    plan ahead           .   .   .   .   .  S1  S1  S1
    `,
  ],
];

test.each(OUTCOMES)("a pause in a turn, with a lease: %p, %s", (hasLease, kind, rows) => {
  const outcomes: string[] = [];
  for (const step of STEP_NAMES) {
    const words = PAUSES_MS.map((ms) => pause(waiting(hasLease, kind), step, ms, true).word);
    if (words[0] !== "-")
      outcomes.push(step.padEnd(18) + words.map((word) => word.padStart(4)).join(""));
  }
  const expected = rows.trim().split("\n");
  expect(outcomes).toEqual(expected.map((row) => row.trim()));
});

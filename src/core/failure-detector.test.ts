import { beforeEach, expect, test } from "bun:test";
import { FunctionTable } from "../allocation/function-table.ts";
import {
  SERVER_ALIVE,
  SERVER_INCOMPATIBLE,
  SERVER_LEAVING,
  SERVER_LOST,
  SERVER_UNREACHABLE,
} from "../boundary/server-state.ts";
import { timingOf } from "../boundary/timing.ts";
import { FLAG_LEASE, FLAG_TICKS } from "../wire/keep-alive.ts";
import { Changes } from "./changes.ts";
import { detectFailures } from "./failure-detector.ts";
import { Membership } from "./membership.ts";

const DETECTION_US = 30_000;
const ROW = { required: 1, priority: 1, servers: 15, process: 0, stopGraceMs: 0 };
const table = new FunctionTable([1, 1, 1, 1], [ROW, ROW, ROW]);
let membership: Membership;

function detect(nowUs: number): number {
  return detectFailures(table, membership, nowUs, DETECTION_US);
}

/** Servers 1 and 2 are alive, heard at the times given. */
beforeEach(() => {
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 0 };
  membership = new Membership(table, identity, timingOf(10, 3, 3, 0), new Changes());
  membership.setState(1, SERVER_ALIVE);
  membership.setState(2, SERVER_ALIVE);
  membership.lastHeardUs[1] = 1000;
  membership.lastHeardUs[2] = 5000;
});

test("reports when the next server could be due, and nothing changes before", () => {
  expect(detect(6000)).toBe(31_000);
  expect(detect(30_999)).toBe(31_000);
  expect(membership.state[1]).toBe(SERVER_ALIVE);
});

test("at that very microsecond the server has failed, if no other server hears it", () => {
  expect(detect(31_000)).toBe(35_000);
  expect(membership.state[1]).toBe(SERVER_LOST);
  expect(membership.state[2]).toBe(SERVER_ALIVE);
  detect(35_000);
  expect(membership.state[2]).toBe(SERVER_LOST);
  expect(detect(40_000)).toBe(Number.POSITIVE_INFINITY);
});

test("while a living server hears it, it is unreachable; when that one has lost it too, it has failed", () => {
  membership.hears[2] = 1 << 1;
  detect(31_000);
  expect(membership.state[1]).toBe(SERVER_UNREACHABLE);
  membership.hears[2] = 0;
  detect(31_001);
  expect(membership.state[1]).toBe(SERVER_LOST);
});

test("a witness that fails at the same time is no witness", () => {
  membership.lastHeardUs[2] = 1000;
  membership.hears[2] = 1 << 1;
  membership.hears[1] = 1 << 2;
  detect(31_000);
  expect([...membership.state.slice(1, 3)]).toEqual([SERVER_LOST, SERVER_LOST]);
});

test("a server that has left stays so; one with another table is lost like any other", () => {
  membership.setState(1, SERVER_LEAVING);
  membership.setState(2, SERVER_INCOMPATIBLE);
  detect(100_000);
  expect([...membership.state.slice(1, 3)]).toEqual([SERVER_LEAVING, SERVER_LOST]);
});

test("what a server with a lease owned or claimed may be answered for there until the lease has run out", () => {
  const { holdUs, holdTicksUs } = timingOf(10, 3, 3, 0);
  expect([holdUs, holdTicksUs]).toEqual([10_000, 30_000]);
  const said = membership.latest(1);
  said.owns[0] = 0b01;
  said.claims[0] = 0b10;
  for (const [flags, endUs] of [
    [FLAG_LEASE, 31_000 + holdUs],
    [FLAG_LEASE | FLAG_TICKS, 31_000 + holdTicksUs],
    [0, 31_000],
  ] as const) {
    membership.setState(1, SERVER_ALIVE);
    membership.answersUntilUs[1] = 0;
    said.flags = flags;
    expect(membership.mayAnswer(1, 0, 31_000)).toBe(false); // it is heard: it says what it owns
    expect(detect(31_000)).toBe(35_000);
    expect(membership.state[1]).toBe(SERVER_LOST);
    for (const index of [0, 1]) {
      expect(membership.mayAnswer(1, index, endUs - 1)).toBe(flags !== 0);
      expect(membership.mayAnswer(1, index, endUs)).toBe(false);
    }
    expect(membership.mayAnswer(1, 2, 31_000)).toBe(false);
  }
  membership.setState(2, SERVER_LOST);
  said.flags = FLAG_LEASE;
  membership.setState(1, SERVER_ALIVE);
  expect(detect(31_000)).toBe(41_000); // that is when it may be taken
  membership.beginIncarnation(1, 2);
  expect(membership.mayAnswer(1, 0, 31_000)).toBe(false); // its start has taken everything down
});

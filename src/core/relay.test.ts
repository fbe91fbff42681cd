import { beforeEach, expect, test } from "bun:test";
import { FunctionTable } from "../allocation/function-table.ts";
import { SERVER_ALIVE } from "../boundary/server-state.ts";
import { timingOf } from "../boundary/timing.ts";
import { RELAYS_PER_PERIOD_MAX } from "../limits.ts";
import { FLAG_DRAINING, FLAG_RELAYED } from "../wire/keep-alive.ts";
import { Changes } from "./changes.ts";
import { Membership } from "./membership.ts";
import { Relay } from "./relay.ts";

const ROW = { required: 1, priority: 1, servers: 7, process: 0, stopGraceMs: 0 };
const table = new FunctionTable([1, 1, 1], [ROW]);
let membership: Membership;
let relay: Relay;

/** Server 0 is we; 1 and 2 are heard, and hear each other directly. */
beforeEach(() => {
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 };
  membership = new Membership(table, identity, timingOf(10, 5, 3, 0), new Changes());
  relay = new Relay(membership, table);
  for (const server of [1, 2]) {
    membership.setState(server, SERVER_ALIVE);
    membership.said(server).direct = 0b111 & ~(1 << server);
    heard(server, 10);
  }
});

function heard(server: number, sequence: number, nowUs = 0): void {
  membership.spreadSequence[server] = membership.spreadTo(server, nowUs);
  membership.lastHeardUs[server] = nowUs;
  membership.sequence[server] = sequence;
  membership.incarnation[server] = 100 + server;
  Object.assign(membership.said(server), {
    sender: server,
    sequence,
    incarnation: 100 + server,
    flags: FLAG_DRAINING,
  });
}

function sentOn(): number[] {
  relay.update(0);
  const senders: number[] = [];
  for (let next = relay.compose(); next !== null; next = relay.compose()) senders.push(next.sender);
  return senders;
}

test("where all hear all, nothing is sent on", () => {
  expect(sentOn()).toEqual([]);
});

test("what one does not hear directly is sent on, word for word and marked, once", () => {
  membership.said(2).direct = 0b001;
  relay.update(0);
  expect(relay.compose()).toMatchObject({
    sender: 1,
    sequence: 10,
    incarnation: 101,
    flags: FLAG_DRAINING | FLAG_RELAYED,
  });
  expect(relay.compose()).toBeNull();
  expect(sentOn()).toEqual([]); // nothing new
  heard(1, 11);
  expect(sentOn()).toEqual([1]);
});

test("both directions that are cut, each for itself", () => {
  membership.said(1).direct = 0b001;
  membership.said(2).direct = 0b001;
  expect(sentOn()).toEqual([1, 2]);
});

test("not more than some messages of a server in a period", () => {
  membership.said(2).direct = 0b001;
  let sent = 0;
  for (let sequence = 11; sequence < 30; sequence++) {
    heard(1, sequence);
    sent += sentOn().length;
  }
  expect(sent).toBe(RELAYS_PER_PERIOD_MAX);
  relay.beginPeriod();
  expect(sentOn()).toEqual([1]);
});

test("the same sequence number of a new incarnation is new", () => {
  membership.said(2).direct = 0b001;
  expect(sentOn()).toEqual([1]);
  membership.incarnation[1] = 200;
  expect(sentOn()).toEqual([1]);
});

/** Server 2 speaks at `nowUs` and has so much of server 1. */
function speaks(nowUs: number, hasOf1: number): void {
  membership.sequence[2] += 1;
  membership.lastHeardUs[2] = nowUs;
  membership.said(2).heardIncarnation[1] = 101;
  membership.said(2).heardSequence[1] = hasOf1;
}

test("what one has missed of another is sent on as soon as it tells so", () => {
  heard(1, 10);
  relay.update(0);
  expect(relay.compose()).toBeNull();
  speaks(2_499, 9); // it may still be under way
  relay.update(2_499);
  expect(relay.compose()).toBeNull();
  speaks(2_500, 9);
  relay.update(2_500);
  expect(relay.compose()).toMatchObject({ sender: 1, sequence: 10 });
  speaks(2_600, 9);
  relay.update(2_600);
  expect(relay.compose()).toBeNull(); // once
});

test("the newest is sent on, also where it came together with the word of what is missing", () => {
  heard(1, 10);
  relay.update(0);
  heard(1, 11, 10_000);
  speaks(10_000, 10); // it has all that we had before
  relay.update(10_000);
  expect(relay.compose()).toBeNull();
  heard(1, 12, 20_000);
  speaks(20_000, 10);
  relay.update(20_000);
  expect(relay.compose()).toMatchObject({ sender: 1, sequence: 12 });
});

test("another incarnation of it is another matter", () => {
  relay.update(0);
  speaks(5_000, 9);
  membership.said(2).heardIncarnation[1] = 7;
  relay.update(5_000);
  expect(relay.compose()).toBeNull();
});

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

/** We are server 0; 1 and 2 are heard, and hear each other directly. */
beforeEach(() => {
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 };
  membership = new Membership(table, identity, timingOf(10, 5, 3, 0), new Changes());
  relay = new Relay(membership, table);
  for (const server of [1, 2]) {
    membership.setState(server, SERVER_ALIVE);
    membership.latest(server).direct = 0b111 & ~(1 << server);
    heard(server, 10);
  }
});

function heard(server: number, sequence: number): void {
  membership.sequence[server] = sequence;
  membership.incarnation[server] = 100 + server;
  Object.assign(membership.latest(server), {
    sender: server,
    sequence,
    incarnation: 100 + server,
    flags: FLAG_DRAINING,
  });
}

function sentOn(): number[] {
  relay.update();
  const senders: number[] = [];
  for (let next = relay.compose(); next !== null; next = relay.compose()) senders.push(next.sender);
  return senders;
}

test("where all hear all, nothing is sent on", () => {
  expect(sentOn()).toEqual([]);
});

test("a message that a server does not hear directly is relayed to it, unchanged and marked, once", () => {
  membership.latest(2).direct = 0b001;
  relay.update();
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
  membership.latest(1).direct = 0b001;
  membership.latest(2).direct = 0b001;
  expect(sentOn()).toEqual([1, 2]);
});

test("not more than some messages of a server in a period", () => {
  membership.latest(2).direct = 0b001;
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
  membership.latest(2).direct = 0b001;
  expect(sentOn()).toEqual([1]);
  membership.incarnation[1] = 200;
  expect(sentOn()).toEqual([1]);
});

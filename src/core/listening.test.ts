import { expect, test } from "bun:test";
import { FunctionTable } from "../allocation/function-table.ts";
import { timingOf } from "../boundary/timing.ts";
import { Admission } from "./admission.ts";
import { Changes } from "./changes.ts";
import { Listening } from "./listening.ts";
import { Membership } from "./membership.ts";

const table = new FunctionTable([10, 10], []);
const timing = timingOf(10, 3, 3, 0);
const STARTED_US = 1_000_000;

test("a server listens by what it has read: an owner's message may wait behind a flood (simulator, seed 700038818)", () => {
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 0 };
  const changes = new Changes();
  const membership = new Membership(table, identity, timing, changes);
  const admission = new Admission(table.serverCount, identity, timing, membership, changes);
  const listening = new Listening(table, membership, admission, timing);
  listening.begin(STARTED_US);
  const overUs = STARTED_US + timing.listenUs;
  expect(listening.isOver(overUs)).toBe(false); // nothing is read yet
  membership.readUs = overUs - 1;
  expect(listening.isOver(overUs + timing.listenUs)).toBe(false);
  membership.readUs = overUs;
  expect(listening.isOver(overUs)).toBe(true);
});

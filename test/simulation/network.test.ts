/** When the simulator's networks count a datagram as lost, and two servers as joined. */
import { describe, expect, test } from "bun:test";
import { FunctionTable } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import type { Engine } from "../../src/core/engine.ts";
import { UNSEALED } from "./datagrams.ts";
import type { Host } from "./host.ts";
import { LOST, Network, PASSES } from "./network.ts";
import { NominalWorld } from "./nominal-world.ts";
import { Random } from "./random.ts";

const table = new FunctionTable(
  [100, 100],
  [{ required: 1, priority: 9, servers: 3, process: 0, stopGraceMs: 0 }],
);
/** More than a receive buffer holds. */
const FLOOD = 2_000;

/** @returns the fate of this many datagrams from 1 to 0 when all are lost that may be */
function losses(count: number, isKeptOut: boolean): number[] {
  const network = new Network(new Random(1), 1, 4, Number.POSITIVE_INFINITY, 1, 10_000);
  network.lossPerMille = 1_000;
  const fates: number[] = [];
  for (let nowUs = 0; fates.length < count; nowUs += 10_000) {
    if (isKeptOut) network.noteOverflow(0, 1, nowUs);
    fates.push(network.fate(1, 0, nowUs));
  }
  return fates;
}

test("as many are lost in a row as the detection time has room for", () => {
  expect(losses(6, false)).toEqual([LOST, LOST, LOST, LOST, PASSES, LOST]);
});

test("no two in a row while a flood keeps out those of the other direction", () => {
  expect(losses(6, true)).toEqual([LOST, PASSES, LOST, PASSES, LOST, PASSES]);
});

describe("two servers on two networks", () => {
  /** Floods both on `networks`, lets each say something. @returns for how long they are joined */
  function joinedUs(networks: readonly number[]): number {
    const world = new NominalWorld({ table, policy: PREEMPT, networks: 2 });
    for (const host of world.hosts) world.start(host);
    world.run(300);
    const { air, hosts, nowUs } = world;
    for (let server = 0; server < 2; server++)
      for (const number of networks) air.flood(server, number, FLOOD, UNSEALED, nowUs);
    for (const from of [0, 1, 0]) {
      const { sender } = (hosts[from] as Host).engine as Engine;
      air.compose(from, sender.message, nowUs);
      for (let number = 0; number < 2; number++) air.send(from, number, nowUs);
    }
    return nowUs - air.network.joinedSinceUs(0, 1);
  }

  test("are joined as long as one of them is not flooded", () => {
    expect(joinedUs([0])).toBeGreaterThanOrEqual(300_000);
    expect(joinedUs([1])).toBeGreaterThanOrEqual(300_000);
  });

  test("are not while both are", () => {
    expect(joinedUs([0, 1])).toBe(0);
  });
});

/** Which servers the judge of P1 counts as on one segment. */
import { describe, expect, test } from "bun:test";
import { FunctionTable } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import type { Host } from "./host.ts";
import { LOST, Network, PASSES } from "./network.ts";
import { NominalWorld } from "./nominal-world.ts";
import { Random } from "./random.ts";

const table = new FunctionTable(
  [100, 100],
  [{ required: 1, priority: 9, servers: 3, process: 0, stopGraceMs: 0 }],
);

/** Two servers that have heard each other. */
function flight(hasLease: boolean): NominalWorld {
  const world = new NominalWorld({ table, policy: PREEMPT, ...(hasLease && { leaseTicksMs: 0 }) });
  for (const host of world.hosts) world.start(host);
  world.run(300);
  return world;
}

function setOpen(world: NominalWorld, from: number, to: number, isOpen: boolean): void {
  const { network } = world.air;
  if (isOpen) network.join(from, to, 0, world.nowUs);
  else network.cut(from, to, 0, world.nowUs);
}

const areJoined = ({ invariants }: NominalWorld): boolean => invariants.segments.areJoined(0, 1);

describe("one direction is cut:", () => {
  test.each([
    [true, true],
    [false, false],
  ])("with a lease %p, they are on one segment %p", (hasLease, expected) => {
    const world = flight(hasLease);
    setOpen(world, 0, 1, false);
    expect(areJoined(world)).toBe(expected);
    world.run(500);
    expect(areJoined(world)).toBe(expected);
  });

  test("and the one that hears the other starts again: if it knows what it had heard", () => {
    const world = flight(true);
    setOpen(world, 0, 1, false);
    const [hearer] = world.hosts as [Host];
    world.invariants.segments.onStart(hearer, true);
    expect(areJoined(world)).toBe(true);
    world.invariants.segments.onStart(hearer, false);
    expect(areJoined(world)).toBe(false);
  });

  test("and the one that is heard starts again: not until both hear each other", () => {
    const world = flight(true);
    setOpen(world, 0, 1, false);
    world.invariants.segments.onStart(world.hosts[1] as Host, true);
    expect(areJoined(world)).toBe(false);
    setOpen(world, 0, 1, true);
    world.run(300);
    expect(areJoined(world)).toBe(true);
  });

  test("and then the other one, too: the first that is back does not join them", () => {
    const world = flight(true);
    setOpen(world, 0, 1, false);
    setOpen(world, 1, 0, false);
    expect(areJoined(world)).toBe(false);
    world.run(300);
    setOpen(world, 1, 0, true);
    world.run(300);
    expect(areJoined(world)).toBe(false);
    setOpen(world, 0, 1, true);
    world.run(300);
    expect(areJoined(world)).toBe(true);
  });

  test("and more is missed of the other one than is bridged: divided", () => {
    const network = new Network(new Random(1), 1, 4, Number.POSITIVE_INFINITY, 1, 10_000);
    network.lossPerMille = 1_000;
    const closed: string[] = [];
    network.onClosed = (from, to) => closed.push(`${from}>${to}`);
    network.cut(0, 1, 0, 0);
    const fate = (nowUs: number): number => network.fate(1, 0, nowUs);
    expect([10_000, 20_000, 30_000, 40_000].map(fate)).toEqual([LOST, PASSES, LOST, PASSES]);
    expect(closed).toEqual(["0>1"]);
    expect(fate(50_000)).toBe(LOST);
    expect(network.isMissed(1, 0, 62_500)).toBe(false);
    expect(network.isMissed(1, 0, 62_501)).toBe(true); // the next one is late by that
    expect(fate(62_501)).toBe(PASSES);
    expect(closed).toEqual(["0>1", "1>0"]);
  });
});

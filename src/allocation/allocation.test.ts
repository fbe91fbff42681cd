import { describe, expect, test } from "bun:test";
import { DIMENSIONS_MAX, FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import { Allocation, resetRemaining, serverOfLargestRemaining } from "./allocation.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "./function-table.ts";

/**
 * Three servers; function 0 may run anywhere, function 1 on servers 0 and 2, function 2 nowhere.
 */
const table = new FunctionTable(
  [100, 80, 60],
  [0b111, 0b101, 0b000].map((servers) => ({
    required: 10,
    priority: 5,
    servers,
    process: PROCESS_NONE,
    stopGraceMs: 0,
  })),
);

function allocationWith(operable: number, remaining: number[]): Allocation {
  const allocation = new Allocation();
  allocation.operable = operable;
  allocation.remaining.set(remaining);
  return allocation;
}

describe("a new allocation", () => {
  test("has nothing running and nothing assigned", () => {
    const allocation = new Allocation();
    expect(allocation.operable).toBe(0);
    expect(allocation.current.every((server) => server === NONE)).toBe(true);
    expect(allocation.assigned.every((server) => server === NONE)).toBe(true);
    expect(allocation.current.length).toBe(FUNCTIONS_MAX);
    expect(allocation.remaining.length).toBe(DIMENSIONS_MAX * SERVERS_MAX);
  });
});

describe("the server of the largest remaining resource", () => {
  test("is the one with the most left", () => {
    expect(serverOfLargestRemaining(table, allocationWith(0b111, [10, 30, 20]), 0)).toBe(1);
  });

  test("is the lower index on a tie", () => {
    expect(serverOfLargestRemaining(table, allocationWith(0b111, [10, 30, 30]), 0)).toBe(1);
    expect(serverOfLargestRemaining(table, allocationWith(0b111, [0, 0, 0]), 0)).toBe(0);
  });

  test("is operable", () => {
    expect(serverOfLargestRemaining(table, allocationWith(0b101, [10, 30, 20]), 0)).toBe(2);
  });

  test("is one that the configuration names for the function", () => {
    expect(serverOfLargestRemaining(table, allocationWith(0b111, [10, 30, 20]), 1)).toBe(2);
  });

  test("is none on which the function's process failed, and that concerns this function only", () => {
    const allocation = allocationWith(0b111, [10, 30, 20]);
    allocation.cannotRun[0] = 0b010;
    expect(serverOfLargestRemaining(table, allocation, 0)).toBe(2);
    allocation.cannotRun[0] = 0b111;
    expect(serverOfLargestRemaining(table, allocation, 0)).toBe(NONE);
    expect(serverOfLargestRemaining(table, allocation, 1)).toBe(2);
  });

  test("is none when no server is operable or named", () => {
    expect(serverOfLargestRemaining(table, allocationWith(0, [10, 30, 20]), 0)).toBe(NONE);
    expect(serverOfLargestRemaining(table, allocationWith(0b111, [10, 30, 20]), 2)).toBe(NONE);
  });

  test("can be the last of sixteen", () => {
    const sixteen = new FunctionTable(
      Array.from({ length: SERVERS_MAX }, () => 10),
      [{ required: 1, priority: 1, servers: 0xffff, process: PROCESS_NONE, stopGraceMs: 0 }],
    );
    const allocation = allocationWith(0xffff, []);
    allocation.remaining[15] = 1;
    expect(serverOfLargestRemaining(sixteen, allocation, 0)).toBe(15);
  });

  test("takes one step for each place for a server, whatever it finds", () => {
    for (const operable of [0, 0b001, 0b111]) {
      const allocation = allocationWith(operable, [10, 30, 20]);
      serverOfLargestRemaining(table, allocation, 0);
      expect(allocation.steps).toBe(SERVERS_MAX);
    }
  });
});

describe("resetting the remaining resources", () => {
  test("gives operable servers all they have and the others nothing", () => {
    const allocation = allocationWith(0b101, [7, 7, 7, 7]);
    resetRemaining(table, allocation);
    expect([...allocation.remaining]).toEqual([
      100,
      0,
      60,
      ...Array.from({ length: DIMENSIONS_MAX * SERVERS_MAX - 3 }, () => 0),
    ]);
    expect(allocation.steps).toBe(SERVERS_MAX);
  });
});

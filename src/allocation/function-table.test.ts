import { describe, expect, test } from "bun:test";
import { AssertionError } from "../assert.ts";
import { DIMENSIONS_MAX, FUNCTIONS_MAX, RESOURCE_MAX, SERVERS_MAX } from "../limits.ts";
import {
  type FunctionRow,
  FunctionTable,
  PROCESS_ALWAYS,
  PROCESS_NONE,
  PROCESS_ON_ACTIVATE,
} from "./function-table.ts";

const row: FunctionRow = {
  required: 5,
  priority: 5,
  servers: 0b01,
  process: PROCESS_NONE,
  stopGraceMs: 0,
};

describe("columns", () => {
  const table = new FunctionTable(
    [100, 80],
    [
      { required: 5, priority: 10, servers: 0b11, process: PROCESS_ON_ACTIVATE, stopGraceMs: 500 },
      { required: 40, priority: 4, servers: 0b10, process: PROCESS_ALWAYS, stopGraceMs: 0 },
    ],
  );

  test("hold every row as the configuration gave it", () => {
    expect(table.serverCount).toBe(2);
    expect(table.functionCount).toBe(2);
    expect(table.serverMask).toBe(0b11);
    expect([...table.resource.slice(0, 2)]).toEqual([100, 80]);
    expect([...table.required.slice(0, 2)]).toEqual([5, 40]);
    expect([...table.priority.slice(0, 2)]).toEqual([10, 4]);
    expect([...table.eligible.slice(0, 2)]).toEqual([0b11, 0b10]);
    expect([...table.process.slice(0, 2)]).toEqual([PROCESS_ON_ACTIVATE, PROCESS_ALWAYS]);
    expect([...table.stopGraceUs.slice(0, 2)]).toEqual([500_000, 0]);
  });

  test("have the size of the limits, whatever the aircraft, and are zero beyond it", () => {
    expect(table.resource.length).toBe(DIMENSIONS_MAX * SERVERS_MAX);
    expect(table.required.length).toBe(DIMENSIONS_MAX * FUNCTIONS_MAX);
    expect(table.required.slice(2).every((cell) => cell === 0)).toBe(true);
    for (const column of [
      table.priority,
      table.eligible,
      table.process,
      table.stopGraceUs,
      table.turn,
    ]) {
      expect(column.length).toBe(FUNCTIONS_MAX);
      expect(column.slice(2).every((cell) => cell === 0)).toBe(true);
    }
  });

  test("hold the largest aircraft", () => {
    const largest = new FunctionTable(
      Array.from({ length: SERVERS_MAX }, () => RESOURCE_MAX),
      Array.from({ length: FUNCTIONS_MAX }, () => ({
        ...row,
        required: RESOURCE_MAX,
        servers: 0xffff,
      })),
    );
    expect(largest.serverMask).toBe(0xffff);
    expect(largest.eligible[FUNCTIONS_MAX - 1]).toBe(0xffff);
    expect(largest.resource[SERVERS_MAX - 1]).toBe(RESOURCE_MAX);
    expect(largest.required[FUNCTIONS_MAX - 1]).toBe(RESOURCE_MAX);
  });

  test("hold an aircraft without functions", () => {
    const empty = new FunctionTable([100], []);
    expect(empty.functionCount).toBe(0);
    expect(empty.eligible.every((mask) => mask === 0)).toBe(true);
  });
});

describe("turn", () => {
  const turnOf = (priorities: number[]) => {
    const table = new FunctionTable(
      [100],
      priorities.map((priority) => ({ ...row, priority })),
    );
    return [...table.turn.slice(0, priorities.length)];
  };

  test("is by falling priority", () => {
    expect(turnOf([1, 10, 5, 9])).toEqual([1, 3, 2, 0]);
  });

  test("is by rising index among equals", () => {
    expect(turnOf([5, 7, 5, 7, 5])).toEqual([1, 3, 0, 2, 4]);
  });

  test("names every function once", () => {
    const priorities = Array.from({ length: FUNCTIONS_MAX }, (_, index) => 1 + ((index * 7) % 10));
    expect(new Set(turnOf(priorities)).size).toBe(FUNCTIONS_MAX);
  });
});

describe("what no configuration may give ends the program", () => {
  const wrong: [string, number[], FunctionRow[]][] = [
    ["no server", [], []],
    ["one server too many", Array.from({ length: SERVERS_MAX + 1 }, () => 1), []],
    ["one function too many", [100], Array.from({ length: FUNCTIONS_MAX + 1 }, () => row)],
    ["a negative resource", [-1], []],
    ["a resource that is no integer", [1.5], []],
    ["a resource above the limit", [RESOURCE_MAX + 1], []],
    ["a negative requirement", [100], [{ ...row, required: -1 }]],
    ["a requirement that is no integer", [100], [{ ...row, required: 0.5 }]],
    ["a requirement above the limit", [100], [{ ...row, required: RESOURCE_MAX + 1 }]],
    ["priority 0", [100], [{ ...row, priority: 0 }]],
    ["priority 11", [100], [{ ...row, priority: 11 }]],
    ["an eligible server that the aircraft does not have", [100], [{ ...row, servers: 0b10 }]],
  ];
  test.each(wrong)("%s", (_, resources, rows) => {
    expect(() => new FunctionTable(resources, rows)).toThrow(AssertionError);
  });
});

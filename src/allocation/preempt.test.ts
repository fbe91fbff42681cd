import { describe, expect, test } from "bun:test";
import { Allocation } from "./allocation.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "./function-table.ts";
import { PREEMPT } from "./preempt.ts";

interface Row {
  required: number;
  priority: number;
  current?: number;
  servers?: number;
  cannotRun?: number;
}

interface Result {
  assigned: number[];
  remaining: number[];
  stops: number;
}

function run(
  resources: number[],
  operable: number,
  rows: Row[],
  allocation = new Allocation(),
): Result {
  const everywhere = (1 << resources.length) - 1;
  const table = new FunctionTable(
    resources,
    rows.map((row) => ({ servers: everywhere, ...row, process: PROCESS_NONE, stopGraceMs: 0 })),
  );
  allocation.operable = operable;
  rows.forEach((row, index) => {
    allocation.current[index] = row.current ?? NONE;
    allocation.cannotRun[index] = row.cannotRun ?? 0;
  });
  PREEMPT.allocate(table, allocation);
  return {
    assigned: [...allocation.assigned.slice(0, rows.length)],
    remaining: [...allocation.remaining.slice(0, resources.length)],
    stops: allocation.stops,
  };
}

describe("without S2", () => {
  test("running functions stay, although a fresh start would place them elsewhere", () => {
    const rows = [
      { required: 10, priority: 1, current: 1 },
      { required: 20, priority: 9, current: 1 },
    ];
    expect(run([100, 40], 0b11, rows)).toEqual({
      assigned: [1, 1],
      remaining: [100, 10],
      stops: 0,
    });
  });

  test("waiting functions go to the server with the most left; on a tie to the lower index", () => {
    const rows = [
      { required: 30, priority: 5, current: 0 },
      { required: 20, priority: 4 },
      { required: 10, priority: 3 },
    ];
    // 20, 40 → 20, 20 → tie
    expect(run([50, 40], 0b11, rows)).toEqual({
      assigned: [0, 1, 0],
      remaining: [10, 20],
      stops: 0,
    });
  });

  test("what ran on a server that is down, or that may no longer run it, is waiting", () => {
    const rows = [
      { required: 10, priority: 5, current: 0 },
      { required: 10, priority: 5, current: 1, cannotRun: 0b010 },
      { required: 10, priority: 5, current: 1, servers: 0b100 },
    ];
    expect(run([50, 50, 50], 0b110, rows)).toEqual({
      assigned: [1, 2, 2],
      remaining: [0, 40, 30],
      stops: 0,
    });
  });

  test("of a server reported with more than it holds, the more important functions are believed", () => {
    const rows = [
      { required: 30, priority: 1, current: 0 },
      { required: 30, priority: 9, current: 0 },
      { required: 20, priority: 1, current: 0 },
    ];
    expect(run([50], 0b1, rows)).toEqual({ assigned: [NONE, 0, 0], remaining: [0], stops: 0 });
  });
});

describe("S11 to S16", () => {
  test("the least important function on the server is stopped, and no more than needed", () => {
    const rows = [
      { required: 20, priority: 3, current: 0 },
      { required: 20, priority: 1, current: 0 },
      { required: 20, priority: 2, current: 0 },
      { required: 20, priority: 9 },
    ];
    expect(run([60], 0b1, rows)).toEqual({ assigned: [0, NONE, 0, 0], remaining: [0], stops: 1 });
  });

  test("one after the other, from the least important upwards", () => {
    const rows = [
      { required: 20, priority: 3, current: 0 },
      { required: 20, priority: 1, current: 0 },
      { required: 20, priority: 2, current: 0 },
      { required: 40, priority: 9 },
    ];
    expect(run([60], 0b1, rows)).toEqual({
      assigned: [0, NONE, NONE, 0],
      remaining: [0],
      stops: 2,
    });
  });

  test("among equally unimportant functions the higher index is stopped", () => {
    const rows = [
      { required: 20, priority: 1, current: 0 },
      { required: 20, priority: 1, current: 0 },
      { required: 20, priority: 2 },
    ];
    expect(run([40], 0b1, rows)).toEqual({ assigned: [0, NONE, 0], remaining: [0], stops: 1 });
  });

  test("an equally important function is never stopped", () => {
    const rows = [
      { required: 20, priority: 5 },
      { required: 20, priority: 5, current: 0 },
    ];
    expect(run([30], 0b1, rows)).toEqual({ assigned: [NONE, 0], remaining: [10], stops: 0 });
  });

  test("only the server with the most left is considered, even where a stop on another one would have made room", () => {
    const rows = [
      { required: 30, priority: 5, current: 0 },
      { required: 40, priority: 1, current: 1 },
      { required: 40, priority: 4 },
    ];
    // 20 and 10 left: server 0 it is, and there is nothing less important there.
    expect(run([50, 50], 0b11, rows)).toEqual({
      assigned: [0, 1, NONE],
      remaining: [20, 10],
      stops: 0,
    });
  });

  test("what was stopped gets its own turn and may run elsewhere", () => {
    const rows = [
      { required: 20, priority: 1, current: 0 },
      { required: 60, priority: 9 },
      { required: 30, priority: 5, current: 1 },
    ];
    // 50 and 20 left. Function 1 wants 60 of server 0; function 0 then fits on server 1.
    expect(run([70, 50], 0b11, rows)).toEqual({
      assigned: [1, 0, 1],
      remaining: [10, 0],
      stops: 1,
    });
  });

  test("what was stopped may in its turn stop something less important elsewhere", () => {
    const rows = [
      { required: 40, priority: 9 },
      { required: 20, priority: 5, current: 0 },
      { required: 15, priority: 1, current: 1 },
    ];
    // Function 0 stops function 1 on server 0, which stops function 2 on server 1.
    expect(run([40, 30], 0b11, rows)).toEqual({
      assigned: [0, 1, NONE],
      remaining: [0, 10],
      stops: 2,
    });
  });

  test("a function is given up when stopping everything less important makes no room; functions stopped for it come back", () => {
    const rows = [
      { required: 50, priority: 9 },
      { required: 20, priority: 5, current: 0 },
      { required: 20, priority: 1, current: 0 },
    ];
    expect(run([45], 0b1, rows)).toEqual({ assigned: [NONE, 0, 0], remaining: [5], stops: 2 });
  });

  test("a function that no operable server may run stops nothing", () => {
    const rows = [
      { required: 10, priority: 9, servers: 0b10 },
      { required: 10, priority: 8, cannotRun: 0b01 },
      { required: 10, priority: 1, current: 0 },
    ];
    expect(run([10, 10], 0b01, rows)).toEqual({
      assigned: [NONE, NONE, 0],
      remaining: [0, 0],
      stops: 0,
    });
  });
});

describe("outputs", () => {
  test("nothing is left of the call before", () => {
    const allocation = new Allocation();
    run(
      [80],
      0b1,
      [1, 2, 3, 4].map((priority) => ({ required: 20, priority, current: 0 })),
      allocation,
    );
    // Had the old line of functions on server 0 stayed, it would offer more to be stopped than runs
    // there.
    const rows = [
      { required: 30, priority: 5, current: 0 },
      { required: 50, priority: 8 },
    ];
    expect(run([40], 0b1, rows, allocation)).toEqual({
      assigned: [0, NONE],
      remaining: [10],
      stops: 1,
    });
    expect([...allocation.assigned.slice(2, 4)]).toEqual([NONE, NONE]);
  });

  test("no functions: everything remains", () => {
    expect(run([100, 80], 0b11, [])).toEqual({ assigned: [], remaining: [100, 80], stops: 0 });
  });
});

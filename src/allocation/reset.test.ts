import { describe, expect, test } from "bun:test";
import { Allocation } from "./allocation.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "./function-table.ts";
import { RESET } from "./reset.ts";

interface Row {
  required: number;
  priority: number;
  servers?: number;
  cannotRun?: number;
  current?: number;
}

/** The servers that `RESET` gives the functions of `rows`. */
function assign(
  resources: number[],
  operable: number,
  rows: Row[],
  allocation = new Allocation(),
): number[] {
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
  RESET.allocate(table, allocation);
  return [...allocation.assigned.slice(0, rows.length)];
}

describe("FIG. 3", () => {
  test("S3: the most important function is placed first, whatever its position in the table", () => {
    const rows = [
      { required: 60, priority: 1 },
      { required: 60, priority: 9 },
    ];
    expect(assign([100], 0b1, rows)).toEqual([NONE, 0]);
  });

  test("S3: among equals the lower index is placed first", () => {
    const rows = [
      { required: 60, priority: 5 },
      { required: 60, priority: 5 },
    ];
    expect(assign([100], 0b1, rows)).toEqual([0, NONE]);
  });

  test("S4: each function goes to the server with the most left at its turn", () => {
    const rows = [30, 10, 10, 20].map((required) => ({ required, priority: 5 }));
    // 50, 45 → 20, 45 → 20, 35 → 20, 25 → 20, 5
    expect(assign([50, 45], 0b11, rows)).toEqual([0, 1, 1, 1]);
  });

  test("S4: among servers with equally much left the lower index is taken", () => {
    const rows = [10, 10, 10].map((required) => ({ required, priority: 5 }));
    expect(assign([50, 50], 0b11, rows)).toEqual([0, 1, 0]);
  });

  test("S5: exactly enough is enough, one unit less is not", () => {
    expect(assign([40], 0b1, [{ required: 40, priority: 5 }])).toEqual([0]);
    expect(assign([39], 0b1, [{ required: 40, priority: 5 }])).toEqual([NONE]);
  });

  test("S5 No: the function is left out and the less important ones still get their turns", () => {
    const rows = [
      { required: 50, priority: 9 },
      { required: 40, priority: 8 },
      { required: 10, priority: 1 },
    ];
    expect(assign([60], 0b1, rows)).toEqual([0, NONE, 0]);
  });

  test("S2: where the functions run now plays no part", () => {
    const rows = (current: number) =>
      [10, 20, 30].map((required) => ({ required, priority: 5, current }));
    const fresh = assign([50, 40], 0b11, rows(NONE));
    expect(assign([50, 40], 0b11, rows(0))).toEqual(fresh);
    expect(assign([50, 40], 0b11, rows(1))).toEqual(fresh);
  });
});

describe("which servers may take a function", () => {
  test("none that is not operable", () => {
    const rows = [{ required: 10, priority: 5 }];
    expect(assign([100, 50], 0b10, rows)).toEqual([1]);
    expect(assign([100, 50], 0b00, rows)).toEqual([NONE]);
  });

  test("only those that the configuration names", () => {
    expect(assign([100, 50], 0b11, [{ required: 10, priority: 5, servers: 0b10 }])).toEqual([1]);
    expect(assign([100, 5], 0b11, [{ required: 10, priority: 5, servers: 0b10 }])).toEqual([NONE]);
    expect(assign([100, 50], 0b11, [{ required: 10, priority: 5, servers: 0 }])).toEqual([NONE]);
  });

  test("none on which its process failed", () => {
    expect(assign([100, 50], 0b11, [{ required: 10, priority: 5, cannotRun: 0b01 }])).toEqual([1]);
    expect(assign([100, 50], 0b11, [{ required: 10, priority: 5, cannotRun: 0b11 }])).toEqual([
      NONE,
    ]);
  });
});

describe("outputs", () => {
  test("the remaining resource is what the assigned functions leave; nothing is counted as stopped", () => {
    const allocation = new Allocation();
    allocation.stops = 7;
    assign(
      [50, 40, 30],
      0b101,
      [20, 10].map((required) => ({ required, priority: 5, current: 1 })),
      allocation,
    );
    // 50, 30 → 30, 30 → 20, 30: server 1 is not operable
    expect([...allocation.remaining.slice(0, 4)]).toEqual([20, 0, 30, 0]);
    expect(allocation.stops).toBe(0);
  });

  test("a smaller table leaves nothing of a larger one behind", () => {
    const allocation = new Allocation();
    assign(
      [100, 100],
      0b11,
      [10, 10, 10].map((required) => ({ required, priority: 5 })),
      allocation,
    );
    assign([100], 0b1, [{ required: 10, priority: 5 }], allocation);
    expect([...allocation.assigned.slice(0, 3)]).toEqual([0, NONE, NONE]);
    expect([...allocation.remaining.slice(0, 2)]).toEqual([90, 0]);
  });

  test("no functions: everything remains", () => {
    const allocation = new Allocation();
    expect(assign([100, 80], 0b11, [], allocation)).toEqual([]);
    expect([...allocation.remaining.slice(0, 2)]).toEqual([100, 80]);
  });
});

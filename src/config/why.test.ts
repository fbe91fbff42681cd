/** Each reason once, in words. That the numbers hold on any system: test/allocation/why. */
import { expect, test } from "bun:test";
import { Allocation } from "../allocation/allocation.ts";
import { type Amount, FunctionTable, NONE, PROCESS_NONE } from "../allocation/function-table.ts";
import { PROVEN_NOTHING } from "../allocation/planned/planner.ts";
import { type PolicyName, policyNamed } from "../allocation/policies.ts";
import { explanations } from "./why.ts";

interface Row {
  needs: Amount;
  priority?: number;
  /** Server on which it ran; left out: none. */
  ran?: number;
  /** Servers that may run it; left out: all. */
  on?: number[];
  failedOn?: number[];
  apartFrom?: number[];
  together?: number[];
}

interface Case {
  /** Resources of the servers a, b, c, … */
  servers: Amount[];
  /** The functions f0, f1, … */
  rows: Row[];
  down?: number[];
  withheld?: number[];
  policy?: PolicyName;
  dimensions?: string[];
  holds?: boolean;
  /** Changes the answer before it is explained. */
  after?: (allocation: Allocation) => void;
}

const maskOf = (servers: readonly number[]): number =>
  servers.reduce((mask, server) => mask | (1 << server), 0);

function reasons({ servers, rows, down = [], policy = "planned", ...more }: Case): string[] {
  const all = servers.map((_, server) => server);
  const table = new FunctionTable(
    servers,
    rows.map(({ needs, priority = 5, on = all, apartFrom, together }) => ({
      ...{ required: needs, priority, servers: maskOf(on) },
      ...{ process: PROCESS_NONE, stopGraceMs: 0 },
      ...(apartFrom === undefined ? {} : { apartFrom }),
      ...(together === undefined ? {} : { together }),
    })),
  );
  const allocation = new Allocation();
  allocation.operable = table.serverMask & ~maskOf(down);
  allocation.holds = more.holds ?? false;
  allocation.withheld.set(more.withheld ?? []);
  rows.forEach(({ ran = NONE, failedOn = [] }, index) => {
    allocation.current[index] = down.includes(ran) ? NONE : ran;
    allocation.cannotRun[index] = maskOf(failedOn);
  });
  policyNamed(policy).allocate(table, allocation);
  more.after?.(allocation);
  return explanations({
    ...{ table, policy, allocation },
    before: rows.map(({ ran = NONE }) => ran),
    servers: all.map((server) => "abcdefgh".charAt(server)),
    functions: rows.map((_, index) => `f${index}`),
    dimensions: more.dimensions ?? [],
    absence: () => "lost",
  });
}

test("it stays, and why nothing moves it", () => {
  const stays = { servers: [50, 100], rows: [{ needs: 10, ran: 1 }] };
  expect(reasons(stays)).toEqual(["stays on b because it need not move"]);
  expect(reasons({ ...stays, policy: "preempt" })).toEqual([
    "stays on b because what runs is not moved",
  ]);
  expect(reasons({ ...stays, policy: "reset" })).toEqual([
    "stays on b because that server had the most free in its turn",
  ]);
  expect(reasons({ ...stays, policy: "reset", holds: true })).toEqual([
    "stays on b because what runs is not moved",
  ]);
});

test("one server alone may run it, or is left", () => {
  expect(reasons({ servers: [50, 50], rows: [{ needs: 10, ran: 1, on: [1] }] })).toEqual([
    "stays on b because no other server may run it",
  ]);
  expect(reasons({ servers: [50, 50], rows: [{ needs: 10, ran: 1, failedOn: [0] }] })).toEqual([
    "stays on b because no other server that may run it is left",
  ]);
});

test("it starts", () => {
  const starts = { servers: [50, 90], rows: [{ needs: 10 }] };
  expect(reasons(starts)).toEqual(["starts on b because b has room for it"]);
  expect(reasons({ ...starts, policy: "preempt" })).toEqual([
    "starts on b because that server had the most free in its turn",
  ]);
  const two = {
    servers: [
      [50, 5],
      [40, 9],
    ],
    rows: [{ needs: [10, 1] }],
  };
  expect(reasons({ ...two, policy: "preempt", dimensions: ["cpu", "disk"] })).toEqual([
    "starts on a because that server had the most cpu free in its turn",
  ]);
});

test("its server went, or it failed there, or may not be there", () => {
  const rows = [{ needs: 10, ran: 0 }];
  expect(reasons({ servers: [50, 50, 60], rows, down: [0] })).toEqual([
    "goes to c because a, where it ran, is lost, and c has room for it",
  ]);
  expect(reasons({ servers: [50, 50], rows, down: [0] })).toEqual([
    "goes to b because a, where it ran, is lost, and no other server that may run it is left",
  ]);
  expect(reasons({ servers: [50, 50], rows: [{ needs: 10, ran: 0, failedOn: [0] }] })).toEqual([
    "goes from a to b because it failed on a",
  ]);
  expect(reasons({ servers: [50, 50], rows: [{ needs: 10, ran: 0, on: [1] }] })).toEqual([
    "goes from a to b because a may not run it",
  ]);
});

test("it makes room for a more important one: with planned, and with preempt, which stops and places it again", () => {
  const rows = [
    { needs: 30, priority: 9, on: [0] },
    { needs: 30, priority: 5, ran: 0 },
    { needs: 10, priority: 5, ran: 1 },
  ];
  for (const policy of ["planned", "preempt"] as const)
    expect(reasons({ servers: [50, 50], rows, policy })).toEqual([
      expect.stringMatching(/^starts on a because no other server may run it$/),
      "goes from a to b because it makes room on a for f0",
      expect.stringMatching(/^stays on b because /),
    ]);
});

test("reset assigns everything again", () => {
  expect(reasons({ servers: [40, 50], rows: [{ needs: 10, ran: 0 }], policy: "reset" })).toEqual([
    "goes from a to b because all are assigned again, and b had the most free in its turn",
  ]);
});

test("a server that withholds too much for what ran there", () => {
  const rows = [
    { needs: 30, priority: 6, ran: 0 },
    { needs: 30, priority: 5, ran: 0 },
  ];
  expect(reasons({ servers: [60, 60], rows, withheld: [50] })[1]).toBe(
    "goes from a to b because a does not give enough for everything that ran there",
  );
});

test("planned makes the fewest moves, and says when that is not proven", () => {
  const rows = [
    { needs: 10, priority: 5, ran: 0 },
    { needs: 10, priority: 5, apartFrom: [0], on: [0] },
  ];
  const asked: Case = { servers: [50, 50], rows };
  expect(reasons(asked)[0]).toBe("goes from a to b because nothing as good needs fewer moves");
  const unproven = (allocation: Allocation): void => {
    allocation.proven = PROVEN_NOTHING;
  };
  expect(reasons({ ...asked, after: unproven })[0]).toBe(
    "goes from a to b because nothing as good with fewer moves was found",
  );
});

test("no server is left to run it: down, failed there, or both", () => {
  const on = [0, 1];
  const servers = [50, 50, 50];
  expect(reasons({ servers, rows: [{ needs: 10, on, ran: 0 }], down: [0, 1] })).toEqual([
    "stopped because no server that may run it is up: a and b are lost",
  ]);
  expect(reasons({ servers, rows: [{ needs: 10, on: [0] }], down: [0] })).toEqual([
    "does not run because no server that may run it is up: a is lost",
  ]);
  expect(reasons({ servers, rows: [{ needs: 10, on, failedOn: [0, 1] }] })).toEqual([
    "does not run because it failed on every server that may run it: a and b",
  ]);
  expect(reasons({ servers, rows: [{ needs: 10, on: [2], failedOn: [2], ran: 2 }] })).toEqual([
    "stopped because it failed on c, the only server that may run it",
  ]);
  expect(reasons({ servers, rows: [{ needs: 10, on, failedOn: [1] }], down: [0] })).toEqual([
    "does not run because no server that may run it is left: it failed on b, a is lost",
  ]);
  const eight = Array.from({ length: 8 }, () => 50);
  const all = eight.map((_, server) => server);
  expect(reasons({ servers: eight, rows: [{ needs: 10 }], down: all })).toEqual([
    "does not run because no server that may run it is up: a, b, c and 5 more are lost",
  ]);
});

const FULL: Case = {
  servers: [40, 50, 50],
  rows: [
    { needs: 30, priority: 9, ran: 0 },
    { needs: 25, priority: 5, ran: 1 },
    { needs: 10, priority: 2, ran: 1 },
    { needs: 40, priority: 5 },
  ],
  down: [2],
};

test("it needs more than is free beside functions as important or more", () => {
  const figures =
    "does not run because it needs 40, and beside functions as important or more at most 25 is free, on b";
  expect(reasons(FULL)[3]).toBe(`${figures}; no move of others changes that`);
  expect(reasons({ ...FULL, holds: true })[3]).toBe(figures);
  expect(reasons({ ...FULL, policy: "preempt" })[3]).toBe(figures);
  expect(reasons({ ...FULL, policy: "reset" })[3]).toStartWith("does not run because it needs 40");
  const unproven = (allocation: Allocation): void => {
    allocation.proven = PROVEN_NOTHING;
  };
  expect(reasons({ ...FULL, after: unproven })[3]).toBe(
    `${figures}; no better allocation was found`,
  );
  const rows = [{ needs: 50, priority: 9, ran: 0 }, { needs: 20 }];
  expect(reasons({ servers: [50], rows, policy: "preempt" })[1]).toBe(
    "does not run because it needs 20, and beside functions as important or more nothing is free",
  );
});

test("no server gives as much, also because some withhold", () => {
  const rows = [{ needs: 60 }];
  expect(reasons({ servers: [90, 80], rows, withheld: [50, 40] })).toEqual([
    "does not run because it needs 60, and no server that may run it now gives more than 48 (b with 40 % withheld)",
  ]);
  expect(reasons({ servers: [90, 50], rows, down: [0] })).toEqual([
    "does not run because it needs 60, and no server that may run it now gives more than 50 (b)",
  ]);
});

test("of several dimensions the one that lacks is named, or where each one lacks", () => {
  const dimensions = ["cpu", "streams"];
  const beside = {
    servers: [[50, 10]],
    rows: [{ needs: [10, 7], priority: 9, ran: 0 }, { needs: [10, 5] }],
  };
  expect(reasons({ ...beside, dimensions, policy: "preempt" })[1]).toBe(
    "does not run because it needs 5 streams, and beside functions as important or more at most 3 is free, on a",
  );
  const split: Case = {
    servers: [
      [50, 10],
      [50, 10],
    ],
    rows: [
      { needs: [45, 1], priority: 9, ran: 0, on: [0] },
      { needs: [1, 8], priority: 9, ran: 1, on: [1] },
      { needs: [10, 5] },
    ],
    dimensions,
  };
  expect(reasons(split)[2]).toBe(
    "does not run because beside functions as important or more no server has all that it needs free: " +
      "a has 5 of 10 cpu, b has 2 of 5 streams; no move of others changes that",
  );
});

test("a partner keeps it off where there is room", () => {
  const apart: Case = {
    servers: [50, 50],
    rows: [
      { needs: 50, priority: 9, ran: 0, on: [0] },
      { needs: 10, priority: 9, ran: 1, on: [1] },
      { needs: 10, apartFrom: [1] },
    ],
  };
  expect(reasons(apart)[2]).toBe(
    "does not run because only b has room, and it must be apart from f1 on b; no move of others changes that",
  );
  const together: Case = {
    servers: [50, 50, 50],
    rows: [
      { needs: 50, priority: 9, ran: 0, on: [0] },
      { needs: 10, together: [0], priority: 5 },
    ],
    policy: "preempt",
  };
  expect(reasons(together)[1]).toBe(
    "does not run because only b and c have room, and it must be with f0 on a",
  );
});

test("there is room, and the policy did not look there, or did not find it", () => {
  // In its turn a has the most free, where something as important runs.
  const rows = [
    { needs: 20, priority: 5, ran: 0 },
    { needs: 40, priority: 1, ran: 1 },
    { needs: 35, priority: 5 },
  ];
  const servers = [50, 50];
  expect(reasons({ servers, rows, policy: "preempt" })[2]).toBe(
    "does not run because b has room without what is less important, but room is made only on the server with the most free in its turn",
  );
  const unproven = (allocation: Allocation): void => {
    leaveTheThirdOut(allocation);
    allocation.proven = PROVEN_NOTHING;
  };
  expect(reasons({ servers, rows, after: unproven })[2]).toBe(
    "does not run because b has room without what is less important, but no better allocation was found",
  );
  const uneven: Case = {
    servers: [
      [50, 1],
      [40, 9],
    ],
    rows: [{ needs: [10, 5] }],
    dimensions: ["cpu", "disk"],
  };
  expect(reasons({ ...uneven, policy: "reset" })[0]).toBe(
    "does not run because b had room, but reset tries only the server with the most cpu free in its turn",
  );
  expect(reasons({ ...uneven, policy: "preempt" })[0]).toBe(
    "does not run because b has room, but it was not the server with the most cpu free in its turn",
  );
});

/** As if the search had hit its bound before it found more. */
function leaveTheThirdOut(allocation: Allocation): void {
  allocation.assigned.set([0, 1, NONE]);
}

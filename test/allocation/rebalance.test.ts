/**
 * Rebalancing, compared with an independent exhaustive search: all reachable placements, the
 * distance of each from a most even one, and from there the first closer move in the order of
 * indices.
 */
import { describe, expect, test } from "bun:test";
import { mostEvenRow, movesNeeded, spreadOf } from "../../src/allocation/even-load.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import {
  type MayGo,
  mayGoByTable,
  planRebalance,
  type Rebalance,
  type RebalanceBounds,
} from "../../src/allocation/rebalance.ts";
import { FUNCTIONS_MAX } from "../../src/limits.ts";
import { Random } from "../harness/seeded-random.ts";
import {
  type Aircraft,
  atStart,
  SINGLE_AISLE,
  TWIN_AISLE,
  VERY_LARGE,
} from "./example-aircraft.ts";
import { afterwards, allocate } from "./systems.ts";

interface System {
  readonly table: FunctionTable;
  readonly operable: number;
  readonly owners: Int8Array;
  readonly cannotRun: Uint16Array;
  /** Pairs of functions that no server may run both of. */
  readonly apart: readonly (readonly [number, number])[];
}

function tableOf(
  resources: number[],
  rows: readonly { required: number; servers: number }[],
): FunctionTable {
  const rest = { priority: 5, process: PROCESS_NONE, stopGraceMs: 0 };
  return new FunctionTable(
    resources,
    rows.map((row) => ({ ...row, ...rest })),
  );
}

/** The rules in the form that the search takes. */
function rulesOf({ table, cannotRun, apart }: System): MayGo {
  const allowed = mayGoByTable(table, cannotRun);
  return (index, server, placement) =>
    allowed(index, server, placement) &&
    apart.every(
      ([one, other]) =>
        (index !== one || placement.owners[other] !== server) &&
        (index !== other || placement.owners[one] !== server),
    );
}

const plan = (system: System, bounds?: RebalanceBounds): Rebalance =>
  planRebalance(system.table, system.operable, system.owners, rulesOf(system), bounds);

// ---- the other search

type Owners = readonly number[];

const isOperable = ({ operable }: System, server: number): boolean =>
  server !== NONE && ((operable >> server) & 1) === 1;

const serversOf = (system: System): number[] =>
  [...Array(system.table.serverCount).keys()].filter((server) => isOperable(system, server));

function free({ table }: System, owners: Owners, server: number): number {
  return owners.reduce(
    (left, owner, index) => left - (owner === server ? (table.required[index] as number) : 0),
    table.resource[server] as number,
  );
}

/** Σ over all pairs of servers of the square of their difference: n·Σr² − (Σr)². */
function unevenness(system: System, owners: Owners): number {
  const left = serversOf(system).map((server) => free(system, owners, server));
  let sum = 0;
  for (const [place, one] of left.entries())
    for (const other of left.slice(place + 1)) sum += (one - other) ** 2;
  return sum;
}

function canMove(system: System, owners: Owners, index: number, server: number): boolean {
  const { table, cannotRun, apart } = system;
  if (owners[index] === server || !isOperable(system, owners[index] as number)) return false;
  if ((((table.eligible[index] as number) >> server) & 1) === 0) return false;
  if ((((cannotRun[index] as number) >> server) & 1) === 1) return false;
  if (free(system, owners, server) < (table.required[index] as number)) return false;
  return !apart.some((pair) => {
    const [one, other] = pair;
    const partner = index === one ? other : index === other ? one : NONE;
    return partner !== NONE && owners[partner] === server;
  });
}

interface Next {
  readonly index: number;
  readonly server: number;
  readonly key: string;
}

function exhaustive(system: System): {
  least: number;
  moves: { index: number; from: number; to: number }[];
} {
  const start = [...system.owners.slice(0, system.table.functionCount)];
  const places = new Map<string, { owners: Owners; nexts: Next[]; distance: number }>();
  const open: Owners[] = [start];
  for (let owners = open.pop(); owners !== undefined; owners = open.pop()) {
    if (places.has(owners.join())) continue;
    const nexts: Next[] = [];
    for (const index of owners.keys()) {
      for (const server of serversOf(system)) {
        if (!canMove(system, owners, index, server)) continue;
        const after = owners.map((owner, at) => (at === index ? server : owner));
        nexts.push({ index, server, key: after.join() });
        open.push(after);
      }
    }
    places.set(owners.join(), { owners, nexts, distance: Number.POSITIVE_INFINITY });
  }
  const all = [...places.values()];
  const least = Math.min(...all.map(({ owners }) => unevenness(system, owners)));
  for (const place of all) if (unevenness(system, place.owners) === least) place.distance = 0;
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const place of all) {
      for (const { key } of place.nexts) {
        const through = 1 + (places.get(key)?.distance ?? 0);
        if (through >= place.distance) continue;
        place.distance = through;
        isSettled = false;
      }
    }
  }
  const moves: { index: number; from: number; to: number }[] = [];
  let at = places.get(start.join());
  while (at !== undefined && at.distance > 0) {
    const { owners, nexts, distance } = at;
    const nearer = nexts.find(({ key }) => places.get(key)?.distance === distance - 1);
    if (nearer === undefined) throw new Error("no move comes nearer");
    const { index, server } = nearer;
    moves.push({ index, from: owners[index] as number, to: server });
    at = places.get(nearer.key);
  }
  return { least, moves };
}

// ---- what is asked

/** Everything that runs fits where it is; rooms from tight to wide. */
function randomSystem(seed: number, serversMax: number, functionsMax: number): System {
  const random = new Random(seed);
  const servers = random.between(1, serversMax);
  const functions = random.between(0, functionsMax);
  const largest = random.pick([3, 10, 40]);
  const owners = new Int8Array(FUNCTIONS_MAX).fill(NONE);
  const load = Array.from({ length: servers }, () => 0);
  const rows = Array.from({ length: functions }, (_, index) => {
    const required = random.between(1, largest);
    const owner = random.oneIn(8) ? NONE : random.below(servers);
    owners[index] = owner;
    if (owner !== NONE) load[owner] = (load[owner] as number) + required;
    const everywhere = (1 << servers) - 1;
    const mask = random.oneIn(3) ? random.below(1 << servers) : everywhere;
    // One that may not go back where it is: no way leads back.
    const isThere = owner === NONE || random.oneIn(6);
    return { required, servers: isThere ? mask : mask | (1 << owner) };
  });
  const resources = load.map((each) => each + random.below(1 + random.pick([3, largest, 80])));
  const cannotRun = new Uint16Array(FUNCTIONS_MAX);
  for (let index = 0; index < functions; index++)
    if (random.oneIn(6))
      cannotRun[index] = random.below(1 << servers) & ~(1 << (owners[index] as number));
  const pairs = functions < 2 ? 0 : random.below(3);
  const apart = Array.from(
    { length: pairs },
    () => [random.below(functions), random.below(functions)] as const,
  );
  return {
    table: tableOf(resources, rows),
    owners,
    cannotRun,
    operable: random.oneIn(4) ? random.below(1 << servers) : (1 << servers) - 1,
    apart: apart.filter(([one, other]) => one !== other && owners[one] !== owners[other]),
  };
}

/** The owners afterwards; every move is one that may be made when its turn comes. */
function afterMoves(system: System, { moves }: Rebalance): Int8Array {
  const owners = system.owners.slice();
  for (const { index, from, to } of moves) {
    expect(owners[index]).toBe(from);
    const now = [...owners.slice(0, system.table.functionCount)];
    expect(canMove(system, now, index, to)).toBe(true);
    owners[index] = to;
  }
  return owners;
}

/**
 * Whatever is proven: the moves can be made, the figures are right, and a second call moves none.
 */
function expectSound(system: System, answer: Rebalance, bounds?: RebalanceBounds): void {
  const owners = afterMoves(system, answer);
  const before = [...system.owners.slice(0, system.table.functionCount)];
  const after = [...owners.slice(0, system.table.functionCount)];
  expect(answer.spreadBefore).toBe(unevenness(system, before));
  expect(answer.spreadAfter).toBe(unevenness(system, after));
  expect(answer.moves.length > 0).toBe(answer.spreadAfter < answer.spreadBefore);
  for (const server of serversOf(system)) {
    expect(answer.remainingBefore[server]).toBe(free(system, before, server));
    expect(answer.remainingAfter[server]).toBe(free(system, after, server));
  }
  expect(plan({ ...system, owners }, bounds).moves).toEqual([]);
}

/** Bounds by arithmetic: never more even than possible, never more moves than needed. */
function expectBounds(system: System, least: number, moves: number): boolean {
  const owners = [...system.owners.slice(0, system.table.functionCount)];
  const servers = serversOf(system);
  const left = servers.map((server) => free(system, owners, server));
  const loads = servers.map((server) =>
    owners.flatMap((owner, index) =>
      owner === server ? [system.table.required[index] as number] : [],
    ),
  );
  const row = mostEvenRow(left, loads);
  expect(row.reduce((sum, each) => sum + each, 0)).toBe(left.reduce((sum, each) => sum + each, 0));
  expect(spreadOf(row)).toBeLessThanOrEqual(least);
  if (spreadOf(row) < least) return false;
  expect(movesNeeded(left, loads, row)).toBeLessThanOrEqual(moves);
  return movesNeeded(left, loads, row) === moves && moves > 0;
}

const SMALL = 3000;
const LARGE = 60;

test(`${SMALL} small systems: the most even placement, by the fewest moves, the first in the order of indices`, () => {
  let moved = 0;
  let detours = 0;
  let tight = 0;
  for (let seed = 1; seed <= SMALL; seed++) {
    const system = randomSystem(seed, 3, 5);
    const answer = plan(system);
    const { least, moves } = exhaustive(system);
    const context = `seed ${seed}`;
    expect([context, answer.spreadAfter]).toEqual([context, least]);
    expect([context, answer.moves]).toEqual([context, moves]);
    expect([context, answer.isMostEven, answer.isFewest]).toEqual([context, true, true]);
    expectSound(system, answer);
    if (expectBounds(system, least, moves.length)) tight++;
    if (moves.length > 0) moved++;
    if (new Set(moves.map(({ index }) => index)).size < moves.length) detours++;
  }
  // The systems are worth asking about: many can be evened, and in some a function makes room
  // first.
  expect(moved).toBeGreaterThan(SMALL / 6);
  expect(detours).toBeGreaterThan(0);
  expect(tight).toBeGreaterThan(SMALL / 20);
});

/** Every single move, the best one first. */
const bounds = { looks: 0, looksPerLevel: 1, widthMin: 1 };

describe("past the bound", () => {
  test(`${SMALL} small systems: everything called proven is true`, () => {
    let reached = 0;
    for (let seed = 1; seed <= SMALL; seed++) {
      const system = randomSystem(seed, 3, 5);
      const answer = plan(system, bounds);
      const { least, moves } = exhaustive(system);
      const context = `seed ${seed}`;
      if (answer.isMostEven) expect([context, answer.spreadAfter]).toEqual([context, least]);
      if (answer.isFewest) expect([context, answer.moves.length]).toEqual([context, moves.length]);
      expectSound(system, answer, bounds);
      if (answer.spreadAfter === least) reached++;
    }
    expect(reached).toBeGreaterThan(0.95 * SMALL);
    expect(reached).toBeLessThan(SMALL);
  });

  test(`${LARGE} large systems: more even, every move has room, a second call moves nothing`, () => {
    const smaller = { looks: 5000, looksPerLevel: 5000, widthMin: 4 };
    let proven = 0;
    for (let seed = 1; seed <= LARGE; seed++) {
      const system = randomSystem(seed, 8, 60);
      const answer = plan(system, smaller);
      expectSound(system, answer, smaller);
      if (answer.isMostEven) proven++;
    }
    expect(proven).toBeLessThan(LARGE);
  });
});

test("arithmetic proves what is too large to try: no resource is divided finer than the functions", () => {
  // 5 units each; the third server can have no more than 25 left, the others are as even as 5
  // allows.
  const many = Array.from({ length: 60 }, (): [number, number] => [5, 0]);
  const answer = plan(plain([302, 200, 25, 203], many));
  expect([answer.isMostEven, answer.remainingAfter]).toEqual([true, [137, 135, 25, 133]]);
  const unequal = plan(
    plain(
      [310, 200, 200],
      Array.from({ length: 61 }, () => [5, 0]),
    ),
  );
  expect([unequal.isMostEven, unequal.remainingAfter.toSorted()]).toEqual([true, [135, 135, 135]]);
  const odd = plan(
    plain(
      [305, 200, 200],
      Array.from({ length: 61 }, () => [5, 0]),
    ),
  );
  expect([odd.isMostEven, odd.remainingAfter.toSorted()]).toEqual([true, [130, 135, 135]]);
});

test("a list that leads there and is too long is not called the shortest", () => {
  const system = plain(
    [20, 20],
    [
      [7, 0],
      [5, 0],
      [5, 0],
      [2, 0],
      [1, 0],
    ],
  );
  expect(movesOf(system)).toEqual(["1: 0 → 1", "2: 0 → 1"]);
  const greedy = plan(system, bounds);
  expect(greedy).toMatchObject({ isMostEven: true, isFewest: false, remainingAfter: [10, 10] });
  expect(greedy.moves.length).toBe(3);
});

/** A server of the aircraft is lost, everything is given out again, and the server comes back. */
function afterReturn(aircraft: Aircraft, lost: number): System {
  let system = afterwards(atStart(aircraft), allocate(PREEMPT, atStart(aircraft)));
  for (const down of [[lost], []]) {
    system = { ...system, operable: system.resources.map((_, server) => !down.includes(server)) };
    system = afterwards(system, allocate(PREEMPT, system));
  }
  const owners = new Int8Array(FUNCTIONS_MAX).fill(NONE);
  system.functions.forEach(({ owner }, index) => {
    owners[index] = owner ?? NONE;
  });
  const { table } = aircraft;
  return {
    ...{ table, owners, cannotRun: new Uint16Array(FUNCTIONS_MAX), apart: [] },
    operable: table.serverMask,
  };
}

test.each<[string, Aircraft, number[]]>([
  ["single aisle", SINGLE_AISLE, [1, 1]],
  ["twin aisle", TWIN_AISLE, [3, 2, 2, 2]],
  ["very large", VERY_LARGE, [5, 5, 5, 5, 2, 2]],
])(
  "%s, each server lost and back: proven most even, with the expected number of moves",
  (_, aircraft, moves) => {
    const answers = moves.map((_count, lost) => plan(afterReturn(aircraft, lost)));
    expect(answers.map((answer) => answer.moves.length)).toEqual(moves);
    for (const answer of answers) {
      expect([answer.isMostEven, answer.isFewest]).toEqual([true, true]);
      // None has more than one unit of the table's, 5, more left than another one.
      const left = answer.remainingAfter;
      expect(Math.max(...left) - Math.min(...left)).toBeLessThanOrEqual(5);
    }
  },
);

/** Functions without a rule on servers of `resources`. */
function plain(resources: number[], rows: [required: number, owner: number][]): System {
  const owners = new Int8Array(FUNCTIONS_MAX).fill(NONE);
  rows.forEach(([, owner], index) => {
    owners[index] = owner;
  });
  const everywhere = (1 << resources.length) - 1;
  const table = tableOf(
    resources,
    rows.map(([required]) => ({ required, servers: everywhere })),
  );
  return {
    table,
    operable: everywhere,
    owners,
    cannotRun: new Uint16Array(FUNCTIONS_MAX),
    apart: [],
  };
}

const movesOf = (system: System): string[] =>
  plan(system).moves.map(({ index, from, to }) => `${index}: ${from} → ${to}`);

test("a server that comes back empty gets its share by the fewest moves", () => {
  const empty = plain(
    [100, 100],
    [
      [30, 0],
      [20, 0],
      [50, 0],
    ],
  );
  expect(movesOf(empty)).toEqual(["2: 0 → 1"]);
  // 20 and 30, 10 and 40: also even, also two moves.
  const four = plain(
    [120, 120],
    [
      [10, 0],
      [20, 0],
      [30, 0],
      [40, 0],
    ],
  );
  expect(movesOf(four)).toEqual(["0: 0 → 1", "3: 0 → 1"]);
});

test("two change places by way of a third server that has room; without it they stay", () => {
  const rows: [number, number][] = [
    [60, 0],
    [50, 1],
  ];
  expect(movesOf(plain([70, 90, 50], rows))).toEqual(["1: 1 → 2", "0: 0 → 1", "1: 2 → 0"]);
  expect(movesOf(plain([70, 90], rows))).toEqual([]);
  expect(movesOf(plain([70, 90, 49], rows))).toEqual([]);
});

test("functions on a server that takes nothing, and those that run nowhere, stay", () => {
  const system = plain(
    [100, 100, 100],
    [
      [40, 0],
      [40, 0],
      [40, 2],
      [40, NONE],
    ],
  );
  expect(movesOf({ ...system, operable: 0b011 })).toEqual(["0: 0 → 1"]);
  expect(movesOf({ ...system, operable: 0b001 })).toEqual([]);
  expect(movesOf({ ...system, operable: 0 })).toEqual([]);
});

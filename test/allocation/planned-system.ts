/** Random systems in flight for the policy "planned", and plain ones for its traps. */
import { Allocation } from "../../src/allocation/allocation.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { PLANNED } from "../../src/allocation/planned/planned.ts";
import type { Random } from "../harness/seeded-random.ts";

/** Priority, what it takes, and where it runs now. */
export type Row = readonly [priority: number, required: number, current?: number];

/** The answer of "planned". `resources`: null where the server is down. */
export function plan(resources: readonly (number | null)[], rows: readonly Row[]): number[] {
  const table = new FunctionTable(
    resources.map((resource) => resource ?? 0),
    rows.map(([priority, required]) => rowOf(priority, required, (1 << resources.length) - 1)),
  );
  const allocation = new Allocation();
  resources.forEach((resource, server) => {
    if (resource !== null) allocation.operable |= 1 << server;
  });
  rows.forEach(([, , current], index) => {
    allocation.current[index] = current ?? NONE;
  });
  PLANNED.allocate(table, allocation);
  return [...allocation.assigned.subarray(0, rows.length)];
}

function rowOf(priority: number, required: number | number[], servers: number) {
  return { priority, required, servers, process: PROCESS_NONE, stopGraceMs: 0 };
}

/**
 * A table with restrictions, a second dimension and functions that are apart, some of each, and a
 * load from half to one and a half of what there is.
 */
export function drawTable(
  random: Random,
  serverCount: number,
  functionCount: number,
  searchStepsMax?: number,
): FunctionTable {
  const dimensions = random.oneIn(4) ? [0, 1] : [0];
  const capacity = random.between(20, 100);
  const resources = Array.from({ length: serverCount }, () =>
    dimensions.map(() => (random.oneIn(3) ? random.between(capacity >> 1, capacity) : capacity)),
  );
  const total = resources.reduce((sum, [first]) => sum + (first as number), 0);
  const mean = Math.max(1, Math.floor((total * random.between(50, 160)) / 100 / functionCount));
  const priorityMin = random.between(1, 10);
  const priorityMax = Math.min(10, priorityMin + random.between(0, 3));
  const rows = Array.from({ length: functionCount }, (_, index) => {
    const required = dimensions.map(() => random.between(1, Math.min(1000, 2 * mean)));
    const priority = random.between(priorityMin, priorityMax);
    const servers = random.oneIn(5)
      ? random.between(0, (1 << serverCount) - 1)
      : (1 << serverCount) - 1;
    const isApart = index > 0 && random.oneIn(12);
    return {
      ...rowOf(priority, required, servers),
      ...(isApart ? { apartFrom: [random.between(0, index - 1)] } : {}),
    };
  });
  return new FunctionTable(resources, rows, searchStepsMax);
}

/** Everything starts, a server fails, one comes back, a process fails: the inputs one by one. */
export function* events(
  random: Random,
  table: FunctionTable,
  count: number,
): Generator<Allocation> {
  const allocation = new Allocation();
  allocation.operable = table.serverMask;
  for (let event = 0; event < count; event++) {
    yield allocation;
    allocation.current.set(allocation.assigned);
    allocation.operable = random.oneIn(3)
      ? table.serverMask
      : table.serverMask & ~(1 << random.between(0, table.serverCount - 1));
    if (random.oneIn(6))
      allocation.withheld[random.between(0, table.serverCount - 1)] = random.between(0, 60);
    if (random.oneIn(6))
      allocation.cannotRun[random.between(0, table.functionCount - 1)] =
        1 << random.between(0, table.serverCount - 1);
  }
}

/** Judges answers of the policy "planned", without sharing a line with it. */
import type { Allocation } from "../../src/allocation/allocation.ts";
import { type FunctionTable, NONE } from "../../src/allocation/function-table.ts";
import { PROVEN_EVEN } from "../../src/allocation/planned/planner.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../../src/limits.ts";
import { type Aims, aimsOf, bestAims, compare, type Plain, type PlainSystem } from "./optimum.ts";
import { FIGURES } from "./reference.ts";

/** Up to this number of functions everything is tried: three to that power sets for each server. */
const EXACT_FUNCTIONS_MAX = 8;
/** A search asks this many questions at most about so few functions, each with its share of steps. */
const QUESTIONS = 16;

/** The inputs of an allocation, without those of together; of held functions, see {@link hold}. */
export function plainOf(table: FunctionTable, allocation: Allocation): PlainSystem {
  const servers = Array.from({ length: table.serverCount }, (_, server) => server);
  const isOperable = (server: number): boolean => (allocation.operable & (1 << server)) !== 0;
  const dimensions = Array.from({ length: table.dimensions }, (_, dimension) => dimension);
  return {
    resources: servers.map((server) =>
      isOperable(server)
        ? dimensions.map((dimension) =>
            Math.floor(
              ((table.resource[dimension * SERVERS_MAX + server] as number) *
                (100 - (allocation.withheld[server] as number))) /
                100,
            ),
          )
        : null,
    ),
    functions: Array.from({ length: table.functionCount }, (_, index) => {
      const mask = (table.eligible[index] as number) & ~(allocation.cannotRun[index] as number);
      const may = servers.filter((server) => isOperable(server) && (mask & (1 << server)) !== 0);
      const runs = allocation.current[index] as number;
      const apart: number[] = [];
      for (let at = table.partnerStart[index] as number; at < table.partnerStart[index + 1]; at++)
        if (table.isApart[at] !== 0) apart.push(table.partner[at] as number);
      return {
        required: dimensions.map(
          (dimension) => table.required[dimension * FUNCTIONS_MAX + index] as number,
        ),
        priority: table.priority[index] as number,
        servers: may,
        runsOn: may.includes(runs) ? runs : null,
        apartFrom: apart,
      };
    }),
  };
}

const known = new Map<string, Aims>();
const KNOWN_MAX = 20_000;

/**
 * What is claimed counts as running where it is claimed. Where every claimed function is given to
 * its claimant, the answer may also be one to the inputs without the claims
 * (PROTOCOL.md, "Claims set aside"). @returns what is wrong with the answer; null: nothing
 */
export function plannedMistake(table: FunctionTable, allocation: Allocation): string | null {
  const { assigned, claimed, current } = allocation;
  const plain = plainOf(table, allocation);
  const mistake = mistakeIn(plain, table, allocation);
  const isClaimed = (_: unknown, index: number): boolean => claimed[index] !== 0;
  const areKept = plain.functions.every(
    (one, index) => !isClaimed(one, index) || assigned[index] === current[index],
  );
  if (mistake === null || !areKept || !plain.functions.some(isClaimed)) return mistake;
  const functions = plain.functions.map((one, index) =>
    isClaimed(one, index) ? { ...one, runsOn: null } : one,
  );
  const without = mistakeIn({ ...plain, functions }, table, allocation);
  return without === null ? null : `${mistake}; without claims: ${without}`;
}

function mistakeIn(
  system: PlainSystem,
  table: FunctionTable,
  allocation: Allocation,
): string | null {
  const { assigned, proven, holds } = allocation;
  const plain = holds ? hold(system, table) : system;
  const servers = plain.functions.map((_, index) =>
    assigned[index] === NONE ? null : (assigned[index] as number),
  );
  if (holds) {
    const moved = plain.functions.findIndex(
      ({ servers: may }, index) => servers[index] !== null && !may.includes(servers[index]),
    );
    if (moved !== -1) return `f${moved} is moved to s${servers[moved]} while it is held`;
  }
  if (proven < PROVEN_EVEN && isSmall(plain, table))
    return `proven is ${proven}, and everything can be tried`;
  const reached = aimsOf(plain, servers);
  for (const standard of standardsFor(plain, allocation, reached)) {
    if (compare(reached, standard) <= 0) continue;
    return `reached ${JSON.stringify(reached)} and proven ${proven}, possible is ${JSON.stringify(standard)}`;
  }
  return null;
}

/**
 * Each question of the search can try everything before it comes to its bound, however many there
 * are: so the answer is proven.
 */
function isSmall(
  { functions, resources }: PlainSystem,
  { searchStepsMax }: FunctionTable,
): boolean {
  const servers = resources.filter((resource) => resource !== null).length;
  return (servers + 1) ** functions.length <= searchStepsMax / QUESTIONS;
}

/**
 * The search for evenness may end at its bound; then the figures say how even it has to be. While
 * functions are held the search starts from fewer of them.
 */
function standardsFor(plain: PlainSystem, { proven, holds }: Allocation, { spread }: Aims): Aims[] {
  const best = standardsOf(plain);
  if (proven === PROVEN_EVEN) return best;
  const isExact = plain.functions.length <= EXACT_FUNCTIONS_MAX;
  const figures = holds ? [] : figuresOf(plain);
  return isExact ? [...best.map((one) => ({ ...one, spread })), ...figures] : figures;
}

/**
 * While functions are held, a running one stays or stops, unless it no longer fits beside more
 * important ones on its server. Then it may go elsewhere, which is no move, and still counts as
 * running.
 */
function hold({ functions, resources }: PlainSystem, { turn }: FunctionTable): PlainSystem {
  const free = resources.map((resource) => [...(resource ?? [])]);
  const held = functions.map((one) => ({ ...one }));
  for (const index of turn.subarray(0, functions.length)) {
    const one = held[index] as Plain;
    const { runsOn, required } = one;
    if (runsOn === null) continue;
    const left = free[runsOn] as number[];
    if (required.some((units, dimension) => units > (left[dimension] as number))) {
      one.runsOn = null;
      one.ran = true;
      continue;
    }
    required.forEach((units, dimension) => {
      left[dimension] = (left[dimension] as number) - units;
    });
    one.servers = [runsOn];
  }
  return { functions: held, resources };
}

/** The lower bound for it: the optimum, or in a large system the patent's answer. */
function standardsOf(plain: PlainSystem): Aims[] {
  if (plain.functions.length > EXACT_FUNCTIONS_MAX) return figuresOf(plain);
  const key = JSON.stringify(plain);
  let best = known.get(key);
  if (best === undefined) {
    best = bestAims(plain);
    if (known.size === KNOWN_MAX) known.clear();
    known.set(key, best);
  }
  return [best];
}

function figuresOf(plain: PlainSystem): Aims[] {
  const isPatents = plain.functions.every(
    ({ apartFrom, required }) => apartFrom.length === 0 && required.length === 1,
  );
  if (!isPatents) return [];
  const system = {
    resources: plain.resources.map((resource) => resource?.[0] ?? 0),
    operable: plain.resources.map((resource) => resource !== null),
    functions: plain.functions.map(({ required, priority, servers, runsOn }) => ({
      required: required[0] as number,
      priority,
      servers,
      cannotRunOn: [],
      owner: runsOn,
    })),
  };
  return Object.values(FIGURES).map((figure) => aimsOf(plain, figure(system).assigned));
}

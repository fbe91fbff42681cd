/**
 * The best possible allocation in the order of aims of the policy "planned", by exhaustive search:
 * every set of functions on every server. It shares no line with the policy. For about a dozen
 * functions.
 */

/** A function as plain as can be. */
export interface Plain {
  /** For each dimension. */
  required: number[];
  priority: number;
  /** Servers that may run it and are up. */
  servers: number[];
  /** The server on which it runs and may stay; null: none. */
  runsOn: number | null;
  /** It counts as running although it has to leave its server. */
  ran?: boolean;
  apartFrom: number[];
}

export interface PlainSystem {
  /** For each server that is up its resource in each dimension; null: the server is down. */
  resources: (number[] | null)[];
  functions: Plain[];
}

export interface Aims {
  /** From priority 10 down: how many of those that run stay running, and how many others run. */
  running: number[];
  moves: number;
  /** n × Σr² − (Σr)² over what remains of the first dimension on the n servers that are up. */
  spread: number;
}

/** More than any sum of squares of what remains here. */
const MOVE = 2 ** 32;
const PRIORITY_MAX = 10;

export function bestAims({ resources, functions }: PlainSystem): Aims {
  const sets = 1 << functions.length;
  // The least of moves × MOVE + Σr² with which each set of functions runs on the servers so far.
  let cost = new Float64Array(sets).fill(Number.POSITIVE_INFINITY);
  cost[0] = 0;
  const up = resources.flatMap((resource, server) => (resource === null ? [] : [server]));
  for (const server of up) {
    const alone = costsOf(server, resources[server] as number[], functions);
    const next = new Float64Array(sets).fill(Number.POSITIVE_INFINITY);
    for (let before = 0; before < sets; before++) {
      const costBefore = cost[before] as number;
      if (costBefore === Number.POSITIVE_INFINITY) continue;
      const others = sets - 1 - before;
      for (let here = others; ; here = (here - 1) & others) {
        const sum = costBefore + (alone[here] as number);
        if (sum < (next[before | here] as number)) next[before | here] = sum;
        if (here === 0) break;
      }
    }
    cost = next;
  }
  let best: Aims | null = null;
  for (let set = 0; set < sets; set++) {
    if (cost[set] === Number.POSITIVE_INFINITY) continue;
    const running = runningOf(functions, (index) => (set & (1 << index)) !== 0);
    if (best !== null && compareRunning(running, best.running) > 0) continue;
    const moves = Math.floor((cost[set] as number) / MOVE);
    const squares = (cost[set] as number) - moves * MOVE;
    let sum = 0;
    for (const server of up) sum += resources[server]?.[0] as number;
    functions.forEach(({ required }, index) => {
      if ((set & (1 << index)) !== 0) sum -= required[0] as number;
    });
    const aims = { running, moves, spread: up.length * squares - sum * sum };
    if (best === null || compare(aims, best) < 0) best = aims;
  }
  return best as Aims;
}

/** The cost of each set of functions on a single server; Infinity: no room. */
function costsOf(server: number, resource: number[], functions: readonly Plain[]): Float64Array {
  const sets = 1 << functions.length;
  const costs = new Float64Array(sets);
  const taken = resource.map(() => new Int32Array(sets));
  for (let set = 1; set < sets; set++) {
    const index = 31 - Math.clz32(set & -set);
    const rest = set & (set - 1);
    const { required, servers, runsOn, apartFrom } = functions[index] as Plain;
    let possible = servers.includes(server) && costs[rest] !== Number.POSITIVE_INFINITY;
    for (const other of apartFrom) if ((rest & (1 << other)) !== 0) possible = false;
    for (let dimension = 0; dimension < taken.length; dimension++) {
      const column = taken[dimension] as Int32Array;
      column[set] = (column[rest] as number) + (required[dimension] as number);
      if ((column[set] as number) > (resource[dimension] as number)) possible = false;
    }
    const moves = (costs[rest] as number) + (runsOn !== null && runsOn !== server ? MOVE : 0);
    costs[set] = possible ? moves : Number.POSITIVE_INFINITY;
  }
  const first = taken[0] as Int32Array;
  for (let set = 0; set < sets; set++)
    costs[set] = (costs[set] as number) + ((resource[0] as number) - (first[set] as number)) ** 2;
  return costs;
}

/** From priority 10 down, those that run already before the others. */
function runningOf(functions: readonly Plain[], runs: (index: number) => boolean): number[] {
  const running = Array.from({ length: 2 * PRIORITY_MAX }, () => 0);
  for (let index = 0; index < functions.length; index++) {
    if (!runs(index)) continue;
    const { priority, runsOn, ran } = functions[index] as Plain;
    const isNew = runsOn === null && ran !== true;
    const place = 2 * (PRIORITY_MAX - priority) + (isNew ? 1 : 0);
    running[place] = (running[place] as number) + 1;
  }
  return running;
}

/** Negative: `one` is better. */
export function compare(one: Aims, other: Aims): number {
  return (
    compareRunning(one.running, other.running) ||
    one.moves - other.moves ||
    one.spread - other.spread
  );
}

function compareRunning(one: readonly number[], other: readonly number[]): number {
  for (let place = 0; place < one.length; place++) {
    const less = (other[place] as number) - (one[place] as number);
    if (less !== 0) return less;
  }
  return 0;
}

/** The aims that an assignment reaches; an Error when it breaks a rule. */
export function aimsOf(
  { resources, functions }: PlainSystem,
  assigned: readonly (number | null)[],
): Aims {
  const left = resources.map((resource) => resource && [...resource]);
  let moves = 0;
  functions.forEach(({ required, servers, runsOn, apartFrom }, index) => {
    const server = assigned[index] ?? null;
    if (server === null) return;
    if (!servers.includes(server)) throw new Error(`function ${index} may not be on ${server}`);
    if (apartFrom.some((other) => assigned[other] === server))
      throw new Error(`function ${index} is not apart`);
    if (runsOn !== null && runsOn !== server) moves++;
    required.forEach((amount, dimension) => {
      const remaining = left[server] as number[];
      remaining[dimension] = (remaining[dimension] as number) - amount;
      if ((remaining[dimension] as number) < 0) throw new Error(`server ${server} has no room`);
    });
  });
  const remaining = left.flatMap((amounts) => (amounts === null ? [] : [amounts[0] as number]));
  const sum = remaining.reduce((all, each) => all + each, 0);
  const squares = remaining.reduce((all, each) => all + each * each, 0);
  return {
    running: runningOf(functions, (index) => (assigned[index] ?? null) !== null),
    moves,
    spread: remaining.length * squares - sum * sum,
  };
}

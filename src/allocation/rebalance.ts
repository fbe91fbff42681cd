/**
 * Back to even load: the single moves, one after the other, that lead to the most even remaining
 * resource. The flight loop never calls this; its result is a list of ordinary moves by hand.
 *
 * Exactly: of all placements that can be reached by single moves, each possible when its turn
 * comes, one with the smallest {@link spreadOf}; to it the fewest moves; of several such lists the
 * one whose first move has the lower function index, then the lower server index, and so on. No
 * function stops on the way, and two functions swap places only by way of a third place with room.
 *
 * That is a partition problem, so the search is bounded. Within the bounds all placements are
 * tried; beyond them one for each row of remaining resources, the most even rows first. The answer
 * says what is proven. Asked again after the moves, it gives none.
 */
import { mostEvenRow, movesNeeded, spreadOf } from "./even-load.ts";
import { type FunctionTable, NONE } from "./function-table.ts";
import { fitsBeside } from "./room.ts";

/** What runs where while a plan is made. */
export interface Placement {
  /** Server of each function, NONE for none. */
  readonly owners: Int8Array;
  /** Remaining resource of each server. */
  readonly remaining: Float64Array;
}

/** May function `index`, which is on another server in `placement`, go to `server` now? */
export type MayGo = (index: number, server: number, placement: Placement) => boolean;

export interface PlannedMove {
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

export interface Rebalance {
  readonly moves: readonly PlannedMove[];
  /** {@link spreadOf} before the first move and after the last one. */
  readonly spreadBefore: number;
  readonly spreadAfter: number;
  /** Remaining resource of each server before and after, 0 for an inoperable one. */
  readonly remainingBefore: readonly number[];
  readonly remainingAfter: readonly number[];
  /** Proven: no reachable placement is more even. False: the search hit a bound. */
  readonly isMostEven: boolean;
  /** Proven: fewer moves lead to no placement as even. */
  readonly isFewest: boolean;
}

export interface RebalanceBounds {
  /** Try all placements while at most this many moves were looked at. */
  readonly looks: number;
  /** Beyond that, look at this many moves for each further move of the plan, */
  readonly looksPerLevel: number;
  /** but follow at least this many placements, however many functions there are. */
  readonly widthMin: number;
}

/** A fifth of a second on a slow core for an aircraft of 40 functions on 4 servers. */
export const REBALANCE_BOUNDS: RebalanceBounds = {
  looks: 60_000,
  looksPerLevel: 30_000,
  widthMin: 4,
};

/** Beyond the first bound, follow at most this many placements. */
const WIDTH_MAX = 1000;
/** Beyond the first bound, stop after this many moves in a row without a gain. */
const PATIENCE = 3;
/** Maximum searches, each from the end of the one before; far more than ever seen. */
const ROUNDS_MAX = 64;
/** Moves looked at to find a shorter order of the plan. */
const ORDER_LOOKS_MAX = 20_000;

/**
 * A function may go where the table lets it run, it has not failed, its partners allow it, and
 * there is room in every dimension beside all that runs there.
 */
export function mayGoByTable(table: FunctionTable, cannotRun: Uint16Array): MayGo {
  const isPlain = table.dimensions === 1 && !table.hasPartners;
  return (index, server, { owners, remaining }) =>
    (table.eligible[index] & ~cannotRun[index] & (1 << server)) !== 0 &&
    remaining[server] >= table.required[index] &&
    (isPlain || fitsBeside(table, owners, index, server, 0));
}

/**
 * @param operable mask of the servers that take functions; what is on another one stays
 * @param owners server on which each function runs, or NONE
 * @param mayGo the rules beside it; they must not change between two questions
 */
export function planRebalance(
  table: FunctionTable,
  operable: number,
  owners: Int8Array,
  mayGo: MayGo,
  bounds: RebalanceBounds = REBALANCE_BOUNDS,
): Rebalance {
  const search = new Search(table, operable, mayGo, bounds);
  const start = search.startAt(owners);
  const best = search.bestOf(start);
  const first = search.moreEven(start, best.spread);
  let { found } = first;
  let moves = movesTo(found);
  for (let round = 1; round < ROUNDS_MAX && !first.isExhausted; round++) {
    const next = search.moreEven(search.startAt(found.owners), best.spread);
    if (next.found.parent === null) break; // asked again, it is answered with none
    moves = [...moves, ...movesTo(next.found)];
    found = next.found;
  }
  moves = search.shortest(start, found.owners, moves);
  const isMostEven = first.isExhausted || found.spread === best.spread;
  // Every placement within fewer moves was looked at, and none is as even.
  const isFewest = moves.length <= first.movesTried + 1 || moves.length === best.moves;
  return {
    moves,
    spreadBefore: start.spread,
    spreadAfter: found.spread,
    remainingBefore: Array.from(start.remaining),
    remainingAfter: Array.from(found.remaining),
    isMostEven,
    isFewest: isMostEven && isFewest,
  };
}

/** A placement, and the move that led to it. */
interface Node extends Placement {
  readonly parent: Node | null;
  readonly move: PlannedMove | null;
  readonly spread: number;
}

/** A possible move, and what it leads to. */
interface Step {
  readonly node: Node;
  readonly index: number;
  readonly to: number;
  readonly spread: number;
}

function movesTo(node: Node): PlannedMove[] {
  const moves: PlannedMove[] = [];
  for (let at: Node | null = node; at !== null && at.move !== null; at = at.parent)
    moves.push(at.move);
  return moves.reverse();
}

interface Answer {
  /** The start itself where nothing is more even. */
  readonly found: Node;
  /** Everything reachable was tried. */
  readonly isExhausted: boolean;
  /** All placements within this many moves were tried. */
  readonly movesTried: number;
}

class Search {
  /** Indices of the servers that take functions, in rising order. */
  private readonly servers: number[];
  /** A number for each function's required resource; equal resources have equal numbers. */
  private readonly sizeOf: Int32Array;
  private readonly sizes: number;

  constructor(
    private readonly table: FunctionTable,
    private readonly operable: number,
    private readonly mayGo: MayGo,
    private readonly bounds: RebalanceBounds,
  ) {
    this.servers = Array.from({ length: table.serverCount }, (_, server) => server).filter(
      (server) => (operable & (1 << server)) !== 0,
    );
    const required = Array.from(table.required.subarray(0, table.functionCount));
    const distinct = [...new Set(required)];
    this.sizes = distinct.length;
    this.sizeOf = Int32Array.from(required, (each) => distinct.indexOf(each));
  }

  startAt(owners: Int8Array): Node {
    const { table } = this;
    const remaining = new Float64Array(table.serverCount);
    for (const server of this.servers) remaining[server] = table.resource[server];
    const own = owners.slice(0, table.functionCount);
    own.forEach((server, index) => {
      if (this.isThere(server)) remaining[server] -= table.required[index];
    });
    const spread = spreadOf(this.servers.map((server) => remaining[server] as number));
    return { parent: null, move: null, owners: own, remaining, spread };
  }

  /** The most even spread that arithmetic allows, and the fewest moves to it. */
  bestOf({ owners, remaining }: Node): { readonly spread: number; readonly moves: number } {
    const free = this.servers.map((server) => remaining[server] as number);
    if (free.some((each) => each < 0)) return { spread: 0, moves: 0 }; // a wrong report
    const loads = this.servers.map((server) =>
      Array.from(this.table.required.subarray(0, owners.length)).filter(
        (_, index) => owners[index] === server,
      ),
    );
    const row = mostEvenRow(free, loads);
    return { spread: spreadOf(row), moves: movesNeeded(free, loads, row) };
  }

  /** @param least the spread at which the search stops */
  moreEven(start: Node, least: number): Answer {
    const tried = this.tryAll(start, least);
    if (tried.isExhausted || tried.found.spread === least) return tried;
    const followed = this.follow(start, least);
    return followed.spread < tried.found.spread ? { ...tried, found: followed } : tried;
  }

  /** Tries every placement, by number of moves, until none is left or a bound is hit. */
  private tryAll(start: Node, least: number): Answer {
    const seen = new Set([keyOf(start.owners)]);
    let found = start;
    let looks = 0;
    let level = [start];
    for (let movesTried = 0; level.length > 0; movesTried++) {
      const next: Node[] = [];
      for (const node of level) {
        if (found.spread === least) return { found, isExhausted: false, movesTried };
        if (looks > this.bounds.looks) return { found, isExhausted: false, movesTried };
        looks += node.owners.length * this.servers.length;
        for (let index = 0; index < node.owners.length; index++) {
          for (const server of this.servers) {
            if (!this.isPossible(node, index, server)) continue;
            const key = keyOf(node.owners, index, server);
            if (seen.has(key)) continue;
            seen.add(key);
            const child = this.after(node, index, server);
            next.push(child);
            if (child.spread < found.spread) found = child;
          }
        }
      }
      level = next;
    }
    return { found, isExhausted: true, movesTried: Number.POSITIVE_INFINITY };
  }

  /**
   * Follows one placement per row of remaining resources, and after each move only the most even
   * rows: what runs where matters less than how much.
   */
  private follow(start: Node, least: number): Node {
    const { looksPerLevel, widthMin } = this.bounds;
    const perNode = Math.max(1, start.owners.length * this.servers.length);
    const width = Math.min(WIDTH_MAX, Math.max(widthMin, Math.floor(looksPerLevel / perNode)));
    const seen = new Set([start.remaining.join()]);
    let found = start;
    let level = [start];
    for (let idle = 0; idle < PATIENCE && level.length > 0 && found.spread !== least; idle++) {
      const steps = level.flatMap((node) => this.stepsFrom(node));
      // A stable sort keeps equal ones in the order of indices.
      steps.sort((one, other) => one.spread - other.spread);
      level = [];
      for (const { node, index, to } of steps) {
        if (level.length === width) break;
        const child = this.after(node, index, to);
        const key = child.remaining.join();
        if (seen.has(key)) continue;
        seen.add(key);
        level.push(child);
      }
      const [best] = level;
      if (best === undefined || best.spread >= found.spread) continue;
      found = best;
      idle = -1;
    }
    return found;
  }

  /** Of moves that leave the same remaining resources, the first. */
  private stepsFrom(node: Node): Step[] {
    const steps: Step[] = [];
    /** Per server and required resource: mask of the servers that such a function has gone to. */
    const gone = new Uint16Array(this.table.serverCount * this.sizes);
    for (let index = 0; index < node.owners.length; index++) {
      const from = node.owners[index] as number;
      if (!this.isThere(from)) continue;
      const place = from * this.sizes + (this.sizeOf[index] as number);
      for (const to of this.servers) {
        const isKnown = ((gone[place] as number) & (1 << to)) !== 0;
        if (isKnown || !this.isPossible(node, index, to)) continue;
        gone[place] = (gone[place] as number) | (1 << to);
        steps.push({ node, index, to, spread: this.spreadAfter(node, index, to) });
      }
    }
    return steps;
  }

  /**
   * The same end with one move per function that ends elsewhere, if an order exists; else `moves`.
   */
  shortest(start: Node, end: Int8Array, moves: PlannedMove[]): PlannedMove[] {
    const indices = [...end.keys()].filter((index) => end[index] !== start.owners[index]);
    if (indices.length === moves.length) return moves;
    const deadEnds = new Set<string>();
    let looks = 0;
    const toEnd = (node: Node): Node | null => {
      const left = indices.filter((index) => node.owners[index] !== end[index]);
      if (left.length === 0) return node;
      for (const index of left) {
        if (++looks > ORDER_LOOKS_MAX) return null;
        const server = end[index] as number;
        if (!this.isPossible(node, index, server)) continue;
        const child = this.after(node, index, server);
        const key = keyOf(child.owners);
        if (deadEnds.has(key)) continue;
        const last = toEnd(child);
        if (last !== null) return last;
        deadEnds.add(key);
      }
      return null;
    };
    const last = toEnd(start);
    return last === null ? moves : movesTo(last);
  }

  private isThere(server: number): boolean {
    return server !== NONE && (this.operable & (1 << server)) !== 0;
  }

  private isPossible(node: Node, index: number, server: number): boolean {
    const from = node.owners[index] as number;
    return from !== server && this.isThere(from) && this.mayGo(index, server, node);
  }

  private after(node: Node, index: number, to: number): Node {
    const owners = node.owners.slice();
    const remaining = node.remaining.slice();
    const from = owners[index] as number;
    const spread = this.spreadAfter(node, index, to);
    owners[index] = to;
    remaining[from] += this.table.required[index];
    remaining[to] -= this.table.required[index];
    return { parent: node, move: { index, from, to }, owners, remaining, spread };
  }

  /** Of the terms of {@link spreadOf} only two resources change. */
  private spreadAfter({ owners, remaining, spread }: Node, index: number, to: number): number {
    const required = this.table.required[index];
    const from = owners[index] as number;
    const more = (remaining[to] as number) - (remaining[from] as number);
    return spread + 2 * this.servers.length * required * (required - more);
  }
}

/** A placement as text, with function `index` on `server`. */
function keyOf(owners: Int8Array, index = 0, server = owners[index] ?? NONE): string {
  const before = owners[index] ?? NONE;
  owners[index] = server;
  const key = Buffer.from(owners.buffer).toString("latin1");
  owners[index] = before;
  return key;
}

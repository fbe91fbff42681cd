/**
 * The service function management table of FIG. 2: NR(Fy) and P(Fy) of every function, R(Sx) of
 * every server. Built once at start-up from the firmware configuration and never changed; all
 * columns have the size of the limits, whatever the aircraft.
 */
import { assert } from "../assert.ts";
import {
  DIMENSIONS_MAX,
  FUNCTIONS_MAX,
  PARTNERS_MAX,
  PRIORITY_MAX,
  PRIORITY_MIN,
  REQUIRED_MIN,
  RESOURCE_MAX,
  SEARCH_STEPS_MAX,
  SERVERS_MAX,
  STOP_GRACE_MS_MAX,
} from "../limits.ts";

/** No server: the function is not allocated. */
export const NONE = -1;

/** How a function's process is run. */
export const PROCESS_NONE = 0; // the function is its VIP alone
export const PROCESS_ON_ACTIVATE = 1; // started when the VIP is up
export const PROCESS_ALWAYS = 2; // kept running, bound to the VIP when it arrives

/** One amount, or one per dimension of resource. */
export type Amount = number | readonly number[];

/** One row, from the configuration. */
export interface FunctionRow {
  required: Amount;
  priority: number;
  /** Mask of the eligible servers (bit x = server x). */
  servers: number;
  process: number;
  stopGraceMs: number;
  /** Indices of functions that never share its server. It is enough if one of the two says so. */
  apartFrom?: readonly number[];
  /** Indices of functions that never run on another server. It is enough if one says so. */
  together?: readonly number[];
}

export class FunctionTable {
  readonly serverCount: number;
  readonly functionCount: number;
  /** 32-bit words that a bitmap of the functions takes. */
  readonly wordCount: number;
  /** Mask of all configured servers. */
  readonly serverMask: number;
  /** Dimensions of resource. The policies compare servers by the first one. */
  readonly dimensions: number;
  /** R(Sx), patent [0028]; dimension d is at d × SERVERS_MAX + x. */
  readonly resource = new Int32Array(DIMENSIONS_MAX * SERVERS_MAX);
  /** NR(Fy), patent [0028]; dimension d is at d × FUNCTIONS_MAX + y. */
  readonly required = new Int32Array(DIMENSIONS_MAX * FUNCTIONS_MAX);
  /** P(Fy), 10 is the most important, patent [0029]. */
  readonly priority = new Uint8Array(FUNCTIONS_MAX);
  /** Mask of the servers that may run the function. */
  readonly eligible = new Uint16Array(FUNCTIONS_MAX);
  /** PROCESS_NONE, PROCESS_ON_ACTIVATE or PROCESS_ALWAYS. */
  readonly process = new Uint8Array(FUNCTIONS_MAX);
  readonly stopGraceUs = new Float64Array(FUNCTIONS_MAX);
  /**
   * Functions in the order of S3: falling priority, then rising index. S3 asks for the maximum over
   * what is unallocated; walking this list gives the same in one step each.
   */
  readonly turn = new Uint16Array(FUNCTIONS_MAX);
  /**
   * Partners of function y are `partner` from `partnerStart[y]` to before `partnerStart[y + 1]`.
   */
  readonly partnerStart = new Uint16Array(FUNCTIONS_MAX + 1);
  readonly partner = new Uint16Array(FUNCTIONS_MAX * PARTNERS_MAX);
  /** 1: never on the partner's server; 0: never on another one. */
  readonly isApart = new Uint8Array(FUNCTIONS_MAX * PARTNERS_MAX);

  /** @param searchStepsMax search steps per allocation: the same on every server */
  constructor(
    resources: readonly Amount[],
    rows: readonly FunctionRow[],
    readonly searchStepsMax: number = SEARCH_STEPS_MAX,
  ) {
    assert(resources.length >= 1 && resources.length <= SERVERS_MAX, "number of servers");
    assert(rows.length <= FUNCTIONS_MAX, "number of functions");
    this.serverCount = resources.length;
    this.dimensions = amountsOf(resources[0] as Amount).length;
    assert(this.dimensions >= 1 && this.dimensions <= DIMENSIONS_MAX, "dimensions of resource");
    this.functionCount = rows.length;
    this.wordCount = Math.ceil(rows.length / 32);
    this.serverMask = (1 << resources.length) - 1;
    resources.forEach((resource, server) => {
      this.enter(this.resource, SERVERS_MAX, server, resource, 0);
    });
    rows.forEach((row, index) => {
      this.enter(this.required, FUNCTIONS_MAX, index, row.required, REQUIRED_MIN);
      assert(Number.isInteger(row.priority), "priority");
      assert(row.priority >= PRIORITY_MIN && row.priority <= PRIORITY_MAX, "priority");
      assert(row.process >= PROCESS_NONE && row.process <= PROCESS_ALWAYS, "process");
      assert(row.stopGraceMs >= 0 && row.stopGraceMs <= STOP_GRACE_MS_MAX, "stop grace");
      assert((row.servers & ~this.serverMask) === 0, "eligible servers");
      this.priority[index] = row.priority;
      this.eligible[index] = row.servers;
      this.process[index] = row.process;
      this.stopGraceUs[index] = row.stopGraceMs * 1000;
    });
    let place = 0;
    for (let priority = PRIORITY_MAX; priority >= PRIORITY_MIN; priority--) {
      for (let index = 0; index < this.functionCount; index++) {
        if (this.priority[index] === priority) this.turn[place++] = index;
      }
    }
    this.enterPartners(rows);
  }

  /** Some functions must be apart or together. */
  get hasPartners(): boolean {
    return this.partnerStart[this.functionCount] > 0;
  }

  /** @param min of the first dimension; the others may be 0 */
  private enter(to: Int32Array, stride: number, at: number, amount: Amount, min: number): void {
    const amounts = amountsOf(amount);
    assert(amounts.length === this.dimensions, "dimensions of resource");
    amounts.forEach((value, dimension) => {
      const least = dimension === 0 ? min : 0;
      assert(Number.isInteger(value) && value >= least && value <= RESOURCE_MAX, "resource");
      to[dimension * stride + at] = value;
    });
  }

  /** What one partner says holds for both. */
  private enterPartners(rows: readonly FunctionRow[]): void {
    const apart = rows.map(() => new Set<number>());
    const together = rows.map(() => new Set<number>());
    const join = (sets: readonly Set<number>[], one: number, other: number): void => {
      assert(one !== other && sets[other] !== undefined, "partner");
      sets[one]?.add(other);
      sets[other]?.add(one);
    };
    rows.forEach((row, index) => {
      for (const other of row.apartFrom ?? []) join(apart, index, other);
      for (const other of row.together ?? []) join(together, index, other);
    });
    let at = 0;
    rows.forEach((_, index) => {
      this.partnerStart[index] = at;
      for (const [sets, isApart] of [
        [apart, 1],
        [together, 0],
      ] as const) {
        for (const other of [...(sets[index] ?? [])].sort((a, b) => a - b)) {
          this.partner[at] = other;
          this.isApart[at++] = isApart;
        }
      }
      assert(at - (this.partnerStart[index] ?? 0) <= PARTNERS_MAX, "number of partners");
    });
    this.partnerStart.fill(at, rows.length);
  }
}

function amountsOf(amount: Amount): readonly number[] {
  return typeof amount === "number" ? [amount] : amount;
}

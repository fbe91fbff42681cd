/**
 * The service function management table of FIG. 2: NR(Fy) and P(Fy) for every function, and R(Sx)
 * for every server. Made once at start-up from the firmware configuration and never written again;
 * all columns have the size of the limits, whatever the aircraft.
 */
import { assert } from "../assert.ts";
import {
  FUNCTIONS_MAX,
  PRIORITY_MAX,
  PRIORITY_MIN,
  REQUIRED_MIN,
  RESOURCE_MAX,
  SERVERS_MAX,
  STOP_GRACE_MS_MAX,
} from "../limits.ts";

/** No server: the function is not allocated. */
export const NONE = -1;

/** How a function is run on its server. */
export const PROCESS_NONE = 0; // the function is its VIP alone
export const PROCESS_ON_ACTIVATE = 1; // started when the VIP is up
export const PROCESS_ALWAYS = 2; // kept running, bound to the VIP when it arrives

/**
 * One row as the configuration gives it. `servers` is the mask of the eligible servers (bit x =
 * server x).
 */
export interface FunctionRow {
  required: number;
  priority: number;
  servers: number;
  process: number;
  stopGraceMs: number;
}

export class FunctionTable {
  readonly serverCount: number;
  readonly functionCount: number;
  /** 32-bit words of a bitmap that hold a bit of a function. */
  readonly wordCount: number;
  /** Mask of all configured servers. */
  readonly serverMask: number;
  /** R(Sx), patent [0028]. */
  readonly resource = new Int32Array(SERVERS_MAX);
  /** NR(Fy), patent [0028]. */
  readonly required = new Int32Array(FUNCTIONS_MAX);
  /** P(Fy), 10 is the most important, patent [0029]. */
  readonly priority = new Uint8Array(FUNCTIONS_MAX);
  /** Mask of the servers that may run the function. */
  readonly eligible = new Uint16Array(FUNCTIONS_MAX);
  /** PROCESS_NONE, PROCESS_ON_ACTIVATE or PROCESS_ALWAYS. */
  readonly process = new Uint8Array(FUNCTIONS_MAX);
  readonly stopGraceUs = new Float64Array(FUNCTIONS_MAX);
  /**
   * Functions in the order in which step S3 retrieves them: priority falling, then index rising. S3
   * asks for the maximum over what is unallocated; walking this list gives the same answer in one
   * step each.
   */
  readonly turn = new Uint16Array(FUNCTIONS_MAX);

  constructor(resources: readonly number[], rows: readonly FunctionRow[]) {
    assert(resources.length >= 1 && resources.length <= SERVERS_MAX, "number of servers");
    assert(rows.length <= FUNCTIONS_MAX, "number of functions");
    this.serverCount = resources.length;
    this.functionCount = rows.length;
    this.wordCount = Math.ceil(rows.length / 32);
    this.serverMask = (1 << resources.length) - 1;
    resources.forEach((resource, server) => {
      assert(
        Number.isInteger(resource) && resource >= 0 && resource <= RESOURCE_MAX,
        "server resource",
      );
      this.resource[server] = resource;
    });
    rows.forEach((row, index) => {
      assert(Number.isInteger(row.required) && row.required >= REQUIRED_MIN, "required resource");
      assert(row.required <= RESOURCE_MAX, "required resource");
      assert(Number.isInteger(row.priority), "priority");
      assert(row.priority >= PRIORITY_MIN && row.priority <= PRIORITY_MAX, "priority");
      assert(row.process >= PROCESS_NONE && row.process <= PROCESS_ALWAYS, "process");
      assert(row.stopGraceMs >= 0 && row.stopGraceMs <= STOP_GRACE_MS_MAX, "stop grace");
      assert((row.servers & ~this.serverMask) === 0, "eligible servers");
      this.required[index] = row.required;
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
  }
}

/**
 * The contingency book (PROTOCOL.md, "Contingency book"): the reactions to the next events, worked
 * out before they are needed. For what runs now it holds the answers of a policy that searches:
 * with up to six servers for every set of operable ones, with more for every single and double
 * failure and recovery.
 *
 * An answer depends on its inputs alone, looked up or searched for. So servers agree whatever each
 * has in its book, and nobody waits for one that has just started.
 */
import { BOOK_ENTRIES_MAX, FUNCTIONS_MAX, WHOLE_BOOK_SERVERS_MAX } from "../limits.ts";
import { MARK_REACTION_FOUND, MARK_REACTION_SEARCHED, marks } from "../marks.ts";
import {
  Allocation,
  assignTo,
  type Policy,
  resetRemaining,
  type SlicedAnswer,
} from "./allocation.ts";
import { type FunctionTable, NONE } from "./function-table.ts";

/** A step of a flow chart takes a fraction of a search step. */
const FIGURE_STEPS_PER_SEARCH_STEP = 32;

export class ContingencyBook {
  /** Entries planned, and entries worked out. */
  entries = 0;
  done = 0;

  private readonly planner: SlicedAnswer | null;
  /** The present inputs; `operable` is that of the entry in work. */
  private readonly inputs = new Allocation();
  private readonly masks = new Uint16Array(BOOK_ENTRIES_MAX);
  private readonly assigned: Int8Array;
  private readonly proven = new Uint8Array(BOOK_ENTRIES_MAX);
  /** The claimant of each function while claims are set aside. */
  private readonly claimant = new Int8Array(FUNCTIONS_MAX);
  private operable = 0;
  private isBegun = false;
  private credit = 0;

  constructor(
    private readonly table: FunctionTable,
    private readonly policy: Policy,
  ) {
    this.planner = policy.planner?.(table) ?? null;
    this.assigned = new Int8Array(this.planner ? BOOK_ENTRIES_MAX * table.functionCount : 0);
  }

  /**
   * The policy's answer, looked up or worked out now. A search has many equally good answers, so it
   * is first asked without the claims: these were the inputs of whoever planned first. If that
   * answer gives every claimed function to its claimant, it is the answer. So servers that see an
   * event one after the other agree (PROTOCOL.md, "Claims set aside").
   */
  answer(allocation: Allocation): void {
    const isAnyClaimed = this.policy.searches && this.setClaimsAside(allocation);
    this.find(allocation);
    if (isAnyClaimed && !this.takeClaimsBack(allocation)) this.find(allocation);
  }

  /** @returns whether there are claims */
  private setClaimsAside({ current, claimed }: Allocation): boolean {
    let isAnyClaimed = false;
    for (let index = 0; index < this.table.functionCount; index++) {
      this.claimant[index] = current[index];
      if (claimed[index] === 0) continue;
      current[index] = NONE;
      isAnyClaimed = true;
    }
    return isAnyClaimed;
  }

  /** @returns whether every claimed function is assigned to its claimant */
  private takeClaimsBack({ current, claimed, assigned }: Allocation): boolean {
    let areAssigned = true;
    for (let index = 0; index < this.table.functionCount; index++) {
      current[index] = this.claimant[index];
      if (claimed[index] !== 0 && assigned[index] !== current[index]) areAssigned = false;
    }
    return areAssigned;
  }

  private find(allocation: Allocation): void {
    const { planner } = this;
    if (planner === null) {
      this.policy.allocate(this.table, allocation);
      return;
    }
    const entry = this.lookUp(allocation);
    if (entry !== NONE) {
      marks[MARK_REACTION_FOUND]++;
      this.write(entry, allocation);
      return;
    }
    marks[MARK_REACTION_SEARCHED]++;
    this.isBegun = false; // the entry in work begins again
    planner.begin(allocation);
    planner.advance(Number.POSITIVE_INFINITY);
    planner.finish(allocation);
  }

  /** Begins a book for these inputs, unless it is the one that is open. */
  open(now: Allocation): void {
    const { inputs } = this;
    if (this.planner === null) return;
    if (this.entries > 0 && now.operable === this.operable && this.isSame(now, now.operable))
      return;
    this.operable = now.operable;
    inputs.current.set(now.current);
    inputs.cannotRun.set(now.cannotRun);
    inputs.withheld.set(now.withheld);
    inputs.holds = now.holds;
    this.entries = 0;
    this.done = 0;
    this.isBegun = false;
    this.list();
  }

  /** Works for about this many search steps; excess is paid back in the next calls. */
  advance(steps: number): void {
    const { planner } = this;
    if (planner === null || this.done === this.entries) return;
    this.credit = Math.min(this.credit + steps, steps);
    while (this.credit > 0 && this.done < this.entries) {
      const before = this.isBegun ? planner.steps : 0;
      if (this.isBegun) {
        const isOver = planner.advance(this.credit);
        this.credit -= planner.steps - before + 1;
        if (isOver) this.store();
      } else {
        this.inputs.operable = this.masks[this.done];
        planner.begin(this.inputs);
        this.credit -= planner.steps / FIGURE_STEPS_PER_SEARCH_STEP;
        this.isBegun = true;
      }
    }
  }

  /** The server of a function in an entry, or NONE. */
  private server(entry: number, index: number): number {
    return this.assigned[entry * this.table.functionCount + index] as number;
  }

  /** The nearest events first. */
  private list(): void {
    const { serverCount, serverMask } = this.table;
    const { operable } = this;
    for (let one = 0; one < serverCount; one++) this.add(operable ^ (1 << one));
    for (let one = 0; one < serverCount; one++)
      for (let other = one + 1; other < serverCount; other++)
        this.add(operable ^ (1 << one) ^ (1 << other));
    if (serverCount > WHOLE_BOOK_SERVERS_MAX) return;
    for (let mask = 1; mask <= serverMask; mask++) if (bitsOf(mask ^ operable) > 2) this.add(mask);
  }

  private add(mask: number): void {
    if (mask !== 0) this.masks[this.entries++] = mask;
  }

  private store(): void {
    const { planner, table, done } = this;
    const at = done * table.functionCount;
    for (let index = 0; index < table.functionCount; index++)
      this.assigned[at + index] = (planner as SlicedAnswer).assigned[index];
    this.proven[done] = (planner as SlicedAnswer).proven;
    this.isBegun = false;
    this.done++;
  }

  private lookUp(allocation: Allocation): number {
    const { operable } = allocation;
    for (let entry = 0; entry < this.done; entry++)
      if (this.masks[entry] === operable) return this.isSame(allocation, operable) ? entry : NONE;
    return NONE;
  }

  /** Whether the inputs match those of the book, as far as operable servers are concerned. */
  private isSame(now: Allocation, operable: number): boolean {
    const { inputs, table } = this;
    if (now.holds !== inputs.holds) return false;
    for (let left = operable; left !== 0; left &= left - 1) {
      const server = 31 - Math.clz32(left & -left);
      if (now.withheld[server] !== inputs.withheld[server]) return false;
    }
    for (let index = 0; index < table.functionCount; index++) {
      if (((now.cannotRun[index] ^ inputs.cannotRun[index]) & operable) !== 0) return false;
      const one = now.current[index];
      const other = inputs.current[index];
      if (one === other) continue;
      if (one !== NONE && (operable & (1 << one)) !== 0) return false;
      if (other !== NONE && (operable & (1 << other)) !== 0) return false;
    }
    return true;
  }

  private write(entry: number, allocation: Allocation): void {
    const { table } = this;
    allocation.steps = 0;
    allocation.stops = 0;
    allocation.proven = this.proven[entry];
    allocation.assigned.fill(NONE, 0, FUNCTIONS_MAX);
    resetRemaining(table, allocation);
    for (let index = 0; index < table.functionCount; index++) {
      allocation.steps++;
      const server = this.server(entry, index);
      const from = allocation.current[index];
      if (server !== NONE) assignTo(table, allocation, index, server);
      else if (from !== NONE && (allocation.operable & (1 << from)) !== 0) allocation.stops++;
    }
  }
}

function bitsOf(mask: number): number {
  let bits = 0;
  for (let left = mask; left !== 0; left &= left - 1) bits++;
  return bits;
}

/** What a server has room for beside what runs there, in every dimension of resource. */
import { DIMENSIONS_MAX, FUNCTIONS_MAX } from "../limits.ts";
import { givenResource } from "./allocation.ts";
import { type FunctionTable, NONE } from "./function-table.ts";
import { OwnInputs } from "./own-inputs.ts";

/** The room of one server, as functions come up and go. */
export class Room {
  /** What the server withholds of its resource. */
  readonly inputs = new OwnInputs();
  /** Taken by what is here, and kept for what is to come; per dimension. */
  readonly load = new Int32Array(DIMENSIONS_MAX);
  private readonly kept = new Int32Array(DIMENSIONS_MAX);

  constructor(
    private readonly table: FunctionTable,
    private readonly server: number,
  ) {}

  fits(index: number): boolean {
    const { table, server, load, kept } = this;
    const { withheld } = this.inputs;
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const left = givenResource(table, server, dimension, withheld) - load[dimension];
      if (left - kept[dimension] < table.required[dimension * FUNCTIONS_MAX + index]) return false;
    }
    return true;
  }

  take(index: number): void {
    this.change(this.load, index, 1);
  }

  giveBack(index: number): void {
    this.change(this.load, index, -1);
  }

  /** Forgets what was kept. */
  begin(): void {
    this.kept.fill(0);
  }

  /** Keeps room for function `index`, which is to come. */
  keep(index: number): void {
    this.change(this.kept, index, 1);
  }

  private change(amounts: Int32Array, index: number, sign: number): void {
    const { table } = this;
    for (let dimension = 0; dimension < table.dimensions; dimension++)
      amounts[dimension] += sign * table.required[dimension * FUNCTIONS_MAX + index];
  }
}

/**
 * Whether function `index` could run on `server` beside what `owners` places there: there is room,
 * none that it must be apart from is there, and none that it must be with is elsewhere.
 */
export function fitsBeside(
  table: FunctionTable,
  owners: Int8Array,
  index: number,
  server: number,
  withheld: number,
): boolean {
  for (let at = table.partnerStart[index]; at < table.partnerStart[index + 1]; at++) {
    const there = owners[table.partner[at]];
    if (there !== NONE && (there === server) === (table.isApart[at] !== 0)) return false;
  }
  for (let dimension = 0; dimension < table.dimensions; dimension++) {
    const column = dimension * FUNCTIONS_MAX;
    let left = givenResource(table, server, dimension, withheld) - table.required[column + index];
    for (let other = 0; other < table.functionCount; other++)
      if (owners[other] === server && other !== index) left -= table.required[column + other];
    if (left < 0) return false;
  }
  return true;
}

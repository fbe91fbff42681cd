import { type FunctionTable, NONE } from "./function-table.ts";
import { fitsBeside } from "./room.ts";

/**
 * Whether a function that failed on server `self` may be tried there. A try must stop nothing and
 * take nothing from others: the policy assigns it to nobody, no function that fits in its place
 * waits for a server, and there is room beside all that is assigned here.
 */
export function mayBeTried(
  {
    assigned,
    failed,
    room: {
      inputs: { withheld },
    },
  }: {
    readonly assigned: Int8Array;
    readonly failed: Uint8Array;
    readonly room: { readonly inputs: { readonly withheld: number } };
  },
  table: FunctionTable,
  index: number,
  self: number,
): boolean {
  if (assigned[index] !== NONE) return false;
  for (let other = 0; other < table.functionCount; other++) {
    const isFit = failed[other] === 0 && (table.eligible[other] & (1 << self)) !== 0;
    const fits = table.required[other] <= table.required[index];
    if (assigned[other] === NONE && isFit && fits) return false;
  }
  return fitsBeside(table, assigned, index, self, withheld);
}

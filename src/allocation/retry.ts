import { type FunctionTable, NONE } from "./function-table.ts";

/**
 * Whether a function that failed on server `self` may be tried there. A try takes nothing from
 * another server and stops nothing: the policy gives it to nobody, and there is room beside all
 * that it gives to this server, or may be about to give it.
 */
export function mayBeTried(
  { assigned, failed }: { readonly assigned: Int8Array; readonly failed: Uint8Array },
  table: FunctionTable,
  index: number,
  self: number,
): boolean {
  if (assigned[index] !== NONE) return false;
  let room = table.resource[self] - table.required[index];
  for (let other = 0; other < table.functionCount; other++) {
    if (assigned[other] === self) room -= table.required[other];
    const isFit = failed[other] === 0 && (table.eligible[other] & (1 << self)) !== 0;
    const fits = table.required[other] <= table.required[index];
    if (assigned[other] === NONE && isFit && fits) return false;
  }
  return room >= 0;
}

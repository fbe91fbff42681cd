/** From the plain systems of these tests to the columns of the product and back. */
import { Allocation, type Policy } from "../../src/allocation/allocation.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import type { Outcome, System } from "./reference.ts";

/** The result of a policy, without the labels that only the reference keeps. */
export interface Result extends Pick<Outcome, "assigned" | "remaining"> {
  stops: number;
  steps: number;
}

export function tableOf(system: System): FunctionTable {
  return new FunctionTable(
    system.resources,
    system.functions.map(({ required, priority, servers }) => ({
      required,
      priority,
      servers: maskOf(servers),
      process: PROCESS_NONE,
      stopGraceMs: 0,
    })),
  );
}

/** Writes the inputs of `system` into `allocation`; rows beyond its functions become empty. */
export function enterInputs(allocation: Allocation, system: System): void {
  allocation.operable = maskOf(system.operable.flatMap((operable, x) => (operable ? [x] : [])));
  allocation.current.fill(NONE);
  allocation.cannotRun.fill(0);
  system.functions.forEach(({ owner, cannotRunOn }, y) => {
    allocation.current[y] = owner ?? NONE;
    allocation.cannotRun[y] = maskOf(cannotRunOn);
  });
}

export function resultOf(allocation: Allocation, system: System): Result {
  return {
    assigned: system.functions.map((_, y) =>
      allocation.assigned[y] === NONE ? null : allocation.assigned[y],
    ),
    remaining: system.resources.map((_, x) => allocation.remaining[x]),
    stops: allocation.stops,
    steps: allocation.steps,
  };
}

/** Runs `policy` on `system`, by default with a new Allocation. */
export function allocate(policy: Policy, system: System, allocation = new Allocation()): Result {
  enterInputs(allocation, system);
  policy.allocate(tableOf(system), allocation);
  return resultOf(allocation, system);
}

/** The same system with the owners that `result` gave. */
export function afterwards(system: System, result: Pick<Outcome, "assigned">): System {
  return {
    ...system,
    functions: system.functions.map((row, y) => ({ ...row, owner: result.assigned[y] })),
  };
}

export function maskOf(servers: readonly number[]): number {
  return servers.reduce((mask, x) => mask | (1 << x), 0);
}

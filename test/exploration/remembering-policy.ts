/**
 * A policy that caches its results: a pure function whose inputs are often equal. Anything that an
 * allocation leaves behind beside its outputs is scratch.
 */
import type { Allocation, Policy } from "../../src/allocation/allocation.ts";

export function remembering(policy: Policy): Policy {
  const known = new Map<number, Pick<Allocation, "assigned" | "steps" | "stops" | "proven">>();
  return {
    name: policy.name,
    keepsRunning: policy.keepsRunning,
    searches: policy.searches,
    planner: null, // no book beside this memory
    allocate(table, allocation) {
      let inputs = allocation.operable;
      for (let index = 0; index < table.functionCount; index++) {
        inputs = inputs * 32 + allocation.current[index] + 1;
        inputs = inputs * 16 + allocation.cannotRun[index];
      }
      const before = known.get(inputs);
      if (before !== undefined) {
        for (let index = 0; index < table.functionCount; index++)
          allocation.assigned[index] = before.assigned[index];
        allocation.steps = before.steps;
        allocation.stops = before.stops;
        allocation.proven = before.proven;
        return;
      }
      policy.allocate(table, allocation);
      const { assigned, steps, stops, proven } = allocation;
      known.set(inputs, {
        assigned: assigned.slice(0, table.functionCount),
        steps,
        stops,
        proven,
      });
    },
  };
}

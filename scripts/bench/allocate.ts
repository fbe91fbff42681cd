/** `allocate`: how long the policies take for the largest aircraft, and in how many steps (P7). */
import { Allocation, type Policy } from "../../src/core/allocation.ts";
import { FunctionTable, PROCESS_NONE } from "../../src/core/function-table.ts";
import { POLICIES, type PolicyName } from "../../src/core/policies.ts";
import { FUNCTIONS_MAX, PRIORITY_MAX, SERVERS_MAX } from "../../src/limits.ts";
import type { BenchContext, Benchmark, Figure, Report } from "./benchmark.ts";

const TRIALS = 200;
/**
 * The mean function needs 10, all together about 10,240: 16 servers of 660 have room for all, 15 no
 * longer.
 */
const REQUIRED_MAX = 19;
const RESOURCE = 660;

const FIGURES: Readonly<Record<PolicyName, string>> = { reset: "FIG. 3", preempt: "FIG. 4" };

export const allocate: Benchmark = {
  name: "allocate",
  title: `allocation of ${FUNCTIONS_MAX} functions to ${SERVERS_MAX} servers after the failure of one`,
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const figures: Figure[] = [];
  const notes: string[] = [
    "no peer: none of them allocates by priority and resource in its fast path",
  ];
  for (const policy of POLICIES) {
    const label = `${policy.name} (${FIGURES[policy.name]})`;
    const timesUs: number[] = [];
    const steps: number[] = [];
    const trialCount = context.trials ?? TRIALS;
    let firstUs = 0;
    for (let trial = 0; trial <= trialCount; trial++) {
      const { table, allocation } = afterFailure(context, policy);
      const beganMs = performance.now();
      policy.allocate(table, allocation);
      const tookUs = (performance.now() - beganMs) * 1000;
      if (trial === 0) {
        firstUs = tookUs;
        continue;
      }
      timesUs.push(tookUs);
      steps.push(allocation.steps);
    }
    figures.push({
      label: `${label}, time`,
      unit: "µs",
      series: [{ system: "wingman", values: timesUs }],
    });
    figures.push({
      label: `${label}, work`,
      unit: "steps",
      series: [{ system: "wingman", values: steps }],
    });
    notes.push(
      `${label}: the first call after the table was made took ${firstUs.toFixed(0)} µs and is not counted`,
    );
  }
  return { figures, limits: [], notes, skipped: [] };
}

/** A random aircraft on which everything was allocated by `policy`, and then a server failed. */
function afterFailure(
  context: BenchContext,
  policy: Policy,
): { table: FunctionTable; allocation: Allocation } {
  const { random } = context;
  const everywhere = (1 << SERVERS_MAX) - 1;
  const rows = Array.from({ length: FUNCTIONS_MAX }, () => ({
    required: 1 + random.below(REQUIRED_MAX),
    priority: 1 + random.below(PRIORITY_MAX),
    servers: everywhere,
    process: PROCESS_NONE,
    stopGraceMs: 0,
  }));
  const table = new FunctionTable(Array(SERVERS_MAX).fill(RESOURCE), rows);
  const allocation = new Allocation();
  allocation.operable = everywhere;
  policy.allocate(table, allocation);
  allocation.current.set(allocation.assigned);
  allocation.operable = everywhere & ~(1 << random.below(SERVERS_MAX));
  return { table, allocation };
}

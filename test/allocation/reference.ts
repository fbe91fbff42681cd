/**
 * FIG. 3 and FIG. 4 of the patent once more, as naively as possible: plain arrays, every maximum
 * and minimum found by a full scan, every remaining resource computed afresh from equation (1), the
 * labels of the flow charts kept in a list. It shares no line with the flying policies; a property
 * test compares the two.
 */
import type { PolicyName } from "../../src/allocation/policies.ts";

/** The policies that are a flow chart of the patent. */
export type FigureName = Extract<PolicyName, "reset" | "preempt">;

/** One service function as FIG. 2 has it, with the servers on which it may run at all. */
export interface ServiceFunction {
  required: number;
  priority: number;
  /** Servers that the configuration names for it. */
  servers: number[];
  /** Servers on which its process failed. */
  cannotRunOn: number[];
  /** The server it runs on now; null when it runs nowhere. May name a server that is down. */
  owner: number | null;
}

export interface System {
  /** R(Sx) of every configured server. */
  resources: number[];
  /** Whether each server is operable. */
  operable: boolean[];
  functions: ServiceFunction[];
}

/** One passage of S14. */
export interface Stop {
  fmin: number;
  fmax: number;
}

export interface Outcome {
  /** The server of each function, or null. */
  assigned: (number | null)[];
  /** RR(Sx); 0 for a server that is not operable, as its R(Sx) is zero then ([0034]). */
  remaining: number[];
  /** The functions stopped by S14, in order, and the function for which they were stopped. */
  stopped: Stop[];
  /** Labels of the flow chart in the order in which they were passed. */
  labels: string[];
}

/** The flow chart of each policy. */
export const FIGURES: Readonly<Record<FigureName, (system: System) => Outcome>> = {
  reset: figure3,
  preempt: figure4,
};

export function figureOf(policy: PolicyName): ((system: System) => Outcome) | null {
  return policy === "planned" ? null : FIGURES[policy];
}

/**
 * FIG. 3, [0033]–[0036]. S1 (failure or recovery) is the reason for the call. S7 is the engine's.
 */
export function figure3(system: System): Outcome {
  const labels = ["S2"];
  const assigned: (number | null)[] = system.functions.map(() => null);
  const retrieved = new Set<number>();
  for (;;) {
    labels.push("S3");
    const fmax = functionOfMaximumPriority(
      system,
      (y) => assigned[y] === null && !retrieved.has(y),
    );
    if (fmax === null) break; // S8 No: all have had their turn
    retrieved.add(fmax);
    labels.push("S4");
    const smax = serverOfMaximumRemaining(system, assigned, fmax);
    labels.push("S5");
    if (smax !== null && remainingOf(system, assigned, smax) >= system.functions[fmax].required) {
      labels.push("S5 Yes", "S6");
      assigned[fmax] = smax;
    } else {
      labels.push("S5 No");
    }
    labels.push("S8");
  }
  return { assigned, remaining: allRemaining(system, assigned), stopped: [], labels };
}

/**
 * FIG. 4, [0039]–[0043]: FIG. 3 without S2, and S11 to S16 where S5 says No. S13 is the engine's.
 */
export function figure4(system: System): Outcome {
  const labels: string[] = [];
  const assigned = runningNow(system);
  const givenUp = new Set<number>();
  const stopped: Stop[] = [];
  for (;;) {
    labels.push("S3");
    const fmax = functionOfMaximumPriority(system, (y) => assigned[y] === null && !givenUp.has(y));
    if (fmax === null) break;
    labels.push("S4");
    const smax = serverOfMaximumRemaining(system, assigned, fmax);
    labels.push("S5");
    if (smax !== null && remainingOf(system, assigned, smax) >= system.functions[fmax].required) {
      labels.push("S5 Yes", "S6", "S8");
      assigned[fmax] = smax;
      continue;
    }
    labels.push("S5 No", "S11");
    const fmin = smax === null ? null : functionOfMinimumPriority(system, assigned, smax, fmax);
    if (fmin !== null) {
      labels.push("S12 Yes", "S13", "S14", "S15");
      assigned[fmin] = null;
      stopped.push({ fmin, fmax });
    } else {
      labels.push("S12 No", "S16");
      givenUp.add(fmax);
    }
  }
  return { assigned, remaining: allRemaining(system, assigned), stopped, labels };
}

/** S3. On a tie the lower index. */
function functionOfMaximumPriority(
  system: System,
  isCandidate: (y: number) => boolean,
): number | null {
  let fmax: number | null = null;
  for (let y = 0; y < system.functions.length; y++) {
    if (!isCandidate(y)) continue;
    if (fmax === null || system.functions[y].priority > system.functions[fmax].priority) fmax = y;
  }
  return fmax;
}

/** S4, among the operable servers that may run function y. On a tie the lower index. */
function serverOfMaximumRemaining(
  system: System,
  assigned: (number | null)[],
  y: number,
): number | null {
  let smax: number | null = null;
  let largest = -1;
  for (let x = 0; x < system.resources.length; x++) {
    if (!mayRun(system, y, x)) continue;
    const remaining = remainingOf(system, assigned, x);
    if (remaining > largest) {
      smax = x;
      largest = remaining;
    }
  }
  return smax;
}

/**
 * S11: of what runs on server x and is less important than `fmax`, the least important. On a tie
 * the higher index.
 */
function functionOfMinimumPriority(
  system: System,
  assigned: (number | null)[],
  x: number,
  fmax: number,
): number | null {
  let fmin: number | null = null;
  for (let y = 0; y < system.functions.length; y++) {
    if (assigned[y] !== x || system.functions[y].priority >= system.functions[fmax].priority)
      continue;
    if (fmin === null || system.functions[y].priority <= system.functions[fmin].priority) fmin = y;
  }
  return fmin;
}

/** Equation (1), [0030]. */
function remainingOf(system: System, assigned: (number | null)[], x: number): number {
  let remaining = system.resources[x];
  for (let y = 0; y < system.functions.length; y++)
    if (assigned[y] === x) remaining -= system.functions[y].required;
  return remaining;
}

function allRemaining(system: System, assigned: (number | null)[]): number[] {
  return system.resources.map((_, x) =>
    system.operable[x] ? remainingOf(system, assigned, x) : 0,
  );
}

export function mayRun(system: System, y: number, x: number): boolean {
  const { servers, cannotRunOn } = system.functions[y];
  return system.operable[x] && servers.includes(x) && !cannotRunOn.includes(x);
}

/**
 * The functions that run at S1. The patent does not define owners whose functions exceed their
 * server, which only a wrong report can give: the more important ones count, in the order of S3, as
 * long as they fit.
 */
function runningNow(system: System): (number | null)[] {
  const assigned: (number | null)[] = system.functions.map(() => null);
  const asked = new Set<number>();
  for (;;) {
    const y = functionOfMaximumPriority(system, (candidate) => !asked.has(candidate));
    if (y === null) return assigned;
    asked.add(y);
    const { owner, required } = system.functions[y];
    if (
      owner !== null &&
      mayRun(system, y, owner) &&
      remainingOf(system, assigned, owner) >= required
    )
      assigned[y] = owner;
  }
}

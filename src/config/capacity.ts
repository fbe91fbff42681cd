/** Which functions an aircraft keeps when servers fail. */

import type { PolicyName } from "../allocation/policies.ts";
import { CRITICAL_PRIORITY } from "../limits.ts";
import type { AircraftConfig } from "./model.ts";
import { type Weakness, weaknesses } from "./outliving.ts";
import { failures, type Plan, WhatIf } from "./what-if.ts";

/** Result of the allocation while some servers are down. */
export interface CapacityCase {
  down: string[];
  /** Number of functions that run. */
  running: number;
  /** Functions that do not run, the most important first. */
  notRunning: string[];
  /** Those among them of CRITICAL_PRIORITY and above. */
  critical: string[];
  remaining: Plan["remaining"];
  remainingOf?: Plan["remainingOf"];
}

export interface CapacityReport {
  policy: PolicyName;
  /** Sum of all servers' resource and of all functions' requirement, in the first dimension. */
  resource: number;
  required: number;
  /** Both sums by the name of each dimension; absent when there is only one. */
  sums?: Record<string, { resource: number; required: number }>;
  /**
   * All servers alive, then every single failure, then every double one, each starting from the
   * plan with all servers alive.
   */
  cases: CapacityCase[];
  /**
   * Functions that stop together with their planned server because no other one could take them,
   * the most important first.
   */
  withoutRedundancy: string[];
  /** Important functions that do not survive every single failure, the most important first. */
  weaknesses: Weakness[];
}

export function capacityReport(config: AircraftConfig): CapacityReport {
  const whatIf = new WhatIf(config);
  const all = whatIf.planWithAllServers();
  const priorities = new Map(config.functions.map(({ id, priority }) => [id, priority]));
  const answers = [[], ...failures(config.servers.map(({ id }) => id))].map((down) => ({
    down,
    plan: down.length === 0 ? all : whatIf.plan({ owners: all.assignment, down, cannotRun: {} }),
  }));
  const caseOf = ({ down, plan }: (typeof answers)[number]): CapacityCase => {
    const notRunning = whatIf.notRunning(plan);
    return {
      down,
      running: config.functions.length - notRunning.length,
      notRunning,
      critical: notRunning.filter((id) => (priorities.get(id) ?? 0) >= CRITICAL_PRIORITY),
      remaining: plan.remaining,
      ...(plan.remainingOf === undefined ? {} : { remainingOf: plan.remainingOf }),
    };
  };
  const cases = answers.map(caseOf);
  return {
    policy: whatIf.policy,
    ...sumsOf(config),
    cases,
    withoutRedundancy: whatIf.byImportance().filter((id) =>
      cases.some(({ down, notRunning }) => {
        const [lost, another] = down;
        return another === undefined && lost === all.assignment[id] && notRunning.includes(id);
      }),
    ),
    weaknesses: weaknesses(
      config,
      answers.filter(({ down }) => down.length < 2),
    ),
  };
}

function sumsOf({
  dimensions,
  servers,
  functions,
}: AircraftConfig): Pick<CapacityReport, "resource" | "required" | "sums"> {
  const sums = (dimensions.length === 0 ? [""] : dimensions).map((name, place) => ({
    name,
    resource: sum(servers.map((each) => [each.resource, ...each.furtherResources][place] ?? 0)),
    required: sum(functions.map((each) => [each.required, ...each.furtherRequired][place] ?? 0)),
  }));
  const { resource = 0, required = 0 } = sums[0] ?? {};
  if (dimensions.length <= 1) return { resource, required };
  const byName = sums.map(({ name, ...both }) => [name, both] as const);
  return { resource, required, sums: Object.fromEntries(byName) };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

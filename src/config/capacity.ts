/** Which functions an aircraft keeps when servers fail. */

import type { PolicyName } from "../allocation/policies.ts";
import { CRITICAL_PRIORITY } from "../limits.ts";
import type { AircraftConfig } from "./model.ts";
import { failures, type Plan, WhatIf } from "./what-if.ts";

/** What runs while some servers are down. */
export interface CapacityCase {
  down: string[];
  /** Number of functions that run. */
  running: number;
  /** Functions that do not, the most important first. */
  notRunning: string[];
  /** Those among them of CRITICAL_PRIORITY and above. */
  critical: string[];
  remaining: Plan["remaining"];
}

export interface CapacityReport {
  policy: PolicyName;
  /** Sum of all servers' resource and of all functions' requirement. */
  resource: number;
  required: number;
  /**
   * All servers alive, then every single failure, then every double one, each from the plan with
   * all servers alive.
   */
  cases: CapacityCase[];
  /**
   * Functions that stop with the server on which the plan has them, the most important first: no
   * other one could take them.
   */
  withoutRedundancy: string[];
}

export function capacityReport(config: AircraftConfig): CapacityReport {
  const whatIf = new WhatIf(config);
  const all = whatIf.planWithAllServers();
  const priorities = new Map(config.functions.map(({ id, priority }) => [id, priority]));
  const caseOf = (down: string[]): CapacityCase => {
    const plan =
      down.length === 0 ? all : whatIf.plan({ owners: all.assignment, down, cannotRun: {} });
    const notRunning = whatIf.notRunning(plan);
    return {
      down,
      running: config.functions.length - notRunning.length,
      notRunning,
      critical: notRunning.filter((id) => (priorities.get(id) ?? 0) >= CRITICAL_PRIORITY),
      remaining: plan.remaining,
    };
  };
  const cases = [[], ...failures(config.servers.map(({ id }) => id))].map(caseOf);
  return {
    policy: whatIf.policy,
    resource: config.servers.reduce((sum, { resource }) => sum + resource, 0),
    required: config.functions.reduce((sum, { required }) => sum + required, 0),
    cases,
    withoutRedundancy: whatIf.byImportance().filter((id) =>
      cases.some(({ down, notRunning }) => {
        const [lost, another] = down;
        return another === undefined && lost === all.assignment[id] && notRunning.includes(id);
      }),
    ),
  };
}

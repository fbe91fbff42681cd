/** Every allocation policy. A new one is a file with its record and a line here. */
import type { Policy } from "./allocation.ts";
import { PLANNED } from "./planned/planned.ts";
import { PREEMPT } from "./preempt.ts";
import { RESET } from "./reset.ts";

export const POLICIES = [RESET, PREEMPT, PLANNED] as const;

export type PolicyName = (typeof POLICIES)[number]["name"];

export const POLICY_NAMES: readonly PolicyName[] = POLICIES.map(({ name }) => name);

/** If a configuration names none. */
export const DEFAULT_POLICY = PLANNED.name;

export function policyNamed(name: PolicyName): Policy {
  return POLICIES.find((policy) => policy.name === name) as Policy;
}

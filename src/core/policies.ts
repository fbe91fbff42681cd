/** Every allocation policy. A new one is a file with its record, and a line here. */
import type { Policy } from "./allocation.ts";
import { PREEMPT } from "./allocation-preempt.ts";
import { RESET } from "./allocation-reset.ts";

export const POLICIES = [RESET, PREEMPT] as const;

export type PolicyName = (typeof POLICIES)[number]["name"];

export const POLICY_NAMES: readonly PolicyName[] = POLICIES.map(({ name }) => name);

/** Where a configuration names none. */
export const DEFAULT_POLICY = PREEMPT.name;

export function policyNamed(name: PolicyName): Policy {
  return POLICIES.find((policy) => policy.name === name) as Policy;
}

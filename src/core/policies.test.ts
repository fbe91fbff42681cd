import { expect, test } from "bun:test";
import { DEFAULT_POLICY, POLICIES, POLICY_NAMES, policyNamed } from "./policies.ts";

test("every policy is found by its name, which no other has", () => {
  for (const policy of POLICIES) expect(policyNamed(policy.name)).toBe(policy);
  expect(new Set(POLICY_NAMES).size).toBe(POLICIES.length);
  expect(POLICY_NAMES).toContain(DEFAULT_POLICY);
});

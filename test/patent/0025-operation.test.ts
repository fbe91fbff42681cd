/**
 * Patent [0025] in the running system: one function is operated in one server only. The simulator
 * checks it in every turn.
 */

import { expect, test } from "bun:test";
import { POLICY_NAMES } from "../../src/core/policies.ts";
import { play } from "../scenarios/story.ts";

for (const policy of POLICY_NAMES) {
  test(`${policy}: through start, failure, recovery and drain of every server`, () => {
    const functions = Array.from(
      { length: 12 },
      (_, index) => `f${index} 20 p${1 + (index % 10)}`,
    ).join(", ");
    const world = play(`
      servers a 100, b 100
      policy ${policy}
      functions ${functions}
      start a b
      wait 300 ms
      all agree
      crash a
      wait 300 ms
      start a
      wait 1 s
      all agree
      crash b
      wait 300 ms
      start b
      wait 1 s
      drain a
      wait 1 s
      resume a; drain b
      wait 1 s
      resume b
      wait 1 s
      all agree
      quiet for 1 s`);
    const operated = world.hosts.flatMap((host) => host.functionsUp());
    expect(new Set(operated).size).toBe(operated.length);
    expect(operated.length).toBe(10); // all that two servers can carry
  });
}

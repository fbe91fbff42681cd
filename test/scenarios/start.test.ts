/** How servers come up: together, in any order, alone, and one after the other. */

import { expect, test } from "bun:test";
import { POLICIES } from "../../src/core/policies.ts";
import { play } from "./story.ts";

const AIRCRAFT = `
  servers a 100, b 100
  functions pa 30 p10, seats 40 p9, tv 40 p7, map 20 p3, games 30 p2`;

function name(policy: string, order: readonly string[], offset: string): string {
  return `${policy}: ${order[0]}, then ${order[1]} after ${offset}`;
}

const OFFSETS_MS = Array.from({ length: 151 }, (_, ms) => ms);

for (const { name: policy, keepsRunning } of POLICIES) {
  for (const order of [["a", "b"] as const, ["b", "a"] as const]) {
    test(`${policy}: started 0 to 150 ms apart, ${order[0]} first, everything runs, once, and both agree`, () => {
      const ends = new Set<string>();
      for (const ms of OFFSETS_MS) {
        const world = play(`${AIRCRAFT}
          policy ${policy}
          start ${order[0]}
          wait ${ms} ms
          start ${order[1]}
          wait 1500 ms
          all agree
          quiet for 1 s`);
        ends.add(
          [...world.owners()].map((owner) => (keepsRunning ? Math.min(owner, 0) : owner)).join(),
        );
      }
      // With reset even the assignment is the same; with preempt what runs stays where it is, so
      // only the set is.
      expect([...ends]).toEqual([keepsRunning ? "0,0,0,0,0" : "0,1,0,1,1"]);
    });
  }

  test(name(policy, ["a", "b"], "one hour"), () => {
    play(`${AIRCRAFT}
      policy ${policy}
      start a
      wait 3600 s
      start b
      wait 1500 ms
      all agree
      ${keepsRunning ? "a: pa seats map | b: tv games" : "a: pa tv | b: seats map games"}
      quiet for 5 s`);
  });

  test(name(policy, ["b", "a"], "one hour"), () => {
    play(`${AIRCRAFT}
      policy ${policy}
      start b
      wait 3600 s
      start a
      wait 1500 ms
      all agree
      ${keepsRunning ? "b: pa seats map | a: tv games" : "a: pa tv | b: seats map games"}
      quiet for 5 s`);
  });
}

test("a server that hears nobody owns nothing before it has listened for longer than the detection time", () => {
  play(`${AIRCRAFT}
    lost after 5
    start a
    wait 69999 µs
    a is listening
    nowhere: pa seats tv map games
    wait 100 µs
    a is active
    a: pa seats map | nowhere: tv games`);
});

test("servers that all hear each other do not wait for the end of listening", () => {
  play(`${AIRCRAFT}
    recovered after 2
    start a b
    wait 25 ms
    all agree
    a: pa tv | b: seats map games`);
});

test("a newcomer that is still joining is waited for, so that nothing is given out twice", () => {
  play(`${AIRCRAFT}
    recovered after 20
    start a
    wait 45 ms
    start b
    wait 100 ms
    a is listening
    nowhere: pa seats tv map games
    wait 100 ms
    a is active; all agree
    a: pa tv | b: seats map games`);
});

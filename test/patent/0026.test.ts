/** Patent [0026]: a client talks to a virtual IP address, whichever server it is on. */
import { expect, test } from "bun:test";
import { NONE } from "../../src/core/function-table.ts";
import { play } from "../scenarios/story.ts";

test("when the server that operates a function changes, its address is up on the other one, and on that one only", () => {
  const world = play(`
    servers a 100, b 100
    functions f 30 p9, g 30 p8
    start a b
    wait 300 ms
    a: f | b: g
    crash a
    wait 32 ms
    b: f g`);
  expect(world.hosts.map((host) => host.functionsUp())).toEqual([[], [0, 1]]);
});

test("a planned change leaves a client without an answer for less than a millisecond", () => {
  const world = play(`
    servers a 100, b 100
    functions f 30 p9
    start a b
    wait 300 ms
    a: f
    drain a`);
  let withoutUs = 0;
  for (let us = 0; us < 5000; us += 10) {
    world.runUntil(world.nowUs + 10);
    if (world.owners()[0] === NONE) withoutUs += 10;
  }
  expect(world.owners()).toEqual([1]);
  expect(withoutUs).toBeLessThan(1000);
});

/**
 * Patent [0035], S7, in the running system: the address becomes effective on the server that the
 * function is assigned to.
 */
import { expect, test } from "bun:test";
import { play } from "../scenarios/story.ts";

test("S7: only the assigned server makes the address effective, and starts the function's process there", () => {
  const world = play(`
    servers a 100, b 100
    functions f 30 p9 process, g 30 p8 process
    start a b
    wait 300 ms
    a: f | b: g`);
  expect(world.hosts.map(({ up, lingering }) => [[...up], [...lingering]])).toEqual([
    [
      [1, 0],
      [1, 0],
    ],
    [
      [0, 1],
      [0, 1],
    ],
  ]);
  for (const server of [0, 1])
    expect([...world.engine(server).handover.assigned.slice(0, 2)]).toEqual([0, 1]);
});

test("S5 No: a function that is not assigned has its address nowhere", () => {
  play(`
    servers a 40, b 40
    functions f 30 p9, g 30 p8, h 30 p7
    start a b
    wait 300 ms
    a: f | b: g | nowhere: h
    quiet for 5 s`);
});

/**
 * Patent [0027]: keep-alive messages, periodic and multicast, from whose absence a failure is
 * judged.
 */
import { expect, test } from "bun:test";
import { play } from "../scenarios/story.ts";

const SYSTEM = `
  servers a 100, b 100
  functions f 30 p9, g 30 p8
  start a b
  wait 300 ms`;

test("each server judges that the other is normally operating while it receives its messages", () => {
  play(`${SYSTEM}
    a sees b alive; b sees a alive
    wait 60 s
    a sees b alive; b sees a alive`);
});

test("messages are transmitted at definite intervals, whatever there is to do", () => {
  const world = play(SYSTEM);
  const engine = world.engine(0);
  const before = engine.counters[0];
  world.run(10_000);
  expect(engine.counters[0] - before).toBe(1000);
  expect(engine.sender.lateness.maxUs).toBe(0);
});

test("when nothing was received for a definite period, the other server has failed", () => {
  play(`${SYSTEM}
    crash b
    wait 30099 µs
    a sees b alive
    wait 1 µs
    a sees b lost`);
});

test("either server judges the other alike", () => {
  play(`${SYSTEM}
    crash a
    wait 31 ms
    b sees a lost`);
});

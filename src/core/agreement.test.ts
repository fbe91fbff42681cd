import { expect, test } from "bun:test";
import { play } from "../../test/scenarios/story.ts";
import { LOG_DISAGREEMENT } from "../boundary/maintenance-code.ts";
import { CHANGED } from "./changes.ts";

const SYSTEM = `
  servers a 100, b 100
  functions f 30 p9 process, g 30 p8 process, h 30 p7
  start a b
  wait 300 ms
  all agree
  a: f h | b: g`;

test("allocates on failure, recovery, drain, resume and a failed process, and not otherwise", () => {
  const world = play(SYSTEM);
  const [a, b] = world.hosts;
  const count = (): number => world.engine(0).agreement.allocations;
  const during = (act: () => void): number => {
    const before = count();
    act();
    world.run(500);
    return count() - before;
  };
  expect(during(() => {})).toBe(0);
  expect(during(() => world.kernels.removeByHand(a, 0))).toBe(0);
  expect(during(() => world.process(b, 1, 18))).toBe(1);
  expect(during(() => world.command(b, 32))).toBe(1);
  expect(during(() => world.command(b, 33))).toBeGreaterThanOrEqual(1);
  expect(during(() => world.powerOff(b))).toBeGreaterThanOrEqual(1);
  expect(during(() => world.start(b))).toBeGreaterThanOrEqual(1);
});

test("two servers that hold different assignments for longer than messages need compute again, and agree", () => {
  const world = play(SYSTEM);
  const engine = world.engine(0);
  engine.agreement.digest ^= 1; // as if it had seen events in another order
  engine.changes.note(CHANGED);
  world.run(90);
  expect(world.agrees()).toBe(false);
  world.run(30);
  expect(world.agrees()).toBe(true);
  const { log } = world.recorder;
  expect(log.filter(({ code }) => code === LOG_DISAGREEMENT).length).toBeGreaterThan(0);
  expect(world.owners()).toEqual([0, 1, 0]);
});

import { expect, test } from "bun:test";
import { play } from "../../test/scenarios/story.ts";
import { CHANGED } from "./changes.ts";
import { LOG_DISAGREEMENT } from "./maintenance-code.ts";

const SYSTEM = `
  servers a 100, b 100
  functions f 30 p9 process, g 30 p8 process, h 30 p7
  start a b
  wait 300 ms
  all agree
  a: f h | b: g`;

test("allocates on failure, recovery, drain, resume and a failed process, and not otherwise", () => {
  const cluster = play(SYSTEM);
  const count = (): number => cluster.engine(0).agreement.allocations;
  const during = (act: () => void): number => {
    const before = count();
    act();
    cluster.run(500);
    return count() - before;
  };
  expect(during(() => {})).toBe(0);
  expect(during(() => cluster.removeVip(0, 0))).toBe(0);
  expect(during(() => cluster.process(1, 1, 18))).toBe(1);
  expect(during(() => cluster.command(1, 32))).toBe(1);
  expect(during(() => cluster.crash(1))).toBeGreaterThanOrEqual(1);
  expect(during(() => cluster.start(1))).toBeGreaterThanOrEqual(1);
});

test("two servers that hold different assignments for longer than messages need compute again, and agree", () => {
  const cluster = play(SYSTEM);
  const engine = cluster.engine(0);
  engine.agreement.digest ^= 1; // as if it had seen events in another order
  engine.changes.note(CHANGED);
  cluster.run(90);
  expect(cluster.agrees()).toBe(false);
  cluster.run(30);
  expect(cluster.agrees()).toBe(true);
  expect(cluster.log.filter(({ code }) => code === LOG_DISAGREEMENT).length).toBeGreaterThan(0);
  expect(cluster.owners()).toEqual([0, 1, 0]);
});

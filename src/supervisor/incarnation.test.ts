import { expect, test } from "bun:test";
import { INCARNATIONS_RESERVED } from "../limits.ts";
import { Incarnations } from "./incarnation.ts";
import type { Reservation } from "./incarnation-store.ts";

const IN_2026_S = 1_790_000_000;

/** A disk whose answers the test gives, a memory of the power-on, and a clock. */
class World {
  memory = 0;
  seconds = IN_2026_S;
  readonly asked: number[] = [];
  readonly warnings: string[] = [];
  answer: (reservation: Reservation) => void = () => {};
  refuse: (error: Error) => void = () => {};

  incarnations(): Incarnations {
    return new Incarnations(
      {
        reserve: (from) => {
          this.asked.push(from);
          const { promise, resolve, reject } = Promise.withResolvers<Reservation>();
          [this.answer, this.refuse] = [resolve, reject];
          return promise;
        },
        recall: () => this.memory,
        remember: (incarnation) => {
          this.memory = incarnation;
        },
        warn: (text) => void this.warnings.push(text),
        unixMs: () => this.seconds * 1000,
      },
      5,
    );
  }
}

const from = (first: number): Reservation => ({
  ...{ first, last: first + INCARNATIONS_RESERVED - 1, warnings: [] },
});

test("numbers come from the reserve, which is refilled long before it is used up", async () => {
  const world = new World();
  const incarnations = world.incarnations();
  const begun = incarnations.begin();
  world.answer(from(2_000_000_000));
  expect(await begun).toBe(true);
  for (let number = 0; number < INCARNATIONS_RESERVED / 2; number++)
    expect(incarnations.next()).toBe(2_000_000_000 + number);
  expect(world.asked).toEqual([IN_2026_S]);
  incarnations.next();
  expect(world.asked.length).toBe(2);
  expect(world.asked[1]).toBe(world.memory + 1);
  for (let number = 0; number < INCARNATIONS_RESERVED; number++) incarnations.next();
  expect(world.asked.length).toBe(2); // the disk hangs: they grow all the same
  expect(world.warnings).toEqual([]);
});

test("a disk that hangs from the start on: the clock's, above all of this power-on", async () => {
  const world = new World();
  world.memory = IN_2026_S + 50;
  const incarnations = world.incarnations();
  expect(await incarnations.begin()).toBe(true);
  expect(world.warnings.length).toBe(1);
  expect([incarnations.next(), incarnations.next()]).toEqual([IN_2026_S + 51, IN_2026_S + 52]);
  world.seconds += 1000;
  expect(incarnations.next()).toBe(IN_2026_S + 1000);
  world.answer(from(IN_2026_S + 500)); // the clock had gone back since it was stored
  await Bun.sleep(0);
  expect(incarnations.next()).toBe(IN_2026_S + 1001);
});

test("without disk and clock there is no number that surely is new: it waits", async () => {
  const world = new World();
  world.seconds = 100;
  const incarnations = world.incarnations();
  expect(await incarnations.begin()).toBe(false);
  const reserved = incarnations.reserved();
  world.answer(from(7000));
  await reserved;
  expect(incarnations.next()).toBe(7000);
});

test("a process for the disk that fails is no reason not to fly, and is started again", async () => {
  const world = new World();
  const incarnations = world.incarnations();
  const begun = incarnations.begin();
  world.refuse(new Error("no processes left"));
  expect(await begun).toBe(true);
  expect(incarnations.next()).toBe(IN_2026_S);
  expect(world.asked.length).toBe(2);
  expect(world.warnings[0]).toContain("no processes left");
});

/**
 * The contingency book: its stored answers equal those of a search, and claims do not mislead it.
 */
import { describe, expect, test } from "bun:test";
import { Allocation } from "../../src/allocation/allocation.ts";
import { ContingencyBook } from "../../src/allocation/contingency-book.ts";
import { type FunctionTable, NONE } from "../../src/allocation/function-table.ts";
import { PLANNED } from "../../src/allocation/planned/planned.ts";
import { MARK_REACTION_SEARCHED, marks } from "../../src/marks.ts";
import { Random } from "../harness/seeded-random.ts";
import { drawTable } from "./planned-system.ts";

const SEEDS = 150;

/** Everything runs as the policy gives it from nothing. */
function inFlight(table: FunctionTable): Allocation {
  const now = new Allocation();
  now.operable = table.serverMask;
  PLANNED.allocate(table, now);
  now.current.set(now.assigned);
  return now;
}

function wholeBook(table: FunctionTable, now: Allocation): ContingencyBook {
  const book = new ContingencyBook(table, PLANNED);
  book.open(now);
  while (book.done < book.entries) book.advance(5_000);
  return book;
}

/** One server is no longer there. */
function failureOf(server: number, now: Allocation): Allocation {
  const after = new Allocation();
  after.operable = now.operable & ~(1 << server);
  after.current.set(now.current);
  return after;
}

function searched(answer: () => void): number {
  const before = marks[MARK_REACTION_SEARCHED] as number;
  answer();
  return (marks[MARK_REACTION_SEARCHED] as number) - before;
}

/** Some of the newly assigned functions are already announced by their server, and run nowhere. */
function claimPart(random: Random, table: FunctionTable, after: Allocation, by: Int8Array): void {
  for (let index = 0; index < table.functionCount; index++) {
    const from = after.current[index] as number;
    const runs = from !== NONE && (after.operable & (1 << from)) !== 0;
    if (runs || by[index] === NONE || random.oneIn(2)) continue;
    after.current[index] = by[index] as number;
    after.claimed[index] = 1;
  }
}

describe("in flight, when any server fails", () => {
  test("a looked-up answer equals the search", () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new Random(seed);
      const table = drawTable(random, random.between(2, 8), random.between(1, 30));
      const now = inFlight(table);
      const book = wholeBook(table, now);
      for (let server = 0; server < table.serverCount; server++) {
        const lookedUp = failureOf(server, now);
        const worked = failureOf(server, now);
        expect(searched(() => book.answer(lookedUp))).toBe(0);
        PLANNED.allocate(table, worked);
        const { assigned, remaining, proven, stops } = worked;
        expect(lookedUp).toMatchObject({ assigned, remaining, proven, stops });
      }
    }
  });

  test("a server that sees what others have begun with comes to the same, and looks it up", () => {
    let claims = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new Random(seed);
      const table = drawTable(random, random.between(2, 8), random.between(1, 30));
      const now = inFlight(table);
      const book = wholeBook(table, now);
      const first = failureOf(random.between(0, table.serverCount - 1), now);
      const second = new Allocation();
      second.operable = first.operable;
      second.current.set(first.current);
      book.answer(first);
      claimPart(random, table, second, first.assigned);
      const current = second.current.slice();
      claims += second.claimed.reduce((sum, one) => sum + one, 0);
      expect(searched(() => book.answer(second))).toBe(0);
      expect(second.assigned).toEqual(first.assigned);
      expect(second.current).toEqual(current); // as it was
    }
    expect(claims).toBeGreaterThan(SEEDS / 2);
  });
});

test("a function claimed for another reason stays with the claiming server", () => {
  let others = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const table = drawTable(random, random.between(2, 6), random.between(2, 20));
    const now = inFlight(table);
    const book = new ContingencyBook(table, PLANNED);
    // A function was about to come up on another server than the answer of now gives.
    const index = random.between(0, table.functionCount - 1);
    const server = random.between(0, table.serverCount - 1);
    if (now.assigned[index] === server) continue;
    const claimed = failureOf(table.serverCount, now);
    const runs = failureOf(table.serverCount, now);
    claimed.current[index] = runs.current[index] = server;
    claimed.claimed[index] = 1;
    book.answer(claimed);
    PLANNED.allocate(table, runs);
    others += claimed.assigned[index] === server ? 1 : 0;
    if (claimed.assigned[index] !== now.assigned[index])
      expect(claimed.assigned).toEqual(runs.assigned);
  }
  expect(others).toBeGreaterThan(SEEDS / 10);
});

test("at a start, each server comes to what the first one has begun with", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const table = drawTable(random, random.between(2, 16), random.between(1, 40));
    const first = new Allocation();
    const second = new Allocation();
    first.operable = second.operable = table.serverMask;
    const book = new ContingencyBook(table, PLANNED);
    book.answer(first);
    claimPart(random, table, second, first.assigned);
    book.answer(second);
    expect(second.assigned).toEqual(first.assigned);
  }
});

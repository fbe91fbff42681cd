/**
 * Small aircraft, explored to the end: what no placement of faults violates, and what one does. A
 * story that is found flies again without saving and restoring, and fails in the same way.
 */
import { expect, test } from "bun:test";
import { play } from "../scenarios/story.ts";
import { type ExploredAircraft, optionsOf } from "./aircraft-explored.ts";
import { type Exploration, Explorer } from "./explorer.ts";
import type { FaultKind } from "./moves.ts";
import { storyOf } from "./telling.ts";

interface Row {
  readonly name: string;
  readonly aircraft: ExploredAircraft;
  readonly kinds: readonly FaultKind[];
  readonly faults: number;
  readonly burstTicks?: number;
  readonly from?: "rest" | "off";
  readonly ignores?: readonly string[];
  readonly outageMsMax?: number;
}

const TWO: ExploredAircraft = { servers: 2 };
const TIGHT: ExploredAircraft = { servers: 2, functions: 2, isRoomy: false };
const SECONDS_MAX = 60;

function exploreRow({ aircraft, from = "rest", ...wishes }: Row): Explorer & {
  outcome: ReturnType<Explorer["run"]>;
} {
  const exploration: Exploration = {
    ...wishes,
    options: optionsOf(aircraft),
    from,
    seconds: SECONDS_MAX,
  };
  const explorer = new Explorer(exploration);
  return Object.assign(explorer, { outcome: explorer.run() });
}

/** Nothing is violated, and every state is known. */
const CLOSED: readonly Row[] = [
  {
    name: "messages lost or late",
    aircraft: TWO,
    kinds: ["lose", "late"],
    faults: 2,
    ignores: ["needless"],
  },
  {
    name: "drained, moved, failed, removed",
    aircraft: TWO,
    kinds: ["drain", "move", "process", "remove"],
    faults: 1,
  },
  {
    name: "the same with two functions and no room to spare",
    aircraft: TIGHT,
    kinds: ["drain", "move", "process", "remove"],
    faults: 1,
  },
];

/** Known, and not mended yet. */
const VIOLATED: readonly (Row & { readonly property: string })[] = [
  {
    name: "a blackout and a stop: two answers",
    property: "P1",
    aircraft: TWO,
    kinds: ["blackout", "pause"],
    faults: 2,
    burstTicks: 4,
    ignores: ["needless"],
  },
  {
    name: "one lost each way and a stop: two answers",
    property: "P1",
    aircraft: { servers: 2, periodMs: 40, lostAfterPeriods: 3 },
    kinds: ["blackout", "pause"],
    faults: 2,
    burstTicks: 3,
    ignores: ["needless"],
  },
  {
    name: "a server that is started again is refused its lease",
    property: "needless",
    aircraft: TWO,
    kinds: ["power"],
    faults: 1,
  },
  {
    name: "and so it goes on",
    property: "P2",
    aircraft: TWO,
    kinds: ["pause"],
    faults: 1,
    ignores: ["needless"],
  },
  {
    name: "one direction of one link cut, among three",
    property: "needless",
    aircraft: { servers: 3 },
    kinds: ["oneway"],
    faults: 1,
  },
  {
    name: "a short loss of carrier at an owner",
    property: "outage",
    aircraft: TWO,
    kinds: ["carrier", "move"],
    faults: 2,
    ignores: ["needless"],
    outageMsMax: 100,
  },
];

test.each(CLOSED.map((row) => [row.name, row] as const))("closed: %s", (_, row) => {
  const { outcome } = exploreRow(row);
  expect(outcome.violation).toBeNull();
  expect(outcome.closed).toBe(true);
  expect(outcome.states).toBeGreaterThan(1_000); // the canary
});

test.each(VIOLATED.map((row) => [row.name, row] as const))("violated: %s", (_, row) => {
  const explorer = exploreRow(row);
  const { violation } = explorer.outcome;
  expect(violation?.property).toBe(row.property);
  if (row.property === "outage") return; // its story shows it; nothing in it is a violation
  const story = storyOf(explorer, violation?.way ?? [], violation?.property);
  expect(() => play(story.join("\n"))).toThrow();
});

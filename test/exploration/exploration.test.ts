/**
 * Small aircraft, explored exhaustively: no placement of faults violates anything. The long
 * explorations are made with `npm run explore`; see `wingman help properties`.
 */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MARK_REACTION_FOUND, marks } from "../../src/marks.ts";
import { play } from "../scenarios/story.ts";
import { type ExploredAircraft, optionsOf } from "./aircraft-explored.ts";
import { type Exploration, Explorer } from "./explorer.ts";
import { type FaultKind, KIND_NAMES } from "./moves.ts";
import { storyOf } from "./telling.ts";

interface Row {
  readonly name: string;
  readonly aircraft: ExploredAircraft;
  readonly kinds: readonly FaultKind[];
  readonly faults: number;
  readonly firstKinds?: readonly FaultKind[];
  readonly lastKinds?: readonly FaultKind[];
  readonly from?: "rest" | "off";
  readonly outageMsMax?: number;
  readonly settlingMsMax?: number;
}

const TWO: ExploredAircraft = { servers: 2 };
const SLOW: ExploredAircraft = { servers: 2, periodMs: 40, lostAfterPeriods: 3 };
/** A loss each way of one keep-alive is bridged (limits LEASE_BRIDGES): two ticks. */
const BURST_TICKS = 2;

function explorerOf({ aircraft, from = "rest", ...wishes }: Row, burstTicks: number): Explorer {
  const exploration: Exploration = { ...wishes, options: optionsOf(aircraft), from, burstTicks };
  return new Explorer(exploration);
}

/** Nothing is violated, and every state is known. */
const CLOSED: readonly Row[] = [
  {
    name: "two servers, 10 ms × 5, every single fault",
    aircraft: TWO,
    kinds: KIND_NAMES,
    faults: 1,
    outageMsMax: 60,
    settlingMsMax: 300,
  },
  {
    name: "the same with a precise lease",
    aircraft: { servers: 2, leaseTicksMs: 0 },
    kinds: KIND_NAMES,
    faults: 1,
    outageMsMax: 50,
  },
  {
    name: "two servers, 40 ms × 3, every single fault",
    aircraft: SLOW,
    kinds: KIND_NAMES,
    faults: 1,
  },
  {
    name: "two servers, two functions, no room to spare, every single fault",
    aircraft: { servers: 2, functions: 2, isRoomy: false },
    kinds: KIND_NAMES,
    faults: 1,
  },
  {
    name: "two servers on two networks, every single fault",
    aircraft: { servers: 2, networks: 2 },
    kinds: KIND_NAMES,
    faults: 1,
  },
  {
    name: "three servers, every single fault",
    aircraft: { servers: 3 },
    kinds: KIND_NAMES,
    faults: 1,
  },
  {
    name: "two servers, 40 ms × 3, loss, pause, kill, power, two faults",
    aircraft: SLOW,
    kinds: ["lose", "pause", "kill", "power"],
    faults: 2,
  },
  {
    name: "two servers, 10 ms × 5, a blackout and a stop",
    aircraft: TWO,
    kinds: ["blackout", "pause"],
    faults: 2,
  },
  {
    name: "two servers without a lease, from power-off",
    aircraft: { servers: 2, leaseTicksMs: null },
    kinds: ["power"],
    faults: 1,
    from: "off",
  },
  {
    name: "two servers, 10 ms × 5, the power of all is off, they come back at any ticks",
    aircraft: TWO,
    kinds: ["power-all"],
    faults: 1,
    outageMsMax: 0,
    settlingMsMax: 195,
  },
  {
    name: "two servers, 40 ms × 3, the power of all is off, then one is killed or a message lost",
    aircraft: SLOW,
    kinds: ["power-all", "kill", "lose"],
    faults: 2,
    firstKinds: ["power-all"],
    outageMsMax: 120,
    settlingMsMax: 740,
  },
  {
    name: "two servers, 40 ms × 3, after any of seven faults the power of all is off",
    aircraft: SLOW,
    kinds: ["power-all", "kill", "lose", "pause", "power", "cut", "drain"],
    faults: 2,
    lastKinds: ["power-all"],
    outageMsMax: 120,
    settlingMsMax: 740,
  },
  {
    name: "three servers, 40 ms × 3, one is killed, then the power of all is off",
    aircraft: { ...SLOW, servers: 3 },
    kinds: ["power-all", "kill"],
    faults: 2,
    firstKinds: ["kill"],
    lastKinds: ["power-all"],
    outageMsMax: 260,
    settlingMsMax: 740,
  },
];

test.each(CLOSED.map((row) => [row.name, row] as const))("closed: %s", (_, row) => {
  const explorer = explorerOf(row, BURST_TICKS);
  const { violation, closed, states } = explorer.run();
  const story = violation === null ? [] : storyOf(explorer, violation.way, violation.property);
  expect([violation?.message, ...story].join("\n")).toBe("");
  expect(closed).toBe(true);
  expect(states).toBeGreaterThan(1_000); // the canary
});

test("with the contingency book every state is the same: a look-up gives what a search gives", () => {
  const wishesOf = (
    aircraft: ExploredAircraft,
    faults: number,
    kinds: FaultKind[],
  ): Exploration => ({
    options: optionsOf({ ...aircraft, functions: 2, isRoomy: false }),
    faults,
    kinds,
    firstKinds: kinds.slice(0, 1),
    lastKinds: kinds.slice(-1),
    from: "rest",
  });
  for (const exploration of [
    wishesOf({ servers: 3 }, 1, ["power"]),
    wishesOf(SLOW, 2, ["process", "power"]),
  ]) {
    const [without, withBook] = [false, true].map((hasBook) => {
      marks[MARK_REACTION_FOUND] = 0;
      const { states, transitions, closed, violation } = new Explorer({
        ...exploration,
        hasBook,
      }).run();
      expect(marks[MARK_REACTION_FOUND] > 0).toBe(hasBook);
      return { states, transitions, closed, violation };
    });
    expect(withBook).toEqual(without);
    expect(withBook).toMatchObject({ closed: true, violation: null });
  }
});

test("only a blackout longer than what is bridged counts as a divided network", () => {
  const row: Row = { name: "", aircraft: SLOW, kinds: ["blackout", "pause"], faults: 2 };
  const explorer = explorerOf(row, 3 * BURST_TICKS);
  expect(explorer.run()).toMatchObject({ violation: null, closed: true });
  const other = explorerOf(row, 3 * BURST_TICKS);
  other.world.air.network.divide = () => {};
  const { violation } = other.run();
  expect(violation?.property).toBe("P1");
  const story = storyOf(other, violation?.way ?? []);
  expect(story.filter((line) => !/^wait|^servers|^functions/.test(line)).length).toBeLessThan(12);
  expect(story).toContain("silence a-b");
});

const directory = mkdtempSync(join(tmpdir(), "frontier-"));
afterAll(() => rmSync(directory, { recursive: true }));
const FRONTIER = join(directory, "frontier");
const KEY = "loss and stops";
const wishes: Exploration = {
  options: optionsOf(SLOW),
  faults: 2,
  kinds: ["lose", "pause", "kill"],
  from: "rest",
  burstTicks: BURST_TICKS,
};

test("memory is bounded: progress is kept, and the next run continues from it", () => {
  const whole = new Explorer(wishes).run();
  expect(whole.closed).toBe(true);
  let explorer = new Explorer({ ...wishes, bytesMax: 1 });
  expect(explorer.run().closed).toBe(false);
  for (const seconds of [0, 0.05, 0.2]) {
    explorer.keep(FRONTIER, KEY);
    explorer = new Explorer({ ...wishes, seconds });
    explorer.takeUp(FRONTIER, KEY);
    explorer.run();
  }
  explorer.keep(FRONTIER, KEY);
  explorer = new Explorer(wishes);
  explorer.takeUp(FRONTIER, KEY);
  const { seconds, transitionsPerCpuSecond, ...found } = explorer.run();
  expect(whole).toMatchObject(found);
  const story = storyOf(explorer, found.settlingWay);
  expect(story.length).toBeGreaterThan(10);
  expect(() => play(story.join("\n"))).not.toThrow();
});

test("a frontier of something else, a truncated one, and a file that is none, are refused", () => {
  const explorer = new Explorer({ ...wishes, seconds: 0 });
  explorer.run();
  explorer.keep(FRONTIER, KEY);
  const takeUp = () => new Explorer(wishes).takeUp(FRONTIER, KEY);
  expect(() => new Explorer(wishes).takeUp(FRONTIER, "other")).toThrow(
    `${FRONTIER}: found the frontier of ${KEY}, expected that of other`,
  );
  const bytes = readFileSync(FRONTIER);
  writeFileSync(FRONTIER, bytes.subarray(0, -1));
  expect(takeUp).toThrow(`${FRONTIER}: found its end too early, expected a whole frontier`);
  writeFileSync(FRONTIER, Buffer.alloc(bytes.length));
  expect(takeUp).toThrow("found something else, expected a frontier that explore has written");
});

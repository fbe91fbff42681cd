import { expect, test } from "bun:test";
import { formatProblems, parseConfig } from "./load.ts";
import { rebalancePlan } from "./rebalancing.ts";

/** The moves from all on a, b empty. Functions f and g take 10 cpu each. */
const moves = (f: object, g: object, streamsOfB = 40): string[] => {
  const file = {
    system: "test",
    servers: [
      { id: "a", resource: { cpu: 100, streams: 40 } },
      { id: "b", resource: { cpu: 100, streams: streamsOfB } },
    ],
    functions: [f, g, {}].map((keys, index) => ({
      ...{ id: "fgh".charAt(index), required: { cpu: 10, streams: 10 }, priority: 5 },
      ...{ vips: [`10.44.1.${index + 1}/16`], ...keys },
    })),
  };
  const result = parseConfig(JSON.stringify(file), "test", "/");
  if (!result.ok) throw new Error(formatProblems(result));
  const seen = {
    ...{ server: "a", phase: "active", draining: false },
    servers: [
      { id: "a", state: "self", phase: "active" },
      { id: "b", state: "alive", phase: "active" },
    ],
    functions: ["f", "g", "h"].map((id) => ({ id, owner: "a", cannotRunOn: [] })),
  };
  return rebalancePlan(result.config, seen).moves.map((move) => `${move.function} ${move.to}`);
};

test("a rebalance moves one of three", () => {
  expect(moves({}, {})).toEqual(["f b"]);
});

test("it moves none of those that must be together", () => {
  expect(moves({ with: ["g"] }, {})).toEqual(["h b"]);
});

test("it moves where there is room in every dimension", () => {
  expect(moves({ required: { cpu: 10, streams: 20 } }, {}, 10)).toEqual(["g b"]);
  expect(moves({}, {}, 9)).toEqual([]);
});

const parsed = parseConfig(
  JSON.stringify({
    system: "rebalancing",
    allocation: "planned",
    servers: ["a", "b"].map((id) => ({ id, resource: 100 })),
    functions: ["f1", "f2", "f3"].map((id, index) => ({
      ...{ id, required: 20, priority: 5 },
      vips: [`10.44.1.${index + 1}/16`],
    })),
  }),
  "test",
  "/",
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const { config } = parsed;

/** All three run on a, and b gives so many per cent. */
function planWith(capacity: number) {
  return rebalancePlan(config, {
    ...{ server: "a", phase: "active", draining: false },
    servers: [
      { id: "a", state: "self", phase: "active", capacity: 100 },
      { id: "b", state: "alive", phase: "active", capacity },
    ],
    functions: config.functions.map(({ id }) => ({ id, owner: "a", cannotRunOn: [] })),
  });
}

test("what a server does not give is not evened out", () => {
  expect(planWith(100).moves).toHaveLength(1);
  expect(planWith(100).before).toEqual({ a: 40, b: 100 });
  expect(planWith(40)).toMatchObject({ moves: [], before: { a: 40, b: 40 } });
  expect(planWith(0)).toMatchObject({ moves: [], before: { a: 40, b: 0 } });
});

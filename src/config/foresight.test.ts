import { expect, test } from "bun:test";
import { type SeenState, situationOf, stopsText, wouldStop } from "./foresight.ts";
import { parseConfig } from "./load.ts";

const parsed = parseConfig(
  JSON.stringify({
    system: "foresight",
    allocation: "preempt",
    servers: ["a", "b", "c"].map((id) => ({ id, resource: 100 })),
    functions: [
      { id: "f1", required: 100, priority: 10, vips: ["10.44.1.1/16"], servers: ["a"] },
      { id: "f2", required: 60, priority: 5, vips: ["10.44.1.2/16"] },
      { id: "f3", required: 60, priority: 4, vips: ["10.44.1.3/16"] },
    ],
  }),
  "test",
  "/",
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const { config } = parsed;

/** All well: f1 on a, f2 on b, f3 on c; changed by what is given. */
function seen(change: Partial<SeenState> = {}): SeenState {
  return {
    server: "a",
    phase: "active",
    draining: false,
    servers: [
      { id: "a", state: "self", phase: "active" },
      { id: "b", state: "alive", phase: "active" },
      { id: "c", state: "alive", phase: "active" },
    ],
    functions: [
      { id: "f1", owner: "a", cannotRunOn: [] },
      { id: "f2", owner: "b", cannotRunOn: [] },
      { id: "f3", owner: "c", cannotRunOn: [] },
    ],
    ...change,
  };
}

const of = (server: string): Partial<SeenState> => ({
  server,
  servers: ["a", "b", "c"].map((id) => ({
    id,
    state: id === server ? "self" : "alive",
    phase: "active",
  })),
});

test("a drain stops functions that no other server may run", () => {
  expect(wouldStop(config, seen(), "drain")).toEqual(["f1"]);
});

test("a drain stops functions without room elsewhere, or that have failed there", () => {
  expect(wouldStop(config, seen(of("c")), "drain")).toEqual(["f3"]); // a and b have 0 and 40 left
  const [, f2, f3] = seen().functions;
  if (f2 === undefined || f3 === undefined) throw new Error("there are three functions");
  const f1 = { id: "f1", owner: null, cannotRunOn: ["a"] };
  const free = { ...of("c"), functions: [f1, f2, f3] };
  expect(wouldStop(config, seen(free), "drain")).toEqual([]); // a is empty
  const failed = { ...of("c"), functions: [f1, f2, { ...f3, cannotRunOn: ["a"] }] };
  expect(wouldStop(config, seen(failed), "drain")).toEqual(["f3"]);
});

test("a lower capacity stops only functions without room elsewhere", () => {
  expect(wouldStop(config, seen(), { capacity: 100 })).toEqual([]);
  expect(wouldStop(config, seen(), { capacity: 0 })).toEqual(wouldStop(config, seen(), "drain"));
  // What others give counts, too.
  const servers = seen().servers.map((server) =>
    server.id === "a" ? server : { ...server, capacity: 0 },
  );
  expect(situationOf(seen({ servers })).capacity).toEqual({ b: 0, c: 0 });
});

test("a lost, drained or cut-off server is down", () => {
  const servers = [
    { id: "a", state: "self", phase: "draining" },
    { id: "b", state: "alive", phase: "isolated" },
    { id: "c", state: "lost", phase: null },
  ];
  expect(situationOf(seen({ servers, phase: "draining", draining: true })).down).toEqual([
    "a",
    "b",
    "c",
  ]);
  expect(situationOf(seen()).down).toEqual([]);
});

test("a resume stops what a function that comes back pushes out", () => {
  const draining = { phase: "draining", draining: true };
  const functions = [
    { id: "f1", owner: null, cannotRunOn: ["a"] },
    { id: "f2", owner: "b", cannotRunOn: [] },
    { id: "f3", owner: "c", cannotRunOn: [] },
  ];
  expect(wouldStop(config, seen({ ...draining, functions }), "resume")).toEqual([]);
  // f1 failed on a, and f2 took its place: tried again, f1 takes it back, and f2 that of f3.
  const crowded = [
    { id: "f1", owner: null, cannotRunOn: ["a"] },
    { id: "f2", owner: "a", cannotRunOn: [] },
    { id: "f3", owner: "c", cannotRunOn: [] },
  ];
  const servers = [
    { id: "a", state: "self", phase: "active" },
    { id: "b", state: "lost", phase: null },
    { id: "c", state: "alive", phase: "active" },
  ];
  expect(wouldStop(config, seen({ servers, functions: crowded }), "resume")).toEqual(["f3"]);
});

test("many names are counted", () => {
  expect(stopsText(["map"])).toBe("stops map: no other server could run it");
  const many = Array.from({ length: 20 }, (_, index) => `f${index}`);
  expect(stopsText(many)).toBe(
    "stops f0, f1, f2, f3, f4, f5, f6, f7 and 12 more: no other server could run them",
  );
});

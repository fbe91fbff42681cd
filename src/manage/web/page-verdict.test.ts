/** What a mechanic is told first. */
import { expect, test } from "bun:test";
import { serverWords } from "../server-words.ts";
import type { PageFunction, PageServer } from "./page-state.ts";
import { verdictOf } from "./page-verdict.ts";

const server = (id: string, state: string, remaining = 0): PageServer => ({
  ...{
    id,
    state,
    isSelf: false,
    resource: 100,
    capacity: 100,
    holds: false,
    remaining,
    lastHeardMs: 1,
  },
  ...serverWords(state),
});
const entry = (
  id: string,
  owner: string | null,
  state = "running",
  required = 10,
): PageFunction => ({
  ...{ id, owner, state, required, priority: 5, why: "", standby: "-", vips: [] },
});
const fault = (severity: 1 | 2 | 3, text: string, action: string) => ({
  class: severity,
  text,
  function: "",
  action,
});

const BOTH = [server("a", "alive"), server("b", "alive")];
const RUNNING = [entry("f", "a"), entry("g", "b")];

test("all is well: nothing to do", () => {
  const verdict = verdictOf({
    isKnown: true,
    servers: BOTH,
    functions: RUNNING,
    faults: [fault(3, "X", "Do x.")],
  });
  expect(verdict).toEqual({ level: "good", headline: "ALL 2 FUNCTIONS RUN", steps: [] });
});

test("a server is lost and everything runs: named, with what to do about it", () => {
  const servers = [server("a", "alive"), server("b", "lost")];
  const lost = fault(2, "SERVER LOST", "Check power and network cables of the server named.");
  const verdict = verdictOf({
    isKnown: true,
    servers,
    functions: [entry("f", "a")],
    faults: [lost],
  });
  expect(verdict.level).toBe("bad");
  expect(verdict.headline).toBe("THE FUNCTION RUNS; SERVER b LOST");
  expect(verdict.steps).toEqual([
    "Server b (LOST): Check power and network cables of the server named.",
  ]);
});

test("many servers of one state are counted: the picture stays on the screen", () => {
  const lost = ["b", "c", "d", "e"].map((id) => server(id, "lost"));
  const servers = [server("a", "alive"), ...lost, server("f", "draining")];
  const verdict = verdictOf({ isKnown: true, servers, functions: RUNNING, faults: [] });
  expect(verdict.headline).toBe("ALL 2 FUNCTIONS RUN; 4 SERVERS LOST; SERVER f DRAINED");
  expect(verdict.steps.map((step) => step.split(":")[0])).toEqual([
    "4 servers (LOST)",
    "Server f (DRAINED)",
  ]);
});

test("functions without a server come first, counted when there are many", () => {
  const some = verdictOf({
    isKnown: true,
    servers: BOTH,
    functions: [entry("f", null), entry("g", "a")],
    faults: [],
  });
  expect(some).toEqual({ level: "bad", headline: "1 OF 2 FUNCTIONS DOES NOT RUN: f", steps: [] });
  const many = Array.from({ length: 9 }, (_, index) => entry(`f${index}`, null));
  expect(verdictOf({ isKnown: true, servers: BOTH, functions: many, faults: [] }).headline).toBe(
    "9 OF 9 FUNCTIONS DO NOT RUN",
  );
});

test("functions in transition are no failure", () => {
  const starting = [entry("f", "a", "starting"), entry("g", "b")];
  expect(verdictOf({ isKnown: true, servers: BOTH, functions: starting, faults: [] })).toEqual({
    level: "moving",
    headline: "1 OF 2 FUNCTIONS IS STARTING OR STOPPING",
    steps: [],
  });
  const drained = [server("a", "alive"), server("b", "draining")];
  const verdict = verdictOf({
    isKnown: true,
    servers: drained,
    functions: [entry("f", "a")],
    faults: [],
  });
  expect(verdict.level).toBe("moving");
  expect(verdict.steps).toHaveLength(1);
});

test("a single active fault is shown with its action", () => {
  const faults = [fault(2, "NO REAL-TIME SCHEDULING", "Grant CAP_SYS_NICE.")];
  const verdict = verdictOf({ isKnown: true, servers: BOTH, functions: RUNNING, faults });
  expect(verdict.headline).toBe("ALL 2 FUNCTIONS RUN; 1 ACTIVE FAULT");
  expect(verdict.steps).toEqual(["NO REAL-TIME SCHEDULING: Grant CAP_SYS_NICE."]);
});

test("no engine: nothing is known", () => {
  expect(verdictOf({ isKnown: false, servers: [], functions: [], faults: [] }).level).toBe("bad");
});

test("held back by another table: the running functions are not known here, and not shown as stopped", () => {
  const servers = [server("a", "held back"), server("b", "incompatible")];
  const functions = [entry("f", null, "stopped"), entry("g", null, "stopped")];
  const verdict = verdictOf({ isKnown: true, servers, functions, faults: [] });
  expect(verdict.headline).toBe(
    "RUNNING FUNCTIONS ARE NOT KNOWN HERE; SERVER b OTHER TABLE; SERVER a TAKES NO PART",
  );
  expect(verdict.steps[0]).toContain("wingman help adopt");
});

test("faults active on other servers are shown, with where to read more", () => {
  const elsewhere = ["SERVER b: 2 ACTIVE FAULTS: WNG-0203 FUNCTION FAILED HERE f, 1 MORE"];
  expect(
    verdictOf({ isKnown: true, servers: BOTH, functions: RUNNING, faults: [], elsewhere }),
  ).toEqual({
    level: "moving",
    headline: "ALL 2 FUNCTIONS RUN; SERVER b: 2 ACTIVE FAULTS",
    steps: [`${elsewhere[0]}. See active faults below.`],
  });
});

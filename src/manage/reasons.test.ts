/** Why a function runs where it does now, of what a server shows. */
import { expect, test } from "bun:test";
import { AIRCRAFT, snapshot } from "../../test/harness/status-snapshot.ts";
import {
  PHASE_ACTIVE,
  PHASE_DRAINING,
  PHASE_ISOLATED,
  PHASE_LISTENING,
} from "../boundary/phase.ts";
import { SERVER_ALIVE, SERVER_INCOMPATIBLE, SERVER_LOST } from "../boundary/server-state.ts";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { statusDocument } from "../supervisor/status-document.ts";
import {
  type Reason,
  Reasons,
  type SeenFunction,
  type SeenServer,
  serversSeen,
} from "./reasons.ts";

function aircraft(allocation: string, text?: string): AircraftConfig {
  const made = {
    system: "reasons",
    allocation,
    servers: ["a", "b", "c"].map((id) => ({ id, resource: 100 })),
    functions: [
      { id: "first", required: 60, priority: 9, vips: ["10.44.1.1/16"] },
      { id: "second", required: 50, priority: 5, vips: ["10.44.1.2/16"] },
      { id: "third", required: 50, priority: 4, vips: ["10.44.1.3/16"] },
      { id: "bound", required: 10, priority: 4, vips: ["10.44.1.4/16"], servers: ["c"] },
    ],
  };
  const result = parseConfig(text ?? JSON.stringify(made), "test", "/");
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

/** With all up it is first on a, second on b, third and bound on c; changed by what is given. */
const HOME = { first: "a", second: "b", third: "c", bound: "c" };

function functionsOf(
  owners: Record<string, string | null> = {},
  more: Record<string, Partial<SeenFunction>> = {},
): SeenFunction[] {
  return Object.entries({ ...HOME, ...owners }).map(([id, owner]) => ({
    ...{ id, owner, state: owner === null ? "stopped" : "running", cannotRunOn: [] },
    ...more[id],
  }));
}

const servers = (
  change: Record<string, string> = {},
  more: Partial<SeenServer> = {},
): SeenServer[] =>
  Object.entries({ a: "alive", b: "alive", c: "alive", ...change }).map(([id, state]) => ({
    ...{ id, state, capacity: 100, holds: false },
    ...more,
  }));

const reasons = new Reasons(aircraft("planned"));
const of = (
  functions: SeenFunction[],
  change: Record<string, string> = {},
): Record<string, Reason> => Object.fromEntries(reasons.of(functions, servers(change)));

test("all is well: nothing is shown unasked, and each function has its reason", () => {
  const home = "because that is its place with all servers up";
  expect(of(functionsOf())).toEqual({
    first: { why: `runs on a ${home}`, isNotable: false },
    second: { why: `runs on b ${home}`, isNotable: false },
    third: { why: `runs on c ${home}`, isNotable: false },
    bound: { why: "runs on c because no other server may run it", isNotable: false },
  });
});

test("a server is lost: functions that run elsewhere, and those that do not run", () => {
  const answer = of(functionsOf({ third: "b", bound: null }), { c: "lost" });
  expect(answer.third).toEqual({
    why: "runs on b while c, its place with all servers up, is lost",
    isNotable: true,
  });
  expect(answer.bound).toEqual({
    why: "does not run because no server that may run it is up: c is lost",
    isNotable: true,
  });
  expect(answer.first?.isNotable).toBe(false);
  const drained = of(functionsOf({ third: "b", bound: null }), { c: "draining" });
  expect(drained.third?.why).toContain("c, its place with all servers up, is drained");
  const one = of(functionsOf({ first: "a", second: null, third: null, bound: null }), {
    b: "off",
    c: "lost",
  });
  expect(one.first?.why).toBe("runs on a because no other server that may run it is left");
  expect(one.second?.why).toBe(
    "does not run because it needs 50, and beside functions as important or more at most 40 is free, on a; no move of others changes that",
  );
});

test("it failed where it would be", () => {
  const answer = of(functionsOf({ third: "b" }, { third: { cannotRunOn: ["c"] } }));
  expect(answer.third).toEqual({
    why: "runs on b because it failed on c, its place with all servers up",
    isNotable: true,
  });
});

test("functions that were moved, or were there first, stay: shown on request", () => {
  const swapped = functionsOf({ first: "b", second: "a" });
  expect(of(swapped).first).toEqual({
    why: "runs on b because running functions stay; with all servers up its place is a",
    isNotable: false,
  });
  const reset = new Reasons(aircraft("reset"));
  const answer = reset.of(functionsOf({ third: "b" }), servers({ c: "lost" }));
  expect(answer.get("third")?.why).toContain("c, its place with all servers up, is lost");
});

test("withheld resource and a hold are inputs, too", () => {
  const lost = { b: "lost", c: "lost" };
  const functions = functionsOf({ second: null, third: null, bound: null });
  const tight = reasons.of(functions, servers(lost, { capacity: 40 }));
  expect(tight.get("second")?.why).toBe(
    "does not run because it needs 50, and no server that may run it now gives more than 40 (a with 60 % withheld)",
  );
  const held = reasons.of(functions, servers(lost, { holds: true }));
  expect(held.get("second")?.why).toEndWith("at most 40 is free, on a");
});

test("under way: its state, and where the policy wants it", () => {
  expect(of(functionsOf({}, { first: { state: "starting" } })).first?.why).toBe("starting on a");
  const waiting = of(functionsOf({ second: null }));
  expect(waiting.second).toEqual({ why: "goes to b with the next change", isNotable: true });
  const leaving = of(functionsOf(), { a: "draining", b: "alive", c: "alive" });
  expect(leaving.first?.isNotable).toBe(true);
  expect(leaving.first?.why).toMatch(/^goes to [bc] because a, where it ran, is drained, and /);
});

test("held back by another table: the running functions are not known", () => {
  const answer = of(functionsOf({ first: null }), { a: "held back", b: "incompatible" });
  expect(answer.first?.why).toBe("not known here: servers with another table are serving");
});

test("asked again, it answers with the current state", () => {
  const lost = functionsOf({ third: "b", bound: null });
  expect(of(lost, { c: "lost" }).bound?.why).toContain("is lost");
  expect(of(lost, { c: "draining" }).bound?.why).toContain("is drained");
  expect(of(functionsOf()).bound?.why).toStartWith("runs on c");
});

test("states of the servers as a server sees them", () => {
  const config = aircraft("planned", AIRCRAFT);
  const seen = (phase: number, other: number): unknown => {
    const made = snapshot({ phase });
    made.serverState[1] = other;
    return Object.fromEntries(
      serversSeen(statusDocument(made, config)).map(({ id, state }) => [id, state]),
    );
  };
  expect(seen(PHASE_ACTIVE, SERVER_ALIVE)).toEqual({ left: "alive", right: "alive" });
  expect(seen(PHASE_DRAINING, SERVER_LOST)).toEqual({ left: "draining", right: "lost" });
  expect(seen(PHASE_ISOLATED, SERVER_ALIVE)).toEqual({ left: "isolated", right: "alive" });
  expect(seen(PHASE_LISTENING, SERVER_ALIVE)).toEqual({ left: "listening", right: "alive" });
  expect(seen(PHASE_LISTENING, SERVER_INCOMPATIBLE)).toEqual({
    left: "held back",
    right: "incompatible",
  });
});

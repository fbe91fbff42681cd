/** Servers with another table, as people and updaters are told of them. */
import { expect, test } from "bun:test";
import { healthProblems, healthProblemsExceptTable } from "./health.ts";
import { otherTablesText } from "./other-tables.ts";
import type { StatusDocument } from "./status-document.ts";

const status = (phase: string, states: Record<string, string>, cannotRunOn: string[] = []) =>
  ({
    ...{ server: "a", phase, lease: "running", functions: [{ id: "map", cannotRunOn }] },
    servers: Object.entries({ a: "self", ...states }).map(([id, state]) => ({ id, state })),
  }) as unknown as StatusDocument;

test("a waiting newcomer names the servers it waits for, and only their table makes it unhealthy", () => {
  const waiting = status("listening", { b: "incompatible", c: "incompatible", d: "alive" });
  expect(otherTablesText(waiting)).toBe(
    "takes no part while b, c hold another table ('wingman help adopt')",
  );
  expect(healthProblems(waiting)).toEqual([
    "it is listening, and takes no part",
    "server b holds another table",
    "server c holds another table",
  ]);
  expect(healthProblemsExceptTable(waiting)).toEqual([]);
});

test("one that serves names those that wait", () => {
  const serving = status("active", { b: "incompatible" });
  expect(otherTablesText(serving)).toBe("b holds another table: no peer ('wingman help adopt')");
  expect(healthProblems(serving)).toEqual(["server b holds another table"]);
});

test("whatever else is wrong is no matter of tables", () => {
  expect(healthProblemsExceptTable(status("listening", { b: "incompatible" }, ["a", "b"]))).toEqual(
    ["function map has failed here"],
  );
  for (const phase of ["listening", "isolated"])
    expect(healthProblemsExceptTable(status(phase, { b: "alive" }))).toEqual([
      `it is ${phase}, and takes no part`,
    ]);
  expect(healthProblemsExceptTable(status("isolated", { b: "incompatible" }))).toHaveLength(1);
  expect(otherTablesText(status("active", { b: "alive" }))).toBe("");
});

import { expect, test } from "bun:test";
import { capacityReport } from "./capacity.ts";
import { formatProblems, parseConfig } from "./load.ts";
import { weaknessText } from "./outliving.ts";

interface Row {
  required: number;
  priority: number;
  servers?: string[];
}

/** Functions f0, f1 … on servers of these resources. */
function weaknessesOf(resources: Record<string, number>, rows: readonly Row[]): string[] {
  const text = JSON.stringify({
    system: "test",
    servers: Object.entries(resources).map(([id, resource]) => ({ id, resource })),
    functions: rows.map((row, index) => ({
      id: `f${index}`,
      vips: [`10.44.1.${index + 1}/16`],
      ...row,
    })),
  });
  const result = parseConfig(text, "test", "/");
  if (!result.ok) throw new Error(formatProblems(result));
  return capacityReport(result.config).weaknesses.map((weakness) =>
    [weakness.function, weaknessText(weakness), weakness.action].join("; "),
  );
}

test("no weakness if the important functions survive each failure; below priority 8 nothing counts", () => {
  const two = { a: 100, b: 100 };
  expect(weaknessesOf(two, [{ required: 60, priority: 8 }])).toEqual([]);
  const rows = [
    { required: 60, priority: 8 },
    { required: 60, priority: 7 },
  ];
  expect(weaknessesOf(two, rows)).toEqual([]);
  expect(
    weaknessesOf(
      two,
      rows.map((row) => ({ ...row, priority: 8 })),
    ),
  ).toEqual([
    "f0; does not survive the loss of a; it needs 60 on one server and could get 40 at most (on b): " +
      "lower functions[0].required, raise its priority or raise servers[].resource",
    "f1; does not survive the loss of b; it needs 60 on one server and could get 40 at most (on a): " +
      "lower functions[1].required, raise its priority or raise servers[].resource",
  ]);
});

test("for one that a single server may run: name another server", () => {
  const rows = [{ required: 1, priority: 10, servers: ["b"] }];
  expect(weaknessesOf({ a: 9, b: 9, c: 9 }, rows)).toEqual([
    "f0; does not survive the loss of b; no other server may run it: name another one in functions[0].servers",
  ]);
});

test("for one with a list of servers: name more; less important functions count as room", () => {
  const rows = [
    { required: 50, priority: 10, servers: ["a", "b"] },
    { required: 20, priority: 9, servers: ["b"] },
    { required: 30, priority: 1, servers: ["b"] },
  ];
  expect(weaknessesOf({ a: 100, b: 50, c: 100 }, rows.slice(0, 1))).toEqual([]);
  // f0 takes the room of f1 when a is lost: 20 of priority 9 and 30 of priority 1 give way to it.
  expect(weaknessesOf({ a: 100, b: 50, c: 100 }, rows)).toEqual([
    "f1; does not survive the loss of a or b; no other server may run it: name another one in functions[1].servers; " +
      "it needs 20 on one server and could get 0 at most (on b): lower functions[1].required, raise its priority, " +
      "raise servers[].resource or name more in functions[1].servers",
  ]);
  const more = [{ required: 50, priority: 8, servers: ["a", "b"] }, ...rows.slice(1)];
  expect(weaknessesOf({ a: 100, b: 50, c: 100 }, more)[1]).toBe(
    "f0; does not survive the loss of a; it needs 50 on one server and could get 30 at most (on b): " +
      "lower functions[0].required, raise its priority, raise servers[].resource or name more in functions[0].servers",
  );
});

test("one that does not run at all, and an aircraft of one server", () => {
  expect(
    weaknessesOf({ a: 10, b: 10 }, [
      { required: 10, priority: 10 },
      { required: 10, priority: 10 },
      { required: 10, priority: 8 },
    ]).at(-1),
  ).toStartWith("f2; does not run even with all servers alive; it needs 10 on one server");
  expect(weaknessesOf({ a: 10 }, [{ required: 10, priority: 8 }])).toEqual([
    "f0; does not survive the loss of a; there is no other server: add one to servers",
  ]);
});

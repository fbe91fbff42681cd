import { expect, test } from "bun:test";
import { PROCESS_ALWAYS, PROCESS_NONE, PROCESS_ON_ACTIVATE } from "../allocation/function-table.ts";
import { DIMENSIONS_MAX, FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import { functionTableOf } from "./function-table.ts";
import { formatProblems, parseConfig } from "./load.ts";

test("rows and columns keep the order and the meaning of the configuration", () => {
  const vips = (last: number) => [`10.44.1.${last}/16`];
  const result = parseConfig(
    JSON.stringify({
      system: "test",
      servers: [
        { id: "a", resource: 100 },
        { id: "b", resource: 50 },
        { id: "c", resource: 0 },
      ],
      functions: [
        { id: "alone", required: 1, priority: 1, vips: vips(1), start: "always" },
        {
          id: "active",
          required: 2,
          priority: 10,
          vips: vips(2),
          command: ["/bin/a"],
          stopGraceMs: 0,
          servers: ["c", "a"],
        },
        {
          id: "always",
          required: 3,
          priority: 5,
          vips: vips(3),
          command: ["/bin/b"],
          start: "always",
          servers: ["b"],
        },
      ],
    }),
    "test",
    "/",
  );
  if (!result.ok) throw new Error(formatProblems(result));
  const table = functionTableOf(result.config);
  expect([table.serverCount, table.functionCount, table.serverMask]).toEqual([3, 3, 0b111]);
  expect([...table.resource.subarray(0, 3)]).toEqual([100, 50, 0]);
  expect([...table.required.subarray(0, 3)]).toEqual([1, 2, 3]);
  expect([...table.priority.subarray(0, 3)]).toEqual([1, 10, 5]);
  expect([...table.eligible.subarray(0, 3)]).toEqual([0b111, 0b101, 0b010]);
  expect([...table.process.subarray(0, 3)]).toEqual([
    PROCESS_NONE,
    PROCESS_ON_ACTIVATE,
    PROCESS_ALWAYS,
  ]);
  expect([...table.stopGraceUs.subarray(0, 3)]).toEqual([500_000, 0, 500_000]);
  expect([...table.turn.subarray(0, 3)]).toEqual([1, 2, 0]);
});

/** The table of functions f, g, h … with these keys. */
const tableOf = (resources: readonly unknown[], functions: readonly object[]) => {
  const file = {
    system: "test",
    servers: resources.map((resource, index) => ({ id: "abcd".charAt(index), resource })),
    functions: functions.map((keys, index) => ({
      ...{ id: "fghij".charAt(index), required: 1, priority: 5, vips: [`10.44.1.${index + 1}/16`] },
      ...keys,
    })),
  };
  const result = parseConfig(JSON.stringify(file), "test", "/");
  if (!result.ok) throw new Error(formatProblems(result));
  return functionTableOf(result.config);
};

test("each dimension has its column, in the order of the first server", () => {
  const table = tableOf(
    [
      { streams: 40, cpu: 100 },
      { cpu: 50, streams: 20 },
    ],
    [{ required: { cpu: 5, streams: 4 } }, { required: { streams: 3 } }],
  );
  const column = (of: Int32Array, stride: number, count: number) =>
    Array.from({ length: DIMENSIONS_MAX }, (_, dimension) => [
      ...of.subarray(dimension * stride, dimension * stride + count),
    ]);
  expect(table.dimensions).toBe(2);
  expect(column(table.resource, SERVERS_MAX, 2)).toEqual([
    [40, 20],
    [100, 50],
    [0, 0],
    [0, 0],
  ]);
  expect(column(table.required, FUNCTIONS_MAX, 2)).toEqual([
    [4, 3],
    [5, 0],
    [0, 0],
    [0, 0],
  ]);
});

test("with makes groups, apartFrom pairs; both hold for the other, too", () => {
  const table = tableOf(
    [10, 10],
    [{ with: ["g"] }, { with: ["h"] }, {}, { apartFrom: ["f"] }, { apartFrom: ["i", "f"] }],
  );
  const partners = [...table.partnerStart.subarray(0, 5)].map((from, index) =>
    Array.from(
      { length: (table.partnerStart[index + 1] ?? 0) - from },
      (_, at) =>
        (table.isApart[from + at] === 1 ? "-" : "+") +
        "fghij".charAt(table.partner[from + at] ?? 0),
    ).join(" "),
  );
  expect(partners).toEqual(["-i -j +g +h", "+f +h", "+f +g", "-f -j", "-f -i"]);
});

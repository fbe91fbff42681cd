import { expect, test } from "bun:test";
import { PROCESS_ALWAYS, PROCESS_NONE, PROCESS_ON_ACTIVATE } from "../allocation/function-table.ts";
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

import { expect, test } from "bun:test";
import { FunctionTable, NONE, PROCESS_NONE } from "./function-table.ts";
import { mayBeTried } from "./retry.ts";

const SELF = 1;
const FAILED = 0;
const row = (required: number) => {
  return { required, priority: 5, servers: 0b11, process: PROCESS_NONE, stopGraceMs: 0 };
};
const table = new FunctionTable([100, 100], [60, 40, 41].map(row));

/** Where each other function is; the first has failed here. */
function mayTry(owner: number, other: number, third: number, otherFailed = 0): boolean {
  const assigned = Int8Array.of(owner, other, third);
  const server = {
    assigned,
    failed: Uint8Array.of(1, otherFailed, 0),
    room: { inputs: { withheld: 0 } },
  };
  return mayBeTried(server, table, FAILED, SELF);
}

test("only functions that run nowhere are retried, beside everything that runs here", () => {
  expect(mayTry(NONE, SELF, 0)).toBe(true); // 60 and 40
  expect(mayTry(NONE, 0, SELF)).toBe(false); // 60 and 41
  expect(mayTry(0, 0, 0)).toBe(false);
  expect(mayTry(SELF, 0, 0)).toBe(false);
});

test("functions about to be assigned go first, unless they cannot run here", () => {
  expect(mayTry(NONE, NONE, 0)).toBe(false);
  expect(mayTry(NONE, NONE, 0, 1)).toBe(true); // it has failed here, too
  table.eligible[1] = 0b01;
  expect(mayTry(NONE, NONE, 0)).toBe(true);
  table.eligible[1] = 0b11;
  table.required[1] = 70; // it would not find the room either
  expect(mayTry(NONE, NONE, 0)).toBe(true);
  table.required[1] = 40;
});

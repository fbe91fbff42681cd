import { expect, test } from "bun:test";
import { FunctionTable, PROCESS_ON_ACTIVATE } from "../allocation/function-table.ts";
import { ADDING, CLAIMED, ENDING, REMOVING, STOPPING, UP } from "./handover-rows.ts";
import { OwnSets } from "./own-sets.ts";

const row = { required: 1, priority: 5, servers: 1, process: PROCESS_ON_ACTIVATE, stopGraceMs: 0 };
const table = new FunctionTable([10], [row]);

/** [owned, claimed, ready] of one function in the next keep-alive. */
function said(state: number, isReady: boolean): number[] {
  const sets = new OwnSets(table);
  sets.add(0, state, false, isReady);
  return [sets.owns[0], sets.claims[0], sets.ready[0]];
}

test("ready means room for a claimed function, and usable for an owned one", () => {
  expect(said(CLAIMED, false)).toEqual([0, 1, 0]);
  expect(said(CLAIMED, true)).toEqual([0, 1, 1]);
  expect(said(ADDING, false)).toEqual([1, 0, 0]);
  expect(said(UP, false)).toEqual([1, 0, 0]);
  expect(said(UP, true)).toEqual([1, 0, 1]);
});

test("one that is being stopped serves until it is gone", () => {
  expect(said(STOPPING, false)).toEqual([1, 0, 1]);
  expect(said(REMOVING, false)).toEqual([1, 0, 0]);
  expect(said(ENDING, false)).toEqual([0, 0, 0]);
});

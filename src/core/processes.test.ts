import { expect, test } from "bun:test";
import {
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_FIT,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_PROCESS_TRY,
} from "../wire/control.ts";
import { mayRunAgain } from "./processes.ts";

test("a failed function may run again when its supervisor forgets the failure, or retries it while no server has it", () => {
  expect([true, false].map((isNowhere) => mayRunAgain(CONTROL_PROCESS_FIT, isNowhere))).toEqual([
    true,
    true,
  ]);
  expect([true, false].map((isNowhere) => mayRunAgain(CONTROL_PROCESS_TRY, isNowhere))).toEqual([
    true,
    false,
  ]);
});

test("nothing else makes it run again", () => {
  for (const kind of [
    CONTROL_PROCESS_RUNNING,
    CONTROL_PROCESS_EXITED,
    CONTROL_PROCESS_FAILED,
    CONTROL_PROCESS_STOPPED,
  ])
    expect(mayRunAgain(kind, true)).toBe(false);
});

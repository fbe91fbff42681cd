import { expect, test } from "bun:test";
import { ProcedureStep } from "./procedure-step.ts";
import { busyText, formatConclusion, formatStep } from "./step-text.ts";

function stepWith(...passed: boolean[]) {
  const step = new ProcedureStep(3, "Power-off");
  step.did("switched b off");
  passed.forEach((value, number) => {
    step.check(`check ${number}`, "none", value ? "none" : "two", value);
  });
  return step.result;
}

test("a step passes when all its checks pass, and it has some", () => {
  expect(stepWith(true, true).passed).toBe(true);
  expect(stepWith(true, false).passed).toBe(false);
  expect(stepWith().passed).toBe(false);
});

test("a step as text", () => {
  expect(formatStep(stepWith(true, false))).toBe(
    [
      "FAIL  step 3: Power-off",
      "        did: switched b off",
      "  PASS  check 0: none, as expected",
      "  FAIL  check 1",
      "        expected: none",
      "        measured: two",
      "",
    ].join("\n"),
  );
});

test("the conclusion names the steps that failed", () => {
  expect(formatConclusion([stepWith(true)])).toBe("all 1 steps passed (1 checks)");
  expect(formatConclusion([stepWith(true), stepWith(false)])).toBe("1 of 2 steps failed: 3");
});

test("a failure on a busy machine says so", () => {
  expect(busyText([stepWith(true), stepWith(false)], 6.04, 2)).toStartWith(
    "this machine was busy: load average 6.0 on 2 processors;",
  );
  expect(busyText([stepWith(true), stepWith(false)], 2, 2)).toBe("");
  expect(busyText([stepWith(true)], 6, 2)).toBe("");
});

test("a step left out has its reason, and counts neither as passed nor as failed", () => {
  const step = new ProcedureStep(7, "Power-off");
  step.leaveOut("nobody is there");
  expect(formatStep(step.result)).toBe("NOT DONE  step 7: Power-off\n        nobody is there\n");
  expect(formatConclusion([stepWith(true), step.result])).toBe(
    "1 of 2 steps passed (1 checks); not done: 7",
  );
  expect(formatConclusion([stepWith(false), step.result])).toBe(
    "1 of 2 steps failed: 3; not done: 7",
  );
  step.check("what was begun all the same", "none", "two", false);
  expect(step.result).toMatchObject({ passed: false });
  expect(step.result.notDone).toBeUndefined();
});

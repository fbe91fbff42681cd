/** Text of the acceptance procedure for people. */
import type { Check, StepResult } from "./procedure-step.ts";

const word = (passed: boolean): string => (passed ? "PASS" : "FAIL");

export function formatStep({
  number,
  title,
  actions,
  checks,
  passed,
  notDone,
}: StepResult): string {
  if (notDone !== undefined) return `NOT DONE  step ${number}: ${title}\n        ${notDone}\n`;
  const lines = [`${word(passed)}  step ${number}: ${title}`];
  for (const action of actions) lines.push(`        did: ${action}`);
  for (const check of checks) lines.push(...formatCheck(check));
  return `${lines.join("\n")}\n`;
}

function formatCheck({ what, expected, measured, passed }: Check): string[] {
  if (passed && measured === expected)
    return [`  ${word(passed)}  ${what}: ${measured}, as expected`];
  return [
    `  ${word(passed)}  ${what}`,
    `        expected: ${expected}`,
    `        measured: ${measured}`,
  ];
}

/** The last line of the procedure. */
export function formatConclusion(results: readonly StepResult[]): string {
  const failed = results.filter(({ passed }) => !passed).map(({ number }) => number);
  const checks = results.reduce((sum, result) => sum + result.checks.length, 0);
  const leftOut = results
    .filter(({ notDone }) => notDone !== undefined)
    .map(({ number }) => number);
  const rest = leftOut.length === 0 ? "" : `; not done: ${leftOut.join(", ")}`;
  if (failed.length > 0)
    return `${failed.length} of ${results.length} steps failed: ${failed.join(", ")}${rest}`;
  const done = leftOut.length === 0 ? "all" : `${results.length - leftOut.length} of`;
  return `${done} ${results.length} steps passed (${checks} checks)${rest}`;
}

/**
 * Why steps may have failed that pass on an idle machine, or "".
 * @param load average number of processes that ran or waited in the last minute
 */
export function busyText(results: readonly StepResult[], load: number, processors: number): string {
  if (results.every(({ passed }) => passed) || load <= processors) return "";
  return `this machine was busy: load average ${load.toFixed(1)} on ${processors} processors; limits are milliseconds: repeat on an idle machine`;
}

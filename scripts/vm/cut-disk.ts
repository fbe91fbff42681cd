/** Checks of the disk after every power cut, and their report. */
import { tryCommand } from "../../src/rig/command-run.ts";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";

const COMPLAINT_LINES = 6;
const TOLD = 3;

/** Replays the journal as mounting does; returns e2fsck's findings afterwards, or null. */
export async function replayJournal(image: string): Promise<string | null> {
  const journal = await tryCommand(["e2fsck", "-E", "journal_only", "-y", image]);
  const whole = await tryCommand(["e2fsck", "-f", "-n", image]);
  if (journal.exitCode <= 1 && whole.exitCode === 0) return null;
  return whole.stdout.trim().split("\n").slice(0, COMPLAINT_LINES).join("; ");
}

/** @param failed violations with their places; when empty, the finding is `all` */
export function judge(
  step: ProcedureStep,
  what: string,
  expected: string,
  all: string,
  failed: readonly string[],
): void {
  const found =
    failed.length === 0 ? all : `${failed.length} not: ${failed.slice(0, TOLD).join(" | ")}`;
  step.check(what, expected, found, failed.length === 0);
}

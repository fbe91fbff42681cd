/** Step 9 over serial consoles: the servers' logs contain the actions of the procedure. */

import { catalogueEntry } from "../catalogue/catalogue.ts";
import { codeLabel } from "../catalogue/record-text.ts";
import { CONSOLE_LOG_RECORDS_MAX, LOG_RECORDS_PER_HOUR_MAX } from "../limits.ts";
import type { LogEntry, StorageFigures } from "../manage/maintenance.ts";
import type { ConsoleContext, ExpectedRecord } from "./console-context.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";

const HOUR_US = 3_600_000_000;
/**
 * Earlier records that are read as well: a record that was too frequent within this hour is not
 * written again.
 */
const EARLIER_RECORDS = 100;

export async function checkLogs(context: ConsoleContext): Promise<StepResult> {
  const step = new ProcedureStep(9, "Maintenance logs record the procedure");
  for (const client of context.watching) {
    const before = context.logsBefore.get(client.serverId);
    const now = await client.document<StorageFigures>("show storage");
    const since = before?.newestSequence ?? 0;
    const count = Math.min(CONSOLE_LOG_RECORDS_MAX, now.newestSequence - since + EARLIER_RECORDS);
    const entries = await context.records(client, count);
    const written = now.newestSequence - since;
    step.did(
      `read the newest ${entries.length} records of ${client.serverId}, ${written} of them of this procedure`,
    );
    step.check(
      `records of ${client.serverId} in this procedure`,
      "at least one",
      String(written),
      written > 0,
    );
    const lost = now.lost - (before?.lost ?? 0);
    step.check(
      `records of ${client.serverId} lost`,
      "none",
      lost === 0 ? "none" : String(lost),
      lost === 0,
    );
    for (const expected of context.expected.filter(({ server }) => server === client.serverId)) {
      const { found, isThere } = search(entries, since, expected);
      const names = expected.codes.map(
        (code) => `${codeLabel(code)} ${catalogueEntry(code)?.text ?? ""}`,
      );
      const what = [names.join(" or "), expected.detail].join(" ").trim();
      step.check(`log of ${client.serverId}: ${what}`, "a record", found, isThere);
    }
  }
  return step.result;
}

/**
 * The record, or why it may be missing: a record that comes too often within an hour is counted,
 * and written when the hour is over.
 */
export function search(
  entries: readonly LogEntry[],
  since: number,
  { codes, detail }: ExpectedRecord,
): { found: string; isThere: boolean } {
  const like = entries.filter(
    (entry) =>
      codes.includes(entry.code) &&
      entry.detail.startsWith(detail) &&
      (entry.kind === "event" || entry.kind === "set"),
  );
  const record = like.find(({ sequence }) => sequence > since);
  if (record !== undefined) {
    const words = [record.label, record.text, record.detail]
      .filter((word) => word !== "")
      .join(" ");
    return { found: `record ${record.sequence}: ${words}`, isThere: true };
  }
  const nowUs = entries.at(-1)?.bootUs ?? 0;
  const earlier = like.filter(({ bootUs }) => nowUs - bootUs < HOUR_US).length;
  if (earlier < LOG_RECORDS_PER_HOUR_MAX) return { found: "none", isThere: false };
  return {
    found: `held back: ${earlier} of them were written within an hour, the rest is counted`,
    isThere: true,
  };
}

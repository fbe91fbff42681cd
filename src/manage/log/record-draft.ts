/** A record of the log before it is written, and the written part of it. */
import type { LogRecord } from "../../wire/log-record.ts";

/** A point in time: µs since power-on, and ms of UTC where the clock has it. */
export interface LogTime {
  readonly bootUs: number;
  readonly utcMs: number | null;
}

/** An event: a code with its values, and its subject in words. */
export interface Occurrence {
  readonly code: number;
  readonly first: number;
  readonly second: number;
  /** "" for none. */
  readonly functionId: string;
  readonly detail: string;
}

/** A record to be written. */
export interface RecordDraft extends Occurrence {
  readonly kind: number;
  readonly class: 0 | 1 | 2 | 3;
  readonly nature: number;
  readonly count: number;
  readonly time: LogTime;
  /** For a fault; null otherwise. */
  readonly firstTime: LogTime | null;
  readonly lastTime: LogTime | null;
}

/** What the log adds to a draft: its place among the records, and its origin. */
export type RecordFrame = Pick<
  LogRecord,
  | ("sequence" | "powerOn" | "leg")
  | ("session" | "delivery")
  | ("legBytes" | "legSyncs")
  | ("server" | "ata")
>;

export function recordOf(draft: RecordDraft, frame: RecordFrame): LogRecord {
  const { kind, nature, code, count, first, second, time, firstTime, lastTime } = draft;
  return {
    ...frame,
    ...{ kind, class: draft.class, nature, isLast: false, code, count, first, second },
    ...{ bootUs: time.bootUs, utcMs: time.utcMs },
    ...{ firstBootUs: firstTime?.bootUs ?? 0, firstUtcMs: firstTime?.utcMs ?? null },
    ...{ lastBootUs: lastTime?.bootUs ?? 0, lastUtcMs: lastTime?.utcMs ?? null },
    ...{ function: draft.functionId, detail: draft.detail },
  };
}

/** The draft of a written record. */
export function draftOf(record: LogRecord): RecordDraft {
  const { kind, nature, code, count, first, second, detail } = record;
  return {
    ...{ kind, class: record.class, nature, code, count, first, second },
    ...{ functionId: record.function, detail },
    time: { bootUs: record.bootUs, utcMs: record.utcMs },
    firstTime: { bootUs: record.firstBootUs, utcMs: record.firstUtcMs },
    lastTime: { bootUs: record.lastBootUs, utcMs: record.lastUtcMs },
  };
}

/** A record of the log before it is written, and what of it is written. */
import type { LogRecord } from "../../wire/log-record.ts";

/** A point in time: µs since power-on, and ms of UTC where the clock has it. */
export interface LogTime {
  readonly bootUs: number;
  readonly utcMs: number | null;
}

/** What has happened: a code with its values, and what it is about in words. */
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
  /** Of a fault; null otherwise. */
  readonly firstTime: LogTime | null;
  readonly lastTime: LogTime | null;
}

/** What the log adds to a draft: the place among the records, and how it came to be there. */
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

/** What a record was before it was written. */
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

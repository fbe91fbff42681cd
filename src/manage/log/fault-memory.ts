/**
 * The rules that turn events into records of the log: which are faults, when a fault is set and
 * cleared, what is held back because it comes too often, what is no fault yet right after power-on,
 * and the state of a fault at the end of its leg. No clock, no file: times come in, drafts of
 * records go out.
 */

import { catalogueEntry } from "../../catalogue/catalogue.ts";
import type { CatalogueEntry } from "../../catalogue/entry.ts";
import { recordSubject } from "../../catalogue/record-text.ts";
import { LOG_ENGINE_STARTED } from "../../catalogue/supervisor-code.ts";
import { LOG_RECORDS_PER_HOUR_MAX, LOG_SUBJECTS_MAX } from "../../limits.ts";
import { NATURE_HARD, NATURE_INTERMITTENT, NATURE_NONE } from "../../wire/log-record.ts";
import {
  KIND_FAULT_CLEARED,
  KIND_FAULT_SET,
  KIND_FAULT_SUMMARY,
  KIND_NO_FAULT,
} from "../maintenance.ts";
import type { FaultNow } from "./log-contents.ts";
import type { LogTime, Occurrence, RecordDraft } from "./record-draft.ts";

const HOUR_US = 3_600_000_000;

/** One code about one subject. */
interface Memory {
  readonly entry: CatalogueEntry | undefined;
  what: Occurrence;
  readonly subject: string;
  /** Known only from the log: nothing was reported to this process. */
  isPast: boolean;
  /** The fault is active. */
  active: boolean;
  /** Its last record in the log says that it is active. */
  setInLog: boolean;
  /** It came while faults were inhibited, and was not cleared since. */
  waiting: boolean;
  /** It was active in this leg, even if only from before; and how often it came. */
  inLeg: boolean;
  count: number;
  firstTime: LogTime;
  lastTime: LogTime;
  /** Number of occurrences not written. */
  held: number;
  /** µs since power-on of the newest records, at most LOG_RECORDS_PER_HOUR_MAX. */
  readonly writtenUs: number[];
}

export class FaultMemory {
  readonly #memories = new Map<string, Memory>();
  readonly #inhibitUs: number;
  readonly #write: (draft: RecordDraft) => void;

  /**
   * @param inhibitUs time after power-on in which codes with that mark raise no fault
   * @param write takes one record after the other
   */
  constructor(inhibitUs: number, write: (draft: RecordDraft) => void) {
    this.#inhibitUs = inhibitUs;
    this.#write = write;
  }

  /** Number of active faults. */
  get activeCount(): number {
    let count = 0;
    for (const { active } of this.#memories.values()) if (active) count++;
    return count;
  }

  /** The active faults. */
  active(nowBootUs: number): { code: number; class: number; functionId: string; ageS: number }[] {
    return [...this.#memories.values()]
      .filter(({ active }) => active)
      .map(({ what, entry, firstTime }) => ({
        ...{ code: what.code, class: entry?.class ?? 0, functionId: what.functionId },
        ageS: Math.max(0, Math.floor((nowBootUs - firstTime.bootUs) / 1_000_000)),
      }));
  }

  /** Current state of one fault, whether or not it is written. */
  readonly now: FaultNow = (code, subject) => {
    const memory = this.#memories.get(`${code} ${subject}`);
    if (memory === undefined) return null;
    return { isActive: memory.active, held: memory.held, lastTime: memory.lastTime };
  };

  /** @param isLimited false for records that must be logged however often they come */
  take(what: Occurrence, time: LogTime, count = 1, isLimited = true): void {
    if (what.code === LOG_ENGINE_STARTED) this.clear(time, "engine");
    const entry = catalogueEntry(what.code);
    const memory = this.#memoryOf(what, time);
    memory.isPast = false;
    if (entry === undefined || entry.class === 0)
      this.#noFault(memory, time, count, isLimited && (entry?.series ?? null) === null);
    else if (entry.inhibited && time.bootUs < this.#inhibitUs) {
      if (!memory.waiting) memory.firstTime = time;
      memory.waiting = lasts(memory);
      this.#noFault(memory, time, count, isLimited);
    } else this.#fault(memory, time, count, isLimited);
    if (entry !== undefined) this.#clearFor(entry, what, memory.subject, time);
  }

  /**
   * Lets time pass: sets faults that were inhibited and persist, and writes held-back records whose
   * hour is over.
   */
  tick(time: LogTime): void {
    for (const memory of this.#memories.values()) {
      if (memory.waiting && time.bootUs >= this.#inhibitUs) {
        memory.waiting = false;
        this.#fault(memory, time, 1, false, memory.firstTime);
      }
      if (memory.held > 0 && mayWrite(memory, time.bootUs)) this.#release(memory, time);
    }
  }

  /** No further events: writes held-back records before their hour is over. */
  end(time: LogTime): void {
    for (const memory of this.#memories.values()) this.#release(memory, time);
  }

  /**
   * Sets persisting faults in the new leg as well, with a count of 0, so that its report is
   * complete.
   */
  beginLeg(time: LogTime): void {
    for (const memory of this.#memories.values()) {
      this.#release(memory, time);
      memory.count = 0;
      memory.inLeg = memory.active;
      if (!memory.active) continue;
      memory.setInLog = true;
      this.#draft(memory, KIND_FAULT_SET, NATURE_NONE, 0, time);
    }
  }

  /** Writes one summary per fault of the leg. Returns their number. */
  endLeg(time: LogTime): number {
    let faults = 0;
    for (const memory of this.#memories.values()) {
      this.#release(memory, time);
      if (!memory.inLeg) continue;
      const nature = memory.active ? NATURE_HARD : NATURE_INTERMITTENT;
      this.#draft(memory, KIND_FAULT_SUMMARY, nature, memory.count, time);
      memory.count = 0;
      memory.inLeg = memory.active;
      faults++;
    }
    return faults;
  }

  /**
   * Ends every fault, or only those detected by an earlier daemon or an earlier engine. Persisting
   * faults are set when they are reported again.
   */
  clear(time: LogTime, only: "past" | "engine" | null = null): void {
    for (const memory of this.#memories.values()) {
      if (only === "past" && !memory.isPast) continue;
      if (only === "engine" && memory.entry?.lasts !== only) continue;
      memory.waiting = false;
      this.#clear(memory, time);
    }
  }

  /**
   * Restores a record of the current leg from the log after a start, oldest first.
   * @param isThisBoot it was written since the machine was switched on: its hour goes on
   */
  restore(draft: RecordDraft, isThisBoot: boolean): void {
    const memory = this.#memoryOf(draft, draft.time);
    if (!memory.isPast) return; // reported since, while there was no file
    const isFault = draft.kind !== KIND_NO_FAULT;
    if (isThisBoot && draft.kind <= KIND_FAULT_SET) remember(memory, draft.time.bootUs);
    if (!isFault) {
      if (isThisBoot) this.#restoreInhibited(memory, draft);
      return;
    }
    memory.firstTime = draft.firstTime ?? draft.time;
    memory.lastTime = draft.lastTime ?? draft.time;
    memory.inLeg = draft.kind !== KIND_FAULT_SUMMARY || draft.nature === NATURE_HARD;
    if (draft.kind === KIND_FAULT_SET) {
      memory.count += draft.count;
      memory.active = lasts(memory);
      memory.setInLog = memory.active;
    } else if (draft.kind === KIND_FAULT_CLEARED) {
      memory.active = false;
      memory.setInLog = false;
    } else memory.count = 0;
  }

  /**
   * A fault that came while faults were inhibited is not in the log as a fault: it stays pending,
   * unless the log has its end.
   */
  #restoreInhibited(memory: Memory, draft: RecordDraft): void {
    const { entry } = memory;
    if (entry === undefined) return;
    if (entry.class !== 0 && entry.inhibited && draft.time.bootUs < this.#inhibitUs) {
      if (!memory.waiting) memory.firstTime = draft.time;
      memory.waiting = lasts(memory);
    }
    for (const ended of this.#endedBy(entry, draft, memory.subject)) ended.waiting = false;
  }

  #memoryOf(what: Occurrence, time: LogTime): Memory {
    const subject = recordSubject(what.code, what.functionId, what.detail);
    const key = `${what.code} ${subject}`;
    const known = this.#memories.get(key);
    if (known !== undefined) {
      known.what = what;
      return known;
    }
    if (this.#memories.size >= LOG_SUBJECTS_MAX) this.#forgetOne();
    const memory: Memory = {
      ...{ entry: catalogueEntry(what.code), what, subject, firstTime: time, lastTime: time },
      ...{
        isPast: true,
        active: false,
        setInLog: false,
        waiting: false,
        inLeg: false,
        count: 0,
        held: 0,
        writtenUs: [],
      },
    };
    this.#memories.set(key, memory);
    return memory;
  }

  /**
   * Forgets the oldest inactive entry, or else the oldest: strangers may come with ever new
   * addresses.
   */
  #forgetOne(): void {
    let oldest: string | null = null;
    for (const [key, { active, held }] of this.#memories) {
      oldest ??= key;
      if (active || held > 0) continue;
      oldest = key;
      break;
    }
    if (oldest !== null) this.#memories.delete(oldest);
  }

  #noFault(memory: Memory, time: LogTime, count: number, isLimited: boolean): void {
    memory.lastTime = time;
    if (isLimited && !mayWrite(memory, time.bootUs)) {
      memory.held += count;
      return;
    }
    const { held } = memory;
    memory.held = 0;
    remember(memory, time.bootUs);
    this.#draft(memory, KIND_NO_FAULT, NATURE_NONE, held + count, time);
  }

  #fault(
    memory: Memory,
    time: LogTime,
    count: number,
    isLimited: boolean,
    since: LogTime = time,
  ): void {
    if (memory.count === 0 && !memory.active) memory.firstTime = since;
    memory.lastTime = time;
    memory.inLeg = true;
    memory.count += count;
    memory.active = lasts(memory);
    memory.held += count;
    if (!isLimited || mayWrite(memory, time.bootUs)) this.#release(memory, time);
  }

  /** Writes held-back occurrences. A fault that is already over is cleared right after. */
  #release(memory: Memory, time: LogTime): void {
    if (memory.held === 0) return;
    const { held } = memory;
    memory.held = 0;
    remember(memory, time.bootUs);
    if (memory.entry === undefined || memory.entry.class === 0 || memory.count === 0) {
      this.#draft(memory, KIND_NO_FAULT, NATURE_NONE, held, time);
      return;
    }
    this.#draft(memory, KIND_FAULT_SET, NATURE_NONE, held, time);
    memory.setInLog = lasts(memory);
    if (!memory.active && memory.setInLog) this.#cleared(memory, time);
  }

  #clearFor(entry: CatalogueEntry, what: Occurrence, subject: string, time: LogTime): void {
    for (const memory of this.#endedBy(entry, what, subject)) {
      memory.waiting = false;
      this.#clear(memory, time);
    }
  }

  /** Faults that cannot persist after `what`. */
  #endedBy(entry: CatalogueEntry, what: Occurrence, subject: string): Memory[] {
    if (entry.clearsWith !== null && !entry.clearsWith.includes(what.first)) return [];
    // A fault without a subject is the only one of its code.
    const found = entry.clears.map(
      (code) => this.#memories.get(`${code} ${subject}`) ?? this.#memories.get(`${code} `),
    );
    return found.filter((memory) => memory !== undefined);
  }

  #clear(memory: Memory, time: LogTime): void {
    if (!memory.active) return;
    memory.active = false;
    if (memory.setInLog) this.#cleared(memory, time);
  }

  #cleared(memory: Memory, time: LogTime): void {
    memory.setInLog = false;
    this.#draft(memory, KIND_FAULT_CLEARED, NATURE_NONE, 1, time);
  }

  #draft(memory: Memory, kind: number, nature: number, count: number, time: LogTime): void {
    const { what, firstTime, lastTime } = memory;
    const isFault = kind !== KIND_NO_FAULT;
    this.#write({
      ...{ kind, nature, count, time, code: what.code, first: what.first, second: what.second },
      ...{ functionId: what.functionId, detail: what.detail },
      class: isFault ? (memory.entry?.class ?? 0) : 0,
      firstTime: isFault ? firstTime : null,
      lastTime: isFault ? lastTime : null,
    });
  }
}

/** Whether it lasts from set to cleared; other events are over at once. */
function lasts({ entry }: Memory): boolean {
  return entry !== undefined && entry.lasts !== null;
}

function mayWrite({ writtenUs }: Memory, bootUs: number): boolean {
  const oldest = writtenUs[0];
  return (
    writtenUs.length < LOG_RECORDS_PER_HOUR_MAX ||
    oldest === undefined ||
    bootUs - oldest >= HOUR_US
  );
}

function remember({ writtenUs }: Memory, bootUs: number): void {
  writtenUs.push(bootUs);
  if (writtenUs.length > LOG_RECORDS_PER_HOUR_MAX) writtenUs.shift();
}

/**
 * A maintenance log as a file, read by a process other than its writer: on this machine, or after a
 * download on any other.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { LOG_BYTES_PER_LEG, LOG_SYNCS_PER_LEG } from "../../limits.ts";
import {
  LOG_FILE_BYTES_MAX,
  LOG_RECORDS_AT,
  type LogHeader,
  logFileBytes,
  newestLogHeader,
} from "../../wire/log-header.ts";
import { LOG_RECORD_BYTES, type LogRecord } from "../../wire/log-record.ts";
import type {
  FaultEntry,
  LegEntry,
  LogEntry,
  LogFilter,
  LogReader,
  StorageFigures,
} from "../maintenance.ts";
import { type Decisions, decisionsOf } from "./decisions.ts";
import { entriesOf, faultsOf, legsOf } from "./log-contents.ts";
import { BytesSource, LogPlaces, offsetOf, PLACE_DAMAGED, PLACE_WHOLE } from "./log-places.ts";

/**
 * Data being written during a reading looks damaged: so it is read up to this often, with a pause
 * in between.
 */
const READINGS = 3;
const READ_AGAIN_MS = 20;

/** The file is no maintenance log. */
export class NoLogError extends Error {
  override readonly name = "NoLogError";
}

export class LogImage implements LogReader {
  readonly header: LogHeader;
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #places: LogPlaces;

  /** @throws NoLogError when neither header is whole */
  constructor(name: string, bytes: Uint8Array) {
    const header = newestLogHeader(bytes);
    if (header === null)
      throw new NoLogError(`${name}: no maintenance log: neither of its headers is whole`);
    this.#name = name;
    this.#bytes = bytes;
    this.header = header;
    this.#places = new LogPlaces(new BytesSource(bytes), header);
  }

  /**
   * Reads a file that may be written at the same time.
   * @throws NoLogError; Error of the system, with its code
   */
  static read(file: string): LogImage {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe must not block us
    try {
      const { size } = statusOf(file, fd);
      const bytes = new Uint8Array(size);
      readAt(fd, bytes, 0, bytes.length);
      for (let readings = 1; ; readings++) {
        const header = newestLogHeader(bytes);
        const image = header === null ? null : new LogImage(file, bytes);
        const torn = image === null ? [0] : image.damagedPlaces();
        if (image !== null && torn.length === 0) return image;
        if (readings === READINGS) return new LogImage(file, bytes);
        Bun.sleepSync(READ_AGAIN_MS);
        const length = image === null ? LOG_RECORDS_AT : LOG_RECORD_BYTES;
        for (const at of torn)
          readAt(fd, bytes, at, Math.max(0, Math.min(length, bytes.length - at)));
      }
    } finally {
      closeSync(fd);
    }
  }

  entries(filter?: LogFilter): LogEntry[] {
    return entriesOf(this.#records(), filter);
  }

  faults(leg: number = this.#newest()?.leg ?? 0): FaultEntry[] {
    return faultsOf(this.#records(), leg);
  }

  /** Faults of every leg, in the order of occurrence. */
  allFaults(): FaultEntry[] {
    return faultsOf(this.#records());
  }

  legs(): LegEntry[] {
    return legsOf(
      () => this.#records(),
      (function* (places: LogPlaces) {
        for (const { record } of places.newestFirst(0)) yield record;
      })(this.#places),
    );
  }

  /** Decisions and their inputs. */
  decisions(): Decisions {
    return decisionsOf([...this.#records()].reverse());
  }

  storage(): StorageFigures {
    const newest = this.#newest();
    return {
      file: this.#name,
      sizeBytes: this.#bytes.length,
      capacity: this.header.legPlaces + this.header.otherPlaces,
      records: this.#places.count(PLACE_WHOLE),
      oldestSequence: this.#places.oldestSequence(),
      newestSequence: newest?.sequence ?? 0,
      damaged: this.header.damaged + this.damagedPlaces().length,
      lost: this.header.lost,
      legBytes: newest?.legBytes ?? 0,
      legBytesBudget: LOG_BYTES_PER_LEG,
      legSyncs: newest?.legSyncs ?? 0,
      legSyncsBudget: LOG_SYNCS_PER_LEG,
      powerOn: this.header.powerOn,
      leg: newest?.leg ?? this.header.newestLeg,
    };
  }

  image(): Uint8Array {
    return this.#bytes;
  }

  /**
   * Runs of missing sequence numbers, first and last, between the oldest and the newest record of
   * the main ring.
   */
  gaps(): [number, number][] {
    const gaps: [number, number][] = [];
    let after = 0;
    // Legs survive longer than other records: before the oldest of those, gaps are overwritten
    // records.
    const oldest = this.#places.oldestIn(1);
    for (const { sequence } of this.#records()) {
      if (oldest === 0 || sequence < oldest) break;
      if (after !== 0 && sequence + 1 < after) gaps.push([sequence + 1, after - 1]);
      after = sequence;
    }
    return gaps.reverse();
  }

  /** Offsets in the file that hold neither a record nor zeros. */
  damagedPlaces(): number[] {
    return this.#places.placesOf(PLACE_DAMAGED).map(offsetOf);
  }

  /** Expected size of the file. */
  expectedBytes(): number {
    return logFileBytes(this.header);
  }

  *#records(): Generator<LogRecord> {
    for (const { record } of this.#places.newestFirst()) yield record;
  }

  #newest(): LogRecord | null {
    for (const record of this.#records()) return record;
    return null;
  }
}

function statusOf(file: string, fd: number): { size: number } {
  const status = fstatSync(fd);
  if (!status.isFile()) throw new NoLogError(`${file}: no maintenance log: not a file`);
  if (status.size > LOG_FILE_BYTES_MAX) {
    throw new NoLogError(
      `${file}: no maintenance log: ${status.size} bytes are more than any log has`,
    );
  }
  return status;
}

function readAt(fd: number, bytes: Uint8Array, at: number, length: number): void {
  for (let done = 0; done < length; ) {
    const count = readSync(fd, bytes, at + done, length - done, at + done);
    if (count === 0) return;
    done += count;
  }
}

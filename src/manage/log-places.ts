/**
 * The two rings of a log's file, as they stand in a file or in memory: the ring of legs (each with a record when it begins and one
 * when it ends, so that no noise of the others makes room out of them) and the ring of all other records. Both take their sequence
 * numbers from one counter; read together they are one log.
 */
import { LOG_RECORDS_AT, type LogHeader } from "../wire/log-header.ts";
import { decodeLogRecord, isEmptyRecord, LOG_RECORD_BYTES, type LogRecord } from "../wire/log-record.ts";

/** Places read at once. */
const CHUNK = 256;

/** Bytes that can be read at any place; fewer than asked for where they end. */
export interface LogSource {
  read(at: number, length: number): Uint8Array;
}

export const PLACE_EMPTY = 0;
export const PLACE_WHOLE = 1;
/** Neither empty nor a record: torn by a power cut, or rotten. */
export const PLACE_DAMAGED = 2;

export interface PlacedRecord {
  readonly record: LogRecord;
  readonly place: number;
}

export class LogPlaces {
  /** Of each place, PLACE_*. */
  readonly state: Uint8Array;
  /** Place of the newest record of each ring: legs, others; the last place where there is none. */
  readonly newest: [number, number];
  newestSequence = 0;

  readonly #source: LogSource;
  readonly #starts: readonly [number, number];
  readonly #counts: readonly [number, number];

  /** Reads every place once. */
  constructor(source: LogSource, header: Pick<LogHeader, "legPlaces" | "eventPlaces">) {
    this.#source = source;
    this.#starts = [0, header.legPlaces];
    this.#counts = [header.legPlaces, header.eventPlaces];
    this.state = new Uint8Array(header.legPlaces + header.eventPlaces);
    this.newest = [header.legPlaces - 1, this.state.length - 1];
    const newestIn = [0, 0];
    for (let from = 0; from < this.state.length; from += CHUNK) {
      const count = Math.min(CHUNK, this.state.length - from);
      const bytes = source.read(offsetOf(from), count * LOG_RECORD_BYTES);
      for (let i = 0; i < count; i++) {
        const sequence = this.#judge(bytes, i * LOG_RECORD_BYTES, from + i);
        const ring = from + i < header.legPlaces ? 0 : 1;
        if (sequence <= (newestIn[ring] as number)) continue;
        newestIn[ring] = sequence;
        this.newest[ring] = from + i;
      }
    }
    this.newestSequence = Math.max(...newestIn);
  }

  /** The record's sequence number, 0 for none. */
  #judge(bytes: Uint8Array, at: number, place: number): number {
    if (at + LOG_RECORD_BYTES > bytes.length) {
      this.state[place] = PLACE_DAMAGED; // the file was cut off
      return 0;
    }
    if (isEmptyRecord(bytes, at)) return 0;
    const record = decodeLogRecord(bytes, at);
    this.state[place] = record === null ? PLACE_DAMAGED : PLACE_WHOLE;
    return record?.sequence ?? 0;
  }

  /** Of the oldest record of both rings; 0 when there is none. */
  oldestSequence(): number {
    const legs = this.oldestIn(0);
    const others = this.oldestIn(1);
    return legs === 0 || others === 0 ? Math.max(legs, others) : Math.min(legs, others);
  }

  /** Likewise, of one ring. */
  oldestIn(ring: 0 | 1): number {
    for (let ahead = 0; ahead < this.#counts[ring]; ahead++) {
      const place = this.placeAfterNewest(ring, ahead);
      if (this.state[place] !== PLACE_WHOLE) continue;
      const record = decodeLogRecord(this.#source.read(offsetOf(place), LOG_RECORD_BYTES), 0);
      if (record !== null) return record.sequence;
    }
    return 0;
  }

  /** Number of places in `state`. */
  count(state: number): number {
    let count = 0;
    for (const each of this.state) if (each === state) count++;
    return count;
  }

  /** Places that are in `state`. */
  placesOf(state: number): number[] {
    const places: number[] = [];
    for (const [place, each] of this.state.entries()) if (each === state) places.push(place);
    return places;
  }

  /** The place where the next record of a ring goes, `ahead` records later. */
  placeAfterNewest(ring: 0 | 1, ahead: number): number {
    const start = this.#starts[ring];
    return start + ((this.newest[ring] - start + 1 + ahead) % this.#counts[ring]);
  }

  placesInARow(ring: 0 | 1, place: number): number {
    return this.#starts[ring] + this.#counts[ring] - place;
  }

  /** All records of both rings, the newest first. A place that cannot be read (any more) is passed over. */
  *newestFirst(): Generator<PlacedRecord> {
    const rings = [this.ringNewestFirst(0), this.ringNewestFirst(1)] as const;
    let a = rings[0].next();
    let b = rings[1].next();
    while (a.done !== true || b.done !== true) {
      if (b.done === true || (a.done !== true && a.value.record.sequence > b.value.record.sequence)) {
        yield a.value as PlacedRecord;
        a = rings[0].next();
      } else {
        yield b.value;
        b = rings[1].next();
      }
    }
  }

  /** @param ring 0: legs; 1: the others */
  *ringNewestFirst(ring: 0 | 1): Generator<PlacedRecord> {
    const start = this.#starts[ring];
    const count = this.#counts[ring];
    let end = this.newest[ring] + 1;
    let left = count;
    let before = Number.POSITIVE_INFINITY;
    while (left > 0) {
      const from = Math.max(start, end - Math.min(CHUNK, left));
      const bytes = this.#source.read(offsetOf(from), (end - from) * LOG_RECORD_BYTES);
      for (let place = end - 1; place >= from; place--) {
        if (this.state[place] !== PLACE_WHOLE) continue;
        const record = decodeLogRecord(bytes, (place - from) * LOG_RECORD_BYTES);
        if (record === null || record.sequence >= before) continue;
        before = record.sequence;
        yield { record, place };
      }
      left -= end - from;
      end = from === start ? start + count : from;
    }
  }
}

/** Where a place begins in the file. */
export function offsetOf(place: number): number {
  return LOG_RECORDS_AT + place * LOG_RECORD_BYTES;
}

/** A whole file in memory. */
export class BytesSource implements LogSource {
  constructor(private readonly bytes: Uint8Array) {}

  read(at: number, length: number): Uint8Array {
    return this.bytes.subarray(at, at + length);
  }
}

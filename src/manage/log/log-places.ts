/**
 * The two rings of a log's file, on disk or in memory: the ring of legs (one record at the begin
 * and one at the end of each, so that no flood of others overwrites them) and the ring of all other
 * records. Both take their sequence numbers from one counter; read together they are one log.
 */
import { LOG_RECORDS_AT, type LogHeader } from "../../wire/log-header.ts";
import {
  decodeLogRecord,
  isEmptyRecord,
  LOG_RECORD_BYTES,
  type LogRecord,
} from "../../wire/log-record.ts";

/** Places read at once. */
const CHUNK = 256;

/**
 * Places of the largest file: with a sequence number below 2^31, a place fits the 53 bits of a
 * whole number.
 */
const PLACES_MAX = 2 ** 22;

/** Bytes readable at any place; fewer than requested at the end. */
export interface LogSource {
  read(at: number, length: number): Uint8Array;
}

export const PLACE_EMPTY = 0;
export const PLACE_WHOLE = 1;
/** Neither empty nor a record: torn by a power cut, or decayed. */
export const PLACE_DAMAGED = 2;

export interface PlacedRecord {
  readonly record: LogRecord;
  readonly place: number;
}

export class LogPlaces {
  /** PLACE_* of each place. */
  readonly state: Uint8Array;
  /** Sequence number of the record at each place; 0 for none. */
  readonly #sequences: Uint32Array;
  /** Place of the newest record of each ring (legs, others); the last place where there is none. */
  readonly #newest: [number, number];
  readonly #source: LogSource;
  readonly #starts: readonly [number, number];
  readonly #counts: readonly [number, number];
  /**
   * Places with a record, oldest first, as sequence × PLACES_MAX + place; null when it must be
   * rebuilt.
   */
  #order: Float64Array | null = null;

  /** Reads every place once. */
  constructor(source: LogSource, header: Pick<LogHeader, "legPlaces" | "otherPlaces">) {
    this.#source = source;
    this.#starts = [0, header.legPlaces];
    this.#counts = [header.legPlaces, header.otherPlaces];
    this.state = new Uint8Array(header.legPlaces + header.otherPlaces);
    this.#sequences = new Uint32Array(this.state.length);
    this.#newest = [header.legPlaces - 1, this.state.length - 1];
    for (let from = 0; from < this.state.length; from += CHUNK) {
      const count = Math.min(CHUNK, this.state.length - from);
      const bytes = source.read(offsetOf(from), count * LOG_RECORD_BYTES);
      for (let i = 0; i < count; i++) this.#judge(bytes, i * LOG_RECORD_BYTES, from + i);
    }
  }

  #judge(bytes: Uint8Array, at: number, place: number): void {
    // Also where the file is truncated.
    if (at + LOG_RECORD_BYTES > bytes.length) this.state[place] = PLACE_DAMAGED;
    else if (!isEmptyRecord(bytes, at)) {
      const sequence = sequenceAt(bytes, at);
      if (sequence === 0) this.state[place] = PLACE_DAMAGED;
      else this.#hold(place, sequence);
    }
  }

  #hold(place: number, sequence: number): void {
    const ring = this.ringOf(place);
    this.state[place] = PLACE_WHOLE;
    this.#sequences[place] = sequence;
    this.#order = null;
    if (sequence > (this.#sequences[this.#newest[ring]] as number)) this.#newest[ring] = place;
  }

  /** Registers records that were written after the newest of a ring, oldest first. */
  written(ring: 0 | 1, sequences: readonly number[]): void {
    for (const sequence of sequences) this.#hold(this.placeAfterNewest(ring, 0), sequence);
  }

  /** 0: legs; 1: all others. */
  ringOf(place: number): 0 | 1 {
    return place < this.#starts[1] ? 0 : 1;
  }

  newestSequence(): number {
    return Math.max(
      this.#sequences[this.#newest[0]] as number,
      this.#sequences[this.#newest[1]] as number,
    );
  }

  /** Sequence number of the oldest record of both rings; 0 when there is none. */
  oldestSequence(): number {
    const legs = this.oldestIn(0);
    const others = this.oldestIn(1);
    return legs === 0 || others === 0 ? Math.max(legs, others) : Math.min(legs, others);
  }

  /** The same for one ring. */
  oldestIn(ring: 0 | 1): number {
    let oldest = 0;
    const end = this.#starts[ring] + this.#counts[ring];
    for (let place = this.#starts[ring]; place < end; place++) {
      const sequence = this.#sequences[place] as number;
      if (sequence !== 0 && (oldest === 0 || sequence < oldest)) oldest = sequence;
    }
    return oldest;
  }

  /** Number of places in `state`. */
  count(state: number): number {
    let count = 0;
    for (const each of this.state) if (each === state) count++;
    return count;
  }

  /** Places in the state `state`. */
  placesOf(state: number): number[] {
    const places: number[] = [];
    for (const [place, each] of this.state.entries()) if (each === state) places.push(place);
    return places;
  }

  /** Place for a future record of a ring, `ahead` records after the next one. */
  placeAfterNewest(ring: 0 | 1, ahead: number): number {
    const start = this.#starts[ring];
    return start + ((this.#newest[ring] - start + 1 + ahead) % this.#counts[ring]);
  }

  placesInARow(ring: 0 | 1, place: number): number {
    return this.#starts[ring] + this.#counts[ring] - place;
  }

  /**
   * All records of both rings, or of one, newest first. They are ordered by number, not by place:
   * after a power failure a page may be on the storage and the one before it not. A place that
   * cannot be read (any more) is skipped.
   */
  *newestFirst(ring?: 0 | 1): Generator<PlacedRecord> {
    const order = this.#inOrder();
    let bytes = new Uint8Array(0);
    let first = 0; // place at which `bytes` begin
    for (let i = order.length - 1; i >= 0; i--) {
      const place = (order[i] as number) % PLACES_MAX;
      if (ring !== undefined && this.ringOf(place) !== ring) continue;
      if (place < first || place >= first + bytes.length / LOG_RECORD_BYTES) {
        first = Math.max(0, place + 1 - CHUNK);
        bytes = new Uint8Array(
          this.#source.read(offsetOf(first), (place + 1 - first) * LOG_RECORD_BYTES),
        );
      }
      const record = decodeLogRecord(bytes, (place - first) * LOG_RECORD_BYTES);
      if (record !== null) yield { record, place };
    }
  }

  #inOrder(): Float64Array {
    if (this.#order !== null) return this.#order;
    const order = new Float64Array(this.count(PLACE_WHOLE));
    let length = 0;
    for (let place = 0; place < this.state.length; place++) {
      if (this.state[place] === PLACE_WHOLE)
        order[length++] = (this.#sequences[place] as number) * PLACES_MAX + place;
    }
    this.#order = order.sort();
    return order;
  }
}

/** Number of the record there; 0 for none. */
function sequenceAt(bytes: Uint8Array, at: number): number {
  return decodeLogRecord(bytes, at)?.sequence ?? 0;
}

/** Offset of a place in the file. */
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

/**
 * Reads the elements of a part's files: big-endian words, strings with a pad byte, lists whose
 * entries point to the next one, check values. Never reads outside the bounds.
 */
import { CHECK_VALUE_HEAD_BYTES, type CheckValue, checkValueType } from "./check-value.ts";
import { hexText, PartError } from "./part-error.ts";

export const WORD_BYTES = 2;

/** A read position in a file. Every read throws PartError past `end`. */
export class Cursor {
  readonly #view: DataView;

  /**
   * @param file names the file in errors
   * @param at offset of the next byte to read
   * @param end offset after the last readable byte
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly file: string,
    public at: number,
    readonly end: number,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#take(2, field));
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(4, field));
  }

  /** @throws PartError also for a number that is not exact here, from 2⁵³ on */
  u64(field: string): number {
    const value = this.#view.getBigUint64(this.#take(8, field));
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw this.error(field, String(value), "less than 2^53");
    return Number(value);
  }

  raw(count: number, field: string): Uint8Array {
    const at = this.#take(count, field);
    return this.bytes.subarray(at, at + count);
  }

  /** Characters, and a zero byte after an odd number of them. Printable ASCII only. */
  text(field: string): string {
    const length = this.u16(`${field}: length`);
    const characters = this.raw(length, field);
    const odd = characters.findIndex((byte) => byte < 0x20 || byte > 0x7e);
    if (odd >= 0)
      throw this.error(
        field,
        `byte ${hexText(characters[odd] ?? 0, 2)} as character ${odd + 1}`,
        "printable ASCII",
      );
    this.#pad(length, field);
    return Buffer.from(characters).toString("latin1");
  }

  texts(field: string): string[] {
    const count = this.u16(`${field}: count`);
    return Array.from({ length: count }, (_, index) => this.text(placeOf(field, index, count)));
  }

  /** null when there is none. */
  checkValue(field: string): CheckValue | null {
    const length = this.u16(`${field}: length`);
    if (length === 0) return null;
    if (length < CHECK_VALUE_HEAD_BYTES)
      throw this.error(`${field}: length`, `${length}`, "0, or 4 and more");
    const type = this.u16(`${field}: type`);
    const known = checkValueType(type);
    if (known === null) throw this.error(`${field}: type`, `${type}`, "0 to 8");
    const expected = CHECK_VALUE_HEAD_BYTES + known.bytes;
    if (length !== expected)
      throw this.error(`${field}: length`, `${length}`, `${expected} for ${known.name}`);
    const value = this.raw(known.bytes, field);
    return type === 0 ? null : { type, value };
  }

  /**
   * A list whose entries begin with a word that points to the next one: words from the start of
   * this entry, 0 only in the last one.
   */
  list<Entry>(field: string, readEntry: (place: string) => Entry): Entry[] {
    const count = this.u16(`number of ${field}s`);
    return Array.from({ length: count }, (_, index) => {
      const place = placeOf(field, index, count);
      const start = this.at;
      const next = this.u16(`${place}: pointer to the next`) * WORD_BYTES;
      const entry = readEntry(place);
      const isLast = index === count - 1;
      if (isLast ? next !== 0 : start + next < this.at || start + next > this.end) {
        const least = (this.at - start) / WORD_BYTES;
        const most = (this.end - start) / WORD_BYTES;
        const expected = isLast ? "0 in the last entry" : `${least} to ${most} words`;
        throw this.error(`${place}: pointer to the next`, `${next / WORD_BYTES} words`, expected);
      }
      if (!isLast) this.at = start + next;
      return entry;
    });
  }

  error(field: string, found: string, expected: string): PartError {
    return new PartError(this.file, field, found, expected);
  }

  #pad(length: number, field: string): void {
    if (length % WORD_BYTES === 0) return;
    const pad = this.u8(`${field}: pad byte`);
    if (pad !== 0) throw this.error(`${field}: pad byte`, hexText(pad, 2), "0x00");
  }

  #take(count: number, field: string): number {
    const { at } = this;
    if (count > this.end - at)
      throw this.error(field, `${this.end - at} bytes to the end`, `${count}`);
    this.at = at + count;
    return at;
  }
}

/** `data file 2 of 5`. */
function placeOf(field: string, index: number, count: number): string {
  return `${field} ${index + 1} of ${count}`;
}

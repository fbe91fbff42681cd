/** Writes the elements that cursor.ts reads, and the frame that word-file.ts checks. */
import { CHECK_VALUE_HEAD_BYTES, type CheckValue } from "../../src/part/check-value.ts";
import { crc16 } from "../../src/part/crc.ts";
import { WORD_BYTES } from "../../src/part/cursor.ts";
import type { Layout } from "../../src/part/layout.ts";
import { POINTERS_AT, type WordFileFormat } from "../../src/part/word-file.ts";

/** Grows at its end. Throws RangeError where a number or a text does not fit its field. */
export class WordWriter {
  readonly #bytes: number[] = [];

  /** The head of a file with its pointers, all 0 until {@link section}. */
  static begin(format: WordFileFormat, layout: Layout, spare = 0): WordWriter {
    const writer = new WordWriter();
    writer.u32(0);
    writer.u16(format.versions[layout]);
    writer.u16(spare);
    for (const _ of format.pointers[layout]) writer.u32(0);
    return writer;
  }

  get length(): number {
    return this.#bytes.length;
  }

  u8(value: number): void {
    this.#number(value, 1);
  }

  u16(value: number): void {
    this.#number(value, 2);
  }

  u32(value: number): void {
    this.#number(value, 4);
  }

  u64(value: number): void {
    this.#number(value, 8);
  }

  raw(bytes: Uint8Array): void {
    for (const byte of bytes) this.#bytes.push(byte);
  }

  text(value: string): void {
    if (!/^[ -~]*$/.test(value))
      throw new RangeError(`${JSON.stringify(value)} is no printable ASCII`);
    this.u16(value.length);
    this.raw(Buffer.from(value, "latin1"));
    if (value.length % WORD_BYTES !== 0) this.u8(0);
  }

  texts(values: readonly string[]): void {
    this.u16(values.length);
    for (const value of values) this.text(value);
  }

  checkValue(value: CheckValue | null): void {
    if (value === null) {
      this.u16(0);
      return;
    }
    this.u16(CHECK_VALUE_HEAD_BYTES + value.value.length);
    this.u16(value.type);
    this.raw(value.value);
  }

  /** The pointers to the next entry are written once its place is known. */
  list<Entry>(entries: readonly Entry[], writeEntry: (entry: Entry) => void): void {
    this.u16(entries.length);
    entries.forEach((entry, index) => {
      const start = this.length;
      this.u16(0);
      writeEntry(entry);
      if (index < entries.length - 1) this.#patch(start, (this.length - start) / WORD_BYTES, 2);
    });
  }

  /** The section of the pointer `name` begins here. */
  section(format: WordFileFormat, layout: Layout, name: string): void {
    const index = format.pointers[layout].indexOf(name);
    if (index < 0) throw new RangeError(`${layout} has no pointer to ${name}`);
    this.#patch(POINTERS_AT + 4 * index, this.length / WORD_BYTES, 4);
  }

  /** Writes the length of the finished file, which gets `bytesToCome` more bytes. */
  finishLength(bytesToCome: number): void {
    this.#patch(0, (this.length + bytesToCome) / WORD_BYTES, 4);
  }

  /** Appends the CRC-16 of everything written. */
  crc(): void {
    this.u16(crc16(this.bytes()));
  }

  /** A copy of the bytes written so far. */
  bytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  #number(value: number, size: number): void {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * size))
      throw new RangeError(`${value} does not fit ${size} bytes`);
    for (let index = size - 1; index >= 0; index--)
      this.#bytes.push(Math.floor(value / 2 ** (8 * index)) % 256);
  }

  #patch(at: number, value: number, size: number): void {
    const end = this.length;
    this.#number(value, size);
    this.#bytes.splice(at, size, ...this.#bytes.splice(end, size));
  }
}

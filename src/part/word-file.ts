/**
 * Common structure of the load header file and the two lists: length and layout at the start, a
 * head of pointers to sections, a CRC at the end.
 */
import { crc16 } from "./crc.ts";
import { Cursor, WORD_BYTES } from "./cursor.ts";
import { type FormatVersions, type Layout, layoutOf } from "./layout.ts";
import { hexText, PartError } from "./part-error.ts";

/** Length (4), format version (2), spare or flags (2). */
export const POINTERS_AT = 8;

export interface WordFileFormat {
  versions: FormatVersions;
  /** Pointers in the head, by layout. */
  pointers: Readonly<Record<Layout, readonly string[]>>;
  /** Bytes after the body, beginning with the CRC. */
  trailerBytes: number;
}

/** A file of words with sections that its pointers lead to. */
export class WordFile {
  readonly layout: Layout;
  /** The word after the format version. */
  readonly spare: number;
  /** Offset after the last section: the place of the CRC. */
  readonly bodyEnd: number;
  readonly #bodyAt: number;
  readonly #pointers = new Map<string, number>();
  readonly #read: { start: number; end: number; field: string }[] = [];

  /** @throws PartError where length, version, CRC or a pointer of the head is wrong */
  constructor(
    readonly bytes: Uint8Array,
    readonly file: string,
    format: WordFileFormat,
  ) {
    const head = new Cursor(bytes, file, 0, bytes.length);
    const words = head.u32("length");
    if (words * WORD_BYTES !== bytes.length)
      throw this.error("length", `${words} words`, `${bytes.length / WORD_BYTES}, as it has`);
    this.layout = layoutOf(head.u16("format version"), format.versions, file);
    this.spare = head.u16("spare");
    const names = format.pointers[this.layout];
    this.#bodyAt = POINTERS_AT + 4 * names.length;
    this.bodyEnd = bytes.length - format.trailerBytes;
    if (this.bodyEnd < this.#bodyAt) {
      const least = this.#bodyAt + format.trailerBytes;
      throw this.error("length", `${bytes.length} bytes`, `at least ${least}`);
    }
    this.#checkCrc();
    for (const name of names) this.#pointers.set(name, this.#pointer(head, name));
  }

  /**
   * Reads the section at the pointer `name`; null when the pointer is 0.
   *
   * @throws PartError also when it overlaps a section read before
   */
  section<Value>(name: string, read: (cursor: Cursor) => Value): Value | null {
    const start = this.#pointers.get(name) ?? 0;
    if (start === 0) return null;
    const cursor = new Cursor(this.bytes, this.file, start, this.bodyEnd);
    const value = read(cursor);
    const other = this.#read.find((range) => start < range.end && range.start < cursor.at);
    if (other !== undefined) {
      const found = `bytes ${start} to ${cursor.at}, in which ${other.field} lies`;
      throw this.error(`pointer to ${name}`, found, "a section of its own");
    }
    this.#read.push({ start, end: cursor.at, field: name });
    return value;
  }

  /** The same for a section that must exist. */
  required<Value>(name: string, read: (cursor: Cursor) => Value): Value {
    const value = this.section(name, read);
    if (value === null) throw this.error(`pointer to ${name}`, "0", "where it is");
    return value;
  }

  /** Offset that the pointer `name` leads to; 0: none. */
  start(name: string): number {
    return this.#pointers.get(name) ?? 0;
  }

  error(field: string, found: string, expected: string): PartError {
    return new PartError(this.file, field, found, expected);
  }

  #checkCrc(): void {
    const found = new Cursor(this.bytes, this.file, this.bodyEnd, this.bytes.length).u16("CRC-16");
    const expected = crc16(this.bytes.subarray(0, this.bodyEnd));
    if (found !== expected)
      throw this.error("CRC-16 of the file", hexText(found, 4), hexText(expected, 4));
  }

  #pointer(head: Cursor, name: string): number {
    const words = head.u32(`pointer to ${name}`);
    const at = words * WORD_BYTES;
    if (at === 0 || (at >= this.#bodyAt && at < this.bodyEnd)) return at;
    const [least, most] = [this.#bodyAt / WORD_BYTES, this.bodyEnd / WORD_BYTES - 1];
    throw this.error(`pointer to ${name}`, `word ${words}`, `0 (none) or word ${least} to ${most}`);
  }
}

/**
 * What a data load needs of a load header file (`*.LUH`): which load it is, for which hardware, and
 * which files belong to it. Follows the layout as published in open-source implementations: lengths
 * and pointers count 16-bit words, and sections are found by their pointers alone. Whether the load
 * is genuine and whole is judged by whoever takes it (upload-target).
 */
import { ProtocolFileError } from "./protocol-file.ts";

/** Format versions of the supplements 2 and 3. */
const VERSION_2 = 0x8003;
const VERSION_3 = 0x8004;

// Byte offsets of the fixed part.
const VERSION_AT = 4;
const PART_NUMBER_POINTER_AT = 8;
const HARDWARE_POINTER_AT = 12;
const DATA_FILES_POINTER_AT = 16;
const SUPPORT_FILES_POINTER_AT = 20;
const FIXED_BYTES = 28;

export interface ListedFile {
  readonly name: string;
  /** Length in bytes, both ends included: one that is counted in words may be a byte shorter. */
  readonly lengthMin: number;
  readonly lengthMax: number;
}

export interface LoadHeader {
  readonly partNumber: string;
  /** Identifiers of the hardware that it is for. */
  readonly hardware: readonly string[];
  /** Data files, then support files. */
  readonly files: readonly ListedFile[];
}

/** @param name of the file, for messages. @throws ProtocolFileError */
export function readLoadHeader(bytes: Uint8Array, name: string): LoadHeader {
  return new HeaderReader(bytes, name).read();
}

class HeaderReader {
  readonly #view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): LoadHeader {
    this.#need(0, FIXED_BYTES);
    if (this.#u32(0) * 2 !== this.bytes.length)
      this.#fail(0, `${this.#u32(0)} words`, `the length, ${this.bytes.length / 2} words`);
    const version = this.#u16(VERSION_AT);
    if (version !== VERSION_2 && version !== VERSION_3)
      this.#fail(VERSION_AT, `version ${version.toString(16)}`, "8003 or 8004");
    const isLong = version === VERSION_3;
    const data = this.#pointer(DATA_FILES_POINTER_AT);
    const support = this.#pointer(SUPPORT_FILES_POINTER_AT);
    return {
      partNumber: this.#text(this.#required(PART_NUMBER_POINTER_AT, "the part number"))[0],
      hardware: this.#hardware(this.#required(HARDWARE_POINTER_AT, "the hardware")),
      files: [
        ...(data === 0 ? [] : this.#files(data, (at) => this.#dataLength(at, isLong))),
        ...(support === 0 ? [] : this.#files(support, (at) => this.#supportLength(at))),
      ],
    };
  }

  #hardware(at: number): string[] {
    const count = this.#u16(at);
    const names: string[] = [];
    let next = at + 2;
    for (let index = 0; index < count; index++) {
      const [name, end] = this.#text(next);
      names.push(name);
      next = end;
    }
    return names;
  }

  /** @param length reads it where it stands: behind the names */
  #files(at: number, length: (at: number) => Omit<ListedFile, "name">): ListedFile[] {
    const count = this.#u16(at);
    const files: ListedFile[] = [];
    let entry = at + 2;
    for (let index = 0; index < count; index++) {
      const [name, partNumberAt] = this.#text(entry + 2);
      files.push({ name, ...length(this.#text(partNumberAt)[1]) });
      // words from this entry to the next; 0 in the last one alone
      const words = this.#u16(entry);
      if ((words === 0) !== (index === count - 1))
        this.#fail(
          entry,
          `pointer ${words} in entry ${index + 1} of ${count}`,
          "0 in the last one",
        );
      entry += 2 * words;
    }
    return files;
  }

  /** In words; the later supplement has bytes, too, behind the checksum. */
  #dataLength(at: number, isLong: boolean): Omit<ListedFile, "name"> {
    const words = this.#u32(at);
    if (!isLong) return { lengthMin: Math.max(0, 2 * words - 1), lengthMax: 2 * words };
    this.#need(at + 6, 8);
    const length = Number(this.#view.getBigUint64(at + 6));
    if (Math.ceil(length / 2) !== words)
      this.#fail(at, `${words} words and ${length} bytes`, "the same length in both");
    return { lengthMin: length, lengthMax: length };
  }

  #supportLength(at: number): Omit<ListedFile, "name"> {
    const length = this.#u32(at);
    return { lengthMin: length, lengthMax: length };
  }

  /** Length in characters, characters, and a NUL that makes them even; gives where it ends. */
  #text(at: number): [text: string, end: number] {
    const length = this.#u16(at);
    this.#need(at + 2, length + (length % 2));
    const text = Buffer.from(this.bytes.subarray(at + 2, at + 2 + length)).toString("latin1");
    if (/[^ -~]/.test(text)) this.#fail(at, JSON.stringify(text), "printable ASCII characters");
    return [text, at + 2 + length + (length % 2)];
  }

  #pointer(at: number): number {
    return 2 * this.#u32(at);
  }

  #required(at: number, what: string): number {
    const pointer = this.#pointer(at);
    return pointer === 0 ? this.#fail(at, "pointer 0", `where ${what} stands`) : pointer;
  }

  #u16(at: number): number {
    this.#need(at, 2);
    return this.#view.getUint16(at);
  }

  #u32(at: number): number {
    this.#need(at, 4);
    return this.#view.getUint32(at);
  }

  #need(at: number, length: number): void {
    if (at + length > this.bytes.length)
      this.#fail(at, `the end at byte ${this.bytes.length}`, `${length} more bytes`);
  }

  #fail(at: number, found: string, expected: string): never {
    throw new ProtocolFileError(`${this.name}, byte ${at}: found ${found}, expected ${expected}`);
  }
}

/**
 * Elements of the protocol files of a data load: big-endian integers and short texts. Follows the
 * layouts as published in open-source implementations of data loaders. Every file begins with its
 * length in bytes (u32) and the version of the protocol (two characters).
 */
import type { OperationStatus } from "./operation-status.ts";

/** Length and version. */
const HEAD_BYTES = 6;
/** The length of a text is one byte, and includes the NUL at its end. */
const TEXT_CHARACTERS_MAX = 254;
const RATIO_CHARACTERS = 3;

/** Version that this target uses: supplements 3 and 4. */
export const PROTOCOL_VERSION = "A4";

/** An invalid protocol file; the message says where, what was found, and what is expected. */
export class ProtocolFileError extends Error {
  override readonly name = "ProtocolFileError";
}

/**
 * Texts for people may contain anything: characters that cannot be sent become question marks, and
 * long texts are cut.
 */
export function sendable(text: string): string {
  return text.replace(/[^ -~]/g, "?").slice(0, TEXT_CHARACTERS_MAX);
}

/** Begin of LUS and LNS, after the head of every file. */
export interface ProgressStatus extends OperationStatus {
  /** For all loads or files together. */
  readonly percent: number;
}

export class ProtocolFileWriter {
  readonly #bytes: number[] = [];

  u8(value: number): this {
    this.#bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    this.#bytes.push((value >> 8) & 0xff, value & 0xff);
    return this;
  }

  /**
   * An empty text is only a zero.
   * @throws ProtocolFileError on a text that cannot be sent as it is
   */
  text(value: string): this {
    if (value !== sendable(value))
      throw new ProtocolFileError(
        `found ${JSON.stringify(value)}, expected at most ${TEXT_CHARACTERS_MAX} printable ASCII characters`,
      );
    if (value === "") return this.u8(0);
    this.u8(value.length + 1);
    for (const character of Buffer.from(value, "latin1")) this.u8(character);
    return this.u8(0);
  }

  /** 0 to 100 per cent in three characters. */
  ratio(percent: number): this {
    const whole = Math.max(0, Math.min(100, Math.floor(percent)));
    for (const character of Buffer.from(String(whole).padStart(RATIO_CHARACTERS), "latin1"))
      this.u8(character);
    return this;
  }

  progress(status: ProgressStatus): this {
    return this.u16(status.status)
      .text(sendable(status.description))
      .u16(status.counter)
      .u16(status.exceptionTimerS)
      .u16(status.estimatedTimeS)
      .ratio(status.percent);
  }

  /** A u16 count, then each item. */
  list<Item>(items: readonly Item[], write: (item: Item) => void): this {
    if (items.length > 0xffff)
      throw new ProtocolFileError(`found ${items.length} items, expected at most 65,535`);
    this.u16(items.length);
    for (const item of items) write(item);
    return this;
  }

  raw(bytes: Uint8Array): this {
    for (const byte of bytes) this.u8(byte);
    return this;
  }

  /** The file with its head. */
  finish(version = PROTOCOL_VERSION): Uint8Array {
    const file = Buffer.alloc(HEAD_BYTES + this.#bytes.length);
    file.writeUInt32BE(file.length, 0);
    file.write(version, 4, 2, "latin1");
    file.set(this.#bytes, HEAD_BYTES);
    return file;
  }
}

/** Reads a file from its head to its end. Every method throws {@link ProtocolFileError}. */
export class ProtocolFileReader {
  /** Two characters. */
  readonly version: string;
  readonly #view: DataView;
  #at = 0;

  /** @param name for messages: `LUR` */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#need(HEAD_BYTES, "length and version");
    const length = this.#view.getUint32(0);
    if (length !== bytes.length)
      this.#fail(`length ${length} in a file of ${bytes.length} bytes`, "the length of the file");
    this.version = Buffer.from(bytes.subarray(4, HEAD_BYTES)).toString("latin1");
    this.#at = 4;
    if (!/^A\d$/.test(this.version))
      this.#fail(`version ${JSON.stringify(this.version)}`, 'a version such as "A4"');
    this.#at = HEAD_BYTES;
  }

  u8(what: string): number {
    this.#need(1, what);
    return this.#view.getUint8(this.#at++);
  }

  u16(what: string): number {
    this.#need(2, what);
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2);
  }

  i16(what: string): number {
    return (this.u16(what) << 16) >> 16;
  }

  text(what: string): string {
    const length = this.u8(what);
    if (length === 0) return "";
    this.#need(length, what);
    const bytes = this.bytes.subarray(this.#at, this.#at + length);
    const text = Buffer.from(bytes.subarray(0, -1)).toString("latin1");
    if (bytes[length - 1] !== 0 || /[^ -~]/.test(text))
      this.#fail(what, "printable ASCII characters with a NUL at their end");
    this.#at += length;
    return text;
  }

  ratio(what: string): number {
    this.#need(RATIO_CHARACTERS, what);
    const text = Buffer.from(this.bytes.subarray(this.#at, this.#at + RATIO_CHARACTERS)).toString(
      "latin1",
    );
    if (!/^(?: {2}\d| \d\d|100)$/.test(text))
      this.#fail(`${what} ${JSON.stringify(text)}`, "0 to 100 in three characters");
    this.#at += RATIO_CHARACTERS;
    return Number(text);
  }

  progress(): ProgressStatus {
    return {
      status: this.u16("status"),
      description: this.text("description"),
      counter: this.u16("counter"),
      exceptionTimerS: this.u16("exception timer"),
      estimatedTimeS: this.i16("estimated time"),
      percent: this.ratio("ratio"),
    };
  }

  list<Item>(what: string, read: () => Item): Item[] {
    const count = this.u16(`number of ${what}`);
    const items: Item[] = [];
    // each takes at least a byte, so that a wrong count ends at the end of the file
    for (let index = 0; index < count; index++) items.push(read());
    return items;
  }

  raw(length: number, what: string): Uint8Array {
    this.#need(length, what);
    this.#at += length;
    return Uint8Array.from(this.bytes.subarray(this.#at - length, this.#at));
  }

  /** Requires the end of the file. */
  end(): void {
    const rest = this.bytes.length - this.#at;
    if (rest > 0) this.#fail(`${rest} more bytes`, "the end of the file");
  }

  #need(length: number, what: string): void {
    const rest = this.bytes.length - this.#at;
    if (rest < length) this.#fail(`${rest} more bytes`, `${length} of ${what}`);
  }

  #fail(found: string, expected: string): never {
    throw new ProtocolFileError(
      `${this.name}, byte ${this.#at}: found ${found}, expected ${expected}`,
    );
  }
}

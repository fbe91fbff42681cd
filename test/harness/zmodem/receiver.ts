/**
 * A ZMODEM receiver for cases that `rz` does not cover: CRC-16, buffers, half-duplex lines. It
 * shares nothing with the sender: it follows the protocol's description (revision of 14 October
 * 1988), bit by bit where that is slow.
 */

export interface ReceiverAbilities {
  readonly crc32?: boolean;
  readonly fullDuplex?: boolean;
  readonly overlap?: boolean;
  /** 0: endless. */
  readonly bufferBytes?: number;
  readonly escapeControls?: boolean;
  readonly sevenBits?: boolean;
  /**
   * Before it takes a file: asks for its CRC-32 (ZCRC), and for an echo of a number (ZCHALLENGE).
   */
  readonly asksFor?: "checksum" | "echo";
  readonly refuses?: boolean;
}

const ZDLE = 0x18;
const RETRY_MS = 10_000;
const CONTROL = 0x60;

export function crc16Slowly(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000) !== 0 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}

export function crc32Slowly(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

export function hexHeaderText(type: number, fields: readonly number[]): Uint8Array {
  const crc = crc16Slowly([type, ...fields]);
  const digits = [type, ...fields, crc >> 8, crc & 255]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return new TextEncoder().encode(`**\x18B${digits}\r\n\x11`);
}

function positionFields(position: number): number[] {
  return [position & 255, (position >>> 8) & 255, (position >>> 16) & 255, position >>> 24];
}

export class Receiver {
  /** The file, once all of it is there. */
  file: Uint8Array | null = null;
  /** The file's description: name, then size, time, mode … */
  information = "";
  isOver = false;
  isCancelled = false;
  /**
   * The longest run of bytes that came without a wait, and control characters that came as they
   * are.
   */
  longestFrame = 0;
  bareControls = 0;
  checksum = -1;
  echo = -1;
  errors = 0;

  readonly #abilities: ReceiverAbilities;
  readonly #out: Uint8Array[] = [];
  #content: number[] = [];
  /** Unescaped bytes of what is being read. */
  #bytes: number[] = [];
  #state: "hunting" | "pad" | "zdle" | "hex" | "binary" | "data" | "crc" = "hunting";
  #wide = false;
  #isEscape = false;
  #cancels = 0;
  #end = 0;
  #dataOf: "file" | "offer" = "offer";
  #frameBytes = 0;
  #hasOffer = false;
  #saidMs = 0;
  #isDone = false;

  constructor(abilities: ReceiverAbilities = {}) {
    this.#abilities = {
      crc32: true,
      fullDuplex: true,
      overlap: true,
      bufferBytes: 0,
      ...abilities,
    };
    this.#sayReady();
  }

  take(): Uint8Array | null {
    return this.#out.shift() ?? null;
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    if (bytes.length > 0) this.#saidMs = nowMs;
    for (const byte of bytes) this.#read(byte);
  }

  tick(nowMs: number): void {
    if (this.isOver || nowMs - this.#saidMs < RETRY_MS) return;
    this.#saidMs = nowMs;
    this.#state = "hunting";
    if (this.#hasOffer && !this.#isDone) this.#say(9, positionFields(this.#content.length));
    else this.#sayReady();
  }

  #say(type: number, fields: number[]): void {
    this.#out.push(hexHeaderText(type, fields));
  }

  #sayReady(): void {
    const {
      crc32,
      fullDuplex,
      overlap,
      bufferBytes = 0,
      escapeControls,
      sevenBits,
    } = this.#abilities;
    let flags = 0;
    if (fullDuplex) flags |= 1;
    if (overlap) flags |= 2;
    if (crc32) flags |= 32;
    if (escapeControls) flags |= 64;
    if (sevenBits) flags |= 128;
    this.#say(1, [bufferBytes & 255, bufferBytes >> 8, 0, flags]);
  }

  #read(byte: number): void {
    this.#cancels = byte === ZDLE ? this.#cancels + 1 : 0;
    if (this.#cancels === 5) {
      this.isCancelled = true;
      this.isOver = true;
    }
    if (this.isOver) return;
    if (this.#state === "hunting") {
      if (byte === 0x2a) this.#state = "pad";
    } else if (this.#state === "pad") {
      if (byte !== 0x2a) this.#state = byte === ZDLE ? "zdle" : "hunting";
    } else if (this.#state === "zdle") {
      this.#bytes = [];
      this.#isEscape = false;
      this.#wide = byte === 0x43;
      this.#state = byte === 0x42 ? "hex" : byte === 0x41 || byte === 0x43 ? "binary" : "hunting";
    } else if (this.#state === "hex") this.#readHex(byte);
    else this.#readEscaped(byte);
  }

  #readHex(byte: number): void {
    this.#bytes.push(byte);
    if (this.#bytes.length < 14) return;
    this.#state = "hunting";
    const fields = this.#bytes
      .map((digit) => String.fromCharCode(digit))
      .join("")
      .match(/../g) as string[];
    const bytes = fields.map((field) => Number.parseInt(field, 16));
    if (crc16Slowly(bytes.slice(0, 5)) === bytes[5] * 256 + bytes[6])
      this.#onHeader(bytes[0], bytes.slice(1, 5));
  }

  #readEscaped(byte: number): void {
    // Flow control of the line, which the sender never means.
    if (byte === 0x11 || byte === 0x13 || byte === 0x91 || byte === 0x93) return;
    if (this.#isEscape) {
      this.#isEscape = false;
      if (byte >= 0x68 && byte <= 0x6b && this.#state === "data") {
        this.#end = byte;
        this.#state = "crc";
        this.#frameBytes += this.#bytes.length;
        this.#crc = [];
      } else if ((byte & CONTROL) === 0x40) this.#onByte(byte ^ 0x40);
      else this.#onBad();
    } else if (byte === ZDLE) this.#isEscape = true;
    else {
      if ((byte & CONTROL) === 0) this.bareControls++;
      this.#onByte(byte);
    }
  }

  #crc: number[] = [];

  #onByte(byte: number): void {
    if (this.#state === "crc") {
      this.#crc.push(byte);
      if (this.#crc.length === (this.#wide ? 4 : 2)) this.#onSubpacket();
      return;
    }
    this.#bytes.push(byte);
    if (this.#state === "data") {
      if (this.#bytes.length > 1024) this.#onBad();
    } else if (this.#bytes.length === (this.#wide ? 9 : 7)) {
      this.#state = "hunting";
      const bytes = this.#bytes;
      if (this.#isRight(bytes.slice(0, 5), bytes.slice(5)))
        this.#onHeader(bytes[0], bytes.slice(1, 5));
    }
  }

  #isRight(bytes: number[], crc: number[]): boolean {
    if (this.#wide)
      return (
        crc32Slowly(bytes) === (crc[0] | (crc[1] << 8) | (crc[2] << 16) | (crc[3] << 24)) >>> 0
      );
    return crc16Slowly(bytes) === crc[0] * 256 + crc[1];
  }

  #onBad(): void {
    this.errors++;
    this.#state = "hunting";
    if (this.#dataOf === "file") this.#say(9, positionFields(this.#content.length));
    else this.#say(6, [0, 0, 0, 0]);
  }

  #onHeader(type: number, fields: number[]): void {
    const position = (fields[0] | (fields[1] << 8) | (fields[2] << 16) | (fields[3] << 24)) >>> 0;
    if (type === 0) this.#sayReady();
    else if (type === 3) this.#onEcho(position);
    else if (type === 4) this.#begin("offer");
    else if (type === 10 && position === this.#content.length) this.#begin("file");
    else if (type === 10) this.#say(9, positionFields(this.#content.length));
    else if (type === 11 && position === this.#content.length && this.#hasOffer) {
      this.#isDone = true;
      this.file = Uint8Array.from(this.#content);
      this.#sayReady();
    } else if (type === 13) {
      this.checksum = position;
      this.#say(9, [0, 0, 0, 0]);
    } else if (type === 8) {
      this.#say(8, [0, 0, 0, 0]);
      this.isOver = true;
    }
  }

  #onEcho(number: number): void {
    this.echo = number;
    this.#say(9, [0, 0, 0, 0]);
  }

  #begin(dataOf: "file" | "offer"): void {
    this.#dataOf = dataOf;
    this.#state = "data";
    this.#bytes = [];
    this.#isEscape = false;
    this.#frameBytes = 0;
  }

  #onSubpacket(): void {
    this.#state = "data";
    const bytes = this.#bytes;
    this.#bytes = [];
    if (!this.#isRight([...bytes, this.#end], this.#crc)) {
      this.#onBad();
      return;
    }
    if (this.#end === 0x68 || this.#end === 0x6b) this.#state = "hunting";
    if (this.#dataOf === "offer") {
      this.information = new TextDecoder().decode(Uint8Array.from(bytes));
      this.#hasOffer = true;
      this.#content = [];
      if (this.#abilities.refuses) this.#say(5, [0, 0, 0, 0]);
      else if (this.#abilities.asksFor === "checksum") this.#say(13, [0, 0, 0, 0]);
      else if (this.#abilities.asksFor === "echo") this.#say(14, [0x78, 0x56, 0x34, 0x12]);
      else this.#say(9, [0, 0, 0, 0]);
      return;
    }
    for (const byte of bytes) this.#content.push(byte);
    this.longestFrame = Math.max(this.longestFrame, this.#frameBytes);
    if (this.#end === 0x6a || this.#end === 0x6b)
      this.#say(3, positionFields(this.#content.length));
    if (this.#end === 0x6b) this.#frameBytes = 0;
  }
}

/** Packets of TFTP (RFC 1350) and its options (RFC 2347, 2348, 2349). */

const OPCODE_READ = 1;
const OPCODE_WRITE = 2;
const OPCODE_DATA = 3;
const OPCODE_ACK = 4;
const OPCODE_ERROR = 5;
const OPCODE_OPTIONS = 6;

/** RFC 2347 allows 512; the checksums that a loader may add are longer. */
const REQUEST_BYTES_MAX = 1400;
const OPTIONS_MAX = 16;

// Error codes of RFC 1350 and RFC 2347.
export const TFTP_ERROR_OTHER = 0;
export const TFTP_ERROR_NOT_FOUND = 1;
export const TFTP_ERROR_ACCESS = 2;
export const TFTP_ERROR_FULL = 3;
export const TFTP_ERROR_ILLEGAL = 4;
export const TFTP_ERROR_UNKNOWN_TID = 5;
export const TFTP_ERROR_OPTIONS = 8;

/** By lower-case names. */
export type TftpOptions = ReadonlyMap<string, string>;

export interface TftpRequest {
  readonly kind: "read" | "write";
  readonly file: string;
  /** In lower case. */
  readonly mode: string;
  readonly options: TftpOptions;
}

export type TftpPacket =
  | TftpRequest
  | { readonly kind: "data"; readonly block: number; readonly content: Uint8Array }
  | { readonly kind: "ack"; readonly block: number }
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  | { readonly kind: "options"; readonly options: TftpOptions };

/** null when it is none. The content of a data packet is a view of `bytes`. */
export function decodeTftp(bytes: Uint8Array): TftpPacket | null {
  if (bytes.length < 4) return null;
  const opcode = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  const number = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  switch (opcode) {
    case OPCODE_READ:
    case OPCODE_WRITE:
      return decodeRequest(bytes, opcode === OPCODE_READ ? "read" : "write");
    case OPCODE_DATA:
      return { kind: "data", block: number, content: bytes.subarray(4) };
    case OPCODE_ACK:
      return { kind: "ack", block: number };
    case OPCODE_ERROR: {
      const [message = ""] = textsOf(bytes.subarray(4)) ?? [];
      return { kind: "error", code: number, message };
    }
    case OPCODE_OPTIONS: {
      const options = optionsOf(textsOf(bytes.subarray(2)));
      return options === null ? null : { kind: "options", options };
    }
    default:
      return null;
  }
}

function decodeRequest(bytes: Uint8Array, kind: "read" | "write"): TftpRequest | null {
  const [file, mode, ...rest] = textsOf(bytes.subarray(2)) ?? [];
  const options = optionsOf(rest);
  if (file === undefined || file === "" || mode === undefined || options === null) return null;
  return { kind, file, mode: mode.toLowerCase(), options };
}

/** Printable NUL-terminated texts; null when they are none. */
function textsOf(bytes: Uint8Array): string[] | null {
  if (bytes.length > REQUEST_BYTES_MAX || bytes[bytes.length - 1] !== 0) return null;
  const texts = Buffer.from(bytes.subarray(0, -1)).toString("latin1").split("\0");
  return texts.some((text) => /[^ -~]/.test(text)) ? null : texts;
}

/** Alternating names and values, each name once; null when they are not. */
function optionsOf(texts: readonly string[] | null): TftpOptions | null {
  if (texts === null || texts.length % 2 !== 0 || texts.length > 2 * OPTIONS_MAX) return null;
  const options = new Map<string, string>();
  for (let index = 0; index < texts.length; index += 2) {
    const name = (texts[index] ?? "").toLowerCase();
    if (options.has(name)) return null;
    options.set(name, texts[index + 1] ?? "");
  }
  return options;
}

export function encodeRequest(
  kind: "read" | "write",
  file: string,
  options: TftpOptions,
): Uint8Array {
  return withTexts(kind === "read" ? OPCODE_READ : OPCODE_WRITE, [file, "octet", ...flat(options)]);
}

export function encodeOptions(options: TftpOptions): Uint8Array {
  return withTexts(OPCODE_OPTIONS, flat(options));
}

export function encodeData(block: number, content: Uint8Array): Uint8Array {
  const packet = new Uint8Array(4 + content.length);
  packet[1] = OPCODE_DATA;
  packet[2] = block >> 8;
  packet[3] = block;
  packet.set(content, 4);
  return packet;
}

export function encodeAck(block: number): Uint8Array {
  return Uint8Array.of(0, OPCODE_ACK, block >> 8, block);
}

export function encodeError(code: number, message: string): Uint8Array {
  const text = Buffer.from(`${message.replace(/[^ -~]/g, "?")}\0`, "latin1");
  return Buffer.concat([Uint8Array.of(0, OPCODE_ERROR, code >> 8, code), text]);
}

const flat = (options: TftpOptions): string[] => [...options].flat();

function withTexts(opcode: number, texts: readonly string[]): Uint8Array {
  const body = Buffer.from(texts.map((text) => `${text}\0`).join(""), "latin1");
  return Buffer.concat([Uint8Array.of(0, opcode), body]);
}

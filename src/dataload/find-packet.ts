/**
 * FIND: a loader broadcasts a request, and each target answers for itself. A packet is a u16
 * opcode, NUL-terminated texts, and a final byte.
 */
import { sendable } from "./protocol-file.ts";
import type { TargetIdentity } from "./target-identity.ts";

const FIND_REQUEST = 1;
const FIND_ANSWER = 2;
const FIND_END = 0x10;
/** A request with a single empty text, and some more that a loader may add. */
const REQUEST_BYTES_MAX = 512;

/** Longest text of each field of an answer, in order. */
const FIELDS = [
  ["hardware", 15],
  ["type", 8],
  ["position", 8],
  ["literal", 20],
  ["manufacturer", 3],
] as const;

export interface FoundTarget extends TargetIdentity {
  readonly type: string;
  /** Name for people. */
  readonly literal: string;
}

export function encodeFindRequest(): Uint8Array {
  return Uint8Array.of(0, FIND_REQUEST, 0, FIND_END);
}

export function isFindRequest(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 4 &&
    bytes.length <= REQUEST_BYTES_MAX &&
    bytes[0] === 0 &&
    bytes[1] === FIND_REQUEST &&
    bytes[bytes.length - 2] === 0 &&
    bytes[bytes.length - 1] === FIND_END
  );
}

/** Long texts are cut. */
export function encodeFindAnswer(target: FoundTarget): Uint8Array {
  const texts = FIELDS.map(([name, max]) => `${sendable(target[name]).slice(0, max)}\0`);
  return Buffer.concat([
    Uint8Array.of(0, FIND_ANSWER),
    Buffer.from(texts.join(""), "latin1"),
    Uint8Array.of(FIND_END),
  ]);
}

/** null when it is none. */
export function decodeFindAnswer(bytes: Uint8Array): FoundTarget | null {
  if (bytes[0] !== 0 || bytes[1] !== FIND_ANSWER || bytes[bytes.length - 1] !== FIND_END)
    return null;
  const texts = Buffer.from(bytes.subarray(2, -1)).toString("latin1").split("\0");
  if (texts.length !== FIELDS.length + 1 || texts[FIELDS.length] !== "") return null;
  const [hardware = "", type = "", position = "", literal = "", manufacturer = ""] = texts;
  const isShort = FIELDS.every(([, max], index) => (texts[index] ?? "").length <= max);
  return isShort ? { hardware, type, position, literal, manufacturer } : null;
}

/**
 * The keys as of the start of the server. The supervisor keeps them for every engine: if the files
 * change in flight, a replaced engine does not become a stranger to the others.
 */
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";

export interface StartKeys {
  readonly key: Uint8Array | null;
  readonly acceptKey: Uint8Array | null;
}

/**
 * Variable that gives `manage` the marks of the files: only its own user can read a process's
 * environment, but everybody its arguments.
 */
export const KEY_MARKS_VARIABLE = "WINGMAN_KEY_MARKS";

const LENGTH_BYTES = 2;
const NO_KEY = 0xffff;

/** For the transfer to an engine: for each key its length, or a mark for none, and its bytes. */
export function encodeKeys({ key, acceptKey }: StartKeys): Uint8Array {
  const parts = [key, acceptKey].map((one) => {
    const part = new Uint8Array(LENGTH_BYTES + (one?.length ?? 0));
    new DataView(part.buffer).setUint16(0, one?.length ?? NO_KEY);
    part.set(one ?? [], LENGTH_BYTES);
    return part;
  });
  return Buffer.concat(parts);
}

/** @throws RangeError when the bytes are cut short */
export function decodeKeys(bytes: Uint8Array): StartKeys {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const next = (): Uint8Array | null => {
    const length = view.getUint16(at);
    at += LENGTH_BYTES;
    if (length === NO_KEY) return null;
    if (at + length > bytes.length) throw new RangeError("keys are cut short");
    at += length;
    return bytes.slice(at - length, at);
  };
  return { key: next(), acceptKey: next() };
}

/**
 * A key file's former state, without the key: enough to recognise it unchanged. Whoever has `salt`
 * and `digest` can test a guess, and no more.
 */
export interface KeyFileMark {
  readonly path: string;
  /** Equal for an unchanged file; see {@link fileIdentity}. */
  readonly identity: string;
  readonly salt: string;
  readonly digest: string;
}

export function keyFileMark(path: string, status: Stats, key: Uint8Array): KeyFileMark {
  const salt = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  return { path, identity: fileIdentity(status), salt, digest: keyDigest(key, salt) };
}

export function fileIdentity({ dev, ino, mode, uid, gid, size, mtimeMs }: Stats): string {
  return [dev, ino, mode, uid, gid, size, mtimeMs].join(" ");
}

export function keyDigest(key: Uint8Array, salt: string): string {
  return createHash("sha256").update(salt).update(key).digest("hex");
}

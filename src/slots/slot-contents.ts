/** The content of a slot: a part's files by their installed names, its manifest and signature. */
import { createHash, type KeyObject } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { PART_CHUNK_BYTES } from "../limits.ts";
import { MANIFEST_FILE, SIGNATURE_FILE } from "../part/file-name.ts";
import { type Manifest, parseManifest } from "../part/manifest.ts";
import { PartError } from "../part/part-error.ts";
import { chunksOf, readIndexFile } from "../part/part-file.ts";
import { isSignedByOne } from "../part/signature.ts";
import type { VerifiedPart } from "../part/verify.ts";
import { syncDirectory } from "./durable.ts";

/** Name of the flight executable in a slot. */
export const SLOT_EXECUTABLE = "wingman";
export const SLOT_CONFIGURATION = "aircraft.json";

/**
 * Copies the files of a verified part from its medium and verifies the copies: a medium can change.
 * @param onCopied called with the number of further bytes copied
 * @throws PartError
 */
export function copyPart(
  part: VerifiedPart,
  medium: string,
  slot: string,
  onCopied: (bytes: number) => void = () => {},
): void {
  for (const { name, path, installName, bytes, mode, sha256 } of part.files) {
    const target = join(slot, installName);
    const found = copyFile(path, target, bytes, onCopied);
    if (found !== sha256) throw new PartError(name, "SHA-256 while it was copied", found, sha256);
    chmodSync(target, mode);
  }
  for (const name of [MANIFEST_FILE, SIGNATURE_FILE])
    copyFile(join(medium, name), join(slot, name), statSync(join(medium, name)).size, () => {});
  syncDirectory(slot);
}

/** Copies the first `bytes` of a file. @returns their SHA-256 in hexadecimal */
function copyFile(
  from: string,
  to: string,
  bytes: number,
  onCopied: (bytes: number) => void,
): string {
  const source = openSync(from, "r");
  try {
    const target = openSync(to, "wx", 0o644);
    try {
      const hash = createHash("sha256");
      const chunk = Buffer.alloc(Math.min(PART_CHUNK_BYTES, Math.max(1, bytes)));
      for (let left = bytes; left > 0; ) {
        const read = readSync(source, chunk, 0, Math.min(chunk.length, left), null);
        if (read === 0) break;
        hash.update(chunk.subarray(0, read));
        for (let at = 0; at < read; ) at += writeSync(target, chunk, at, read - at);
        left -= read;
        onCopied(read);
      }
      fsyncSync(target);
      return hash.digest("hex");
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** The manifest of an installed part; null when the slot is empty. @throws PartError */
export function slotManifest(slot: string): Manifest | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(join(slot, MANIFEST_FILE));
  } catch {
    return null;
  }
  return parseManifest(bytes);
}

/**
 * Reads every file of an installed part.
 * @throws PartError that names the first one that differs from the signed manifest
 */
export function verifySlot(slot: string, keys: readonly KeyObject[]): Manifest {
  const manifest = slotManifest(slot);
  if (manifest === null) throw new PartError(slot, "manifest", "nothing", MANIFEST_FILE);
  const signature = readIndexFile(slot, SIGNATURE_FILE);
  if (!isSignedByOne(readIndexFile(slot, MANIFEST_FILE), signature, keys))
    throw new PartError(SIGNATURE_FILE, "signature", "one of another key", "one of a trusted key");
  for (const { installName, bytes, sha256 } of manifest.files) {
    const hash = createHash("sha256");
    let length = 0;
    for (const chunk of chunksOf(slot, installName)) {
      hash.update(chunk);
      length += chunk.length;
    }
    if (length !== bytes) throw new PartError(installName, "size", `${length} bytes`, `${bytes}`);
    const found = hash.digest("hex");
    if (found !== sha256) throw new PartError(installName, "SHA-256", found, sha256);
  }
  return manifest;
}

/**
 * Checks that a part is complete and made by a trusted signer. Nothing is installed from a
 * directory that has not passed.
 */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { quoted } from "../config/problem.ts";
import { MANIFEST_FILE, SIGNATURE_FILE } from "./file-name.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import type { MeasuredFile } from "./measured-file.ts";
import { type MediaSet, readLoad, readMediaSet } from "./media-set.ts";
import { hexText, PartError } from "./part-error.ts";
import { readIndexFile } from "./part-file.ts";
import { isSignedByOne, SIGNATURE_BYTES } from "./signature.ts";

export { PartError } from "./part-error.ts";

export interface VerifiedFile {
  /** On the medium. */
  name: string;
  /** Absolute, or relative like the name of the directory. */
  path: string;
  /** Name without a directory: all files are installed side by side. */
  installName: string;
  /** Permissions, such as 0o755. */
  mode: number;
  /** Size of the content from the start of the file; on the medium a pad byte may follow. */
  bytes: number;
  /** SHA-256 of the content in hexadecimal. */
  sha256: string;
}

/** The content of the signed manifest, all of it verified. */
export interface VerifiedPart {
  partNumber: string;
  system: string;
  hardware: string[];
  target: Manifest["target"];
  /** Release of the executable, and the oldest one that may install the part. */
  version: string;
  minimumVersion: string;
  /** Version of the keep-alives. */
  protocol: number;
  build: string;
  tableDigest: string;
  layout: MediaSet["header"]["layout"];
  files: VerifiedFile[];
}

/**
 * Checks lists, header, checksums, sizes, signature and every hash. Reads each file once,
 * completely. Whoever copies a file afterwards compares its SHA-256 again, because a medium can
 * change.
 *
 * @param publicKeys Ed25519; one of them must have signed the part
 * @throws PartError that names the file and its problem
 */
export function verifyPart(directory: string, publicKeys: readonly KeyObject[]): VerifiedPart {
  return verified(directory, readMediaSet(directory), publicKeys);
}

/**
 * The same for a load as a data loader delivers it, without the lists of a medium.
 * @param onRead called with the number of further bytes read from its files
 */
export function verifyLoad(
  directory: string,
  publicKeys: readonly KeyObject[],
  onRead: (bytes: number) => void = () => {},
): VerifiedPart {
  return verified(directory, readLoad(directory, onRead), publicKeys);
}

function verified(
  directory: string,
  set: MediaSet,
  publicKeys: readonly KeyObject[],
): VerifiedPart {
  const manifest = signedManifest(directory, set, publicKeys);
  const { header, headerFile } = set;
  requireSame("partNumber", manifest.partNumber, header.partNumber, headerFile);
  requireSame("hardware", manifest.hardware.join(" "), header.hardware.join(" "), headerFile);
  const files = manifest.files.map((file) => {
    const measured = set.files.get(file.name);
    if (measured === undefined)
      throw new PartError(file.name, "file", `nothing in ${headerFile}`, "a data file of the load");
    judgeContent(file, measured, header.layout);
    const { name, installName, mode, bytes, sha256 } = file;
    const path = join(directory, name);
    return { name, path, installName, mode: Number.parseInt(mode, 8), bytes, sha256 };
  });
  const named = new Set([MANIFEST_FILE, SIGNATURE_FILE, ...files.map(({ name }) => name)]);
  const foreign = [...set.files.keys()].find((name) => !named.has(name));
  if (foreign !== undefined)
    throw new PartError(
      foreign,
      "name",
      `a file that ${MANIFEST_FILE} does not name`,
      "no such file",
    );
  const { format: _, files: __, ...about } = manifest;
  return { ...about, layout: header.layout, files };
}

function signedManifest(
  directory: string,
  { files, headerFile }: MediaSet,
  publicKeys: readonly KeyObject[],
): Manifest {
  for (const name of [MANIFEST_FILE, SIGNATURE_FILE]) {
    if (!files.has(name))
      throw new PartError(name, "file", `nothing in ${headerFile}`, "a data file of the load");
  }
  const manifest = readIndexFile(directory, MANIFEST_FILE);
  const signature = readIndexFile(directory, SIGNATURE_FILE);
  if (signature.length !== SIGNATURE_BYTES)
    throw new PartError(SIGNATURE_FILE, "size", `${signature.length} bytes`, `${SIGNATURE_BYTES}`);
  if (!isSignedByOne(manifest, signature, publicKeys)) {
    const count = publicKeys.length;
    const keys = count === 1 ? "the trusted key" : `one of the ${count} trusted keys`;
    const found = `one of another key, or of another ${MANIFEST_FILE}`;
    throw new PartError(
      SIGNATURE_FILE,
      "signature",
      found,
      `one of this ${MANIFEST_FILE} by ${keys}`,
    );
  }
  return parseManifest(manifest);
}

/** The 665-2 layout appends a zero byte to a file of odd size. */
function judgeContent(
  { name, bytes, sha256 }: Manifest["files"][number],
  measured: MeasuredFile,
  layout: string,
): void {
  const pads = layout === "665-2" && bytes % 2 === 1 ? 1 : 0;
  if (measured.bytes !== bytes + pads)
    throw new PartError(
      name,
      "size",
      `${measured.bytes} bytes`,
      `${bytes + pads}, as ${MANIFEST_FILE} says`,
    );
  if (pads === 1 && measured.lastByte !== 0)
    throw new PartError(name, "pad byte", hexText(measured.lastByte, 2), "0x00");
  const content = pads === 1 ? measured.sha256ButLast : measured.sha256;
  const found = Buffer.from(content).toString("hex");
  if (found !== sha256)
    throw new PartError(name, "SHA-256", found, `${sha256}, as ${MANIFEST_FILE} says`);
}

function requireSame(field: string, found: string, expected: string, file: string): void {
  if (found !== expected)
    throw new PartError(
      MANIFEST_FILE,
      field,
      quoted(found),
      `${quoted(expected)}, as ${file} says`,
    );
}

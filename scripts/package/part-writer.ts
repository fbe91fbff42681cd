/** A loadable part on one medium: files, the manifest that names them, its signature. */
import { createHash, type KeyObject } from "node:crypto";
import { MANIFEST_FILE, SIGNATURE_FILE } from "../../src/part/file-name.ts";
import type { Layout } from "../../src/part/layout.ts";
import { MANIFEST_FORMAT, type Manifest, manifestText } from "../../src/part/manifest.ts";
import { type Medium, mediumOf } from "./media-set-writer.ts";
import { signManifest } from "./signing.ts";

export interface PartFile {
  installName: string;
  /** Permissions, such as 0o755. */
  mode: number;
  content: Uint8Array;
}

/** Description of the part as a whole in the manifest. */
export type PartAbout = Omit<Manifest, "format" | "files">;

/** Equal files, key and layout give equal bytes. */
export function partOf(
  about: PartAbout,
  files: readonly PartFile[],
  key: KeyObject,
  layout: Layout,
): Medium {
  const { partNumber, hardware } = about;
  const manifest = Buffer.from(manifestText(manifestOf(about, files)));
  const dataFiles = new Map<string, Uint8Array>([
    [MANIFEST_FILE, manifest],
    [SIGNATURE_FILE, signManifest(manifest, key)],
    ...files.map(({ installName, content }) => [mediumName(installName), content] as const),
  ]);
  return mediumOf({ partNumber, hardware, dataFiles }, layout);
}

export function manifestOf(about: PartAbout, files: readonly PartFile[]): Manifest {
  const entries = files.map(({ installName, mode, content }) => ({
    ...{ name: mediumName(installName), installName },
    mode: mode.toString(8).padStart(4, "0"),
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  }));
  const { partNumber, system, target, hardware, ...rest } = about;
  return { format: MANIFEST_FORMAT, partNumber, system, target, hardware, ...rest, files: entries };
}

/** Media and their readers often have no lower case. */
export function mediumName(installName: string): string {
  return installName.toUpperCase();
}

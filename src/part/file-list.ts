/**
 * `FILES.LUM`: every other file of a medium with its checksum. Follows the file layouts as
 * published in open-source implementations.
 */
import { createHash } from "node:crypto";
import { type CheckValue, requireSha256 } from "./check-value.ts";
import { FILES_LIST } from "./file-name.ts";
import { type Layout, LIST_VERSIONS } from "./layout.ts";
import { type MediaSetInfo, readMediaSetInfo } from "./media-set-info.ts";
import { hexText } from "./part-error.ts";
import { WordFile, type WordFileFormat } from "./word-file.ts";

const CRC_BYTES = 2;
const POINTERS = ["media set", "files", "user-defined data"] as const;

export const FILE_LIST_FORMAT: WordFileFormat = {
  versions: LIST_VERSIONS,
  pointers: { "665-2": POINTERS, "665-3": [...POINTERS, "check value"] },
  trailerBytes: CRC_BYTES,
};

export interface ListedFile {
  name: string;
  /** `\` for the root, `\FOLDER\` below it. */
  path: string;
  /** Number of its medium. */
  member: number;
  crc16: number;
  /** null when there is none, as always in the 665-2 layout. */
  checkValue: CheckValue | null;
}

export interface FileList extends MediaSetInfo {
  layout: Layout;
  files: ListedFile[];
}

/** @throws PartError */
export function readFileList(bytes: Uint8Array): FileList {
  const image = new WordFile(bytes, FILES_LIST, FILE_LIST_FORMAT);
  const { layout, spare } = image;
  if (spare !== 0) throw image.error("spare", hexText(spare, 4), "0");
  const info = image.required("media set", readMediaSetInfo);
  const files = image.required("files", (cursor) =>
    cursor.list("file", (place) => ({
      name: cursor.text(`${place}: name`),
      path: cursor.text(`${place}: path`),
      member: cursor.u16(`${place}: medium`),
      crc16: cursor.u16(`${place}: CRC-16`),
      checkValue: layout === "665-2" ? null : cursor.checkValue(`${place}: check value`),
    })),
  );
  if (layout === "665-3") {
    const before = bytes.subarray(0, image.start("check value"));
    const found = image.required("check value", (cursor) => cursor.checkValue("check value"));
    const digest = createHash("sha256").update(before).digest();
    requireSha256(found, digest, FILES_LIST, "check value of the file");
  }
  return { layout, ...info, files };
}

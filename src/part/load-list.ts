/**
 * `LOADS.LUM`: the loads of a media set, each with its header file and hardware. Follows the file
 * layouts as published in open-source implementations; both have the same fields.
 */
import { LOADS_LIST } from "./file-name.ts";
import { type Layout, LIST_VERSIONS } from "./layout.ts";
import { type MediaSetInfo, readMediaSetInfo } from "./media-set-info.ts";
import { hexText } from "./part-error.ts";
import { WordFile, type WordFileFormat } from "./word-file.ts";

const CRC_BYTES = 2;
const POINTERS = ["media set", "loads", "user-defined data"] as const;

export const LOAD_LIST_FORMAT: WordFileFormat = {
  versions: LIST_VERSIONS,
  pointers: { "665-2": POINTERS, "665-3": POINTERS },
  trailerBytes: CRC_BYTES,
};

export interface ListedLoad {
  partNumber: string;
  headerFile: string;
  /** Number of the medium with the header file. */
  member: number;
  hardware: string[];
}

export interface LoadList extends MediaSetInfo {
  layout: Layout;
  loads: ListedLoad[];
}

/** @throws PartError */
export function readLoadList(bytes: Uint8Array): LoadList {
  const image = new WordFile(bytes, LOADS_LIST, LOAD_LIST_FORMAT);
  const { layout, spare } = image;
  if (spare !== 0) throw image.error("spare", hexText(spare, 4), "0");
  const info = image.required("media set", readMediaSetInfo);
  const loads = image.required("loads", (cursor) =>
    cursor.list("load", (place) => ({
      partNumber: cursor.text(`${place}: part number`),
      headerFile: cursor.text(`${place}: header file`),
      member: cursor.u16(`${place}: medium`),
      hardware: cursor.texts(`${place}: hardware id`),
    })),
  );
  return { layout, ...info, loads };
}

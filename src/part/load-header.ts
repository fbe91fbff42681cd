/**
 * The load header file, `<part number>.LUH`: identity and hardware of a load, and its files with
 * sizes and checksums. Follows the file layouts as published in open-source implementations.
 */
import type { CheckValue } from "./check-value.ts";
import { Cursor, WORD_BYTES } from "./cursor.ts";
import { type Layout, LOAD_HEADER_VERSIONS } from "./layout.ts";
import { hexText } from "./part-error.ts";
import { WordFile, type WordFileFormat } from "./word-file.ts";

/** CRC-16 of the header, CRC-32 of the load. */
const TRAILER_BYTES = 6;
const LOAD_CRC_BYTES = 4;

const POINTERS_2 = [
  "part number",
  "hardware ids",
  "data files",
  "support files",
  "user-defined data",
] as const;
const POINTERS_3 = [...POINTERS_2, "load type", "hardware positions", "load check value"] as const;

export const LOAD_HEADER_FORMAT: WordFileFormat = {
  versions: LOAD_HEADER_VERSIONS,
  pointers: { "665-2": POINTERS_2, "665-3": POINTERS_3 },
  trailerBytes: TRAILER_BYTES,
};

/** A file of the load. */
export interface LoadFile {
  name: string;
  partNumber: string;
  /** 16-bit words, rounded up; null for a support file, which only has its bytes. */
  words: number | null;
  /** Size; null for a data file in the 665-2 layout, which only has its words. */
  bytes: number | null;
  crc16: number;
  /** null when there is none, as always in the 665-2 layout. */
  checkValue: CheckValue | null;
}

export interface LoadHeader {
  layout: Layout;
  /** The target sends this load instead of receiving it. 665-3. */
  isDownload: boolean;
  partNumber: string;
  /** 665-3; null when not given. */
  loadType: { description: string; id: number } | null;
  /** Ids of the hardware that the load is for. */
  hardware: string[];
  /** Ids of hardware with positions that the load is for. 665-3. */
  hardwarePositions: { id: string; positions: string[] }[];
  dataFiles: LoadFile[];
  supportFiles: LoadFile[];
  /** Even size; null when there is none. */
  userData: Uint8Array | null;
}

/** A header as read, with the values that the whole load must match. */
export interface ReadLoadHeader extends LoadHeader {
  /**
   * CRC-32 over this file without its last 4 bytes, then data files and support files as listed.
   */
  loadCrc: number;
  /** Over the bytes of this file before it, then the same files; null when there is none. */
  loadCheckValue: CheckValue | null;
  /** Bytes of this file that the CRC and the check value cover. */
  loadCrcCovers: Uint8Array;
  loadCheckValueCovers: Uint8Array;
}

/**
 * Reads a load header file. Checking the load itself needs its files.
 *
 * @param file names it in errors
 * @throws PartError
 */
export function readLoadHeader(bytes: Uint8Array, file: string): ReadLoadHeader {
  const image = new WordFile(bytes, file, LOAD_HEADER_FORMAT);
  const { layout, spare, bodyEnd } = image;
  const isNew = layout === "665-3";
  if (isNew ? spare > 1 : spare !== 0)
    throw image.error(isNew ? "part flags" : "spare", hexText(spare, 4), isNew ? "0 or 1" : "0");
  const checkValueAt = image.start("load check value");
  return {
    layout,
    isDownload: spare === 1,
    partNumber: image.required("part number", (cursor) => cursor.text("part number")),
    loadType: image.section("load type", readLoadType),
    hardware: image.required("hardware ids", (cursor) => cursor.texts("hardware id")),
    hardwarePositions: image.section("hardware positions", readPositions) ?? [],
    dataFiles: image.required("data files", (cursor) =>
      cursor.list("data file", (place) => readDataFile(cursor, place, layout)),
    ),
    supportFiles:
      image.section("support files", (cursor) =>
        cursor.list("support file", (place) => readSupportFile(cursor, place, layout)),
      ) ?? [],
    userData: image.section("user-defined data", (cursor) => {
      const end = checkValueAt > cursor.at ? checkValueAt : bodyEnd;
      return cursor.raw(end - cursor.at, "user-defined data");
    }),
    loadCheckValue: image.section("load check value", (cursor) =>
      cursor.checkValue("load check value"),
    ),
    loadCrc: new Cursor(bytes, file, bytes.length - LOAD_CRC_BYTES, bytes.length).u32("load CRC"),
    loadCrcCovers: bytes.subarray(0, bytes.length - LOAD_CRC_BYTES),
    loadCheckValueCovers: bytes.subarray(0, checkValueAt),
  };
}

function readLoadType(cursor: Cursor): LoadHeader["loadType"] {
  return { description: cursor.text("load type"), id: cursor.u16("load type: id") };
}

function readPositions(cursor: Cursor): LoadHeader["hardwarePositions"] {
  const count = cursor.u16("hardware positions: count");
  return Array.from({ length: count }, (_, index) => {
    const place = `hardware with positions ${index + 1} of ${count}`;
    return { id: cursor.text(place), positions: cursor.texts(`${place}: position`) };
  });
}

function readDataFile(cursor: Cursor, place: string, layout: Layout): LoadFile {
  const name = cursor.text(`${place}: name`);
  const partNumber = cursor.text(`${place}: part number`);
  const words = cursor.u32(`${place}: words`);
  const crc16 = cursor.u16(`${place}: CRC-16`);
  if (layout === "665-2") return { name, partNumber, words, bytes: null, crc16, checkValue: null };
  const bytes = cursor.u64(`${place}: bytes`);
  if (words !== Math.ceil(bytes / WORD_BYTES))
    throw cursor.error(
      `${place}: words`,
      `${words}`,
      `${Math.ceil(bytes / WORD_BYTES)} for ${bytes} bytes`,
    );
  return {
    ...{ name, partNumber, words, bytes, crc16 },
    checkValue: cursor.checkValue(`${place}: check value`),
  };
}

function readSupportFile(cursor: Cursor, place: string, layout: Layout): LoadFile {
  return {
    name: cursor.text(`${place}: name`),
    partNumber: cursor.text(`${place}: part number`),
    words: null,
    bytes: cursor.u32(`${place}: bytes`),
    crc16: cursor.u16(`${place}: CRC-16`),
    checkValue: layout === "665-2" ? null : cursor.checkValue(`${place}: check value`),
  };
}

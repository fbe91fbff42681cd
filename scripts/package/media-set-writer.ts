/** A load as the files of one medium: its lists and its header, made for given data files. */
import { createHash } from "node:crypto";
import { type CheckValue, sha256CheckValue } from "../../src/part/check-value.ts";
import { crc16 } from "../../src/part/crc.ts";
import type { ListedFile } from "../../src/part/file-list.ts";
import {
  FILES_LIST,
  fileNameObjection,
  headerFileName,
  LOADS_LIST,
} from "../../src/part/file-name.ts";
import type { Layout } from "../../src/part/layout.ts";
import type { LoadFile } from "../../src/part/load-header.ts";
import { writeFileList, writeLoadList } from "./list-writers.ts";
import { writeLoadHeader } from "./load-header-writer.ts";

const ROOT_PATH = "\\";
const MEDIUM = 1;

/** Content of a medium's files by name. */
export type Medium = Map<string, Uint8Array>;

export interface Load {
  partNumber: string;
  hardware: readonly string[];
  /** By their names on the medium, in the order of the header. */
  dataFiles: ReadonlyMap<string, Uint8Array>;
}

/**
 * In the 665-2 layout a data file of odd size gets a zero byte at its end.
 *
 * @throws RangeError when a name is invalid
 */
export function mediumOf({ partNumber, hardware, dataFiles }: Load, layout: Layout): Medium {
  const medium: Medium = new Map();
  for (const [name, content] of dataFiles) {
    const objection = fileNameObjection(name);
    if (objection !== null) throw new RangeError(`a data file has ${objection}`);
    medium.set(name, layout === "665-2" ? padded(content) : content);
  }
  const contents = [...medium.values()];
  const header = writeLoadHeader(
    {
      ...{ layout, isDownload: false, partNumber, loadType: null, hardware: [...hardware] },
      ...{ hardwarePositions: [], supportFiles: [], userData: null },
      dataFiles: [...medium].map(([name, content]) => loadFile(name, content, partNumber, layout)),
    },
    contents,
  );
  const headerFile = headerFileName(partNumber);
  medium.set(headerFile, header);
  const info = { layout, mediaSet: partNumber, sequence: MEDIUM, members: MEDIUM };
  const load = { partNumber, headerFile, member: MEDIUM, hardware: [...hardware] };
  medium.set(LOADS_LIST, writeLoadList({ ...info, loads: [load] }));
  const files = [LOADS_LIST, headerFile, ...dataFiles.keys()].map((name) =>
    listedFile(name, medium.get(name) as Uint8Array, layout),
  );
  medium.set(FILES_LIST, writeFileList({ ...info, files }));
  return medium;
}

function padded(content: Uint8Array): Uint8Array {
  return content.length % 2 === 0 ? content : Buffer.concat([content, Uint8Array.of(0)]);
}

function loadFile(name: string, content: Uint8Array, partNumber: string, layout: Layout): LoadFile {
  const { length: bytes } = content;
  return {
    ...{ name, partNumber, bytes, words: Math.ceil(bytes / 2) },
    ...sumsOf(content, layout),
  };
}

/** Entry of a file in FILES.LUM. */
export function listedFile(name: string, content: Uint8Array, layout: Layout): ListedFile {
  return { name, path: ROOT_PATH, member: MEDIUM, ...sumsOf(content, layout) };
}

function sumsOf(
  content: Uint8Array,
  layout: Layout,
): { crc16: number; checkValue: CheckValue | null } {
  const digest = () => createHash("sha256").update(content).digest();
  return {
    crc16: crc16(content),
    checkValue: layout === "665-2" ? null : sha256CheckValue(digest()),
  };
}

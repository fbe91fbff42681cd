/** Writes the two lists of a medium; file-list.ts and load-list.ts describe their layouts. */
import { createHash } from "node:crypto";
import { sha256CheckValue } from "../../src/part/check-value.ts";
import { FILE_LIST_FORMAT, type FileList } from "../../src/part/file-list.ts";
import { LOAD_LIST_FORMAT, type LoadList } from "../../src/part/load-list.ts";
import type { MediaSetInfo } from "../../src/part/media-set-info.ts";
import { WordWriter } from "./word-writer.ts";

const CRC_BYTES = 2;
const SHA_256_CHECK_VALUE_BYTES = 4 + 32;

export function writeFileList(list: FileList): Uint8Array<ArrayBuffer> {
  const { layout } = list;
  const isNew = layout === "665-3";
  const out = WordWriter.begin(FILE_LIST_FORMAT, layout);
  out.section(FILE_LIST_FORMAT, layout, "media set");
  writeMediaSetInfo(out, list);
  out.section(FILE_LIST_FORMAT, layout, "files");
  out.list(list.files, ({ name, path, member, crc16, checkValue }) => {
    out.text(name);
    out.text(path);
    out.u16(member);
    out.u16(crc16);
    if (isNew) out.checkValue(checkValue);
  });
  if (isNew) {
    out.section(FILE_LIST_FORMAT, layout, "check value");
    out.finishLength(SHA_256_CHECK_VALUE_BYTES + CRC_BYTES);
    out.checkValue(sha256CheckValue(createHash("sha256").update(out.bytes()).digest()));
  } else {
    out.finishLength(CRC_BYTES);
  }
  out.crc();
  return out.bytes();
}

export function writeLoadList(list: LoadList): Uint8Array<ArrayBuffer> {
  const out = WordWriter.begin(LOAD_LIST_FORMAT, list.layout);
  out.section(LOAD_LIST_FORMAT, list.layout, "media set");
  writeMediaSetInfo(out, list);
  out.section(LOAD_LIST_FORMAT, list.layout, "loads");
  out.list(list.loads, ({ partNumber, headerFile, member, hardware }) => {
    out.text(partNumber);
    out.text(headerFile);
    out.u16(member);
    out.texts(hardware);
  });
  out.finishLength(CRC_BYTES);
  out.crc();
  return out.bytes();
}

function writeMediaSetInfo(out: WordWriter, { mediaSet, sequence, members }: MediaSetInfo): void {
  out.text(mediaSet);
  out.u8(sequence);
  out.u8(members);
}

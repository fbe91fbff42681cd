/** Writes the load header file; load-header.ts describes its layout. */
import { createHash } from "node:crypto";
import { sha256CheckValue } from "../../src/part/check-value.ts";
import { crc32 } from "../../src/part/crc.ts";
import { LOAD_HEADER_FORMAT, type LoadHeader } from "../../src/part/load-header.ts";
import { WordWriter } from "./word-writer.ts";

/** CRC-16 of the header, CRC-32 of the load. */
const TRAILER_BYTES = 6;
const SHA_256_CHECK_VALUE_BYTES = 4 + 32;

/**
 * @param contents of the data files and then the support files, as on the medium, in the order of
 * `header`
 */
export function writeLoadHeader(
  header: LoadHeader,
  contents: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const { layout } = header;
  const isNew = layout === "665-3";
  const out = WordWriter.begin(LOAD_HEADER_FORMAT, layout, isNew && header.isDownload ? 1 : 0);
  const section = (name: string): void => out.section(LOAD_HEADER_FORMAT, layout, name);

  section("part number");
  out.text(header.partNumber);
  if (isNew && header.loadType !== null) {
    section("load type");
    out.text(header.loadType.description);
    out.u16(header.loadType.id);
  }
  section("hardware ids");
  out.texts(header.hardware);
  if (isNew && header.hardwarePositions.length > 0) {
    section("hardware positions");
    out.u16(header.hardwarePositions.length);
    for (const { id, positions } of header.hardwarePositions) {
      out.text(id);
      out.texts(positions);
    }
  }
  section("data files");
  out.list(header.dataFiles, ({ name, partNumber, words, bytes, crc16, checkValue }) => {
    out.text(name);
    out.text(partNumber);
    out.u32(words ?? 0);
    out.u16(crc16);
    if (!isNew) return;
    out.u64(bytes ?? 0);
    out.checkValue(checkValue);
  });
  if (header.supportFiles.length > 0) {
    section("support files");
    out.list(header.supportFiles, ({ name, partNumber, bytes, crc16, checkValue }) => {
      out.text(name);
      out.text(partNumber);
      out.u32(bytes ?? 0);
      out.u16(crc16);
      if (isNew) out.checkValue(checkValue);
    });
  }
  if (header.userData !== null) {
    section("user-defined data");
    out.raw(header.userData);
  }
  if (isNew) {
    section("load check value");
    out.finishLength(SHA_256_CHECK_VALUE_BYTES + TRAILER_BYTES);
    const hash = createHash("sha256").update(out.bytes());
    for (const content of contents) hash.update(content);
    out.checkValue(sha256CheckValue(hash.digest()));
  } else {
    out.finishLength(TRAILER_BYTES);
  }
  out.crc();
  out.u32(contents.reduce((crc, content) => crc32(content, crc), crc32(out.bytes())));
  return out.bytes();
}

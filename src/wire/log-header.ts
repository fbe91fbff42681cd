/**
 * The header of the maintenance log's file: what the file is and where its records stand. It is
 * written twice, in the first two pages of 4 KiB, one after the other: a power cut while one is
 * written leaves the other. The valid one with the greater generation counts. Network byte order;
 * texts are printable ASCII, padded with zeros.
 *
 * | offset | length | field                                                             |
 * |--------|--------|-------------------------------------------------------------------|
 * | 0      | 4      | magic "WMLG"                                                      |
 * | 4      | 2      | layout version of the file, 1                                     |
 * | 6      | 2      | bytes of a record, 256                                            |
 * | 8      | 4      | places of the ring of legs, from byte 8192 on                     |
 * | 12     | 4      | places of the ring of all other records, behind it                |
 * | 16     | 4      | generation, one more whenever the header is written               |
 * | 20     | 4      | power-on count                                                    |
 * | 24     | 16     | identity of the file, random                                      |
 * | 40     | 40     | boot id of the machine when it was written last                   |
 * | 80     | 16     | part number of the configuration                                  |
 * | 96     | 64     | name of the aircraft's system                                     |
 * | 160    | 32     | identifier of the server                                          |
 * | 192    | 8      | UTC in ms when the file was begun, 0 while the clock had no time  |
 * | 200    | 4      | the sequence numbers of this file are greater than this           |
 * | 204    | 4      | records that were found damaged, up to now                        |
 * | 208    | 4      | records that never reached the log, up to the number that follows |
 * | 212    | 4      | newest sequence number when the header was written                |
 * | 216    | 4      | newest leg when the header was written                            |
 * | 220    | 32     | 0                                                                 |
 * | 252    | 4      | CRC-32C over bytes 0…251                                          |
 */
import { crc32c } from "./crc32c.ts";
import { getText, getWhole, LOG_RECORD_BYTES, setText, setWhole } from "./log-record.ts";

export const LOG_MAGIC = 0x574d4c47;
export const LOG_VERSION = 1;
export const LOG_HEADER_BYTES = 256;
/** Each copy has its own page. */
export const LOG_PAGE_BYTES = 4096;
export const LOG_RECORDS_AT = 2 * LOG_PAGE_BYTES;

/** No file exceeds the largest configurable one, 1 GiB. */
const LOG_PLACES_MAX = (1 << 30) / LOG_RECORD_BYTES;
export const LOG_FILE_BYTES_MAX = LOG_RECORDS_AT + LOG_PLACES_MAX * LOG_RECORD_BYTES;
const CRC_AT = LOG_HEADER_BYTES - 4;

export interface LogHeader {
  legPlaces: number;
  otherPlaces: number;
  generation: number;
  powerOn: number;
  /** 32 hex digits. */
  identity: string;
  bootId: string;
  partNumber: string;
  system: string;
  server: string;
  begunUtcMs: number | null;
  sequenceBefore: number;
  damaged: number;
  lost: number;
  newestSequence: number;
  newestLeg: number;
}

/** Writes the header to the LOG_HEADER_BYTES at `at`. */
export function encodeLogHeader(header: LogHeader, bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, LOG_HEADER_BYTES);
  bytes.fill(0, at, at + LOG_HEADER_BYTES);
  view.setUint32(0, LOG_MAGIC);
  view.setUint16(4, LOG_VERSION);
  view.setUint16(6, LOG_RECORD_BYTES);
  view.setUint32(8, header.legPlaces);
  view.setUint32(12, header.otherPlaces);
  view.setUint32(16, header.generation);
  view.setUint32(20, header.powerOn);
  for (let i = 0; i < 16; i++)
    view.setUint8(24 + i, Number.parseInt(header.identity.slice(2 * i, 2 * i + 2), 16) || 0);
  setText(bytes, at + 40, 40, header.bootId);
  setText(bytes, at + 80, 16, header.partNumber);
  setText(bytes, at + 96, 64, header.system);
  setText(bytes, at + 160, 32, header.server);
  setWhole(view, 192, header.begunUtcMs ?? 0);
  view.setUint32(200, header.sequenceBefore);
  view.setUint32(204, header.damaged);
  view.setUint32(208, header.lost);
  view.setUint32(212, header.newestSequence);
  view.setUint32(216, header.newestLeg);
  view.setUint32(CRC_AT, crc32c(bytes, at, CRC_AT));
}

/** The header at `at`; null when there is none of this layout. */
export function decodeLogHeader(bytes: Uint8Array, at: number): LogHeader | null {
  if (bytes.length - at < LOG_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, LOG_HEADER_BYTES);
  if (view.getUint32(0) !== LOG_MAGIC || view.getUint16(4) !== LOG_VERSION) return null;
  if (
    view.getUint16(6) !== LOG_RECORD_BYTES ||
    view.getUint32(CRC_AT) !== crc32c(bytes, at, CRC_AT)
  )
    return null;
  const legPlaces = view.getUint32(8);
  const otherPlaces = view.getUint32(12);
  if (legPlaces === 0 || otherPlaces === 0 || legPlaces + otherPlaces > LOG_PLACES_MAX) return null;
  let identity = "";
  for (let i = 0; i < 16; i++)
    identity += view
      .getUint8(24 + i)
      .toString(16)
      .padStart(2, "0");
  return {
    legPlaces,
    otherPlaces,
    generation: view.getUint32(16),
    powerOn: view.getUint32(20),
    identity,
    bootId: getText(bytes, at + 40, 40),
    partNumber: getText(bytes, at + 80, 16),
    system: getText(bytes, at + 96, 64),
    server: getText(bytes, at + 160, 32),
    begunUtcMs: getWhole(view, 192) || null,
    sequenceBefore: view.getUint32(200),
    damaged: view.getUint32(204),
    lost: view.getUint32(208),
    newestSequence: view.getUint32(212),
    newestLeg: view.getUint32(216),
  };
}

/** The valid copy with the greater generation; null when neither is whole. */
export function newestLogHeader(bytes: Uint8Array): LogHeader | null {
  const first = decodeLogHeader(bytes, 0);
  const second = decodeLogHeader(bytes, LOG_PAGE_BYTES);
  if (first === null || second === null) return first ?? second;
  return second.generation > first.generation ? second : first;
}

/** Size of the whole file with this header. */
export function logFileBytes(header: Pick<LogHeader, "legPlaces" | "otherPlaces">): number {
  return LOG_RECORDS_AT + (header.legPlaces + header.otherPlaces) * LOG_RECORD_BYTES;
}

/**
 * One record of the maintenance log: 256 bytes, so that it lies within one sector of 512 bytes and
 * one page of 4 KiB, and a power cut in the middle of a write never spoils a record that was whole
 * before. It is complete in itself: whoever reads it needs no file of the aircraft. Network byte
 * order; texts are printable ASCII, padded with zeros. An empty place is all zeros.
 *
 * | offset | length | field                                                                              |
 * |--------|--------|------------------------------------------------------------------------------------|
 * | 0      | 4      | sequence number, from 1, one more with every record                                |
 * | 4      | 1      | kind (KIND_*)                                                                      |
 * | 5      | 1      | fault class 1…3, 0 for no fault                                                    |
 * | 6      | 1      | nature: 0 none, 1 HARD, 2 INTERMITTENT                                             |
 * | 7      | 1      | flags: bit 0 last record of its delivery; the others are 0                         |
 * | 8      | 2      | code of the catalogue                                                              |
 * | 10     | 2      | 0                                                                                  |
 * | 12     | 4      | power-on count                                                                     |
 * | 16     | 4      | flight leg, 0 before the first one                                                 |
 * | 20     | 4      | how often it came since it was written last                                        |
 * | 24     | 8      | µs since the machine was switched on                                               |
 * | 32     | 8      | UTC in ms since 1970, 0 while the clock has no valid time                          |
 * | 40     | 2 × 4  | both values of the code, signed                                                    |
 * | 48     | 4      | session of the supervisor                                                          |
 * | 52     | 4      | delivery number in that session, from 1; 0: written by the log itself              |
 * | 56     | 8      | of a fault: µs since power-on when it came first, 0 for no fault                    |
 * | 64     | 8      | UTC of that, 0 for none                                                            |
 * | 72     | 8      | of a fault: µs since power-on when it came last, 0 for no fault                     |
 * | 80     | 8      | UTC of that, 0 for none                                                            |
 * | 88     | 4      | bytes written in this leg before this record (whole pages)                         |
 * | 92     | 4      | fsyncs in this leg before this record                                              |
 * | 96     | 32     | identifier of the server that wrote it                                             |
 * | 128    | 32     | identifier of the function it is about                                             |
 * | 160    | 16     | ATA chapter                                                                        |
 * | 176    | 76     | what the values mean, in words                                                     |
 * | 252    | 4      | CRC-32C over bytes 0…251                                                           |
 */
import { crc32c } from "./crc32c.ts";

export const LOG_RECORD_BYTES = 256;
export const LOG_DETAIL_BYTES = 76;

export const NATURE_NONE = 0;
export const NATURE_HARD = 1;
export const NATURE_INTERMITTENT = 2;

/** Number of entries of maintenance/KIND_*. */
const KINDS = 4;
const CLASSES = 4;
const NATURES = 3;

const FLAG_LAST = 1;

const SERVER_AT = 96;
const FUNCTION_AT = 128;
const ATA_AT = 160;
const DETAIL_AT = 176;
const CRC_AT = LOG_RECORD_BYTES - 4;

/** The content of one record; the fields are those of the layout. */
export interface LogRecord {
  sequence: number;
  kind: number;
  class: 0 | 1 | 2 | 3;
  nature: number;
  /** The last, or only, record that was written for its delivery. */
  isLast: boolean;
  code: number;
  powerOn: number;
  leg: number;
  count: number;
  bootUs: number;
  utcMs: number | null;
  first: number;
  second: number;
  session: number;
  delivery: number;
  firstBootUs: number;
  firstUtcMs: number | null;
  lastBootUs: number;
  lastUtcMs: number | null;
  legBytes: number;
  legSyncs: number;
  server: string;
  function: string;
  ata: string;
  detail: string;
}

/**
 * Writes the record to the LOG_RECORD_BYTES at `at`. Long texts are cut, other characters become
 * `?`.
 */
export function encodeLogRecord(record: LogRecord, bytes: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, LOG_RECORD_BYTES);
  bytes.fill(0, at, at + LOG_RECORD_BYTES);
  view.setUint32(0, record.sequence);
  view.setUint8(4, record.kind);
  view.setUint8(5, record.class);
  view.setUint8(6, record.nature);
  view.setUint8(7, record.isLast ? FLAG_LAST : 0);
  view.setUint16(8, record.code);
  view.setUint32(12, record.powerOn);
  view.setUint32(16, record.leg);
  view.setUint32(20, record.count);
  setWhole(view, 24, record.bootUs);
  setWhole(view, 32, record.utcMs ?? 0);
  view.setInt32(40, record.first);
  view.setInt32(44, record.second);
  view.setUint32(48, record.session);
  view.setUint32(52, record.delivery);
  setWhole(view, 56, record.firstBootUs);
  setWhole(view, 64, record.firstUtcMs ?? 0);
  setWhole(view, 72, record.lastBootUs);
  setWhole(view, 80, record.lastUtcMs ?? 0);
  view.setUint32(88, record.legBytes);
  view.setUint32(92, record.legSyncs);
  setText(bytes, at + SERVER_AT, FUNCTION_AT - SERVER_AT, record.server);
  setText(bytes, at + FUNCTION_AT, ATA_AT - FUNCTION_AT, record.function);
  setText(bytes, at + ATA_AT, DETAIL_AT - ATA_AT, record.ata);
  setText(bytes, at + DETAIL_AT, LOG_DETAIL_BYTES, record.detail);
  view.setUint32(CRC_AT, crc32c(bytes, at, CRC_AT));
}

/** The record at `at`; null when there is none. */
export function decodeLogRecord(bytes: Uint8Array, at: number): LogRecord | null {
  if (bytes.length - at < LOG_RECORD_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, LOG_RECORD_BYTES);
  if (view.getUint32(0) === 0 || view.getUint32(CRC_AT) !== crc32c(bytes, at, CRC_AT)) return null;
  const kind = view.getUint8(4);
  const faultClass = view.getUint8(5);
  const nature = view.getUint8(6);
  const flags = view.getUint8(7);
  if (kind >= KINDS || faultClass >= CLASSES || nature >= NATURES || flags > FLAG_LAST) return null;
  return {
    sequence: view.getUint32(0),
    kind,
    class: faultClass as LogRecord["class"],
    nature,
    isLast: flags === FLAG_LAST,
    code: view.getUint16(8),
    powerOn: view.getUint32(12),
    leg: view.getUint32(16),
    count: view.getUint32(20),
    bootUs: getWhole(view, 24),
    utcMs: getWhole(view, 32) || null,
    first: view.getInt32(40),
    second: view.getInt32(44),
    session: view.getUint32(48),
    delivery: view.getUint32(52),
    firstBootUs: getWhole(view, 56),
    firstUtcMs: getWhole(view, 64) || null,
    lastBootUs: getWhole(view, 72),
    lastUtcMs: getWhole(view, 80) || null,
    legBytes: view.getUint32(88),
    legSyncs: view.getUint32(92),
    server: getText(bytes, at + SERVER_AT, FUNCTION_AT - SERVER_AT),
    function: getText(bytes, at + FUNCTION_AT, ATA_AT - FUNCTION_AT),
    ata: getText(bytes, at + ATA_AT, DETAIL_AT - ATA_AT),
    detail: getText(bytes, at + DETAIL_AT, LOG_DETAIL_BYTES),
  };
}

/** Whether nothing was ever written at `at`. */
export function isEmptyRecord(bytes: Uint8Array, at: number): boolean {
  const end = Math.min(bytes.length, at + LOG_RECORD_BYTES);
  for (let i = at; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** A whole number from 0 to 2^53 − 1 in 8 bytes. */
export function setWhole(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value % 0x1_0000_0000);
}

export function getWhole(view: DataView, at: number): number {
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}

/** Writes printable ASCII in at most `length` bytes; the rest must be zero already. */
export function setText(bytes: Uint8Array, at: number, length: number, text: string): void {
  const end = Math.min(length, text.length);
  for (let i = 0; i < end; i++) bytes[at + i] = printable(text.charCodeAt(i));
}

export function getText(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  for (let i = 0; i < length && bytes[at + i] !== 0; i++)
    text += String.fromCharCode(printable(bytes[at + i] as number));
  return text;
}

function printable(code: number): number {
  return code >= 0x20 && code < 0x7f ? code : 0x3f;
}

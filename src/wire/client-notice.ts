/**
 * The client notice: one multicast datagram on the client network when a function is about to stop
 * for a more important one (patent FIG. 4, S13), has moved, or has been started again. A seat may
 * listen or ignore it: nothing depends on it. Its group and port are `clients.noticeGroup` and
 * `clients.noticePort`.
 *
 * | offset | type | field                                                                                   |
 * |--------|------|-----------------------------------------------------------------------------------------|
 * | 0      | u32  | magic "WMCN", 0x574d434e                                                                |
 * | 4      | u8   | layout version, 1                                                                       |
 * | 5      | u8   | kind: 1 stopping, 2 moved, 3 started                                                    |
 * | 6      | u8   | reason: 1 preempted, 2 server failed, 3 drain, 4 recovery, 5 process failed, 6 start, 7 moved by hand |
 * | 7      | u8   | priority of the function, 1–10, 10 the most important                                   |
 * | 8      | u32  | system id                                                                               |
 * | 12     | 8 B  | first 8 bytes of the table digest                                                       |
 * | 20     | u32  | incarnation of the sender                                                               |
 * | 24     | u32  | sequence: notices of this incarnation, from 1; a gap is a lost notice                   |
 * | 28     | u16  | index of the sending server in the configuration                                        |
 * | 30     | u16  | index of the function in the configuration                                              |
 * | 32     | 32 B | id of the function, UTF-8, cut at a whole character and padded with zeros               |
 * | 64     | u32  | time: ms since the sender's start, modulo 2^32 (49 days)                                |
 * | 68     | u32  | CRC-32C (crc32c.ts) of the bytes 0–67                                                   |
 *
 * 72 bytes, network order. Integers are unsigned.
 */
import { assert } from "../assert.ts";
import { PRIORITY_MAX, PRIORITY_MIN } from "../limits.ts";
import { copyBytes } from "./bytes.ts";
import { crc32c } from "./crc32c.ts";

export const NOTICE_BYTES = 72;
export const NOTICE_MAGIC = 0x574d434e;
export const NOTICE_VERSION = 1;

/** The function stops on the sending server. */
export const NOTICE_STOPPING = 1;
/** The function now runs on the sending server, and ran on another before. */
export const NOTICE_MOVED = 2;
/** The function now runs on the sending server, and ran nowhere before. */
export const NOTICE_STARTED = 3;
export const NOTICE_KIND_NAMES = ["", "stopping", "moved", "started"] as const;

export const NOTICE_PREEMPTED = 1;
export const NOTICE_SERVER_FAILED = 2;
export const NOTICE_DRAIN = 3;
export const NOTICE_RECOVERY = 4;
export const NOTICE_PROCESS_FAILED = 5;
export const NOTICE_START = 6;
/** Somebody requested the move. */
export const NOTICE_BY_HAND = 7;
export const NOTICE_REASON_NAMES = [
  "",
  "preempted",
  "server failed",
  "drain",
  "recovery",
  "process failed",
  "start",
  "by hand",
] as const;

const VERSION_AT = 4;
const KIND_AT = 5;
const REASON_AT = 6;
const PRIORITY_AT = 7;
const SYSTEM_AT = 8;
const DIGEST_AT = 12;
const DIGEST_BYTES = 8;
const INCARNATION_AT = 20;
const SEQUENCE_AT = 24;
const SERVER_AT = 28;
const FUNCTION_AT = 30;
const ID_AT = 32;
const ID_BYTES = 32;
const TIME_AT = 64;
const CHECKSUM_AT = 68;

/** Start-up data for a server's notices of one function. */
export interface NoticeIdentity {
  systemId: number;
  /** SHA-256 of the table; the first 8 bytes are sent. */
  tableDigest: Uint8Array;
  server: number;
  incarnation: number;
  functionIndex: number;
  functionId: string;
  priority: number;
}

/** A decoded notice. */
export interface ClientNotice {
  kind: number;
  reason: number;
  priority: number;
  systemId: number;
  /** 8 bytes. */
  tableDigest: Uint8Array;
  incarnation: number;
  sequence: number;
  server: number;
  functionIndex: number;
  functionId: string;
  timeMs: number;
}

/** Reasons to reject a datagram. */
export type NoticeFault = "length" | "magic" | "version" | "checksum" | "field";

export type NoticeResult = { ok: true; notice: ClientNotice } | { ok: false; fault: NoticeFault };

/**
 * Start-up: writes the constant part of a function's notice into the first 72 bytes of `bytes`.
 * {@link sealNotice} completes it in flight.
 */
export function prepareNotice(bytes: Uint8Array, identity: NoticeIdentity): void {
  assert(bytes.length >= NOTICE_BYTES, "room for a notice");
  assert(identity.tableDigest.length >= DIGEST_BYTES, "table digest");
  assert(identity.priority >= PRIORITY_MIN && identity.priority <= PRIORITY_MAX, "priority");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  bytes.fill(0, 0, NOTICE_BYTES);
  view.setUint32(0, NOTICE_MAGIC);
  view.setUint8(VERSION_AT, NOTICE_VERSION);
  view.setUint8(PRIORITY_AT, identity.priority);
  view.setUint32(SYSTEM_AT, identity.systemId);
  copyBytes(bytes, DIGEST_AT, identity.tableDigest, 0, DIGEST_BYTES);
  view.setUint32(INCARNATION_AT, identity.incarnation);
  view.setUint16(SERVER_AT, identity.server);
  view.setUint16(FUNCTION_AT, identity.functionIndex);
  new TextEncoder().encodeInto(identity.functionId, bytes.subarray(ID_AT, ID_AT + ID_BYTES));
}

/** In flight: writes the changing part of a prepared notice, and its checksum. No garbage. */
export function sealNotice(
  bytes: Uint8Array,
  view: DataView,
  kind: number,
  reason: number,
  sequence: number,
  timeMs: number,
): void {
  view.setUint8(KIND_AT, kind);
  view.setUint8(REASON_AT, reason);
  view.setUint32(SEQUENCE_AT, sequence);
  view.setUint32(TIME_AT, timeMs);
  view.setUint32(CHECKSUM_AT, crc32c(bytes, 0, CHECKSUM_AT));
}

/**
 * For seats and tests: the notice in the first `length` bytes of `datagram`. Accepts any bytes of
 * any length; anything but a notice of exactly this version is refused with the first fault found,
 * in the order of {@link NoticeFault}.
 */
export function decodeNotice(datagram: Uint8Array, length: number): NoticeResult {
  if (length !== NOTICE_BYTES || datagram.length < NOTICE_BYTES)
    return { ok: false, fault: "length" };
  const view = new DataView(datagram.buffer, datagram.byteOffset, NOTICE_BYTES);
  if (view.getUint32(0) !== NOTICE_MAGIC) return { ok: false, fault: "magic" };
  if (view.getUint8(VERSION_AT) !== NOTICE_VERSION) return { ok: false, fault: "version" };
  if (view.getUint32(CHECKSUM_AT) !== crc32c(datagram, 0, CHECKSUM_AT))
    return { ok: false, fault: "checksum" };
  const kind = view.getUint8(KIND_AT);
  const reason = view.getUint8(REASON_AT);
  const priority = view.getUint8(PRIORITY_AT);
  if (kind < NOTICE_STOPPING || kind > NOTICE_STARTED) return { ok: false, fault: "field" };
  if (reason < NOTICE_PREEMPTED || reason > NOTICE_BY_HAND) return { ok: false, fault: "field" };
  if (priority < PRIORITY_MIN || priority > PRIORITY_MAX) return { ok: false, fault: "field" };
  let idEnd = ID_AT;
  while (idEnd < ID_AT + ID_BYTES && datagram[idEnd] !== 0) idEnd++;
  return {
    ok: true,
    notice: {
      kind,
      reason,
      priority,
      systemId: view.getUint32(SYSTEM_AT),
      tableDigest: datagram.slice(DIGEST_AT, DIGEST_AT + DIGEST_BYTES),
      incarnation: view.getUint32(INCARNATION_AT),
      sequence: view.getUint32(SEQUENCE_AT),
      server: view.getUint16(SERVER_AT),
      functionIndex: view.getUint16(FUNCTION_AT),
      functionId: new TextDecoder().decode(datagram.subarray(ID_AT, idEnd)),
      timeMs: view.getUint32(TIME_AT),
    },
  };
}

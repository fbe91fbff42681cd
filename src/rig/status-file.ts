/**
 * A server's state as the rig watches it: read straight from the engine's snapshot, because starting `wingman status` for every
 * look would disturb what is being measured. The acceptance procedure compares both once.
 */
import { readFileSync } from "node:fs";
import {
  FUNCTION_STATE_NAMES,
  PHASE_NAMES,
  SERVER_STATE_NAMES,
  STATUS_BYTES,
  STATUS_FUNCTIONS_AT,
  STATUS_MAGIC,
  STATUS_SEQUENCE_AT,
  STATUS_SERVER_BYTES,
  STATUS_SERVERS_AT,
  STATUS_VERSION,
} from "../wire/status-snapshot.ts";

const SERVER_STATE_IN_ROW = 16;
const READS_MAX = 20;

export interface ServerView {
  incarnation: number;
  phase: string;
  /** State of each server, by index. */
  servers: string[];
  /** Owner (index, −1 for none) and state of each function, by index. */
  functions: { owner: number; state: string }[];
}

/** Null while there is no snapshot, or none that could be read whole. */
export function readServerView(file: string): ServerView | null {
  for (let read = 0; read < READS_MAX; read++) {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(file);
    } catch {
      return null;
    }
    if (bytes.length < STATUS_BYTES) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(0, true) !== STATUS_MAGIC || view.getUint32(4, true) !== STATUS_VERSION) return null;
    // One read of so few bytes is one copy by the kernel; the engine may write meanwhile, which an even sequence excludes
    // only together with a second look.
    const sequence = view.getUint32(STATUS_SEQUENCE_AT, true);
    if (sequence % 2 === 0 && sequence === sequenceOf(file)) return decode(view);
  }
  return null;
}

function sequenceOf(file: string): number | null {
  try {
    return readFileSync(file).readUInt32LE(STATUS_SEQUENCE_AT);
  } catch {
    return null;
  }
}

function decode(view: DataView): ServerView {
  const servers = Array.from({ length: view.getUint8(38) }, (_, index) => {
    const state = view.getUint8(STATUS_SERVERS_AT + index * STATUS_SERVER_BYTES + SERVER_STATE_IN_ROW);
    return SERVER_STATE_NAMES[state] ?? "unknown";
  });
  const functions = Array.from({ length: view.getUint32(40, true) }, (_, index) => {
    const at = STATUS_FUNCTIONS_AT + 2 * index;
    return { owner: view.getInt8(at), state: FUNCTION_STATE_NAMES[view.getUint8(at + 1)] ?? "unknown" };
  });
  return {
    incarnation: view.getUint32(32, true),
    phase: PHASE_NAMES[view.getUint8(37)] ?? "unknown",
    servers,
    functions,
  };
}

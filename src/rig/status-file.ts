/**
 * A server's state as the rig watches it: read straight from the engine's snapshot, because
 * starting `wingman status` for every look would disturb what is being measured. The acceptance
 * procedure compares both once.
 */

import { FUNCTION_STATE_NAMES } from "../core/function-state.ts";
import { PHASE_NAMES } from "../core/phase.ts";
import { SERVER_STATE_NAMES } from "../core/server-state.ts";
import { readSnapshot } from "../supervisor/status-reader.ts";
import {
  STATUS_FUNCTION_BYTES,
  STATUS_FUNCTION_COUNT_AT,
  STATUS_FUNCTION_OWNER_AT,
  STATUS_FUNCTION_STATE_AT,
  STATUS_FUNCTIONS_AT,
  STATUS_INCARNATION_AT,
  STATUS_PHASE_AT,
  STATUS_SERVER_BYTES,
  STATUS_SERVER_COUNT_AT,
  STATUS_SERVER_STATE_AT,
  STATUS_SERVERS_AT,
} from "../wire/status-snapshot.ts";

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
  const view = readSnapshot(file);
  return view === null ? null : decode(view);
}

function decode(view: DataView): ServerView {
  const servers = Array.from({ length: view.getUint8(STATUS_SERVER_COUNT_AT) }, (_, index) => {
    const state = view.getUint8(
      STATUS_SERVERS_AT + index * STATUS_SERVER_BYTES + STATUS_SERVER_STATE_AT,
    );
    return SERVER_STATE_NAMES[state] ?? "unknown";
  });
  const functions = Array.from(
    { length: view.getUint32(STATUS_FUNCTION_COUNT_AT, true) },
    (_, index) => {
      const at = STATUS_FUNCTIONS_AT + STATUS_FUNCTION_BYTES * index;
      const state = FUNCTION_STATE_NAMES[view.getUint8(at + STATUS_FUNCTION_STATE_AT)] ?? "unknown";
      return { owner: view.getInt8(at + STATUS_FUNCTION_OWNER_AT), state };
    },
  );
  return {
    incarnation: view.getUint32(STATUS_INCARNATION_AT, true),
    phase: PHASE_NAMES[view.getUint8(STATUS_PHASE_AT)] ?? "unknown",
    servers,
    functions,
  };
}

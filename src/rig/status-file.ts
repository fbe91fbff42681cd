/**
 * A server's state for the rig: read straight from the engine's snapshot, because starting `wingman
 * status` for every look would disturb the measurements. The acceptance procedure compares both
 * once.
 */
import { FUNCTION_STATE_NAMES } from "../boundary/function-state.ts";
import { PHASE_NAMES } from "../boundary/phase.ts";
import { SERVER_STATE_NAMES } from "../boundary/server-state.ts";
import { readSnapshot } from "../supervisor/status-reader.ts";
import type { StatusSnapshot } from "../wire/status-snapshot.ts";

export interface ServerView {
  incarnation: number;
  /** Start of the engine in µs of CLOCK_MONOTONIC. */
  startedUs: number;
  /** Maximum lateness of its keep-alives since then. */
  latenessUsMax: number;
  phase: string;
  /** State of each server, by index. */
  servers: string[];
  /** Owner (index, −1 for none) and state of each function, by index. */
  functions: { owner: number; state: string }[];
}

/** Null while there is no snapshot, or none that could be read whole. */
export function readServerView(file: string): ServerView | null {
  const snapshot = readSnapshot(file);
  return snapshot === null ? null : viewOf(snapshot);
}

function viewOf(snapshot: StatusSnapshot): ServerView {
  const {
    incarnation,
    startedUs,
    latenessMaxUs,
    phase,
    serverCount,
    serverState,
    functionCount,
    owner,
    functionState,
  } = snapshot;
  return {
    incarnation,
    startedUs,
    latenessUsMax: latenessMaxUs,
    phase: PHASE_NAMES[phase] ?? "unknown",
    servers: Array.from(
      serverState.subarray(0, serverCount),
      (state) => SERVER_STATE_NAMES[state] ?? "unknown",
    ),
    functions: Array.from({ length: functionCount }, (_, index) => ({
      owner: owner[index],
      state: FUNCTION_STATE_NAMES[functionState[index]] ?? "unknown",
    })),
  };
}

/**
 * The state machine of a function on one server as a table (PROTOCOL.md, "Hand-over"): for each
 * state the conditions, the action and the next state. Conditions and actions are numbers whose
 * meaning is in handover.ts.
 */

import {
  MARK_ADD_WITHDRAWN,
  MARK_CLAIM_WITHDRAWN,
  MARK_COMMON,
  MARK_CUT_OFF_WHILE_STOPPING,
  MARK_MOVE_OVERDUE,
  MARK_OWNED_TWICE,
  MARK_PREEMPTED,
  MARK_PROCESS_STILL_ENDING,
  MARK_PUT_BACK,
  MARK_RESTORE_FAILED,
  MARK_VIP_FAILED,
  MARK_YIELD_WHILE_STOPPING,
} from "../marks.ts";

// ---- states of a function on this server
export const IDLE = 0; // not ours
export const CLAIMED = 1; // assigned to us; not up yet
export const ADDING = 2; // its VIPs are being set
export const UP = 3; // its VIPs answer here
export const RESTORING = 4; // somebody removed its VIPs; they are being set again
export const STOPPING = 5; // its process has been told to stop; the VIPs still answer
export const REMOVING = 6; // its VIPs are being removed
export const ENDING = 7; // its VIPs are gone, its process is still ending

// ---- conditions; each state's rows have the cheapest first
export const NOT_OURS = 0;
export const OURS = 1;
export const MAY_TAKE = 2;
export const VIP_IS_UP = 3;
export const VIP_HAS_FAILED = 4;
export const CUT_OFF = 5;
export const RIVAL_BEFORE_US = 6;
export const MOVE_READY = 7;
export const MOVE_OVERDUE = 8;
export const STOP_DUE = 9;
export const PROCESS_GONE = 10;
export const VIP_DOWN_PROCESS_LEFT = 11;
export const VIP_DOWN = 12;
export const VIP_WAS_REMOVED = 13;
export const VIP_WITHDRAWN = 14;

// ---- actions
export const NOTHING = 0;
export const CLAIM = 1;
export const ADD_VIP = 2;
export const BEGIN_SERVICE = 3;
export const MARK_FAILED = 4;
export const REMOVE_VIP = 5;
export const YIELD = 6;
export const REMOVE_VIP_LATE = 7;
export const STOP_SERVICE = 8;
export const END_PROCESS = 9;
export const RELEASE = 10;
export const PUT_BACK = 11;
export const RESUME_SERVICE = 12;

/**
 * State, condition, action, next state, and the mark of a rare row. The first row whose condition
 * holds is taken; if none does, nothing happens.
 */
const ROWS: readonly (readonly [number, number, number, number, number])[] = [
  [IDLE, OURS, CLAIM, CLAIMED, MARK_COMMON], // the policy gave it to us (S6)
  // the policy thought again, or we are cut off
  [CLAIMED, NOT_OURS, NOTHING, IDLE, MARK_CLAIM_WITHDRAWN],
  [CLAIMED, MAY_TAKE, ADD_VIP, ADDING, MARK_COMMON], // free, confirmed, room: S7
  [ADDING, VIP_IS_UP, BEGIN_SERVICE, UP, MARK_COMMON],
  // another has it by now; one whose answer was lost may be up
  [ADDING, VIP_WITHDRAWN, REMOVE_VIP, REMOVING, MARK_ADD_WITHDRAWN],
  // some of several VIPs may be up: remove all
  [ADDING, VIP_HAS_FAILED, MARK_FAILED, REMOVING, MARK_VIP_FAILED],
  // isolated, or the process failed: nobody is served here
  [UP, CUT_OFF, REMOVE_VIP, REMOVING, MARK_COMMON],
  // owned twice after a divided network was joined
  [UP, RIVAL_BEFORE_US, YIELD, REMOVING, MARK_OWNED_TWICE],
  [UP, MOVE_READY, REMOVE_VIP, REMOVING, MARK_COMMON], // the new owner has room: break before make
  [UP, MOVE_OVERDUE, REMOVE_VIP_LATE, REMOVING, MARK_MOVE_OVERDUE], // nothing waits for ever
  [UP, STOP_DUE, STOP_SERVICE, STOPPING, MARK_PREEMPTED], // S13, S14
  [UP, VIP_WAS_REMOVED, PUT_BACK, RESTORING, MARK_PUT_BACK], // by hand, or with the link
  [RESTORING, VIP_IS_UP, RESUME_SERVICE, UP, MARK_COMMON],
  [RESTORING, VIP_WITHDRAWN, NOTHING, UP, MARK_ADD_WITHDRAWN], // and yields it
  [RESTORING, VIP_HAS_FAILED, MARK_FAILED, REMOVING, MARK_RESTORE_FAILED],
  [STOPPING, CUT_OFF, REMOVE_VIP, REMOVING, MARK_CUT_OFF_WHILE_STOPPING], // no time for grace
  [STOPPING, RIVAL_BEFORE_US, YIELD, REMOVING, MARK_YIELD_WHILE_STOPPING],
  [STOPPING, PROCESS_GONE, REMOVE_VIP, REMOVING, MARK_COMMON],
  [REMOVING, VIP_DOWN_PROCESS_LEFT, END_PROCESS, ENDING, MARK_PROCESS_STILL_ENDING],
  [REMOVING, VIP_DOWN, RELEASE, IDLE, MARK_COMMON], // S15: the remaining resource grows
  [ENDING, PROCESS_GONE, RELEASE, IDLE, MARK_COMMON],
];

/** Where each state's rows begin in ROWS, and the end of the last. */
export const ROW_START = new Uint8Array(ENDING + 2);
for (let state = IDLE; state <= ENDING + 1; state++) {
  ROW_START[state] = ROWS.filter((row) => row[0] < state).length;
}
export const ROW_CONDITION = Uint8Array.from(ROWS, (row) => row[1]);
export const ROW_ACTION = Uint8Array.from(ROWS, (row) => row[2]);
export const ROW_NEXT = Uint8Array.from(ROWS, (row) => row[3]);
export const ROW_MARK = Uint8Array.from(ROWS, (row) => row[4]);

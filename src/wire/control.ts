/**
 * Records between the engine, its supervisor and the commands `drain` and `resume`: 16 bytes,
 * native byte order (they never leave the machine), one record in one message of a SOCK_SEQPACKET
 * or SOCK_DGRAM Unix socket.
 *
 * | offset | type | field                                                   |
 * |--------|------|---------------------------------------------------------|
 * | 0      | u16  | kind (CONTROL_*)                                        |
 * | 2      | u16  | function index, or NO_INDEX                              |
 * | 4      | i32  | first argument                                           |
 * | 8      | i32  | second argument                                          |
 * | 12     | i32  | third argument                                           |
 */
export const CONTROL_RECORD_BYTES = 16;
export const NO_INDEX = 0xffff;

// engine → supervisor
/**
 * Start the function's process; first argument: REASON_*. Answered by PROCESS_RUNNING or
 * PROCESS_FAILED.
 */
export const CONTROL_START_PROCESS = 1;
/**
 * SIGTERM, and SIGKILL to the process group after the first argument in ms. Always answered by
 * PROCESS_STOPPED.
 */
export const CONTROL_STOP_PROCESS = 2;
/**
 * A maintenance record: first argument its code, then two values of that code (see catalogue/).
 */
export const CONTROL_LOG = 3;
/**
 * The engine's phase changed; first argument PHASE_*. The first one means that start-up is
 * complete.
 */
export const CONTROL_PHASE = 4;
/** The engine has let go of everything and said good-bye; it exits with 0 next. */
export const CONTROL_LEFT = 5;

// supervisor → engine
/** The process can be used: it was started (exec done), and is ready where that is configured. */
export const CONTROL_PROCESS_RUNNING = 16;
/** The process ended by itself and will be started again after a pause. */
export const CONTROL_PROCESS_EXITED = 17;
/** The process failed too often on this server: the function is to run elsewhere. */
export const CONTROL_PROCESS_FAILED = 18;
/** The process and its group are gone after CONTROL_STOP_PROCESS (or there was none). */
export const CONTROL_PROCESS_STOPPED = 19;
/**
 * It failed here, and a pause is over: it may be tried again if the function runs nowhere. Said
 * again and again.
 */
export const CONTROL_PROCESS_TRY = 20;
/** It failed here, and that no longer counts. */
export const CONTROL_PROCESS_FIT = 21;

// supervisor or command → engine; DRAIN and RESUME of a command go on from there to the supervisor
export const CONTROL_DRAIN = 32;
export const CONTROL_RESUME = 33;
/** Drain, say good-bye and exit. */
export const CONTROL_LEAVE = 34;
/** Move the function to the server whose index is the first argument: see core/moves. */
export const CONTROL_MOVE = 35;
/**
 * An active fault of this server, from `wingman manage`: its function; first argument: place and
 * number, see {@link faultPlaceAndCount}; second its code, 0 for none; third its age in seconds.
 * Not answered.
 */
export const CONTROL_FAULT = 36;

export const faultPlaceAndCount = (place: number, count: number): number => place | (count << 8);

// engine → command, to the address the request came from
/** Done, or, for CONTROL_MOVE, begun; first argument: the request's kind. */
export const CONTROL_DONE = 48;
/** First argument: the request's kind; second: for CONTROL_MOVE, MOVE_REFUSED_*. */
export const CONTROL_REFUSED = 49;

// Why a function is not moved.
export const MOVE_REFUSED_FUNCTION = 1;
export const MOVE_REFUSED_SERVER = 2;
export const MOVE_REFUSED_POLICY = 3;
export const MOVE_REFUSED_NOT_SERVING = 4;
export const MOVE_REFUSED_UNDER_WAY = 5;
export const MOVE_REFUSED_NOT_RUNNING = 6;
export const MOVE_REFUSED_ALREADY_THERE = 7;
export const MOVE_REFUSED_NOT_ELIGIBLE = 8;
export const MOVE_REFUSED_NOT_OPERABLE = 9;
export const MOVE_REFUSED_CANNOT_RUN = 10;
export const MOVE_REFUSED_ROOM = 11;
export const MOVE_REFUSED_BUSY = 12;

/** Of each MOVE_REFUSED_*: a word for programs, and the same for people. */
export const MOVE_REFUSALS: readonly { readonly code: string; readonly text: string }[] = [
  { code: "", text: "" },
  { code: "UNKNOWN", text: "there is no such function" },
  { code: "UNKNOWN", text: "there is no such server" },
  {
    code: "POLICY",
    text: "this allocation gives every server the same answer whatever runs now: a move would not last",
  },
  { code: "PHASE", text: "the server that was asked is not active" },
  { code: "PENDING", text: "another move is under way" },
  { code: "STOPPED", text: "the function runs nowhere" },
  { code: "THERE", text: "the function runs there already" },
  { code: "ELIGIBLE", text: "the configuration does not let the function run there" },
  {
    code: "STATE",
    text: "the server it would leave, or the one it would go to, is not alive and active",
  },
  { code: "FAILED", text: "the function has failed there" },
  { code: "ROOM", text: "there is not enough room without stopping something" },
  { code: "BUSY", text: "the engine has no room for the request; ask again" },
];

// Why a function's process starts: WINGMAN_REASON.
export const REASON_START = 0;
export const REASON_FAILOVER = 1;
export const REASON_MOVE = 2;
export const REASON_RECOVERY = 3;
export const REASON_RESTART = 4;
export const REASON_NAMES = ["start", "failover", "move", "recovery", "restart"] as const;

/** Writes a record at the start of `record` (16 bytes). */
export function encodeControl(
  record: DataView,
  kind: number,
  index: number,
  a: number,
  b: number,
  c: number,
): void {
  record.setUint16(0, kind, true);
  record.setUint16(2, index, true);
  record.setInt32(4, a, true);
  record.setInt32(8, b, true);
  record.setInt32(12, c, true);
}

export const controlKind = (record: DataView): number => record.getUint16(0, true);
export const controlFunction = (record: DataView): number => record.getUint16(2, true);
/** Argument 0, 1 or 2. */
export const controlArgument = (record: DataView, number: number): number =>
  record.getInt32(4 + 4 * number, true);

/**
 * Records between the engine, its supervisor and the commands such as `drain`: 16 bytes, native
 * byte order (they never leave the machine), one record per message of a SOCK_SEQPACKET or
 * SOCK_DGRAM Unix socket.
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
 * Starts the function's process; first argument: REASON_*. Answered by PROCESS_RUNNING or
 * PROCESS_FAILED.
 */
export const CONTROL_START_PROCESS = 1;
/**
 * Sends SIGTERM, and SIGKILL to the process group after the first argument in ms. Always answered
 * by PROCESS_STOPPED.
 */
export const CONTROL_STOP_PROCESS = 2;
/**
 * A maintenance record: first argument its code, then two values of that code (see catalogue/).
 */
export const CONTROL_LOG = 3;
/**
 * The engine's phase changed; first argument PHASE_*. The first such record means that start-up is
 * complete.
 */
export const CONTROL_PHASE = 4;
/** The engine has let go of everything and said good-bye; next it exits with 0. */
export const CONTROL_LEFT = 5;

// supervisor → engine
/** The process is ready: exec is done, and it reported readiness where that is configured. */
export const CONTROL_PROCESS_RUNNING = 16;
/** The process ended by itself and will be started again after a pause. */
export const CONTROL_PROCESS_EXITED = 17;
/** The process failed too often on this server: the function should run elsewhere. */
export const CONTROL_PROCESS_FAILED = 18;
/** The process and its group are gone after CONTROL_STOP_PROCESS (or there was none). */
export const CONTROL_PROCESS_STOPPED = 19;
/**
 * It failed here, and a pause is over: it may be tried again if the function runs nowhere.
 * Repeated.
 */
export const CONTROL_PROCESS_TRY = 20;
/** Its failure here no longer counts. */
export const CONTROL_PROCESS_FIT = 21;

// supervisor or command → engine; the engine passes DRAIN, RESUME, CAPACITY and HOLD of a command
// on to the supervisor
export const CONTROL_DRAIN = 32;
export const CONTROL_RESUME = 33;
/** Drain, say good-bye and exit. */
export const CONTROL_LEAVE = 34;
/** Move the function to the server whose index is the first argument: see core/moves. */
export const CONTROL_MOVE = 35;
/**
 * Command → engine, which informs its supervisor. CAPACITY: per cent of its resource that the
 * server is to give, as the first argument. HOLD: first argument 1 to keep running functions where
 * they are, 0 to end that.
 */
export const CONTROL_CAPACITY = 37;
export const CONTROL_HOLD = 38;
/**
 * Supervisor → engine: the combined effect of commands and input files; see {@link inputsNumber}.
 */
export const CONTROL_INPUTS = 39;
/**
 * An active fault of this server, from `wingman manage`: its function; first argument: place and
 * number, see {@link faultPlaceAndCount}; second its code, 0 for none; third its age in seconds.
 * Not answered.
 */
export const CONTROL_FAULT = 36;

export const faultPlaceAndCount = (place: number, count: number): number => place | (count << 8);

/** Withheld per cent of the resource, and whether running functions are held, in one argument. */
export const inputsNumber = (withheld: number, holds: boolean): number =>
  withheld | (holds ? INPUTS_HOLDS : 0);
export const inputsWithheld = (inputs: number): number => inputs & (INPUTS_HOLDS - 1);
export const inputsHold = (inputs: number): boolean => (inputs & INPUTS_HOLDS) !== 0;
const INPUTS_HOLDS = 128;

// engine → command, to the sender of the request
/** Done or, for CONTROL_MOVE, begun; first argument: the request's kind. */
export const CONTROL_DONE = 48;
/** First argument: the request's kind; second: for CONTROL_MOVE, MOVE_REFUSED_*. */
export const CONTROL_REFUSED = 49;

// Reasons to refuse a move.
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
export const MOVE_REFUSED_HELD = 13;

/** For each MOVE_REFUSED_*: a word for programs, and a text for people. */
export const MOVE_REFUSALS: readonly { readonly code: string; readonly text: string }[] = [
  { code: "", text: "" },
  { code: "UNKNOWN", text: "there is no such function" },
  { code: "UNKNOWN", text: "there is no such server" },
  {
    code: "POLICY",
    text: "this allocation ignores where functions run now: a move would not last",
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
  {
    code: "ROOM",
    text: "there is no room without stopping something, or a partner (apart or together) prevents it",
  },
  { code: "BUSY", text: "the engine has no room for the request; ask again" },
  { code: "HELD", text: "what runs is held: announcements are being made" },
];

// Reason for starting a function's process: WINGMAN_REASON.
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

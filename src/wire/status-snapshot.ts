/**
 * The state of a running engine as it lies in `RUN_DIR/status`: a file mapped into the engine's
 * memory, written once a period and read by everyone who wants to know (`wingman status`, later the
 * console and the page). The engine never waits for a reader: the sequence at offset 8 is odd while
 * it writes, and a reader that saw it odd or changed reads again.
 *
 * Native byte order; the file never leaves the machine.
 *
 * | offset | type    | field                                                                       |
 * |--------|---------|-----------------------------------------------------------------------------|
 * | 0      | u32     | magic "WMST"                                                                |
 * | 4      | u32     | layout version                                                              |
 * | 8      | u32     | sequence, odd while being written                                           |
 * | 12     | u32     | process id of the engine                                                    |
 * | 16     | f64     | time of this snapshot, µs of CLOCK_MONOTONIC                                |
 * | 24     | f64     | time of the engine's start, likewise                                        |
 * | 32     | u32     | incarnation                                                                 |
 * | 36     | u8      | index of this server                                                        |
 * | 37     | u8      | phase (PHASE_*)                                                             |
 * | 38     | u8      | number of servers                                                           |
 * | 39     | u8      | flags (STATUS_FLAG_*)                                                       |
 * | 40     | u32     | number of functions                                                         |
 * | 48     | 32 B    | table digest                                                                |
 * | 80     | 13 u32  | counters: see core/counters                                                 |
 * | 132    | u32     | greatest lateness of a keep-alive, µs                                       |
 * | 136    | 16×32 B | servers: f64 last heard (µs, 0 = never), i32 remaining, u32 incarnation, u8 state (SERVER_*), u8 phase as it says itself (PHASE_*); see STATUS_SERVER_* |
 * | 648    | 64 u32  | histogram of the lateness of keep-alives: see latenessBucket                |
 * | 904    | 1024×2 B| functions: i8 owner (−1 none), u8 state (FUNCTION_*)                        |
 */
import { LATENESS_BUCKETS } from "../core/lateness.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";

export const STATUS_MAGIC = 0x54534d57;
export const STATUS_VERSION = 3;

export const STATUS_MAGIC_AT = 0;
export const STATUS_VERSION_AT = 4;
export const STATUS_SEQUENCE_AT = 8;
export const STATUS_ENGINE_PID_AT = 12;
/** When this snapshot was written. */
export const STATUS_WRITTEN_US_AT = 16;
/** When the engine started. */
export const STATUS_STARTED_US_AT = 24;
export const STATUS_INCARNATION_AT = 32;
/** Index of this server. */
export const STATUS_SELF_AT = 36;
export const STATUS_PHASE_AT = 37;
export const STATUS_SERVER_COUNT_AT = 38;
export const STATUS_FLAGS_AT = 39;
export const STATUS_FUNCTION_COUNT_AT = 40;
export const STATUS_TABLE_DIGEST_AT = 48;
export const STATUS_TABLE_DIGEST_BYTES = 32;
export const STATUS_COUNTERS_AT = 80;
export const STATUS_LATENESS_MAX_AT = 132;
export const STATUS_SERVERS_AT = 136;
export const STATUS_SERVER_BYTES = 32;
export const STATUS_HISTOGRAM_AT = STATUS_SERVERS_AT + SERVERS_MAX * STATUS_SERVER_BYTES;
export const STATUS_FUNCTIONS_AT = STATUS_HISTOGRAM_AT + 4 * LATENESS_BUCKETS;
export const STATUS_FUNCTION_BYTES = 2;
export const STATUS_BYTES = STATUS_FUNCTIONS_AT + STATUS_FUNCTION_BYTES * FUNCTIONS_MAX;

/** Within the row of a server. */
export const STATUS_SERVER_LAST_HEARD_US_AT = 0;
export const STATUS_SERVER_REMAINING_AT = 8;
export const STATUS_SERVER_INCARNATION_AT = 12;
export const STATUS_SERVER_STATE_AT = 16;
export const STATUS_SERVER_PHASE_AT = 17;

/** Within the row of a function. */
export const STATUS_FUNCTION_OWNER_AT = 0;
export const STATUS_FUNCTION_STATE_AT = 1;

/** Bits of the flags. */
export const STATUS_FLAG_DRAINING = 1;
/** The client interface has a link. */
export const STATUS_FLAG_CARRIER = 2;
/** The engine runs with real-time scheduling. */
export const STATUS_FLAG_REALTIME = 4;
/** VIPs answer only while a lease runs. */
export const STATUS_FLAG_LEASE = 8;
/** A lease is wanted, and there is none. */
export const STATUS_FLAG_LEASE_MISSING = 16;

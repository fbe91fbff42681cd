/** Limits of the maintenance log, from the supervisor to the flash. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX } from "./aircraft.ts";

/**
 * Maintenance records that wait in the supervisor until they are on the disk: eight per function of
 * 1,024, more than two failovers of all functions make. 320 KB.
 */
export const RECORD_QUEUE_MAX = 16 * FUNCTIONS_MAX;

/**
 * Records sent to `wingman manage` that it has not yet acknowledged: they fit a socket of an
 * unprivileged process (212,992 bytes, 768 per record).
 */
export const RECORDS_IN_FLIGHT_MAX = 256;

/** Decisions whose inputs wait to be written: one per turn, sometimes several turns in a row. */
export const DECISIONS_WAITING_MAX = 8;

/** Records of decisions written per period: a decision about 1,024 functions takes 116 or more. */
export const DECISION_RECORDS_PER_PERIOD = 16;

/**
 * Decisions logged in a row, and the time after which one more is allowed. This covers all
 * decisions of an ordinary flight. When a server comes and goes all the time, the log keeps room
 * for its faults.
 */
export const DECISIONS_BURST_MAX = 32;
export const DECISION_INTERVAL_S = 600;

/**
 * `wingman manage` stores records after this many, or this long after the first one: an fsync on
 * flash is slow and wears it.
 */
export const RECORDS_PER_SYNC = 128;
export const SYNC_AFTER_MS = 100;

/**
 * Records per code and subject that the log takes in an hour; further ones are counted, and the
 * count is written later.
 */
export const LOG_RECORDS_PER_HOUR_MAX = 3;

/**
 * Subjects whose rate is limited: faults and other records of every function and every server, with
 * room to spare.
 */
export const LOG_SUBJECTS_MAX = 8 * FUNCTIONS_MAX;

/** A report on an aircraft covers the last 63 legs. */
export const LOG_LEGS_MIN = 63;

/**
 * Two records per leg, its begin and its end, in whole pages of 16 records: 72 legs, with some room
 * for torn records.
 */
export const LOG_LEG_PLACES = 144;

/**
 * Records that wait in memory for a storage that is slow, full or gone: those of a start of the
 * largest aircraft, 256 KiB.
 */
export const LOG_WAITING_MAX = 1024;

/**
 * Budget of the log for one leg, or for the time on ground between two legs or since power-up:
 * fsyncs, and bytes in whole pages of 4 KiB. A flash of 3,000 cycles under a log of 4 MiB outlasts
 * 12,000 such legs. Beyond the budget no record is lost: records are collected for longer.
 */
export const LOG_SYNCS_PER_LEG = 200;
export const LOG_BYTES_PER_LEG = 1 << 20;
export const LOG_COLLECT_US = 10_000_000;

/** Interval at which a storage that refused is tried again. */
export const LOG_RETRY_US = 10_000_000;

/** Damaged logs that are kept beside the current one. */
export const LOG_ARCHIVES_MAX = 3;

/** Newest records that are read at a start to restore the faults. */
export const LOG_RELOAD_MAX = 1 << 16;

/**
 * Size of the smallest log, 64 KiB: it holds the maintenance records of a start and some failures.
 */
export const LOG_SIZE_KIB_MIN = 64;
export const LOG_SIZE_KIB_MAX = 1_048_576;

/** Every server of an aircraft has started within this time after a common power-up. */
export const LOG_INHIBIT_S_MAX = 600;

assert(
  RECORDS_PER_SYNC <= RECORDS_IN_FLIGHT_MAX,
  "records for one fsync arrive without waiting for the one before",
);
assert(RECORDS_IN_FLIGHT_MAX <= RECORD_QUEUE_MAX, "what is under way is queued");
assert(
  RECORDS_IN_FLIGHT_MAX < LOG_WAITING_MAX,
  "what is handed out finds room to wait for the storage",
);
assert(
  LOG_LEG_PLACES >= 2 * LOG_LEGS_MIN + 2,
  "the ring of legs holds so many, and the one that lasts",
);

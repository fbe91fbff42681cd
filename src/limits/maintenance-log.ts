/** The maintenance log, from the supervisor to the flash. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX } from "./aircraft.ts";

/**
 * Maintenance records that wait in the supervisor until they are on the disk: eight of each of
 * 1,024 functions, which is more than a failover of everything makes, twice. 320 KB.
 */
export const RECORD_QUEUE_MAX = 16 * FUNCTIONS_MAX;

/**
 * Records that `wingman manage` was given and has not acknowledged: they fit a socket of an
 * unprivileged process (212,992 bytes, 768 a record).
 */
export const RECORDS_IN_FLIGHT_MAX = 256;

/**
 * So many records, or so much time after the first one, and `wingman manage` stores them: an fsync
 * on flash is slow and wears it.
 */
export const RECORDS_PER_SYNC = 128;
export const SYNC_AFTER_MS = 100;

/**
 * Records of one code and subject that the log takes in an hour; what comes more often is counted,
 * and the count is written later.
 */
export const LOG_RECORDS_PER_HOUR_MAX = 3;

/**
 * Subjects whose rate is watched: faults and other records of every function and of every server,
 * several times over.
 */
export const LOG_SUBJECTS_MAX = 8 * FUNCTIONS_MAX;

/** A report on an aircraft covers the last 63 legs. */
export const LOG_LEGS_MIN = 63;

/**
 * Two records a leg, begun and ended, in whole pages of 16 records: 72 legs, with some room for
 * records that were torn.
 */
export const LOG_LEG_PLACES = 144;

/**
 * Records that wait in memory for a storage that is slow, full or gone: a start of the largest
 * aircraft, and 256 KiB.
 */
export const LOG_WAITING_MAX = 1024;

/**
 * What the log may cost the flash in one leg, or on ground in the time between two legs or since
 * power-up: fsyncs, and bytes in whole pages of 4 KiB. A flash of 3,000 cycles under a log of 4 MiB
 * outlasts 12,000 such legs. Beyond the budget records are not lost: they are collected for longer.
 */
export const LOG_SYNCS_PER_LEG = 200;
export const LOG_BYTES_PER_LEG = 1 << 20;
export const LOG_COLLECT_US = 10_000_000;

/** A storage that refused is tried again so often. */
export const LOG_RETRY_US = 10_000_000;

/** Damaged logs that are kept beside the present one. */
export const LOG_ARCHIVES_MAX = 3;

/** Of the newest so many records the faults are known again after a start. */
export const LOG_RELOAD_MAX = 1 << 16;

/** Maintenance records of the smallest log, 64 KiB: what a start and some failures take. */
export const LOG_SIZE_KIB_MIN = 64;
export const LOG_SIZE_KIB_MAX = 1_048_576;

/** Longer than this after a common power-up every server of an aircraft has started. */
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

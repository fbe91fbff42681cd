/** Data load over the network: timing of open-source loaders, and limits of a loader's requests. */
import { assert } from "../assert.ts";

/** Time-out of an unanswered TFTP packet, and how many times it is sent again. */
export const LOAD_TFTP_TIMEOUT_MS = 2000;
export const LOAD_TFTP_RETRIES = 1;

/**
 * Longest time-out that a loader may request. With the 255 s of RFC 2349, a loader that never
 * answers would keep others out for minutes.
 */
export const LOAD_TIMEOUT_S_MAX = 5;

/**
 * An operation ends when its loader has not accepted a status for this long; loaders judge the
 * target by the same time.
 */
export const LOAD_SILENCE_MS = 13_000;

/** Interval at which the loader is sent the status. */
export const LOAD_STATUS_MS = 3000;

/** Time for a human to choose among the offered files. */
export const LOAD_CHOICE_MS = 600_000;

/** An operation ends within this time once the aircraft is no longer on ground. */
export const LOAD_GROUND_POLL_MS = 500;

/** Maximum retries after a server's WAIT, and the longest wait before each. */
export const LOAD_WAITS_MAX = 10;
export const LOAD_WAIT_S_MAX = 60;

/** Concurrent transfers of a loader: it needs one, or two when it missed an answer. */
export const LOAD_TRANSFERS_MAX = 8;

/** Longest list that a loader may write: a few thousand names. */
export const LOAD_LIST_BYTES_MAX = 256 << 10;

/** Longest header file of a load: a few thousand files with their checksums. */
export const LOAD_HEADER_BYTES_MAX = 1 << 20;

/** Loads per operation, and files per load. The status names every load. */
export const LOADS_MAX = 64;
export const LOAD_FILES_MAX = 4096;

/** Bytes collected in memory before they are written to the disk. */
export const LOAD_WRITE_BYTES = 256 << 10;

/** Nice value of the process that checks and stores a load: cabins are also served on ground. */
export const TAKE_NICE = 10;

assert(
  1000 * LOAD_TIMEOUT_S_MAX * (1 + LOAD_TFTP_RETRIES) < LOAD_SILENCE_MS,
  "a transfer ends before the silence that ends an operation",
);
assert(
  LOAD_STATUS_MS + 2 * LOAD_TFTP_TIMEOUT_MS * (1 + LOAD_TFTP_RETRIES) < LOAD_SILENCE_MS,
  "a status that got lost is told again before the loader gives up",
);

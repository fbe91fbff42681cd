/** Data load over the network: the times of open-source loaders, and what a loader may ask for. */
import { assert } from "../assert.ts";

/** A packet of TFTP that is not answered is sent again after so long, so often. */
export const LOAD_TFTP_TIMEOUT_MS = 2000;
export const LOAD_TFTP_RETRIES = 1;

/**
 * A loader may ask for a longer time, up to this. With the 255 s of RFC 2349 whoever asks and never
 * answers would keep others out for minutes.
 */
export const LOAD_TIMEOUT_S_MAX = 5;

/** An operation whose loader has taken no status for so long is over; loaders judge us likewise. */
export const LOAD_SILENCE_MS = 13_000;

/** The loader is told the status so often. */
export const LOAD_STATUS_MS = 3000;

/** A human chooses among the files that are offered for so long. */
export const LOAD_CHOICE_MS = 600_000;

/** An aircraft that is not on ground any more ends an operation within this. */
export const LOAD_GROUND_LOOK_MS = 500;

/** A server that says WAIT is asked so often again, and waited for so long each time. */
export const LOAD_WAITS_MAX = 10;
export const LOAD_WAIT_S_MAX = 60;

/** Transfers that the loader asks for at a time: it has one, two when it has missed an answer. */
export const LOAD_TRANSFERS_MAX = 8;

/** Longest list that the loader writes: of some thousand names. */
export const LOAD_LIST_BYTES_MAX = 256 << 10;

/** Longest header file of a load: some thousand files with their checksums. */
export const LOAD_HEADER_BYTES_MAX = 1 << 20;

/** Loads of one operation, and files of each. The status names every load. */
export const LOADS_MAX = 64;
export const LOAD_FILES_MAX = 4096;

/** What is written to the disk at a time, and held in memory until then. */
export const LOAD_WRITE_BYTES = 256 << 10;

assert(
  1000 * LOAD_TIMEOUT_S_MAX * (1 + LOAD_TFTP_RETRIES) < LOAD_SILENCE_MS,
  "a transfer ends before the silence that ends an operation",
);
assert(
  LOAD_STATUS_MS + 2 * LOAD_TFTP_TIMEOUT_MS * (1 + LOAD_TFTP_RETRIES) < LOAD_SILENCE_MS,
  "a status that got lost is told again before the loader gives up",
);

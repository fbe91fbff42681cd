/** Disks that may hang. */
import { assert } from "../assert.ts";

/**
 * Incarnations that are reserved on the disk at a time: engines that end one after the other for an
 * hour and a half at the longest pause between them. 2^32 numbers last for millions of starts.
 */
export const INCARNATIONS_RESERVED = 1000;

/** The first engine of a run waits so long for its disk. */
export const INCARNATION_WAIT_MS = 1000;

/**
 * An operation of the maintenance log waits so long for its disk, and the console with it: an fsync
 * on worn flash takes a second.
 */
export const DISK_WAIT_MS = 1500;

/** A disk that hung is tried again so often: it costs nothing as long as it hangs. */
export const DISK_RETRY_US = 1_000_000;

/** Bytes that are given to the process for a disk at once; they fit a socket's default buffer. */
export const DISK_PIECE_BYTES = 64 * 1024;

assert(DISK_WAIT_MS >= 1000, "a slow disk is not one that hangs");

/** Time-outs for disks that may hang. */
import { assert } from "../assert.ts";

/**
 * Incarnations reserved on the disk at a time. They last for an hour and a half of engines that end
 * one after the other at the longest pause. 2^32 numbers last for millions of starts.
 */
export const INCARNATIONS_RESERVED = 1000;

/** How long the first engine of a run waits for its disk. */
export const INCARNATION_WAIT_MS = 1000;

/**
 * How long an operation of the maintenance log, and the console with it, waits for the disk: an
 * fsync on worn flash takes a second.
 */
export const DISK_WAIT_MS = 1500;

/** Interval at which a hung disk is tried again: this costs nothing while it hangs. */
export const DISK_RETRY_US = 1_000_000;

/** Bytes passed to the disk process at once; they fit a socket's default buffer. */
export const DISK_PIECE_BYTES = 64 * 1024;

assert(DISK_WAIT_MS >= 1000, "a slow disk is not one that hangs");

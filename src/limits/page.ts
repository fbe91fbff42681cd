/** The maintenance page. */
import { assert } from "../assert.ts";

/**
 * Longest request body that anybody may send to the maintenance page: a form with a token of
 * KEY_BYTES_MAX, every byte escaped.
 */
export const WEB_BODY_BYTES_MAX = 4096;

/**
 * Concurrent requests to the page: a handful of laptops, each with the requests that a browser
 * opens at once.
 */
export const WEB_REQUESTS_MAX = 32;

/**
 * A connection that is idle, or whose request stays incomplete, is closed after this; Bun's timer
 * adds up to 12 s.
 */
export const WEB_IDLE_S = 10;

/** Shortest interval between readings of the engine's snapshot, however many look at the page. */
export const WEB_STATE_MS = 200;

/** Shortest interval between readings of a growing log: a full one of 4 MiB takes 0.2 s. */
export const WEB_LOG_MS = 500;

/** Faults that a server reports to the others one by one; beyond them it reports their number. */
export const FAULTS_TOLD_MAX = 8;

/**
 * Each fault is repeated in this many consecutive keep-alives: a reader that looks once per period
 * sees it.
 */
export const FAULT_REPORT_PERIODS = 4;

/** Delay of the answer to a wrong token. */
export const WEB_REFUSAL_MS = 1000;

/**
 * The page shows at most this many of the log's newest decisions. Each is recomputed, in at most 20
 * ms, and no other request is answered meanwhile.
 */
export const WEB_DECISIONS_MAX = 64;

assert(
  WEB_REFUSAL_MS < WEB_IDLE_S * 1000,
  "a refusal is answered before its connection counts as idle",
);

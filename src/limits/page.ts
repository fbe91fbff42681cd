/** The maintenance page. */
import { assert } from "../assert.ts";

/**
 * What anybody may send to the maintenance page: a token of KEY_BYTES_MAX in a form, every byte
 * escaped.
 */
export const WEB_BODY_BYTES_MAX = 4096;

/**
 * Requests that the page answers at a time: a handful of laptops, each with what a browser opens at
 * once.
 */
export const WEB_REQUESTS_MAX = 32;

/**
 * A connection that is idle, or whose request does not become whole, is closed after this; Bun's
 * timer adds up to 12 s.
 */
export const WEB_IDLE_S = 10;

/** The engine's snapshot is read so often at most, however many look at the page. */
export const WEB_STATE_MS = 200;

/** The log is read again so often at most while it grows: a full one of 4 MiB takes 0.2 s. */
export const WEB_LOG_MS = 500;

/** Faults of a server that the others are told one by one; of more they know the number. */
export const FAULTS_TOLD_MAX = 8;

/** Each is told in so many keep-alives in a row: whoever looks once a period sees it. */
export const FAULT_TOLD_PERIODS = 4;

/** The answer to a wrong token waits so long. */
export const WEB_REFUSAL_MS = 1000;

assert(
  WEB_REFUSAL_MS < WEB_IDLE_S * 1000,
  "a refusal is answered before its connection counts as idle",
);

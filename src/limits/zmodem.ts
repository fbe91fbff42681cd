/** Downloads over the serial line by ZMODEM. */
import { assert } from "../assert.ts";

/**
 * Size of a ZMODEM data subpacket (specification of 1988, section 7.4). On a noisy line they become
 * shorter: one flipped bit costs a whole subpacket.
 */
export const ZMODEM_SUBPACKET_BYTES_MAX = 1024;
export const ZMODEM_SUBPACKET_BYTES_MIN = 128;

/** Subpackets become longer again after this many bytes without an error. */
export const ZMODEM_CLEAN_BYTES = 8 << 10;

/**
 * Subpackets of a download that may be in transit, 16 KiB at first: a second and a half at 115,200
 * baud, 17 s at 9,600. When a receiver dies, they end up on somebody's screen; after a damaged
 * subpacket the rest is sent in vain. A full-duplex receiver is asked for its position four times
 * per window, so that a clean line never stalls.
 */
export const ZMODEM_WINDOW_SUBPACKETS = 16;
export const ZMODEM_ASK_SUBPACKETS = ZMODEM_WINDOW_SUBPACKETS / 4;

/**
 * Time before an unanswered frame is sent again: longer than receivers wait, which is ten seconds,
 * so that they speak first.
 */
export const ZMODEM_RETRY_MS = 12_000;

/**
 * A receiver that says it is ready this long after the offer has missed it; one that says so sooner
 * has answered an earlier invitation.
 */
export const ZMODEM_OFFER_REPEAT_MS = 2000;

/**
 * A transfer without progress for this long is given up. A human has the same time to start the
 * receiver.
 */
export const ZMODEM_PROGRESS_MS = 60_000;

/**
 * The file has arrived: for the good-bye a receiver is asked again after the shorter time, and
 * waited for no longer than it takes to repeat itself once.
 */
export const ZMODEM_CLOSE_RETRY_MS = 3000;
export const ZMODEM_CLOSE_MS = 15_000;

/**
 * After the end the line returns to the console once it has been quiet for the shorter time, at the
 * latest after the longer one.
 */
export const ZMODEM_QUIET_MS = 500;
export const ZMODEM_SETTLE_MS = 5000;

assert(ZMODEM_SUBPACKET_BYTES_MIN <= ZMODEM_SUBPACKET_BYTES_MAX, "subpackets can become shorter");
assert(
  ZMODEM_ASK_SUBPACKETS >= 1 && 2 * ZMODEM_ASK_SUBPACKETS <= ZMODEM_WINDOW_SUBPACKETS,
  "a receiver is asked for its position before the window is full",
);
assert(
  3 * ZMODEM_RETRY_MS < ZMODEM_PROGRESS_MS,
  "what got lost is sent again several times before a transfer is given up",
);
assert(ZMODEM_RETRY_MS < ZMODEM_CLOSE_MS, "a receiver that missed the good-bye can ask for it");
assert(ZMODEM_QUIET_MS < ZMODEM_SETTLE_MS, "a line can become quiet");

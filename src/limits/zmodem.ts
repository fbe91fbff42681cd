/** Downloads over the serial line by ZMODEM. */
import { assert } from "../assert.ts";

/**
 * A data subpacket of ZMODEM (protocol of 1988, section 7.4). On a noisy line they become shorter:
 * one flipped bit costs them whole.
 */
export const ZMODEM_SUBPACKET_BYTES_MAX = 1024;
export const ZMODEM_SUBPACKET_BYTES_MIN = 128;

/** After so many bytes without an error subpackets become longer again. */
export const ZMODEM_CLEAN_BYTES = 8 << 10;

/**
 * Subpackets of a download that may be on their way, 16 KiB at first: a second and a half at
 * 115,200 baud, 17 s at 9,600. What comes after a receiver has died lands on somebody's screen, and
 * what comes after a damaged subpacket is sent for nothing. A receiver that hears while it sends is
 * asked for its position four times within them, so that a line without noise never stands still.
 */
export const ZMODEM_WINDOW_SUBPACKETS = 16;
export const ZMODEM_ASK_SUBPACKETS = ZMODEM_WINDOW_SUBPACKETS / 4;

/**
 * What is not answered is sent again: later than receivers, which wait for ten seconds, so that
 * they speak first.
 */
export const ZMODEM_RETRY_MS = 12_000;

/**
 * A receiver that says it is ready so long after the offer has not got it; sooner it has answered
 * another invitation.
 */
export const ZMODEM_OFFER_AGAIN_MS = 2000;

/**
 * A transfer that has not come any further for so long is given up. As long has a human to start
 * the receiver.
 */
export const ZMODEM_PROGRESS_MS = 60_000;

/**
 * The file is there: for the good-bye a receiver is asked again soon, and waited for no longer than
 * it takes to repeat itself once.
 */
export const ZMODEM_CLOSE_RETRY_MS = 3000;
export const ZMODEM_CLOSE_MS = 15_000;

/**
 * After the end the line belongs to the console when it has been quiet for so long, or in any case
 * after the longer time.
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

/** What a shell does for VIPs by itself: who else has set them, routes, attempts, announcements. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX, PERIOD_MS_MAX } from "./aircraft.ts";
import { IPV6_COST, VIP_BATCH_MAX } from "./turn.ts";
import { ANNOUNCE_AGAIN_MS } from "./vips.ts";

/**
 * Addresses of this server that equal a VIP and that Wingman has not set, on all interfaces
 * together: a network setup that lists all VIPs of a large aircraft. Of what is more, nothing is
 * known until some of them are gone.
 */
export const FOREIGN_ADDRESSES_MAX = 256;

/**
 * What somebody takes away again and again (a route, a VIP) is put back at once, then after this
 * pause, twice as long each time: a network manager that fights for it costs little, and what was
 * one mistake is over within a period. 'ip addr flush' takes some ms and looks ten times whether
 * nothing is left.
 */
export const PUT_BACK_PAUSE_MS_MIN = 200;

/**
 * A function whose VIPs the kernel has refused may be tried again here after this pause, twice as
 * long each time: others have had the time to take it.
 */
export const ATTEMPT_PAUSE_MS_MIN = 1000;

/**
 * What the kernel refuses, or others take away, is tried again at least so often, for ever: it
 * costs some µs, and who has mended the cause sees the fault end while he waits.
 */
export const ATTEMPT_PAUSE_MS_MAX = 10_000;

/** VIPs that are tried again in one period: as many as fit one batch where all are IPv6. */
export const VIP_ATTEMPTS_PER_PERIOD_MAX = Math.floor(VIP_BATCH_MAX / IPV6_COST);

/** Notifications about routes read in one period: those of a network manager's new start. */
export const ROUTE_MESSAGES_PER_PERIOD_MAX = 32;

/**
 * Announcements may be lost behind a port that is up and forwards only after a while: spanning tree
 * takes 30 s, and 50 s in the worst case (IEEE 802.1D: 20 s of age and 15 s each of listening and
 * learning). So a VIP that came up is announced again after this pause, then twice as long each
 * time up to the longest, DEFEND_INTERVAL of RFC 5227, for three minutes: a client that missed them
 * all is wrong for ten seconds more than its port.
 */
export const ANNOUNCE_PAUSE_MS_MIN = 2000;
export const ANNOUNCE_PAUSE_MS_MAX = 10_000;
export const ANNOUNCE_FOR_MS = 180_000;

/** Functions that are announced again in one period: the rest of many has its turn in the next. */
export const ANNOUNCED_PER_PERIOD_MAX = 16;

assert(ANNOUNCE_PAUSE_MS_MIN > ANNOUNCE_AGAIN_MS, "the core's second announcement is before them");
assert(
  (FUNCTIONS_MAX / ANNOUNCED_PER_PERIOD_MAX) * PERIOD_MS_MAX <= ANNOUNCE_PAUSE_MS_MAX * 10,
  "every function has its turn within some pauses, however long the period",
);
assert(PUT_BACK_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MAX, "pauses grow");
assert(PUT_BACK_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MIN, "pauses grow");
assert(ATTEMPT_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MAX, "pauses grow");
assert(FOREIGN_ADDRESSES_MAX <= FUNCTIONS_MAX, "they are gone through in each notification");

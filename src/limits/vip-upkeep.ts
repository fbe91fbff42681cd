/** What a shell does for VIPs by itself: who else has set them, routes, attempts, announcements. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX } from "./aircraft.ts";
import { IPV6_COST, VIP_BATCH_MAX } from "./turn.ts";

/**
 * Addresses of this server that equal a VIP and that Wingman has not set, on all interfaces
 * together: a network setup that lists all VIPs of a large aircraft. Of what is more, nothing is
 * known until some of them are gone.
 */
export const FOREIGN_ADDRESSES_MAX = 256;

/**
 * What somebody takes away again and again (a route, a VIP) is put back at once, then after this
 * pause, twice as long each time: a network manager that fights for it costs little, and what was
 * one mistake is over within a period.
 */
export const PUT_BACK_PAUSE_MS_MIN = 200;

/**
 * A function whose VIPs the kernel has refused may be tried again here after this pause, twice as
 * long each time: others have had the time to take it.
 */
export const ATTEMPT_PAUSE_MS_MIN = 1000;

/**
 * What the kernel refuses, or others take away, is tried again at least so often, for ever: it costs
 * some µs, and who has mended the cause sees the fault end while he waits.
 */
export const ATTEMPT_PAUSE_MS_MAX = 10_000;

/** VIPs that are tried again in one period: as many as fit one batch where all are IPv6. */
export const VIP_ATTEMPTS_PER_PERIOD_MAX = Math.floor(VIP_BATCH_MAX / IPV6_COST);

/** Notifications about routes read in one period: those of a network manager's new start. */
export const ROUTE_MESSAGES_PER_PERIOD_MAX = 32;

assert(PUT_BACK_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MAX, "pauses grow");
assert(ATTEMPT_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MAX, "pauses grow");
assert(FOREIGN_ADDRESSES_MAX <= FUNCTIONS_MAX, "they are gone through in each notification");

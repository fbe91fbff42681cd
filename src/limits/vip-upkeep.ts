/** What a shell does for VIPs by itself: who else has set them, routes, attempts, announcements. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX } from "./aircraft.ts";

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

/** What the kernel refuses, or others take away, is tried again at least so often, for ever. */
export const ATTEMPT_PAUSE_MS_MAX = 60_000;

/** Notifications about routes read in one period: those of a network manager's new start. */
export const ROUTE_MESSAGES_PER_PERIOD_MAX = 32;

assert(PUT_BACK_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MAX, "pauses grow");
assert(FOREIGN_ADDRESSES_MAX <= FUNCTIONS_MAX, "they are gone through in each notification");

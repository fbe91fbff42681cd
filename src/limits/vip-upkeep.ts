/** What a shell does for VIPs by itself: who else has set them, routes, attempts, announcements. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX } from "./aircraft.ts";

/**
 * Addresses of this server that equal a VIP and that Wingman has not set, on all interfaces
 * together: a network setup that lists all VIPs of a large aircraft. Of what is more, nothing is
 * known until some of them are gone.
 */
export const FOREIGN_ADDRESSES_MAX = 256;

assert(FOREIGN_ADDRESSES_MAX <= FUNCTIONS_MAX, "they are gone through in each notification");

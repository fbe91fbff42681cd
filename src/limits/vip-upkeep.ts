/** What a shell does for VIPs by itself: foreign settings, routes, attempts, announcements. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX, PERIOD_MS_MAX } from "./aircraft.ts";
import { IPV6_COST, VIP_BATCH_MAX } from "./turn.ts";
import { ANNOUNCE_REPEAT_MS } from "./vips.ts";

/**
 * Addresses of this server, on all interfaces together, that equal a VIP but were not set by
 * Wingman: enough for a network setup that lists all VIPs of a large aircraft. Further ones stay
 * unknown until some of these are gone.
 */
export const FOREIGN_ADDRESSES_MAX = 256;

/**
 * A route or VIP that somebody keeps removing is restored at once, then after this pause, which
 * doubles each time. So a fight with a network manager costs little, and a single mistake is
 * corrected within a period. 'ip addr flush' takes some ms and checks ten times whether anything is
 * left.
 */
export const PUT_BACK_PAUSE_MS_MIN = 200;

/**
 * A server may try a function again whose VIPs its kernel refused after this pause, which doubles
 * each time: other servers had time to take the function.
 */
export const ATTEMPT_PAUSE_MS_MIN = 1000;

/**
 * Longest pause before another attempt at what the kernel refuses or others remove; attempts never
 * end. Each costs some µs, and whoever fixes the cause sees the fault clear soon after.
 */
export const ATTEMPT_PAUSE_MS_MAX = 10_000;

/** VIPs retried in one period: as many as fit one batch when all are IPv6. */
export const VIP_ATTEMPTS_PER_PERIOD_MAX = Math.floor(VIP_BATCH_MAX / IPV6_COST);

/** Route notifications read in one period: those of a restarting network manager. */
export const ROUTE_MESSAGES_PER_PERIOD_MAX = 32;

/**
 * A port that is up may forward only after a while, and announcements are lost until then: spanning
 * tree takes 30 s, and 50 s in the worst case (IEEE 802.1D: 20 s of age and 15 s each of listening
 * and learning). So a new VIP is announced again after this pause, which doubles up to the longest,
 * DEFEND_INTERVAL of RFC 5227, for three minutes. A client that missed all of them is wrong for ten
 * seconds longer than its port.
 */
export const ANNOUNCE_PAUSE_MS_MIN = 2000;
export const ANNOUNCE_PAUSE_MS_MAX = 10_000;
export const ANNOUNCE_FOR_MS = 180_000;

/** Functions announced again in one period; the remaining ones follow in the next. */
export const ANNOUNCED_PER_PERIOD_MAX = 16;

assert(ANNOUNCE_PAUSE_MS_MIN > ANNOUNCE_REPEAT_MS, "the core's second announcement is before them");
assert(
  (FUNCTIONS_MAX / ANNOUNCED_PER_PERIOD_MAX) * PERIOD_MS_MAX <= ANNOUNCE_PAUSE_MS_MAX * 10,
  "every function has its turn within some pauses, however long the period",
);
assert(PUT_BACK_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MAX, "pauses grow");
assert(PUT_BACK_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MIN, "pauses grow");
assert(ATTEMPT_PAUSE_MS_MIN < ATTEMPT_PAUSE_MS_MAX, "pauses grow");
assert(FOREIGN_ADDRESSES_MAX <= FUNCTIONS_MAX, "they are gone through in each notification");

/** VIPs on the client network: lease, lifetime, announcements, strangers, witnesses. */
import { assert } from "../assert.ts";
import {
  DETECTION_TIME_MS_MAX,
  FUNCTIONS_MAX,
  PERIOD_MS_MAX,
  PERIOD_MS_MIN,
  VIPS_PER_FUNCTION_MAX,
} from "./aircraft.ts";
import { DIRECT_LATE_MS, LISTEN_EXTRA_PERIODS } from "./protocol.ts";
import { VIP_BATCH_MAX } from "./turn.ts";

/** Maximum attempts to set or remove a VIP while the kernel lacks memory or does not answer. */
export const VIP_ATTEMPTS_MAX = 5;

/**
 * With nftables a lease ends up to two ticks of the kernel's timer early; a tick is 1, 4 or 10 ms.
 * With eBPF it ends to the µs.
 */
export const LEASE_TICKS_MS = 20;
export const LEASE_TICKS_MS_MIN = 2;

/** Lateness of the loop that neither breaks a lease nor makes one outlast the detection time. */
export const LEASE_LATENESS_MS = 5;

/**
 * Default number of consecutive keep-alives that may be lost in both directions before the network
 * counts as divided. With 0, a single loss in each direction would suffice.
 */
export const LEASE_BRIDGES = 1;

/**
 * Length of a lease. The shortest covers a period, the allowed lateness and the shortest ticks; the
 * longest is far beyond every detection time.
 */
export const LEASE_MS_MIN = 12;
export const LEASE_MS_MAX = 1_000_000;

/**
 * The kernel deletes a VIP that was not renewed for this long (`valid_lft`, for IPv4 in whole
 * seconds). It is the shortest time in which a busy machine renews them all. Longer detection times
 * and many IPv6 VIPs lengthen it.
 */
export const ADDRESS_LIFETIME_S_MIN = 2;

/** The kernel expires addresses in groups, at most this early. */
export const ADDRESS_LIFETIME_EARLY_MS = 20;

/**
 * Duration of a round, in which each VIP is renewed once: three rounds fit the shortest lifetime.
 */
export const RENEWAL_ROUND_MS = 600;

/** Longest interval between batches of renewals, however few VIPs and however long the period. */
export const RENEWAL_WAIT_MS = 300;

/**
 * How long a removal waits for renewals in progress: longer than anybody holds the kernel's lock,
 * and every lease has run out by then.
 */
export const RENEWAL_SETTLE_MS = 3000;

/**
 * The loop takes the kernel's lock as free for this long after the renewal process or its own
 * batch held it: long enough for the announcements between two batches, and less than a period.
 */
export const LOCK_FREE_US = 3_000;

/** VIPs that waited for the kernel's lock longer than this are recorded. */
export const VIPS_HELD_UP_MS = 20;

/**
 * Delay by a late loop, or by turns without room for a batch of renewals, that lets no VIP expire.
 */
export const RENEWAL_LATENESS_MS = 200;

/**
 * IPv6 VIPs of an aircraft that are renewed in one round; more of them lengthen the round. For each
 * renewal the kernel looks at all IPv6 addresses (measured: 28 µs plus 0.35 µs per address; an IPv4
 * address takes 3 µs).
 */
export const RENEWAL_IPV6_PER_ROUND = 64;

/**
 * Addresses are announced again (ARP, neighbour advertisement) this long after they came up
 * (PROTOCOL.md, "Hand-over").
 */
export const ANNOUNCE_REPEAT_MS = 1000;

/**
 * A witness that leaves this many consecutive questions unanswered is asked by broadcast (RFC 1122,
 * section 2.3.2.1: typically 2).
 */
export const WITNESS_UNANSWERED_MAX = 2;

/**
 * A broadcast disturbs every seat: at most ten a second per witness, and only while it does not
 * answer.
 */
export const WITNESS_BROADCAST_MS = 100;

/**
 * A VIP that a stranger uses is announced again at once, then on sightings after 1 s, 2 s, 4 s, …,
 * and in the long run at most once per DEFEND_INTERVAL of RFC 5227, 10 s. Hosts announce themselves
 * two or three times: with ten seconds from the start, the seats would stay with a stranger for
 * that long.
 */
export const DEFENCE_MS_MIN = 1000;
export const DEFENCE_MS_MAX = 10_000;

/**
 * Interval at which a stranger that stays is recorded again: the log of a flight shows it without
 * filling up.
 */
export const STRANGER_LOG_AGAIN_MS = 60_000;

/** A stranger not seen for this long is gone: longer than any defence waits. */
export const STRANGER_GONE_MS = 30_000;

assert(
  DEFENCE_MS_MIN <= DEFENCE_MS_MAX && DEFENCE_MS_MAX < STRANGER_GONE_MS,
  "a defence that waits is made before the stranger counts as gone",
);
assert(
  2 * RENEWAL_ROUND_MS + RENEWAL_WAIT_MS + RENEWAL_LATENESS_MS + ADDRESS_LIFETIME_EARLY_MS <
    ADDRESS_LIFETIME_S_MIN * 1000,
  "a VIP that is renewed in its turn does not expire",
);
assert(LEASE_LATENESS_MS <= PERIOD_MS_MIN, "a loop as late as a lease allows has missed no period");
assert(
  PERIOD_MS_MIN + LEASE_LATENESS_MS + LEASE_TICKS_MS_MIN >= LEASE_MS_MIN,
  "every lease that fits a period can be set",
);
assert(DETECTION_TIME_MS_MAX <= LEASE_MS_MAX, "every lease that fits a detection time can be set");
assert(
  LISTEN_EXTRA_PERIODS * PERIOD_MS_MIN > LEASE_LATENESS_MS,
  "who starts listens longer than a late owner is silent",
);
assert(ANNOUNCE_REPEAT_MS >= PERIOD_MS_MAX, "the second announcement is due when a period begins");
assert(RENEWAL_WAIT_MS < RENEWAL_ROUND_MS, "the loop comes several times in a round of renewals");
assert(
  (FUNCTIONS_MAX * VIPS_PER_FUNCTION_MAX) / VIP_BATCH_MAX <= RENEWAL_ROUND_MS / 4,
  "batches of a ms for the renewals of all VIPs leave the loop most of its time",
);
assert(
  2 * DIRECT_LATE_MS <= LEASE_LATENESS_MS,
  "a message that is missing is sent on before the lease that it would have extended runs out",
);

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

/**
 * A VIP that could not be set or removed for want of memory or of an answer is tried again so
 * often.
 */
export const VIP_ATTEMPTS_MAX = 5;

/**
 * By nftables a lease ends up to two ticks of the kernel's timer early; a tick is 1, 4 or 10 ms. By
 * eBPF it ends to the µs.
 */
export const LEASE_TICKS_MS = 20;
export const LEASE_TICKS_MS_MIN = 2;

/** Lateness of the loop that neither breaks a lease nor lets one outlast the detection time. */
export const LEASE_LATENESS_MS = 5;

/**
 * Keep-alives in a row that may be lost in both directions before the network counts as divided,
 * unless the configuration says otherwise: with none, the loss of one each way would do.
 */
export const LEASE_BRIDGES = 1;

/**
 * Length of a lease: a period, the lateness allowed and the shortest ticks at least; the longest is
 * far beyond every detection time.
 */
export const LEASE_MS_MIN = 12;
export const LEASE_MS_MAX = 1_000_000;

/**
 * The kernel deletes a VIP that was not renewed for so long (`valid_lft`, for IPv4 in whole
 * seconds): the shortest in which a busy machine renews them all. Longer detection times and many
 * IPv6 VIPs get a longer one.
 */
export const ADDRESS_LIFETIME_S_MIN = 2;

/** The kernel gathers addresses that expire, and is so much early at most. */
export const ADDRESS_LIFETIME_EARLY_MS = 20;

/** Each VIP is renewed once in a round: three times in the shortest lifetime. */
export const RENEWAL_ROUND_MS = 600;

/** Batches of renewals are not further apart, however few VIPs and however long the period. */
export const RENEWAL_WAIT_MS = 300;

/**
 * A removal waits so long for renewals that are on their way: longer than anybody keeps the
 * kernel's lock, and every lease has run out by then.
 */
export const RENEWAL_SETTLE_MS = 3000;

/**
 * So long after its process had the kernel's lock, the loop takes it as free: within a batch or two
 * of a failover, and far less than a period.
 */
export const LOCK_FREE_US = 1_000;

/** VIPs that waited longer than this for the kernel's lock are recorded. */
export const VIPS_HELD_UP_MS = 20;

/**
 * Lateness of the loop, and turns in which a batch of renewals had no room, that let no VIP expire.
 */
export const RENEWAL_LATENESS_MS = 200;

/**
 * IPv6 VIPs of an aircraft that are renewed in one round; with more of them it is longer: for each
 * renewal the kernel looks at all IPv6 addresses (measured: 28 µs and 0.35 µs for each of them,
 * where an IPv4 address takes 3 µs).
 */
export const RENEWAL_IPV6_PER_ROUND = 64;

/**
 * Addresses are announced again (ARP, neighbour advertisement) this long after they came up
 * (protocol, section 4).
 */
export const ANNOUNCE_AGAIN_MS = 1000;

/**
 * A witness that leaves two questions in a row unanswered is asked by broadcast (RFC 1122, section
 * 2.3.2.1: typically 2).
 */
export const WITNESS_UNANSWERED_MAX = 2;

/**
 * A broadcast disturbs every seat: ten a second for each witness, and only while it does not
 * answer.
 */
export const WITNESS_BROADCAST_MS = 100;

/**
 * A stranger's VIP is announced again at once, then after 1 s, 2 s, 4 s, … of further sightings,
 * and never more often than every DEFEND_INTERVAL of RFC 5227, 10 s, in the long run. Ten seconds
 * from the start would leave the seats with a stranger for as long that announces itself two or
 * three times, as hosts do.
 */
export const DEFENCE_MS_MIN = 1000;
export const DEFENCE_MS_MAX = 10_000;

/**
 * A stranger that stays is named again so often: a log of one flight shows it without being filled
 * by it.
 */
export const STRANGER_LOG_AGAIN_MS = 60_000;

/** A stranger that was not seen for so long is gone: longer than any defence waits. */
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
assert(ANNOUNCE_AGAIN_MS >= PERIOD_MS_MAX, "the second announcement is due when a period begins");
assert(RENEWAL_WAIT_MS < RENEWAL_ROUND_MS, "the loop comes several times in a round of renewals");
assert(
  (FUNCTIONS_MAX * VIPS_PER_FUNCTION_MAX) / VIP_BATCH_MAX <= RENEWAL_ROUND_MS / 4,
  "batches of a ms for the renewals of all VIPs leave the loop most of its time",
);
assert(
  2 * DIRECT_LATE_MS <= LEASE_LATENESS_MS,
  "a message that is missing is sent on before the lease that it would have extended runs out",
);

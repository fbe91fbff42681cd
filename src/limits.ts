/**
 * Every limit of the product with its reason. Tables are made at start-up in these sizes and never grow,
 * so that the work and the memory of one period are known before take-off (P7).
 * The relations between limits are asserted at the end of this file, when the module loads.
 */
import { assert } from "./assert.ts";

/** Head-end servers of one aircraft. Sets of servers are bit masks of 16 bits. */
export const SERVERS_MAX = 16;
export const SERVERS_MIN = 1;

/** Service functions of one aircraft: the bitmaps of a keep-alive must fit one Ethernet frame. */
export const FUNCTIONS_MAX = 1024;

/** 32-bit words of one bitmap with a bit per function. */
export const BITMAP_WORDS = FUNCTIONS_MAX / 32;

/** Virtual IP addresses of one function. */
export const VIPS_PER_FUNCTION_MAX = 8;

/** Keep-alive networks: aircraft have one or two. */
export const NETWORKS_MAX = 2;

/** Patent [0029]: 10, 9, … 1 in the order of higher priorities. */
export const PRIORITY_MIN = 1;
export const PRIORITY_MAX = 10;

/** Resource units are the integrator's own; sums over 1,024 functions stay far inside 31 bits. */
export const RESOURCE_MAX = 1_000_000;
export const REQUIRED_MIN = 1;

/** Keep-alive period. Below 5 ms the period is in the order of the scheduler's lateness; above 1 s nobody calls it a failover. */
export const PERIOD_MS_MIN = 5;
export const PERIOD_MS_MAX = 1000;

/** One lost datagram is never a failure: at least two periods of silence. */
export const LOST_AFTER_PERIODS_MIN = 2;
export const LOST_AFTER_PERIODS_MAX = 100;
export const RECOVERED_AFTER_PERIODS_MIN = 1;
export const RECOVERED_AFTER_PERIODS_MAX = 1000;

/** Start-up listens for the detection time and this many periods more before owning anything (protocol, section 2). */
export const LISTEN_EXTRA_PERIODS = 2;

/** So many periods without a datagram of a server's own, and the others are asked to send its messages on (core/relay). */
export const DIRECT_PERIODS = 3;

/** Messages of one server that another one sends on in a period: the periodic one, and some changes of state. */
export const RELAYS_PER_PERIOD_MAX = 4;

/**
 * Effects that may wait in one ring. A function has at most one VIP to add or remove on its way, one warning, and some
 * records of a hand-over; the rings are emptied within a few dozen turns.
 */
export const EFFECTS_MAX = 8 * FUNCTIONS_MAX + 256;

/** Netlink messages in one batch (runtime facts, trap 17: more than about 256 overflow the socket; 64 take 0.3 ms). */
export const VIP_BATCH_MAX = 64;

/** Datagrams received from one socket in one turn of the loop, so that a flood cannot hold up the keep-alive. */
export const RECEIVES_PER_TURN_MAX = 64;

/** Records of the supervisor and of commands, and reports of links, taken in one turn. */
export const RECORDS_PER_TURN_MAX = 32;
export const REPORTS_PER_TURN_MAX = 16;

/** Frames of neighbours (ARP, neighbour advertisements) looked at in one period: about 1 µs each, and a flood cannot hold up the loop. */
export const NEIGHBOURS_PER_PERIOD_MAX = 64;

/** Events of one turn: what the networks bring, the answers to one batch of VIPs, and the rest. Each source has its own share. */
export const EVENTS_MAX =
  RECEIVES_PER_TURN_MAX * NETWORKS_MAX + NEIGHBOURS_PER_PERIOD_MAX + VIP_BATCH_MAX + 2 * RECORDS_PER_TURN_MAX;

/**
 * Turns in a row for which nobody is declared silent because the sockets still hold datagrams: enough to read all that a
 * receive buffer holds, and no more, so that a flood does not keep failures from being seen.
 */
export const UNREAD_TURNS_MAX = 4;

/** A VIP that could not be set or removed for want of memory or of an answer is tried again so often. */
export const VIP_ATTEMPTS_MAX = 5;

/** A lease ends up to two ticks of the kernel's timer early; a tick is at most 10 ms. */
export const LEASE_TICKS_MS = 20;

/** Lateness of the loop that neither breaks a lease nor lets one outlast the detection time. */
export const LEASE_LATENESS_MS = 5;

/** An incarnation ends before its sequence numbers do: at 100 a second after more than a year. */
export const SEQUENCE_MAX = 0xfff0_0000;

/** The grace time between SIGTERM and SIGKILL of a function's process. */
export const STOP_GRACE_MS_MAX = 60_000;
export const STOP_GRACE_MS_DEFAULT = 500;

/** A function's process that fails this often within the window is marked failed on this server (contract). */
export const PROCESS_FAILURES_MAX = 3;
export const PROCESS_FAILURE_WINDOW_MS = 30_000;

/** A planned move waits this much longer than the longest stop grace before the old owner lets go in any case. */
export const HANDOVER_EXTRA_MS = 500;

/** Addresses are announced again (ARP, neighbour advertisement) this long after they came up (protocol, section 4). */
export const ANNOUNCE_AGAIN_MS = 1000;

/** Tables that disagree for this many periods although nothing changes are computed again from what is seen (P5). */
export const DISAGREEMENT_PERIODS = 10;

/** A witness that leaves two questions in a row unanswered is asked by broadcast (RFC 1122, section 2.3.2.1: typically 2). */
export const WITNESS_UNANSWERED_MAX = 2;

/** A broadcast disturbs every seat: ten a second for each witness, and only while it does not answer. */
export const WITNESS_BROADCAST_MS = 100;

/**
 * A stranger's VIP is announced again at once, then after 1 s, 2 s, 4 s, … of further sightings, and never more often than every
 * DEFEND_INTERVAL of RFC 5227, 10 s, in the long run. Ten seconds from the start would leave the seats with a stranger for as
 * long that announces itself two or three times, as hosts do.
 */
export const DEFENCE_MS_MIN = 1000;
export const DEFENCE_MS_MAX = 10_000;

/** A stranger that stays is named again so often: a log of one flight shows it without being filled by it. */
export const STRANGER_LOG_AGAIN_MS = 60_000;

/** A stranger that was not seen for so long is gone: longer than any defence waits. */
export const STRANGER_GONE_MS = 30_000;

assert(
  DEFENCE_MS_MIN <= DEFENCE_MS_MAX && DEFENCE_MS_MAX < STRANGER_GONE_MS,
  "a defence that waits is made before the stranger counts as gone",
);
assert(FUNCTIONS_MAX <= 1 << 16, "a function and half a MAC share 32 bits of a log record");
assert(FUNCTIONS_MAX % 32 === 0, "a bitmap is whole words");
assert(SERVERS_MAX <= 16, "sets of servers are masks of 16 bits");
assert(RESOURCE_MAX * FUNCTIONS_MAX < 2 ** 31, "sums of required resources fit an Int32Array");
assert(RECEIVES_PER_TURN_MAX >= 2 * SERVERS_MAX, "two keep-alives of every server are read in one turn");
assert(REPORTS_PER_TURN_MAX < RECORDS_PER_TURN_MAX, "records, reports and a carrier event fit their share");
assert(LOST_AFTER_PERIODS_MIN >= 2, "a single lost datagram must not be a failure");

/** The work of one turn of the flight loop, so that its time is known whatever comes. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX, NETWORKS_MAX, SERVERS_MAX, VIPS_PER_FUNCTION_MAX } from "./aircraft.ts";
import { NETWORK_RECORDS_PER_PERIOD_MAX } from "./networks.ts";

/**
 * Effects that may wait in one ring. A function has at most one VIP to add or remove on its way,
 * one warning, and some records of a hand-over; the rings are emptied within a few dozen turns.
 */
export const EFFECTS_MAX = 8 * FUNCTIONS_MAX + 256;

/**
 * Netlink messages in one batch (runtime facts, trap 17: more than about 256 overflow the socket;
 * 64 take 0.3 ms).
 */
export const VIP_BATCH_MAX = 64;

/**
 * An IPv6 address takes the kernel as long as this many IPv4 addresses: it joins the multicast
 * group of its last 24 bits, and with hundreds of such groups each join waits for the reports of
 * all (measured: 0.2–0.4 ms an address beside 512 others, against 0.01 ms when all share one
 * group).
 */
export const IPV6_COST = 8;

/** Effects carried out in one turn: a batch of VIPs, each with a warning or an announcement. */
export const EFFECTS_PER_TURN_MAX = 2 * VIP_BATCH_MAX;

/**
 * Of these, those that move no VIP and are carried out in any case, so that processes and records
 * do not wait for ever.
 */
export const OTHER_EFFECTS_PER_TURN_MIN = 16;

/**
 * Datagrams received from one socket in one turn of the loop, so that a flood cannot hold up the
 * keep-alive: two networks' worth of forged ones, each with one hash for each of two keys, are 1 to
 * 2 ms.
 */
export const RECEIVES_PER_TURN_MAX = 128;

/**
 * Datagrams in one period that are read as they arrive: all servers on all networks, each with its
 * periodic keep-alive and one more. After them networks are read READ_REST_US apart, because to be
 * woken costs more than to read.
 */
export const RECEIVES_AT_ONCE_MAX = 2 * SERVERS_MAX * NETWORKS_MAX;

/**
 * Pause between two readings in a flood. It leaves a fifth of the processor to others whatever
 * arrives, and so keeps the kernel from taking the processor away from a real-time process that
 * never sleeps (sched_rt_runtime_us: 50 ms at a time).
 */
export const READ_REST_US = 250;

/**
 * Receive buffer of one socket, which the kernel doubles. It charges a keep-alive with 1,280 to
 * 2,304 bytes, so that 1,800 and more fit: what a link of 1 Gbit/s brings in 11 ms, should this
 * process be late.
 */
export const RECEIVE_BUFFER_BYTES = 2 << 20;
const DATAGRAM_CHARGE_BYTES_MIN = 1280;

/** Records of the supervisor and of commands, and reports of links, taken in one turn. */
export const RECORDS_PER_TURN_MAX = 32;
export const REPORTS_PER_TURN_MAX = 16;

/**
 * Frames of neighbours (ARP, neighbour advertisements) looked at in one period: about 1 µs each,
 * and a flood cannot hold up the loop.
 */
export const NEIGHBOURS_PER_PERIOD_MAX = 64;

/**
 * Events of one turn: what the networks bring, the answers to one batch of VIPs, and the rest. Each
 * source has its own share.
 */
export const EVENTS_MAX =
  RECEIVES_PER_TURN_MAX * NETWORKS_MAX +
  NEIGHBOURS_PER_PERIOD_MAX +
  2 * VIP_BATCH_MAX +
  2 * RECORDS_PER_TURN_MAX;

/**
 * Turns in a row for which nobody is declared silent because the sockets still hold datagrams:
 * enough to read all that a receive buffer holds, and no more, so that a flood does not keep
 * failures from being seen.
 */
export const UNREAD_TURNS_MAX = Math.ceil(
  (2 * RECEIVE_BUFFER_BYTES) / DATAGRAM_CHARGE_BYTES_MIN / RECEIVES_PER_TURN_MAX,
);

assert(
  RECEIVES_PER_TURN_MAX >= 2 * SERVERS_MAX,
  "two keep-alives of every server are read in one turn",
);
assert(
  REPORTS_PER_TURN_MAX + NETWORK_RECORDS_PER_PERIOD_MAX < RECORDS_PER_TURN_MAX,
  "records, reports and a carrier event fit their share",
);
assert(VIPS_PER_FUNCTION_MAX * IPV6_COST <= VIP_BATCH_MAX, "a function fits one batch of VIPs");

/** Work of one turn of the flight loop: these limits bound its time whatever arrives. */
import { assert } from "../assert.ts";
import { FUNCTIONS_MAX, NETWORKS_MAX, SERVERS_MAX, VIPS_PER_FUNCTION_MAX } from "./aircraft.ts";
import { DECISION_RECORDS_PER_PERIOD } from "./maintenance-log.ts";
import { NETWORK_RECORDS_PER_PERIOD_MAX } from "./networks.ts";

/**
 * Effects that may wait in one ring. A function has at most one VIP in transit, one warning and
 * some records of a hand-over; the rings are emptied within a few dozen turns.
 */
export const EFFECTS_MAX = 8 * FUNCTIONS_MAX + 256;

/**
 * Netlink messages in one batch. The answers to more than about 256 overflow the socket's default
 * receive buffer; 64 take 0.3 ms.
 */
export const VIP_BATCH_MAX = 64;

/**
 * The kernel takes as long for an IPv6 address as for this many IPv4 addresses. The address joins
 * the multicast group of its last 24 bits, and with hundreds of such groups each join waits for the
 * reports of all. Measured: 0.2–0.4 ms per address beside 512 others, and 0.01 ms when all share
 * one group.
 */
export const IPV6_COST = 8;

/** Effects carried out in one turn: a batch of VIPs, each with a warning or an announcement. */
export const EFFECTS_PER_TURN_MAX = 2 * VIP_BATCH_MAX;

/**
 * Of these, effects that move no VIP and are carried out in any case, so that processes and records
 * do not wait for ever.
 */
export const OTHER_EFFECTS_PER_TURN_MIN = 16;

/**
 * Datagrams received from one socket in one turn of the loop, so that a flood cannot delay the
 * keep-alive. Forged ones on two networks, each with one hash for each of two keys, take 1 to 2 ms.
 */
export const RECEIVES_PER_TURN_MAX = 128;

/**
 * Datagrams per period that are read as they arrive: from all servers on all networks, each with
 * its periodic keep-alive and one more. Beyond them networks are read READ_REST_US apart, because
 * waking up costs more than reading.
 */
export const RECEIVES_AT_ONCE_MAX = 2 * SERVERS_MAX * NETWORKS_MAX;

/**
 * Pause between two readings in a flood. It leaves a fifth of the processor to others whatever
 * arrives. So the kernel does not throttle a real-time process that never sleeps
 * (sched_rt_runtime_us: 50 ms at a time).
 */
export const READ_REST_US = 250;

/**
 * Receive buffer of one socket; the kernel doubles it. The kernel charges 1,280 to 2,304 bytes per
 * keep-alive, so at least 1,800 fit: what a 1 Gbit/s link delivers in 11 ms, should this process be
 * late.
 */
export const RECEIVE_BUFFER_BYTES = 2 << 20;
const DATAGRAM_CHARGE_BYTES_MIN = 1280;

/** Records of the supervisor and of commands, and reports of links, accepted in one turn. */
export const RECORDS_PER_TURN_MAX = 32;
export const REPORTS_PER_TURN_MAX = 16;

/**
 * Frames of neighbours (ARP, neighbour advertisements) inspected in one period: about 1 µs each, so
 * that a flood cannot delay the loop.
 */
export const NEIGHBOURS_PER_PERIOD_MAX = 64;

/**
 * Events of one turn: received datagrams, the answers to one batch of VIPs, and the rest. Each
 * source has its own share.
 */
export const EVENTS_MAX =
  RECEIVES_PER_TURN_MAX * NETWORKS_MAX +
  NEIGHBOURS_PER_PERIOD_MAX +
  2 * VIP_BATCH_MAX +
  2 * RECORDS_PER_TURN_MAX +
  DECISION_RECORDS_PER_PERIOD;

/**
 * Consecutive turns in which no server is declared silent because the sockets still hold datagrams.
 * They suffice to read a full receive buffer; the limit ensures that a flood cannot hide failures.
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

/** Keep-alive networks: how each server sees the others on them. */
import { assert } from "../assert.ts";

/**
 * A live server that is not heard on one of its networks for this long is a fault: longer than a
 * switch takes to open a port it knows, short enough for a mechanic at the cable.
 */
export const NETWORK_SILENT_MS = 2000;

/** A configured server that has not been heard since the start is a fault after this long. */
export const NEVER_HEARD_MS = 5000;

/**
 * Interval of the group's membership reports to switches while no server is missed: well within the
 * 260 s after which they forget a group (RFC 2236).
 */
export const GROUP_REPORT_MS = 10_000;
/** Longest pause between two such reports while a server is missed on a network. */
export const GROUP_REPORT_PAUSE_MS_MAX = 5000;
/** Shortest interval between records, per network, that switches forgot the group. */
export const GROUP_FORGOTTEN_REPEAT_MS = 60_000;

/** Hosts with refused keep-alives that are tracked at a time. */
export const REFUSED_SENDERS_MAX = 8;
/** Such a host is recorded after this many refused keep-alives over at least this time. */
export const REFUSED_NAMED_AFTER = 5;
export const REFUSED_NAMED_AFTER_MS = 500;
/** It is forgotten after this much silence. */
export const REFUSED_GONE_MS = 3000;
/** Each of these times lasts at least this many keep-alive periods. */
export const REFUSED_PERIODS_MIN = 5;

/** Records of networks and of refused hosts per period; further ones wait for the next. */
export const NETWORK_RECORDS_PER_PERIOD_MAX = 8;

/** Interval at which the interfaces' addresses are looked up. */
export const INTERFACE_POLL_MS = 1000;

assert(GROUP_REPORT_PAUSE_MS_MAX <= GROUP_REPORT_MS, "whoever is missed is asked for more often");
assert(REFUSED_NAMED_AFTER_MS < REFUSED_GONE_MS, "a host is named before it is forgotten");

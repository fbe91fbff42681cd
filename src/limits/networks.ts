/** Keep-alive networks, as each server sees the others on them. */
import { assert } from "../assert.ts";

/**
 * A server that is alive and was not heard on one of its networks for so long is a fault: longer
 * than a switch takes to open a port it knows, short enough for a mechanic at the cable.
 */
export const NETWORK_SILENT_MS = 2000;

/** A configured server that was not heard at all since the start is a fault after so long. */
export const NEVER_HEARD_MS = 5000;

/**
 * Switches are told of the group so often, though nobody is missed: well within what they forget it
 * after (RFC 2236: 260 s).
 */
export const GROUP_REPORT_MS = 10_000;
/** A server that is missed on a network, and the longest pause between two such reports. */
export const GROUP_REPORT_PAUSE_MS_MAX = 5000;
/** That switches forgot the group is recorded at most so often for each network. */
export const GROUP_FORGOTTEN_AGAIN_MS = 60_000;

/** Hosts whose keep-alives are refused that are followed at a time. */
export const REFUSED_SENDERS_MAX = 8;
/** Such a host is named after so many of its keep-alives, in so long at least. */
export const REFUSED_NAMED_AFTER = 5;
export const REFUSED_NAMED_AFTER_MS = 500;
/** It is forgotten after a silence of so long. */
export const REFUSED_GONE_MS = 3000;
/** Each of these times is at least so many keep-alive periods. */
export const REFUSED_PERIODS_MIN = 5;

/** Records of networks and of refused hosts in one period; what is more waits for the next. */
export const NETWORK_RECORDS_PER_PERIOD_MAX = 8;

/** Addresses of the interfaces are looked up so often. */
export const INTERFACE_LOOK_MS = 1000;

assert(GROUP_REPORT_PAUSE_MS_MAX <= GROUP_REPORT_MS, "whoever is missed is asked for more often");
assert(REFUSED_NAMED_AFTER_MS < REFUSED_GONE_MS, "a host is named before it is forgotten");

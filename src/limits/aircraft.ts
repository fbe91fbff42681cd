/** What an aircraft may have, and what its configuration may say. */
import { assert } from "../assert.ts";

/** Head-end servers of one aircraft. Sets of servers are bit masks of 16 bits. */
export const SERVERS_MAX = 16;
export const SERVERS_MIN = 1;

/** Service functions of one aircraft: the bitmaps of a keep-alive must fit one Ethernet frame. */
export const FUNCTIONS_MAX = 1024;

/** 32-bit words of one bitmap with a bit per function. */
export const BITMAP_WORDS = FUNCTIONS_MAX / 32;

/** Virtual IP addresses of one function. */
export const VIPS_PER_FUNCTION_MAX = 8;

/** Devices on the client network: more do not fit the IPv4 networks of 16 bits that cabins have. */
export const SEATS_MAX = 65_534;

/** Keep-alive networks: aircraft have one or two. */
export const NETWORKS_MAX = 2;

/** Patent [0029]: 10, 9, … 1 in the order of higher priorities. */
export const PRIORITY_MIN = 1;
export const PRIORITY_MAX = 10;

/**
 * Functions from this priority up must not stop: announcements, emergency messages, the crew's
 * panels.
 */
export const CRITICAL_PRIORITY = 9;

/** Functions whose redundancy is looked at in a period: all of them within 32 periods. */
export const REDUNDANCY_FUNCTIONS_PER_PERIOD = 32;

/** Each witness costs an ARP probe; a handful of switches and panels is all a cabin has. */
export const WITNESSES_MAX = 4;

/** That a server is drained is offered to a disk that refused it again so often. */
export const DRAIN_STORE_AGAIN_MS = 2000;

/**
 * A function lacks its redundancy when it has done so for this long: longer than servers that start
 * together and processes that are started again need.
 */
export const REDUNDANCY_SETTLING_MS = 5000;

/** So many functions are recorded one by one: in a large aircraft one server is behind hundreds. */
export const REDUNDANCY_NAMED_MAX = 8;

/** Resource units are the integrator's own; sums over 1,024 functions stay far inside 31 bits. */
export const RESOURCE_MAX = 1_000_000;
export const REQUIRED_MIN = 1;

/**
 * Keep-alive period. Below 5 ms the period is in the order of the scheduler's lateness; above 1 s
 * nobody calls it a failover.
 */
export const PERIOD_MS_MIN = 5;
export const PERIOD_MS_MAX = 1000;

/**
 * `lostAfterPeriods` × period. Shorter than three of the shortest periods, one late keep-alive
 * would be a failure.
 */
export const DETECTION_TIME_MS_MIN = 15;

/** Longer than this nobody calls it a failover. */
export const DETECTION_TIME_MS_MAX = 10_000;

/** `recoveredAfterPeriods` × period: a server that is back is of no use for so long. */
export const RECOVERY_TIME_MS_MAX = 60_000;

/** One lost datagram is never a failure: at least two periods of silence. */
export const LOST_AFTER_PERIODS_MIN = 2;
export const LOST_AFTER_PERIODS_MAX = 100;
export const RECOVERED_AFTER_PERIODS_MIN = 1;
export const RECOVERED_AFTER_PERIODS_MAX = 1000;

/** The grace time between SIGTERM and SIGKILL of a function's process. */
export const STOP_GRACE_MS_MAX = 60_000;
export const STOP_GRACE_MS_DEFAULT = 500;

/**
 * A function's process that fails this often within the window is marked failed on this server
 * (contract).
 */
export const PROCESS_FAILURES_MAX = 3;
export const PROCESS_FAILURE_WINDOW_MS = 30_000;

/**
 * Pauses before a function that failed on a server may be tried there again: a cause that ends soon
 * (a disk that is mounted, a licence that arrives) is not waited for, one that stays costs little.
 */
export const PROCESS_RETRY_MS_MIN = 2000;
export const PROCESS_RETRY_MS_MAX = 60_000;

/** That it may be tried is said so often: whoever could run it may go at any time. */
export const PROCESS_RETRY_SAID_MS = 1000;

/** A process that lives and is ready for so long works: what it failed of before is over. */
export const PROCESS_PROVED_MS = 5000;

/**
 * Soft limit of open files of a function's process, as Linux gives it: programs that use select(2)
 * rely on it, and one that leaks is stopped before the machine is.
 */
export const FUNCTION_OPEN_FILES_DEFAULT = 1024;

/** How often a process that is not ready is looked at, and until when nobody complains. */
export const READY_LOOK_MS = 20;
export const READY_TIMEOUT_MS_DEFAULT = 10_000;
export const READY_TIMEOUT_MS_MAX = 600_000;

/**
 * Time-out of a hardware watchdog: an engine that is started again, after the longest pause, must
 * be in time to feed it; and what waits longer than ten minutes is no watchdog.
 */
export const WATCHDOG_S_MIN = 10;
export const WATCHDOG_S_MAX = 600;

/**
 * Feedings within one time-out of a hardware watchdog, and of the service manager's (it recommends
 * two).
 */
export const HARDWARE_FEEDINGS = 4;
export const SERVICE_FEEDINGS = 3;

assert(
  FUNCTIONS_MAX < 1 << 16,
  "a function and half a MAC share 32 bits of a log record, and 0 of 16 bits is no function",
);
assert(FUNCTIONS_MAX % 32 === 0, "a bitmap is whole words");
assert(SERVERS_MAX <= 16, "sets of servers are masks of 16 bits");
assert(RESOURCE_MAX * FUNCTIONS_MAX < 2 ** 31, "sums of required resources fit an Int32Array");
assert(
  HARDWARE_FEEDINGS * PERIOD_MS_MAX <= WATCHDOG_S_MIN * 1000,
  "a watchdog fed once a period is fed in time",
);
assert(LOST_AFTER_PERIODS_MIN >= 2, "a single lost datagram must not be a failure");
assert(
  DETECTION_TIME_MS_MIN >= 3 * PERIOD_MS_MIN,
  "a late keep-alive is no failure at the shortest period",
);
assert(
  DETECTION_TIME_MS_MAX >= LOST_AFTER_PERIODS_MIN * PERIOD_MS_MAX,
  "the longest period has a detection time",
);

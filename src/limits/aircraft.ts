/** Limits of an aircraft and of its configuration. */
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

/** Devices on the client network: an IPv4 network with 16 host bits has no room for more. */
export const SEATS_MAX = 65_534;

/** Keep-alive networks of one aircraft: one or two. */
export const NETWORKS_MAX = 2;

/** Patent [0029]: 10, 9, … 1 in the order of higher priorities. */
export const PRIORITY_MIN = 1;
export const PRIORITY_MAX = 10;

/**
 * Functions from this priority up must not stop: announcements, emergency messages, the crew's
 * panels.
 */
export const CRITICAL_PRIORITY = 9;

/** Functions from this priority up outlive the failure of any one server, or `check` warns. */
export const OUTLIVING_PRIORITY = 8;

/**
 * The printed contingency book covers every combination of failures in aircraft with at most this
 * many servers: 62 for six. For larger aircraft it covers single and double failures: 136 for
 * sixteen.
 */
export const WHOLE_BOOK_SERVERS_MAX = 6;

/** Functions whose redundancy is checked per period: 32 periods cover all of them. */
export const REDUNDANCY_FUNCTIONS_PER_PERIOD = 32;

/** Each witness costs an ARP probe; a handful of switches and panels is all a cabin has. */
export const WITNESSES_MAX = 4;

/** Interval at which a refused write of the drained state to the disk is repeated. */
export const DRAIN_STORE_RETRY_MS = 2000;

/**
 * A function is reported without redundancy only after this long: servers that start together and
 * restarted processes need less.
 */
export const REDUNDANCY_SETTLING_MS = 5000;

/**
 * At most this many functions without redundancy are recorded individually: in a large aircraft one
 * server backs up hundreds.
 */
export const REDUNDANCY_NAMED_MAX = 8;

/** Resource units are the integrator's choice; sums over 1,024 functions stay far below 31 bits. */
export const RESOURCE_MAX = 1_000_000;
export const REQUIRED_MIN = 1;

/** Per cent: the whole capacity of a server. */
export const CAPACITY_MAX = 100;

/**
 * Interval at which a server's input files are read, and how long its start waits for the first
 * reading.
 */
export const INPUT_POLL_MS = 1000;
export const INPUT_FIRST_POLL_MS = 500;

/** Per cent of its resource that a server may withhold. To withhold everything, drain it. */
export const WITHHELD_MAX = 100;

/** Sets of servers in the book of the flight loop: those that two events can lead to. */
export const BOOK_ENTRIES_MAX = SERVERS_MAX + (SERVERS_MAX * (SERVERS_MAX - 1)) / 2;

/**
 * Maximum search steps for one allocation, in total and per ms of the period; a step takes at most
 * about 160 ns. A reaction that is missing from the contingency book delays the flight loop by less
 * than half a period.
 */
export const SEARCH_STEPS_MAX = 50_000;
export const SEARCH_STEPS_PER_MS = 2_000;

/**
 * Search steps per ms of a period for the contingency book: a hundredth of a core. A third of it
 * goes into flow charts, each of which counts as many steps.
 */
export const BOOK_STEPS_PER_MS = 64;

/** Kinds of resource that a configuration may name: computing, memory, streams, disk bandwidth. */
export const DIMENSIONS_MAX = 4;

/** Functions that one function may have to stay apart from, or together with. */
export const PARTNERS_MAX = 32;

/**
 * Keep-alive period. Below 5 ms it is as short as the scheduler's lateness; above 1 s a failover
 * takes too long to be called one.
 */
export const PERIOD_MS_MIN = 5;
export const PERIOD_MS_MAX = 1000;

/**
 * `lostAfterPeriods` × period. Below three times the shortest period, one late keep-alive would
 * count as a failure.
 */
export const DETECTION_TIME_MS_MIN = 15;

/** A failover that takes longer is none. */
export const DETECTION_TIME_MS_MAX = 10_000;

/** `recoveredAfterPeriods` × period: a server that came back is of no use during this time. */
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
 * A function's process that fails this often within the window is marked failed on this server, and
 * the function moves.
 */
export const PROCESS_FAILURES_MAX = 3;
export const PROCESS_FAILURE_WINDOW_MS = 30_000;

/**
 * Pauses before a server may try a function again that failed there. The first is short, for a
 * cause that ends soon (a disk that is mounted, a licence that arrives); they grow, so that a
 * lasting cause costs little.
 */
export const PROCESS_RETRY_MS_MIN = 2000;
export const PROCESS_RETRY_MS_MAX = 60_000;

/**
 * Interval at which a server repeats that it may try a failed function again: the others that could
 * run it may leave at any time.
 */
export const PROCESS_RETRY_OFFER_MS = 1000;

/**
 * A process that has been alive and ready for this long works: its earlier failures no longer
 * count.
 */
export const PROCESS_STABLE_MS = 5000;

/**
 * Soft limit of open files of a function's process, the default of Linux: programs that use
 * select(2) rely on it, and a program that leaks descriptors is stopped before the machine runs
 * out.
 */
export const FUNCTION_OPEN_FILES_DEFAULT = 1024;

/**
 * Interval at which a process that is not ready is checked, and how long it may take to become
 * ready.
 */
export const READY_POLL_MS = 20;
export const READY_TIMEOUT_MS_DEFAULT = 10_000;
export const READY_TIMEOUT_MS_MAX = 600_000;

/**
 * Time-out of a hardware watchdog. An engine that is restarted after the longest pause must still
 * feed it in time; above ten minutes it no longer serves as a watchdog.
 */
export const WATCHDOG_S_MIN = 10;
export const WATCHDOG_S_MAX = 600;

/**
 * Feedings within one time-out of the hardware watchdog and of the service manager's watchdog
 * (systemd recommends two).
 */
export const HARDWARE_FEEDINGS = 4;
export const SERVICE_FEEDINGS = 3;

assert(
  FUNCTIONS_MAX < 1 << 16,
  "a function and half a MAC share 32 bits of a log record, and 0 of 16 bits is no function",
);
assert(FUNCTIONS_MAX < 1 << 11, "a function and a server share 16 bits of a keep-alive");
assert(1 << WHOLE_BOOK_SERVERS_MAX <= BOOK_ENTRIES_MAX, "a whole book has room");
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

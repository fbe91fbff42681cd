/**
 * Every limit of the product with its reason. Tables are made at start-up in these sizes and never
 * grow, so that the work and the memory of one period are known before take-off (P7). The relations
 * between limits are asserted at the end of this file, when the module loads.
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

/**
 * Start-up listens for the detection time and this many periods more before owning anything
 * (protocol, section 2).
 */
export const LISTEN_EXTRA_PERIODS = 2;

/**
 * After so many periods without a keep-alive of a server, another incarnation of it may take its
 * place.
 */
export const SUCCESSION_PERIODS = 2;

/**
 * So many periods without a datagram of a server's own, and the others are asked to send its
 * messages on (core/relay).
 */
export const DIRECT_PERIODS = 3;

/**
 * Messages of one server that another one sends on in a period: the periodic one, and some changes
 * of state.
 */
export const RELAYS_PER_PERIOD_MAX = 4;

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
 * all (measured: 0.2–0.4 ms an address beside 512 others, against
 * 0.01 ms when all share one group).
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

/**
 * A VIP that could not be set or removed for want of memory or of an answer is tried again so
 * often.
 */
export const VIP_ATTEMPTS_MAX = 5;

/** A lease ends up to two ticks of the kernel's timer early; a tick is at most 10 ms. */
export const LEASE_TICKS_MS = 20;

/** Lateness of the loop that neither breaks a lease nor lets one outlast the detection time. */
export const LEASE_LATENESS_MS = 5;

/**
 * Own keep-alives whose time is remembered, a power of two: more than are sent within the longest
 * detection time, the extra ones included.
 */
export const SENT_TIMES = 4096;

/** Keep-alives sent at once in one period at most; further changes wait for the next period. */
export const EXTRA_SENDS_MAX = 32;
/**
 * Length of a lease: the kernel's ticks leave something of the shortest; the longest is far beyond
 * every detection time.
 */
export const LEASE_MS_MIN = 30;
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
 * Lateness of the loop, and turns in which a batch of renewals had no room, that let no VIP expire.
 */
export const RENEWAL_LATENESS_MS = 200;

/**
 * IPv6 VIPs of an aircraft that are renewed in one round; with more of them it is longer: for each
 * renewal the kernel looks at all IPv6 addresses (measured: 28 µs and 0.35 µs for each of them,
 * where an IPv4 address takes 3 µs).
 */
export const RENEWAL_IPV6_PER_ROUND = 64;

/** An incarnation ends before its sequence numbers do: at 100 a second after more than a year. */
export const SEQUENCE_MAX = 0xfff0_0000;

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
 * A planned move waits this much longer than the longest stop grace before the old owner lets go in
 * any case; where that is longer, so many periods: the new owner's word that it has room may be
 * lost once.
 */
export const HANDOVER_EXTRA_MS = 500;
export const HANDOVER_EXTRA_PERIODS = 2;

/**
 * A move that was asked for is given up after this part of a hand-over's time: well before the old
 * owner would let go of a function that the new one does not take.
 */
export const MOVE_SHARE_OF_HANDOVER = 2;
/**
 * A move that was carried out is told for so many periods more, so that all hear of the new owner
 * first.
 */
export const MOVE_TOLD_PERIODS = 3;

/**
 * Addresses are announced again (ARP, neighbour advertisement) this long after they came up
 * (protocol, section 4).
 */
export const ANNOUNCE_AGAIN_MS = 1000;

/**
 * Tables that disagree for this many periods although nothing changes are computed again from what
 * is seen (P5).
 */
export const DISAGREEMENT_PERIODS = 10;

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

/**
 * Maintenance records that wait in the supervisor until they are on the disk: eight of each of
 * 1,024 functions, which is more than a failover of everything makes, twice. 320 KB.
 */
export const RECORD_QUEUE_MAX = 16 * FUNCTIONS_MAX;

/**
 * Records that `wingman manage` was given and has not acknowledged: they fit a socket of an
 * unprivileged process (212,992 bytes, 768 a record).
 */
export const RECORDS_IN_FLIGHT_MAX = 256;

/**
 * So many records, or so much time after the first one, and `wingman manage` stores them: an fsync
 * on flash is slow and wears it.
 */
export const RECORDS_PER_SYNC = 128;
export const SYNC_AFTER_MS = 100;

/** A console or an address that could not be opened is tried again so often. */
export const FRONT_END_AGAIN_MS = 10_000;

/** A stranger that was not seen for so long is gone: longer than any defence waits. */
export const STRANGER_GONE_MS = 30_000;

/**
 * What anybody may send to the maintenance page: a token of KEY_BYTES_MAX in a form, every byte
 * escaped.
 */
export const WEB_BODY_BYTES_MAX = 4096;

/**
 * Requests that the page answers at a time: a handful of laptops, each with what a browser opens at
 * once.
 */
export const WEB_REQUESTS_MAX = 32;

/**
 * A connection that is idle, or whose request does not become whole, is closed after this; Bun's
 * timer adds up to 12 s.
 */
export const WEB_IDLE_S = 10;

/** The engine's snapshot is read so often at most, however many look at the page. */
export const WEB_STATE_MS = 200;

/** The log is read again so often at most while it grows: a full one of 4 MiB takes 0.2 s. */
export const WEB_LOG_MS = 500;

/** The answer to a wrong token waits so long. */
export const WEB_REFUSAL_MS = 1000;

assert(
  WEB_REFUSAL_MS < WEB_IDLE_S * 1000,
  "a refusal is answered before its connection counts as idle",
);

/**
 * Records of one code and subject that the log takes in an hour; what comes more often is counted,
 * and the count is written later.
 */
export const LOG_RECORDS_PER_HOUR_MAX = 3;

/**
 * Subjects whose rate is watched: faults and events of every function and of every server, several
 * times over.
 */
export const LOG_SUBJECTS_MAX = 8 * FUNCTIONS_MAX;

/** A report on an aircraft covers the last 63 legs. */
export const LOG_LEGS_MIN = 63;

/**
 * Two records a leg, begun and ended, in whole pages of 16 records: 72 legs, with some room for
 * records that were torn.
 */
export const LOG_LEG_PLACES = 144;

/**
 * Records that wait in memory for a storage that is slow, full or gone: a start of the largest
 * aircraft, and 256 KiB.
 */
export const LOG_WAITING_MAX = 1024;

/**
 * What the log may cost the flash in one leg, or on ground in the time between two legs or since
 * power-up: fsyncs, and bytes in whole pages of 4 KiB. A flash of 3,000 cycles under a log of 4 MiB
 * outlasts 12,000 such legs. Beyond the budget records are not lost: they are collected for longer.
 */
export const LOG_SYNCS_PER_LEG = 200;
export const LOG_BYTES_PER_LEG = 1 << 20;
export const LOG_COLLECT_US = 10_000_000;

/** A storage that refused is tried again so often. */
export const LOG_RETRY_US = 10_000_000;

/** Damaged logs that are kept beside the present one. */
export const LOG_ARCHIVES_MAX = 3;

/** Of the newest so many records the faults are known again after a start. */
export const LOG_RELOAD_MAX = 1 << 16;

/** Maintenance records of the smallest log, 64 KiB: what a start and some failures take. */
export const LOG_SIZE_KIB_MIN = 64;
export const LOG_SIZE_KIB_MAX = 1_048_576;

/** Longer than this after a common power-up every server of an aircraft has started. */
export const LOG_INHIBIT_S_MAX = 600;

/** Columns of the terminals that a maintenance console is made for. */
export const CONSOLE_COLUMNS = 80;

/**
 * Characters of one line of the console: every command with the longest identifiers, ten times
 * over.
 */
export const CONSOLE_LINE_MAX = 1024;

/** Lines that a console session can call back; with the longest of them 64 KiB. */
export const CONSOLE_HISTORY_MAX = 64;

/**
 * Bytes that may be typed ahead of an answer: one line of the greatest length. More would keep a
 * console busy with rubbish for longer than a second at 115,200 bit/s; what is beyond is dropped on
 * a serial line and waits on a socket.
 */
export const CONSOLE_TYPE_AHEAD_MAX = CONSOLE_LINE_MAX + 2;

/**
 * Echo that waits for a slow line; when it is reached, what is typed waits or is dropped. Sixteen
 * rows of a screen.
 */
export const CONSOLE_ECHO_MAX = 16 * CONSOLE_COLUMNS;

/** Lines to a page until `terminal length` says something else, and the most that it takes. */
export const CONSOLE_PAGE_LINES = 24;
export const CONSOLE_PAGE_LINES_MAX = 512;

/**
 * Records that `show log` shows at once: three minutes at 9,600 bit/s. The whole log is downloaded.
 */
export const CONSOLE_LOG_RECORDS_MAX = 2000;
export const CONSOLE_LOG_RECORDS_DEFAULT = 20;

/**
 * A session that nobody types in ends, so that the next mechanic finds no half-done work of the
 * last one.
 */
export const CONSOLE_IDLE_MS = 600_000;

/** Sessions of `wingman console` at the same time: people, and a script or two. */
export const CONSOLE_SESSIONS_MAX = 8;

/**
 * How long a line waits in the kernel at most, in milliseconds of its speed: Ctrl-C takes effect
 * after so long. Several times CONSOLE_POLL_MS, so that the line never runs dry.
 */
export const CONSOLE_QUEUE_MS = 200;

/**
 * A serial line is looked at so often while something moves on it, and otherwise. The kernel keeps
 * 4,095 bytes that nobody has read: 355 ms at 115,200 bit/s.
 */
export const CONSOLE_POLL_MS = 10;
export const CONSOLE_POLL_IDLE_MS = 100;

/** Bytes read from a serial line in one turn, so that a flood leaves time for everything else. */
export const CONSOLE_READ_BYTES = 4096;

/**
 * A serial line that is hung up or not there is opened again after this pause, which doubles up to
 * the second value.
 */
export const CONSOLE_REOPEN_MS = 500;
export const CONSOLE_REOPEN_MS_MAX = 10_000;

/**
 * A data subpacket of ZMODEM (protocol of 1988, section 7.4). On a noisy line they become shorter:
 * one flipped bit costs them whole.
 */
export const ZMODEM_SUBPACKET_BYTES_MAX = 1024;
export const ZMODEM_SUBPACKET_BYTES_MIN = 128;

/** After so many bytes without an error subpackets become longer again. */
export const ZMODEM_CLEAN_BYTES = 8 << 10;

/**
 * Subpackets of a download that may be on their way, 16 KiB at first: a second and a half at
 * 115,200 baud, 17 s at 9,600. What comes after a receiver has died lands on somebody's screen, and
 * what comes after a damaged subpacket is sent for nothing. A receiver that hears while it sends is
 * asked for its position four times within them, so that a line without noise never stands still.
 */
export const ZMODEM_WINDOW_SUBPACKETS = 16;
export const ZMODEM_ASK_SUBPACKETS = ZMODEM_WINDOW_SUBPACKETS / 4;

/**
 * What is not answered is sent again: later than receivers, which wait for ten seconds, so that
 * they speak first.
 */
export const ZMODEM_RETRY_MS = 12_000;

/**
 * A receiver that says it is ready so long after the offer has not got it; sooner it has answered
 * another invitation.
 */
export const ZMODEM_OFFER_AGAIN_MS = 2000;

/**
 * A transfer that has not come any further for so long is given up. As long has a human to start
 * the receiver.
 */
export const ZMODEM_PROGRESS_MS = 60_000;

/**
 * The file is there: for the good-bye a receiver is asked again soon, and waited for no longer than
 * it takes to repeat itself once.
 */
export const ZMODEM_CLOSE_RETRY_MS = 3000;
export const ZMODEM_CLOSE_MS = 15_000;

/**
 * After the end the line belongs to the console when it has been quiet for so long, or in any case
 * after the longer time.
 */
export const ZMODEM_QUIET_MS = 500;
export const ZMODEM_SETTLE_MS = 5000;

assert(
  DEFENCE_MS_MIN <= DEFENCE_MS_MAX && DEFENCE_MS_MAX < STRANGER_GONE_MS,
  "a defence that waits is made before the stranger counts as gone",
);
assert(
  RECORDS_PER_SYNC <= RECORDS_IN_FLIGHT_MAX,
  "records for one fsync arrive without waiting for the one before",
);
assert(RECORDS_IN_FLIGHT_MAX <= RECORD_QUEUE_MAX, "what is under way is queued");
assert(
  RECORDS_IN_FLIGHT_MAX < LOG_WAITING_MAX,
  "what is handed out finds room to wait for the storage",
);
assert(
  LOG_LEG_PLACES >= 2 * LOG_LEGS_MIN + 2,
  "the ring of legs holds so many, and the one that lasts",
);
assert(CONSOLE_TYPE_AHEAD_MAX > CONSOLE_LINE_MAX, "a whole line and its end can be typed ahead");
assert(
  CONSOLE_POLL_MS * 4 <= CONSOLE_QUEUE_MS,
  "a serial line has something to send until it is looked at again",
);
assert(
  (CONSOLE_POLL_IDLE_MS * 115_200) / 10_000 < 4095,
  "what arrives between two looks at a serial line fits the kernel's buffer",
);
assert(FUNCTIONS_MAX <= 1 << 16, "a function and half a MAC share 32 bits of a log record");
assert(
  FUNCTIONS_MAX < 1 << 16,
  "a function and half a MAC share 32 bits of a log record, and 0 of 16 bits is no function",
);
assert(FUNCTIONS_MAX % 32 === 0, "a bitmap is whole words");
assert(SERVERS_MAX <= 16, "sets of servers are masks of 16 bits");
assert(RESOURCE_MAX * FUNCTIONS_MAX < 2 ** 31, "sums of required resources fit an Int32Array");
assert(
  RECEIVES_PER_TURN_MAX >= 2 * SERVERS_MAX,
  "two keep-alives of every server are read in one turn",
);
assert(
  REPORTS_PER_TURN_MAX < RECORDS_PER_TURN_MAX,
  "records, reports and a carrier event fit their share",
);
assert((SENT_TIMES & (SENT_TIMES - 1)) === 0, "a sequence number's place is found by a mask");
assert(
  SENT_TIMES > LOST_AFTER_PERIODS_MAX * (1 + EXTRA_SENDS_MAX),
  "what is echoed within the detection time is remembered",
);
assert(
  HARDWARE_FEEDINGS * PERIOD_MS_MAX <= WATCHDOG_S_MIN * 1000,
  "a watchdog fed once a period is fed in time",
);
assert(LOST_AFTER_PERIODS_MIN >= 2, "a single lost datagram must not be a failure");
assert(VIPS_PER_FUNCTION_MAX * IPV6_COST <= VIP_BATCH_MAX, "a function fits one batch of VIPs");
assert(
  2 * RENEWAL_ROUND_MS + RENEWAL_WAIT_MS + RENEWAL_LATENESS_MS + ADDRESS_LIFETIME_EARLY_MS <
    ADDRESS_LIFETIME_S_MIN * 1000,
  "a VIP that is renewed in its turn does not expire",
);

// Times: what the servers rely on of each other. Relations with what is configured are in
// core/lease, core/timing, core/address-renewal and config/cross-checks.
assert(
  DETECTION_TIME_MS_MIN >= 3 * PERIOD_MS_MIN,
  "a late keep-alive is no failure at the shortest period",
);
assert(
  DETECTION_TIME_MS_MAX >= LOST_AFTER_PERIODS_MIN * PERIOD_MS_MAX,
  "the longest period has a detection time",
);
assert(LEASE_LATENESS_MS <= PERIOD_MS_MIN, "a loop as late as a lease allows has missed no period");
assert(LEASE_TICKS_MS < LEASE_MS_MIN, "the kernel's ticks leave something of every lease");
assert(
  PERIOD_MS_MIN + LEASE_LATENESS_MS + LEASE_TICKS_MS >= LEASE_MS_MIN,
  "every lease that fits a period can be set",
);
assert(DETECTION_TIME_MS_MAX <= LEASE_MS_MAX, "every lease that fits a detection time can be set");
assert(
  LISTEN_EXTRA_PERIODS * PERIOD_MS_MIN > LEASE_LATENESS_MS,
  "who starts listens longer than a late owner is silent",
);
assert(
  HANDOVER_EXTRA_MS > 0 && HANDOVER_EXTRA_PERIODS >= 2,
  "a hand-over waits longer than the longest stop grace",
);
assert(MOVE_SHARE_OF_HANDOVER >= 2, "a move is given up well before the old owner lets go");
assert(ANNOUNCE_AGAIN_MS >= PERIOD_MS_MAX, "the second announcement is due when a period begins");
assert(RENEWAL_WAIT_MS < RENEWAL_ROUND_MS, "the loop comes several times in a round of renewals");
assert(
  (FUNCTIONS_MAX * VIPS_PER_FUNCTION_MAX) / VIP_BATCH_MAX <= RENEWAL_ROUND_MS / 4,
  "batches of a ms for the renewals of all VIPs leave the loop most of its time",
);
assert(ZMODEM_SUBPACKET_BYTES_MIN <= ZMODEM_SUBPACKET_BYTES_MAX, "subpackets can become shorter");
assert(
  ZMODEM_ASK_SUBPACKETS >= 1 && 2 * ZMODEM_ASK_SUBPACKETS <= ZMODEM_WINDOW_SUBPACKETS,
  "a receiver is asked for its position before the window is full",
);
assert(
  3 * ZMODEM_RETRY_MS < ZMODEM_PROGRESS_MS,
  "what got lost is sent again several times before a transfer is given up",
);
assert(ZMODEM_RETRY_MS < ZMODEM_CLOSE_MS, "a receiver that missed the good-bye can ask for it");
assert(ZMODEM_QUIET_MS < ZMODEM_SETTLE_MS, "a line can become quiet");

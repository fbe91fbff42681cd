/** The maintenance console: lines, sessions, the serial line. */
import { assert } from "../assert.ts";

/** Interval at which opening a console or an address is retried. */
export const FRONT_END_RETRY_MS = 10_000;

/** Columns of the terminals that the maintenance console is made for. */
export const CONSOLE_COLUMNS = 80;

/** Characters of one console line: ten times the longest command with the longest identifiers. */
export const CONSOLE_LINE_MAX = 1024;

/** Lines that a console session can recall: 64 KiB when all have the greatest length. */
export const CONSOLE_HISTORY_MAX = 64;

/**
 * Bytes that may be typed ahead of an answer: one line of the greatest length. More rubbish would
 * keep a console busy for longer than a second at 115,200 bit/s. Beyond it, a serial line drops
 * bytes and a socket holds them back.
 */
export const CONSOLE_TYPE_AHEAD_MAX = CONSOLE_LINE_MAX + 2;

/**
 * Echo that may wait for a slow line: sixteen rows of a screen. When it is full, typed bytes wait
 * or are dropped.
 */
export const CONSOLE_ECHO_MAX = 16 * CONSOLE_COLUMNS;

/** Lines per page before `terminal length` changes it, and the most it accepts. */
export const CONSOLE_PAGE_LINES = 24;
export const CONSOLE_PAGE_LINES_MAX = 512;

/**
 * Records that `show log` shows at once: three minutes at 9,600 bit/s. For the whole log there is
 * the download.
 */
export const CONSOLE_LOG_RECORDS_MAX = 2000;
export const CONSOLE_LOG_RECORDS_DEFAULT = 20;

/** An idle session ends after this, so that the next mechanic does not find half-finished work. */
export const CONSOLE_IDLE_MS = 600_000;

/** Concurrent sessions of `wingman console`: people, and a script or two. */
export const CONSOLE_SESSIONS_MAX = 8;

/**
 * Longest output queue in the kernel, in milliseconds at the line's speed: Ctrl-C takes effect
 * within this time. Several times CONSOLE_POLL_MS, so that the line never runs dry.
 */
export const CONSOLE_QUEUE_MS = 200;

/**
 * Polling intervals of a serial line: while it is active, and while it is idle. The kernel buffers
 * 4,095 unread bytes: 355 ms at 115,200 bit/s.
 */
export const CONSOLE_POLL_MS = 10;
export const CONSOLE_POLL_IDLE_MS = 100;

/** Bytes read from a serial line in one turn: a flood leaves time for everything else. */
export const CONSOLE_READ_BYTES = 4096;

/**
 * A serial line that hung up or does not exist is reopened after this pause, which doubles up to
 * the second value.
 */
export const CONSOLE_REOPEN_MS = 500;
export const CONSOLE_REOPEN_MS_MAX = 10_000;

/**
 * Interval of the check whether another program uses the serial line. The check looks at all
 * processes of the machine and takes some milliseconds.
 */
export const CONSOLE_USER_MS = 3000;

assert(CONSOLE_TYPE_AHEAD_MAX > CONSOLE_LINE_MAX, "a whole line and its end can be typed ahead");
assert(
  CONSOLE_POLL_MS * 4 <= CONSOLE_QUEUE_MS,
  "a serial line has something to send until it is looked at again",
);
assert(
  (CONSOLE_POLL_IDLE_MS * 115_200) / 10_000 < 4095,
  "what arrives between two looks at a serial line fits the kernel's buffer",
);

/** The maintenance console: lines, sessions, the serial line. */
import { assert } from "../assert.ts";

/** A console or an address that could not be opened is tried again so often. */
export const FRONT_END_AGAIN_MS = 10_000;

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
 * It is looked so often whether another program uses the serial line: all processes of the machine
 * are asked, some milliseconds.
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

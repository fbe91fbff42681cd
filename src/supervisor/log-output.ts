/**
 * The supervisor's standard error: whole lines, without waiting. Its reader (a terminal, a pipe,
 * the journal) may be slow, stopped or gone; a supervisor that blocked in a write could no longer
 * stop or start anything.
 */
import { writeSync } from "node:fs";
import { libc } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";

const STANDARD_ERROR = 2;
const POLLOUT = 4;

/**
 * PIPE_BUF of Linux: a pipe that reports POLLOUT accepts this many bytes at once without blocking
 * (pipe(7)).
 */
const LINE_BYTES_MAX = 4096;

/** struct pollfd (8 bytes), then a struct timespec of zero. */
const poll = new NativeMemory(24);
poll.view.setInt32(0, STANDARD_ERROR, true);
poll.view.setInt16(4, POLLOUT, true);

const encoder = new TextEncoder();

/** Lines lost since the last one that was written. */
let droppedLines = 0;

/**
 * Writes one line of the log: UTC time and text. Drops and counts it when it cannot be written at
 * once.
 */
export function logLine(text: string): void {
  if (
    droppedLines > 0 &&
    write(`${timestamp()} supervisor: ${droppedLines} lines lost: standard error was full\n`)
  ) {
    droppedLines = 0;
  }
  if (droppedLines > 0 || !write(`${timestamp()} ${printable(text)}\n`)) droppedLines++;
}

/** Logs an action or observation of the supervisor itself. */
export function logSupervisor(text: string): void {
  logLine(`supervisor: ${text}`);
}

const timestamp = (): string => new Date().toISOString();

/**
 * Makes control characters, which a terminal would obey, visible: the output of functions ends up
 * here too.
 */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, "\u00b7");
}

function write(line: string): boolean {
  let bytes = encoder.encode(line);
  if (bytes.length > LINE_BYTES_MAX) {
    bytes = bytes.slice(0, LINE_BYTES_MAX);
    bytes[LINE_BYTES_MAX - 1] = 0x0a;
  }
  poll.view.setInt16(6, 0, true);
  const ready = libc.ppoll(poll.address, 1, poll.address + 8, 0);
  if (ready !== 1 || (poll.view.getInt16(6, true) & POLLOUT) === 0) return false;
  try {
    return writeSync(STANDARD_ERROR, bytes) === bytes.length;
  } catch {
    return false; // the reader is gone (EPIPE) or the disk is full: the line is lost and counted
  }
}

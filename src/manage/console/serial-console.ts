/**
 * The console on a serial line: moves bytes between the port and a session, as fast as the line
 * accepts them.
 */

import { errnoName } from "../../io/errno.ts";
import { SERIAL_HUNG_UP, SERIAL_NOTHING } from "../../io/serial-port.ts";
import {
  CONSOLE_POLL_IDLE_MS,
  CONSOLE_POLL_MS,
  CONSOLE_QUEUE_MS,
  CONSOLE_REOPEN_MS,
  CONSOLE_REOPEN_MS_MAX,
  CONSOLE_USER_MS,
} from "../../limits.ts";
import type { ConsoleSession } from "./console-session.ts";

/** Required operations of a serial line, see io/serial-port. */
export interface SerialLine {
  readonly isOpen: boolean;
  readonly received: { readonly bytes: Uint8Array };
  open(baud: number): number;
  read(): number;
  write(bytes: Uint8Array): number;
  queued(): number;
  close(): void;
  /** Another program that uses it; null when there is none. */
  usedBy(): string | null;
}

export interface SerialConsoleOptions {
  readonly line: SerialLine;
  readonly baud: number;
  readonly newSession: (nowMs: number) => ConsoleSession;
  /** Called when the line hung up and could not be reopened, or when another program uses it. */
  readonly onClosed: (error?: LineInUseError) => void;
}

/** Another program uses the line. */
export class LineInUseError extends Error {
  override readonly name = "LineInUseError";
}

/** Bits of a character on the line: start, 8 data, stop. */
const BITS = 10;
/** Polling stays frequent for this long after activity. */
const LIVELY_MS = 1000;

export class SerialConsole {
  readonly #line: SerialLine;
  readonly #options: SerialConsoleOptions;
  /** Bytes that may wait in the kernel. */
  readonly #queueMax: number;
  #session: ConsoleSession | null = null;
  /** Bytes that the line has not yet accepted. */
  #rest: Uint8Array | null = null;
  #movedAtMs = 0;
  /** Time of the last check whether another program uses the line. */
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #pauseMs = CONSOLE_REOPEN_MS;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: SerialConsoleOptions) {
    this.#line = options.line;
    this.#options = options;
    this.#queueMax = Math.ceil((options.baud / BITS) * (CONSOLE_QUEUE_MS / 1000));
  }

  /** Throws when the line cannot be opened. */
  start(): void {
    const user = this.#line.usedBy();
    if (user !== null) throw new LineInUseError(user);
    const error = this.#open(performance.now());
    if (error !== 0) throw new Error(errnoName(error));
    this.#schedule(0);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#line.close();
    this.#session = null;
  }

  #schedule(ms: number): void {
    this.#timer = setTimeout(() => {
      const user = this.#userSeen(performance.now());
      if (user !== null) {
        this.close();
        this.#options.onClosed(new LineInUseError(user));
        return;
      }
      const nextMs = this.turn(performance.now());
      if (nextMs === null) this.#options.onClosed();
      else this.#schedule(nextMs);
    }, ms);
  }

  /** Another program on the line, checked from time to time. */
  #userSeen(nowMs: number): string | null {
    if (nowMs - this.#lookedAtMs < CONSOLE_USER_MS) return null;
    this.#lookedAtMs = nowMs;
    return this.#line.usedBy();
  }

  /**
   * One look at the line: reads once and writes what it accepts, or reopens it. Returns the ms
   * until the next look; null when it was tried often enough.
   */
  turn(nowMs: number): number | null {
    if (this.#session === null && this.#open(nowMs) !== 0) return this.#pause();
    const session = this.#session;
    if (session === null) return null;
    session.tick(nowMs);
    const length = this.#line.read();
    if (length === SERIAL_HUNG_UP) return this.#hangUp();
    if (length > 0) {
      session.receive(this.#line.received.bytes.subarray(0, length), nowMs);
      this.#movedAtMs = nowMs;
    }
    if (!this.#send(session, nowMs)) return this.#hangUp();
    return nowMs - this.#movedAtMs < LIVELY_MS || !session.isQuiet
      ? CONSOLE_POLL_MS
      : CONSOLE_POLL_IDLE_MS;
  }

  /** Returns false when the line hung up. */
  #send(session: ConsoleSession, nowMs: number): boolean {
    let room = this.#queueMax - this.#line.queued();
    while (room > 0) {
      this.#rest ??= session.take();
      if (this.#rest === null) return true;
      const sent = this.#line.write(this.#rest.subarray(0, room));
      if (sent === SERIAL_HUNG_UP) return false;
      if (sent === SERIAL_NOTHING) return true; // the other side accepts no more for now
      this.#rest = sent === this.#rest.length ? null : this.#rest.subarray(sent);
      room -= sent;
      this.#movedAtMs = nowMs;
    }
    return true;
  }

  /** Returns 0 or an errno. */
  #open(nowMs: number): number {
    const error = this.#line.open(this.#options.baud);
    if (error !== 0) return error;
    this.#rest = null;
    this.#pauseMs = CONSOLE_REOPEN_MS;
    const session = this.#options.newSession(nowMs);
    session.onOutput = () => {
      // The next look notices a line that hung up.
      if (this.#session === session) this.#send(session, performance.now());
    };
    this.#session = session;
    return 0;
  }

  #hangUp(): number | null {
    this.#line.close();
    this.#session = null;
    return this.#pause();
  }

  #pause(): number | null {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = 2 * pauseMs;
    return pauseMs > CONSOLE_REOPEN_MS_MAX ? null : pauseMs;
  }
}

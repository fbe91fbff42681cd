/**
 * One datagram of the flight loop to the service manager, as sd_notify(3) describes it: lines of
 * `KEY=value`, ASCII, without a line feed at the end.
 *
 *   READY=1                                                        start-up is complete
 *   WATCHDOG=1                                                     the loop turns
 *   STATUS=active; functions up here: 3; servers alive: 2 of 2     for people
 */
import { assert } from "../assert.ts";
import { PHASE_NAMES } from "../boundary/phase.ts";

/** Content of a datagram. */
export const SAY_READY = 1;
export const SAY_WATCHDOG = 2;
export const SAY_STATUS = 4;

/** Room for every line with the longest words and numbers. */
export const SERVICE_MESSAGE_BYTES = 128;

const LINE_FEED = 0x0a;
const DIGIT_0 = 0x30;

const READY_LINE = asciiOf("READY=1");
const WATCHDOG_LINE = asciiOf("WATCHDOG=1");
const STATUS_KEY = asciiOf("STATUS=");
const PHASES = PHASE_NAMES.map(asciiOf);
const FUNCTIONS_UP = asciiOf("; functions up here: ");
const SERVERS_ALIVE = asciiOf("; servers alive: ");
const OF = asciiOf(" of ");

function asciiOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Writes a datagram at the start of its memory. Makes no garbage. */
export class ServiceMessage {
  /** Length of the last {@link encode}. */
  length = 0;

  /** @param bytes at least SERVICE_MESSAGE_BYTES */
  constructor(private readonly bytes: Uint8Array) {
    assert(bytes.length >= SERVICE_MESSAGE_BYTES, "a message has room");
  }

  /** @param say SAY_* bits; the other values are for SAY_STATUS */
  encode(
    say: number,
    phase: number,
    functionsUp: number,
    serversAlive: number,
    serverCount: number,
  ): void {
    this.length = 0;
    if ((say & SAY_READY) !== 0) this.line(READY_LINE);
    if ((say & SAY_WATCHDOG) !== 0) this.line(WATCHDOG_LINE);
    if ((say & SAY_STATUS) === 0) return;
    this.line(STATUS_KEY);
    this.text(PHASES[phase] as Uint8Array);
    this.text(FUNCTIONS_UP);
    this.number(functionsUp);
    this.text(SERVERS_ALIVE);
    this.number(serversAlive);
    this.text(OF);
    this.number(serverCount);
  }

  private line(text: Uint8Array): void {
    if (this.length > 0) this.bytes[this.length++] = LINE_FEED;
    this.text(text);
  }

  private text(text: Uint8Array): void {
    for (let at = 0; at < text.length; at++) this.bytes[this.length++] = text[at];
  }

  private number(value: number): void {
    let power = 1;
    while (power * 10 <= value) power *= 10;
    for (; power >= 1; power = Math.floor(power / 10)) {
      this.bytes[this.length++] = DIGIT_0 + (Math.floor(value / power) % 10);
    }
  }
}

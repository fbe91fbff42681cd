import { assert } from "../../assert.ts";
import {
  ZMODEM_ASK_SUBPACKETS,
  ZMODEM_CLEAN_BYTES,
  ZMODEM_CLOSE_MS,
  ZMODEM_CLOSE_RETRY_MS,
  ZMODEM_OFFER_REPEAT_MS,
  ZMODEM_PROGRESS_MS,
  ZMODEM_QUIET_MS,
  ZMODEM_RETRY_MS,
  ZMODEM_SETTLE_MS,
  ZMODEM_SUBPACKET_BYTES_MAX,
  ZMODEM_SUBPACKET_BYTES_MIN,
  ZMODEM_WINDOW_SUBPACKETS,
} from "../../limits.ts";
import * as frame from "./zmodem-frame.ts";
import { READ_CANCEL, READ_HEADER, ZmodemHeaderReader } from "./zmodem-header-reader.ts";

/**
 * - `inviting`: calls for a receiver (ZRQINIT)
 * - `offering`: sends name and size (ZFILE)
 * - `sending`: sends the bytes (ZDATA)
 * - `ending`: everything is sent (ZEOF) but not yet confirmed by the receiver
 * - `closing`: good-bye (ZFIN)
 * - `settling`: the result is known; remaining input is not for the console
 */
type Phase = "inviting" | "offering" | "sending" | "ending" | "closing" | "settling" | "over";

const FILE_NAME = /^[A-Za-z0-9._-]{1,64}$/;
const CTRL_C = 0x03;
const OVER_AND_OUT = new TextEncoder().encode("OO");

/**
 * The sending side of a ZMODEM transfer of one file, to the terminal program at the other end of a
 * console: bytes in, bytes out, time as an argument. It is pure: the owner of the line calls {@link
 * take} for bytes whenever the line accepts some, and {@link tick} at least once a second.
 *
 * The file counts as sent only when the receiver has confirmed all of it. A partial file of an
 * earlier transfer is never continued: the log has changed meanwhile, and the file would be a
 * mixture.
 *
 * Nothing waits for ever: a transfer ends at the latest ZMODEM_PROGRESS_MS after its last progress,
 * and it has at most as many steps as bytes.
 *
 * Source: Chuck Forsberg, "The ZMODEM Inter Application File Transfer Protocol", revision of 14
 * October 1988.
 */
export class ZmodemSender {
  readonly #content: Uint8Array;
  /** Content of ZFILE. */
  readonly #information: Uint8Array;
  readonly #reader = new ZmodemHeaderReader();
  #phase: Phase = "inviting";
  #outcome: "sent" | "aborted" | "failed" = "failed";
  #reason = "the transfer is not over";

  /** Output before any further content. */
  #queue: Uint8Array[] = [frame.hexHeader(frame.ZRQINIT)];
  #encoder = new frame.ZmodemEncoder(0);
  /**
   * Bytes after which a receiver with little memory wants a pause; 0: it accepts everything as it
   * comes.
   */
  #frameBytes = 0;
  #subpacketBytes = ZMODEM_SUBPACKET_BYTES_MAX;

  /** The next byte to send. */
  #position = 0;
  /** All bytes before this were sent at least once. */
  #reached = 0;
  /** The receiver has confirmed all bytes before this. */
  #confirmed = 0;
  /**
   * Begin of the current frame, place of the last question for the receiver's position, and place
   * of the last error.
   */
  #frameFrom = 0;
  #askedAt = 0;
  #cleanFrom = 0;
  #isFrameOpen = false;
  /** Nothing is sent until the receiver has answered. */
  #isHeld = false;

  #nowMs = Number.NaN;
  #progressMs = 0;
  #takenMs = 0;
  #receivedMs = 0;

  /**
   * @param name the file's name at the receiver: 1 to 64 letters, digits, `.`, `_`, `-`
   * @param content must not change until {@link isOver}
   * @param modifiedUtcS seconds since 1970 in UTC; 0 when unknown: the receiver uses its own time
   */
  constructor(name: string, content: Uint8Array, modifiedUtcS: number) {
    assert(FILE_NAME.test(name), "the name of a download is a plain one");
    assert(content.length < 2 ** 32, "positions have 32 bits");
    this.#content = content;
    const modified = Math.max(0, Math.floor(modifiedUtcS)).toString(8);
    // Name; size, time, mode of a plain file, no serial number, one file left, its bytes (section
    // 11.3 of the specification).
    this.#information = new TextEncoder().encode(
      `${name}\0${content.length} ${modified} 100644 0 1 ${content.length}\0`,
    );
  }

  /** The conversation is over and the line quiet: it belongs to the console again. */
  get isOver(): boolean {
    return this.#phase === "over";
  }

  /**
   * `sent`: the receiver has all of it. `aborted`: one side did not want it. `failed`: it did not
   * work; also the value before the end.
   */
  get outcome(): "sent" | "aborted" | "failed" {
    return this.#outcome;
  }

  /** Why it was not sent, for a human; empty when it was. */
  get reason(): string {
    return this.#reason;
  }

  /** Takes input from the line. Until {@link isOver} none of it is meant for the console. */
  receive(bytes: Uint8Array, nowMs: number): void {
    this.#keepTime(nowMs);
    this.#receivedMs = nowMs;
    for (const byte of bytes) {
      if (this.#phase === "settling" || this.#phase === "over") return;
      // A person without a receiver sees the invitation on the screen, and types what ends every
      // command.
      if (byte === CTRL_C && this.#phase === "inviting") {
        this.abort("cancelled before a receiver answered");
        return;
      }
      const found = this.#reader.read(byte);
      if (found === READ_HEADER) this.#onHeader();
      else if (found === READ_CANCEL)
        this.#settle("aborted", "the receiver cancelled the transfer", []);
    }
  }

  /**
   * The next bytes for the line, at most about 2 KiB; null when there are none for now. They belong
   * to the caller.
   */
  take(): Uint8Array | null {
    const bytes = this.#queue.shift() ?? this.#nextContent();
    if (bytes !== null) this.#takenMs = this.#nowMs;
    return bytes;
  }

  /** Lets time pass: repeats lost messages, and gives up without progress. */
  tick(nowMs: number): void {
    this.#keepTime(nowMs);
    if (this.#phase === "over") return;
    const withoutProgressMs = nowMs - this.#progressMs;
    if (this.#phase === "settling") {
      const quietMs = nowMs - Math.max(this.#receivedMs, this.#takenMs);
      const isQuiet = this.#queue.length === 0 && quietMs >= ZMODEM_QUIET_MS;
      if (!isQuiet && withoutProgressMs < ZMODEM_SETTLE_MS) return;
      this.#queue = [];
      this.#phase = "over";
    } else if (this.#phase === "closing") {
      if (withoutProgressMs >= ZMODEM_CLOSE_MS) this.#settle("sent", "", []);
      else if (this.#isWaitingSince(nowMs - ZMODEM_CLOSE_RETRY_MS)) this.#repeat();
    } else if (withoutProgressMs >= ZMODEM_PROGRESS_MS) {
      this.#fail(
        this.#phase === "inviting" ? "no ZMODEM receiver answered" : "the receiver does not answer",
      );
    } else if (this.#isWaitingSince(nowMs - ZMODEM_RETRY_MS)) this.#repeat();
  }

  /**
   * Ends the transfer from this side; the receiver is told, and {@link isOver} follows soon. A file
   * that is already sent stays so.
   */
  abort(reason: string): void {
    this.#settle("aborted", reason, [frame.CANCEL.slice()]);
  }

  #fail(reason: string): void {
    this.#settle("failed", reason, [frame.CANCEL.slice()]);
  }

  #keepTime(nowMs: number): void {
    if (Number.isNaN(this.#nowMs)) {
      this.#progressMs = nowMs;
      this.#takenMs = nowMs;
    }
    this.#nowMs = nowMs;
  }

  /** Whether everything was taken by `sinceMs` and the rest waits for the receiver. */
  #isWaitingSince(sinceMs: number): boolean {
    return this.#takenMs <= sinceMs && this.#queue.length === 0 && !this.#maySend();
  }

  #onHeader(): void {
    const { type, position } = this.#reader;
    const hasOffered = this.#phase !== "inviting" && this.#phase !== "closing";
    if (type === frame.ZRINIT) this.#onReady();
    else if (type === frame.ZFIN) this.#onGoodBye();
    else if (type === frame.ZNAK) this.#onError();
    else if (type === frame.ZCHALLENGE) this.#answer(frame.ZACK, position);
    else if (type === frame.ZABORT) this.#close("aborted", "the receiver ended the session");
    else if (!hasOffered) return;
    else if (type === frame.ZRPOS) this.#onPosition(position);
    else if (type === frame.ZACK) this.#onConfirmed(position);
    else if (type === frame.ZSKIP)
      this.#close("aborted", "the receiver skips the file: it may have one of this name");
    else if (type === frame.ZFERR) this.#fail("the receiver could not write the file");
    else if (type === frame.ZCRC && this.#phase === "offering")
      this.#answer(frame.ZCRC, this.#checksum(position));
  }

  /** Answers a question, but no faster than the line accepts the answers. */
  #answer(type: number, position: number): void {
    if (this.#queue.length === 0) this.#queue.push(frame.hexHeader(type, position));
  }

  /** ZRINIT: a receiver is there, or it has the whole file. */
  #onReady(): void {
    const isOfferLost =
      this.#phase === "offering" && this.#nowMs - this.#takenMs >= ZMODEM_OFFER_REPEAT_MS;
    if (this.#phase === "inviting" || isOfferLost) this.#offer();
    else if (this.#phase === "ending") this.#close("sent", "");
    else if (this.#phase === "closing") this.#repeat();
  }

  #offer(): void {
    const { flags, shortPosition } = this.#reader;
    if ((flags & frame.ESC8) !== 0) {
      this.#fail("the receiver's line has 7 bits, and a download needs 8");
      return;
    }
    if (this.#phase === "inviting") this.#advance("offering");
    const isStreaming = (flags & frame.CANFDX) !== 0 && (flags & frame.CANOVIO) !== 0;
    // ZP0 and ZP1: length of the receiver's buffer, 0 for one that never overflows.
    this.#frameBytes = isStreaming
      ? shortPosition
      : Math.min(shortPosition || Infinity, ZMODEM_SUBPACKET_BYTES_MAX);
    this.#encoder = new frame.ZmodemEncoder(flags);
    this.#queueOffer();
  }

  #queueOffer(): void {
    this.#queue = [
      this.#encoder.header(frame.ZFILE, frame.flagsPosition(frame.ZCBIN)),
      this.#encoder.subpacket(this.#information, frame.SUBPACKET_WAIT),
    ];
  }

  /** ZRPOS: the receiver wants the content from `position`, at first or after an error. */
  #onPosition(position: number): void {
    if (this.#phase === "offering") {
      if (position !== 0) {
        this.#fail(
          "the receiver wants to go on with a file it has: remove that one and download again",
        );
        return;
      }
      this.#advance("sending");
    } else {
      // Content that was never sent cannot be requested.
      if (position > this.#reached) return;
      this.#confirm(position);
      this.#shorten(position);
    }
    this.#seek(position);
  }

  /** ZACK: the receiver has all bytes before `position`. */
  #onConfirmed(position: number): void {
    if (position > this.#reached) return;
    this.#confirm(position);
    if (this.#isHeld && position === this.#position) this.#isHeld = false;
  }

  /** ZNAK: the last header arrived damaged. */
  #onError(): void {
    this.#shorten(this.#position);
    this.#repeat();
  }

  /** ZFIN: the receiver says good-bye, as an answer or of its own accord. */
  #onGoodBye(): void {
    if (this.#phase === "closing")
      this.#settle(this.#outcome, this.#reason, [OVER_AND_OUT.slice()]);
    else this.#settle("aborted", "the receiver ended the session", [frame.hexHeader(frame.ZFIN)]);
  }

  #confirm(position: number): void {
    if (position <= this.#confirmed) return;
    this.#confirmed = position;
    this.#progressMs = this.#nowMs;
    if (position - this.#cleanFrom < ZMODEM_CLEAN_BYTES) return;
    this.#cleanFrom = position;
    this.#subpacketBytes = Math.min(2 * this.#subpacketBytes, ZMODEM_SUBPACKET_BYTES_MAX);
  }

  #shorten(position: number): void {
    this.#cleanFrom = position;
    this.#subpacketBytes = Math.max(this.#subpacketBytes / 2, ZMODEM_SUBPACKET_BYTES_MIN);
  }

  /** Continues at `position` with a new frame. Output not yet taken belongs to the old one. */
  #seek(position: number): void {
    this.#phase = "sending";
    this.#queue = [];
    this.#position = position;
    this.#isFrameOpen = false;
    this.#isHeld = false;
  }

  /** Repeats whatever is unanswered. */
  #repeat(): void {
    if (this.#phase === "inviting") this.#queue = [frame.hexHeader(frame.ZRQINIT)];
    else if (this.#phase === "offering") this.#queueOffer();
    else if (this.#phase === "sending") this.#seek(this.#confirmed);
    else if (this.#phase === "ending")
      this.#queue = [frame.hexHeader(frame.ZEOF, this.#content.length)];
    else if (this.#phase === "closing") this.#queue = [frame.hexHeader(frame.ZFIN)];
  }

  /** Maximum bytes in transit. */
  get #windowBytes(): number {
    return ZMODEM_WINDOW_SUBPACKETS * this.#subpacketBytes;
  }

  #maySend(): boolean {
    return (
      this.#phase === "sending" &&
      !this.#isHeld &&
      this.#position - this.#confirmed < this.#windowBytes
    );
  }

  #nextContent(): Uint8Array | null {
    if (!this.#maySend()) return null;
    const from = this.#position;
    if (!this.#isFrameOpen) {
      this.#isFrameOpen = true;
      this.#frameFrom = from;
      this.#askedAt = from;
      return this.#encoder.header(frame.ZDATA, from);
    }
    const frameBytes =
      this.#frameBytes === 0 ? Infinity : Math.min(this.#frameBytes, this.#windowBytes);
    const frameEnd = this.#frameFrom + frameBytes;
    const to = Math.min(from + this.#subpacketBytes, frameEnd, this.#content.length);
    this.#position = to;
    this.#reached = Math.max(this.#reached, to);
    return this.#encoder.subpacket(
      this.#content.subarray(from, to),
      this.#subpacketEnd(to, frameEnd),
    );
  }

  #subpacketEnd(to: number, frameEnd: number): number {
    if (to === this.#content.length) {
      this.#phase = "ending";
      this.#queue.push(frame.hexHeader(frame.ZEOF, to));
      return frame.SUBPACKET_LAST;
    }
    if (to === frameEnd) {
      this.#isFrameOpen = false;
      this.#isHeld = true;
      return frame.SUBPACKET_WAIT;
    }
    if (this.#frameBytes !== 0 || to - this.#askedAt < ZMODEM_ASK_SUBPACKETS * this.#subpacketBytes)
      return frame.SUBPACKET_MORE;
    this.#askedAt = to;
    return frame.SUBPACKET_ASK;
  }

  /** CRC-32 of the first `length` bytes of the content; of all for 0. */
  #checksum(length: number): number {
    return Bun.hash.crc32(length === 0 ? this.#content : this.#content.subarray(0, length));
  }

  #advance(phase: Phase): void {
    this.#phase = phase;
    this.#progressMs = this.#nowMs;
  }

  #close(outcome: "sent" | "aborted", reason: string): void {
    if (this.#phase === "closing") return;
    this.#outcome = outcome;
    this.#reason = reason;
    this.#advance("closing");
    this.#repeat();
  }

  /** Sets the result, unless there is one; `last` is the only remaining output. */
  #settle(outcome: "sent" | "aborted" | "failed", reason: string, last: Uint8Array[]): void {
    if (this.#phase === "settling" || this.#phase === "over") return;
    if (this.#phase !== "closing") {
      this.#outcome = outcome;
      this.#reason = reason;
    }
    this.#queue = last;
    this.#receivedMs = this.#nowMs;
    this.#advance("settling");
  }
}

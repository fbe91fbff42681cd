/**
 * A programmatic conversation with the serial console of one server: one line out, one answer in,
 * each in bounded time.
 */
import { RuntimeError } from "../command-line/errors.ts";
import { quoted } from "../config/problem.ts";
import { errnoName } from "../io/errno.ts";
import { SERIAL_HUNG_UP, SERIAL_NOTHING, SerialPort } from "../io/serial-port.ts";
import type { SerialLine } from "../manage/console/serial-console.ts";

/** Silence after which nobody counts as present; a noisy line at 9600 bit/s is not silent. */
const SILENCE_MS_MAX = 5000;
/** A built-in test waits for its witnesses, and an action for the engine. */
const ANSWER_MS_MAX = 180_000;
/** Quiet time after a prompt that makes it the last one. */
const QUIET_MS = 250;
/** Interval of pressing Enter again. */
const WAKE_MS = 1000;
const POLL_MS = 5;

/**
 * Part of the text that is searched for the end of an answer: the prompt, and the line before it.
 */
const TAIL_CHARACTERS = 200;

/**
 * Five CAN end a transfer, Ctrl-C ends a half-typed line or a page, and Enter wakes the console;
 * none of them does harm.
 */
const WAKE = "\u0018\u0018\u0018\u0018\u0018\u0003\r";

const PROMPT = /(?:^|[\r\n])wingman (\S+)> $/;
const ANSWER_END = /\r\n(?:OK|ERR ([A-Z]+))\r\nwingman (\S+)> $/;

export interface ConsoleAnswer {
  /** Without echo, OK and prompt. */
  readonly lines: readonly string[];
  /** The word after `ERR`; null for OK. */
  readonly error: string | null;
}

/**
 * The conversation has ended: the line is silent or hung up, or somebody else is at its other end.
 */
export class ConsoleFault extends RuntimeError {}

export class ConsoleClient {
  readonly #line: SerialLine;
  /** Received but unprocessed text. */
  #text = "";
  /**
   * Bytes received since the last {@link connect} began, and the number of non-text bytes among
   * them.
   */
  #bytes = 0;
  #noise = 0;

  /**
   * @param device absolute path of the serial line on this side
   * @param baud bits per second
   */
  constructor(
    readonly serverId: string,
    readonly device: string,
    readonly baud: number,
    line: SerialLine = new SerialPort(device),
  ) {
    this.#line = line;
  }

  /** Opens the line. Returns 0 or an errno. */
  open(): number {
    return this.#line.isOpen ? 0 : this.#line.open(this.baud);
  }

  close(): void {
    this.#line.close();
  }

  /** Ends the session: the next user has to press Enter. */
  async exit(): Promise<void> {
    await this.#write("exit\r");
    await Bun.sleep(QUIET_MS);
  }

  /**
   * Presses Enter until the server's prompt appears, whatever the console was busy with, and
   * switches paging off.
   * @param limitMs maximum duration
   * @throws ConsoleFault naming what answers instead
   */
  async connect(limitMs = SILENCE_MS_MAX): Promise<void> {
    const error = this.open();
    if (error !== 0) throw this.#fault(`found ${errnoName(error)}, expected a serial line`);
    this.#bytes = 0;
    this.#noise = 0;
    const deadlineMs = performance.now() + limitMs;
    let server: string | null = null;
    while (server === null && performance.now() < deadlineMs) {
      this.#discard();
      await this.#write(WAKE);
      server = await this.#promptWithin(Math.min(WAKE_MS, deadlineMs - performance.now()));
    }
    if (server === null) throw this.#fault(this.#whatAnswers());
    this.#requireServer(server);
    await this.ask("terminal length 0");
  }

  /**
   * Types a command and returns its answer.
   * @throws ConsoleFault when there is none
   */
  async ask(command: string): Promise<ConsoleAnswer> {
    this.#discard();
    await this.#write(`${command}\r`);
    const beganMs = performance.now();
    let heardMs = beganMs;
    for (;;) {
      if (this.#receive()) heardMs = performance.now();
      const found = ANSWER_END.exec(this.#text.slice(-TAIL_CHARACTERS));
      if (found !== null) return this.#answerOf(command, found);
      const nowMs = performance.now();
      if (nowMs - heardMs > SILENCE_MS_MAX || nowMs - beganMs > ANSWER_MS_MAX) {
        const last =
          this.#text === "" ? "nothing" : `${quoted(this.#text.slice(-40))} and then nothing`;
        throw this.#fault(
          `found ${last} for ${Math.round((nowMs - heardMs) / 1000)} s after ${quoted(command)}, expected an answer`,
        );
      }
      await Bun.sleep(POLL_MS);
    }
  }

  /**
   * The document that a command returns, whether it ended with OK or not.
   * @throws ConsoleFault also when the answer is no document
   */
  async document<T>(command: string): Promise<T> {
    const { lines, error } = await this.ask(`${command} | json`);
    try {
      return JSON.parse(lines[0] ?? "") as T;
    } catch {
      const found = error === null ? quoted(lines[0] ?? "") : `ERR ${error} (${lines.join(" ")})`;
      throw this.#fault(`found ${found} after ${quoted(`${command} | json`)}, expected a document`);
    }
  }

  #answerOf(command: string, found: RegExpExecArray): ConsoleAnswer {
    const [end, error = null, server = ""] = found;
    this.#requireServer(server);
    const [echo, ...lines] = this.#text.slice(0, this.#text.length - end.length).split("\r\n");
    this.#text = "";
    if (echo !== command)
      throw this.#fault(
        `found the echo ${quoted(echo ?? "")}, expected ${quoted(command)}: the line is noisy`,
      );
    return { lines, error };
  }

  /** The server whose prompt ends the input within `limitMs`. */
  async #promptWithin(limitMs: number): Promise<string | null> {
    const deadlineMs = performance.now() + limitMs;
    let heardMs = performance.now();
    for (;;) {
      const nowMs = performance.now();
      if (this.#receive()) heardMs = nowMs;
      const found = PROMPT.exec(this.#text.slice(-TAIL_CHARACTERS));
      if (found !== null && nowMs - heardMs >= QUIET_MS) return found[1] ?? null;
      if (nowMs > deadlineMs + (found === null ? 0 : QUIET_MS)) return null;
      await Bun.sleep(POLL_MS);
    }
  }

  /** Receives input; returns whether there was any. */
  #receive(): boolean {
    let isAny = false;
    for (;;) {
      const length = this.#line.read();
      if (length === SERIAL_HUNG_UP) {
        this.#line.close();
        throw this.#fault("found the line hung up, expected an answer");
      }
      if (length === SERIAL_NOTHING) return isAny;
      isAny = true;
      const bytes = this.#line.received.bytes.subarray(0, length);
      this.#bytes += length;
      for (const byte of bytes)
        if (byte > 0x7e || (byte < 0x20 && !TEXT_CONTROLS.has(byte))) this.#noise++;
      this.#text += Buffer.from(bytes).toString("latin1");
    }
  }

  #discard(): void {
    this.#receive();
    this.#text = "";
  }

  async #write(text: string): Promise<void> {
    const deadlineMs = performance.now() + SILENCE_MS_MAX;
    for (let rest: Uint8Array = Buffer.from(text, "latin1"); rest.length > 0; ) {
      const sent = this.#line.write(rest);
      if (sent === SERIAL_HUNG_UP) {
        this.#line.close();
        throw this.#fault("found the line hung up, expected one that takes a command");
      }
      rest = rest.subarray(sent);
      if (sent > 0) continue;
      if (performance.now() > deadlineMs) throw this.#fault("the line accepts nothing");
      await Bun.sleep(POLL_MS);
    }
  }

  #whatAnswers(): string {
    const expected = `expected the prompt "wingman ${this.serverId}> "`;
    if (this.#bytes === 0) {
      return `found silence, ${expected}: check the cable, that the server is on, and maintenance.console in its configuration`;
    }
    if (this.#noise * 5 > this.#bytes) {
      return `found ${this.#bytes} bytes that are no text, ${expected}: the line has another speed than ${this.baud} bit/s, see --baud`;
    }
    return `found ${quoted(this.#text.trim().slice(-40))}, ${expected}: another program is at the other end`;
  }

  #requireServer(found: string): void {
    if (found === this.serverId) return;
    throw this.#fault(
      `found server ${found}, expected server ${this.serverId}: exchange the cables or the arguments`,
    );
  }

  #fault(what: string): ConsoleFault {
    return new ConsoleFault(`console of ${this.serverId} at ${this.device}: ${what}`);
  }
}

/** BEL, BS, TAB, LF, CR and ESC. */
const TEXT_CONTROLS: ReadonlySet<number> = new Set([0x07, 0x08, 0x09, 0x0a, 0x0d, 0x1b]);

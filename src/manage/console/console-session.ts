/**
 * One person or program at the console: joins line editor, command language and paging, based only
 * on bytes and times. The owner of the line passes input to {@link ConsoleSession.receive} and
 * fetches output with {@link ConsoleSession.take} as fast as the line accepts it. Nothing is
 * produced before it is fetched, except one answer and a few rows of echo.
 */
import {
  CONSOLE_ECHO_MAX,
  CONSOLE_IDLE_MS,
  CONSOLE_PAGE_LINES,
  CONSOLE_TYPE_AHEAD_MAX,
} from "../../limits.ts";
import type { Maintenance } from "../maintenance.ts";
import { versionDocument } from "../version-document.ts";
import { ZmodemSender } from "../zmodem/zmodem-sender.ts";
import { type Answer, answerTo } from "./console.ts";
import type { Download } from "./console-command.ts";
import { printable } from "./console-table.ts";
import {
  CTRL_C,
  EDIT_CANCEL,
  EDIT_END,
  EDIT_LINE,
  EDIT_NOTHING,
  LineEditor,
} from "./line-editor.ts";

/**
 * `line`: a serial line; after the end of a session the next one waits for Enter. `terminal`: a
 * person at the other end of a connection. `script`: a program there: no banner, prompt, echo or
 * paging.
 */
export type SessionKind = "line" | "terminal" | "script";

export interface SessionOptions {
  readonly kind: SessionKind;
  readonly nowMs: number;
  readonly idleMs?: number;
}

const MORE = "--More--";
const MORE_ERASED = `\r${" ".repeat(MORE.length)}\r`;
const BELL = "\u0007";
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
/** No program pauses for this long within a line. */
const SKIP_MS = 250;
/** Lines produced at once; about what a fast line accepts in one turn. */
const LINES_AT_ONCE = 32;

/** Nobody is there. */
const ASLEEP = 0;
const EDITING = 1;
/** A command is running; its answer will come. */
const WAITING = 2;
/** The answer is being sent, */
const ANSWERING = 3;
/** and waits for a key at the end of a page. */
const PAGING = 4;
const TRANSFERRING = 5;
const OVER = 6;

export class ConsoleSession {
  /**
   * Called when {@link take} has output again without a {@link receive}: a command has finished.
   */
  onOutput: () => void = () => {};

  readonly #maintenance: Maintenance;
  readonly #kind: SessionKind;
  readonly #idleMs: number;
  readonly #prompt: string;
  readonly #settings: { pageLines: number; takesDownloads: boolean };
  readonly #typeAhead = new Uint8Array(CONSOLE_TYPE_AHEAD_MAX);
  #typedAhead = 0;
  #editor: LineEditor;
  #state = ASLEEP;
  #nowMs: number;
  #activeAtMs: number;
  /** Output to send before anything else: ASCII. */
  #out = "";
  #answer: Answer | null = null;
  #nextLine = 0;
  #linesLeftOfPage = 0;
  #transfer: ZmodemSender | null = null;
  #download: Download | null = null;
  /** Number of the pending answer: an answer that comes after Ctrl-C is dropped. */
  #question = 0;
  /** Typed input was dropped for lack of room. */
  #hasDropped = false;
  /** The input is the rest of a line whose beginning was dropped, until its end or a pause. */
  #isSkipping = false;

  constructor(maintenance: Maintenance, { kind, nowMs, idleMs = CONSOLE_IDLE_MS }: SessionOptions) {
    this.#maintenance = maintenance;
    this.#kind = kind;
    this.#idleMs = idleMs;
    this.#nowMs = nowMs;
    this.#activeAtMs = nowMs;
    this.#prompt = kind === "script" ? "" : `wingman ${maintenance.serverId}> `;
    this.#settings = { pageLines: 0, takesDownloads: kind !== "script" };
    this.#editor = new LineEditor(this.#prompt);
    if (kind === "line") this.#sleep();
    else this.#wake();
  }

  /**
   * The other side has left or was idle for too long; the remaining output of {@link take} is still
   * sent.
   */
  get isOver(): boolean {
    return this.#state === OVER;
  }

  /** A line is being typed, or nobody is there: nothing moves until somebody types. */
  get isQuiet(): boolean {
    return (
      this.#out === "" &&
      (this.#state === ASLEEP || this.#state === EDITING || this.#state === PAGING)
    );
  }

  /**
   * Bytes that {@link receive} accepts without dropping any; do not pass more where the sender can
   * be held up.
   */
  get room(): number {
    return this.#state === TRANSFERRING
      ? Number.POSITIVE_INFINITY
      : this.#typeAhead.length - this.#typedAhead;
  }

  /** Takes typed input. Without room, the older input is dropped, with a bell. */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (nowMs - this.#activeAtMs >= SKIP_MS) this.#isSkipping = false;
    this.#nowMs = nowMs;
    this.#activeAtMs = nowMs;
    if (this.#transfer !== null) {
      this.#transfer.receive(bytes, nowMs);
      this.#endTransfer();
      return;
    }
    for (const byte of bytes) this.#receiveByte(byte);
  }

  /** The next bytes to send, at most a few KiB; null when there are none now. */
  take(): Uint8Array | null {
    if (this.#out === "" && this.#transfer !== null) {
      const bytes = this.#transfer.take();
      if (bytes !== null) this.#activeAtMs = this.#nowMs;
      this.#endTransfer();
      if (bytes !== null) return bytes;
    }
    if (this.#out === "" && this.#state === ANSWERING) this.#writeAnswer();
    if (this.#out === "") return null;
    const text = this.#kind === "script" ? this.#out.replaceAll("\r\n", "\n") : this.#out;
    const bytes = Buffer.from(text, "latin1");
    this.#out = "";
    if (this.#state !== PAGING && this.#state !== EDITING) this.#activeAtMs = this.#nowMs;
    this.#readAhead();
    return bytes;
  }

  /** Call several times a second. */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#transfer !== null) {
      this.#transfer.tick(nowMs);
      this.#endTransfer();
      return;
    }
    const isWatched = this.#state !== ASLEEP && this.#state !== OVER && this.#state !== WAITING;
    if (isWatched && nowMs - this.#activeAtMs >= this.#idleMs)
      this.#leave("\r\nIDLE, SESSION ENDED");
  }

  #receiveByte(byte: number): void {
    const isListening = this.#isListening;
    if (byte === CTRL_C && !isListening) this.#interrupt();
    else if (this.#isSkipping) this.#isSkipping = byte !== CR && byte !== LF && byte !== CTRL_C;
    else if (isListening) this.#hear(byte);
    else if (this.#typedAhead < this.#typeAhead.length) this.#typeAhead[this.#typedAhead++] = byte;
    else {
      // The newest input is what somebody wants now; a line without its beginning is no command.
      this.#typedAhead = 0;
      this.#hasDropped = true;
      this.#isSkipping = byte !== CR && byte !== LF;
    }
  }

  /** Whether a byte is processed at once instead of later. */
  get #isListening(): boolean {
    if (this.#typedAhead > 0) return false;
    if (this.#out.length > CONSOLE_ECHO_MAX) return false;
    return this.#state === EDITING || this.#state === PAGING || this.#state === ASLEEP;
  }

  #readAhead(): void {
    const length = this.#typedAhead;
    this.#typedAhead = 0; // so that each is processed at once
    if (this.#hasDropped && this.#isListening) {
      this.#hasDropped = false;
      this.#write(BELL);
      if (this.#state === EDITING) this.#edit(CTRL_C); // its rest is among the dropped input
    }
    let at = 0;
    while (at < length && this.#isListening) this.#hear(this.#typeAhead[at++] ?? 0);
    this.#typeAhead.copyWithin(0, at, length);
    this.#typedAhead = length - at;
  }

  #hear(byte: number): void {
    if (this.#state === PAGING) this.#turnPage(byte);
    else if (this.#state === EDITING) this.#edit(byte);
    else if (this.#state === ASLEEP && (byte === CR || byte === LF)) this.#wake();
  }

  #edit(byte: number): void {
    const editor = this.#editor;
    const result = editor.receive(byte);
    const echo = editor.takeEcho();
    if (this.#kind !== "script") this.#write(echo);
    if (result === EDIT_NOTHING) return;
    if (result === EDIT_END) this.#leave("");
    else if (result === EDIT_CANCEL) this.#write(this.#prompt);
    else if (result === EDIT_LINE) this.#ask(editor.line, editor.isCut);
  }

  #ask(line: string, isCut: boolean): void {
    if (line.trim() === "" && !isCut) {
      this.#write(this.#prompt);
      return;
    }
    const question = ++this.#question;
    this.#state = WAITING;
    answerTo(line, this.#maintenance, this.#settings, isCut).then((answer) => {
      if (question !== this.#question || this.#state !== WAITING) return;
      this.#show(answer);
      this.onOutput();
    });
  }

  #show(answer: Answer): void {
    this.#activeAtMs = this.#nowMs;
    this.#answer = answer;
    this.#nextLine = 0;
    this.#linesLeftOfPage = this.#linesToPage;
    this.#state = ANSWERING;
  }

  /**
   * Text rows per page; the last row is for the prompt, or for the question whether to continue.
   */
  get #linesToPage(): number {
    const { pageLines } = this.#settings;
    return pageLines === 0 || this.#kind === "script" || this.#answer?.isWhole
      ? Number.POSITIVE_INFINITY
      : Math.max(1, pageLines - 1);
  }

  #writeAnswer(): void {
    const answer = this.#answer;
    if (answer === null) return;
    for (let count = 0; count < LINES_AT_ONCE && this.#nextLine < answer.lines.length; count++) {
      if (this.#linesLeftOfPage === 0) {
        this.#state = PAGING;
        this.#write(MORE);
        return;
      }
      this.#linesLeftOfPage--;
      this.#write(`${answer.lines[this.#nextLine++]}\r\n`);
    }
    if (this.#nextLine === answer.lines.length) this.#finish(answer);
  }

  #turnPage(byte: number): void {
    const answer = this.#answer;
    if (answer === null) return;
    this.#write(MORE_ERASED);
    this.#state = ANSWERING;
    if (byte === SPACE) this.#linesLeftOfPage = this.#linesToPage;
    else if (byte === CR || byte === LF) this.#linesLeftOfPage = 1;
    else {
      this.#finish(answer);
      // Typing the next command ends the paging; q and Ctrl-C do only that.
      const isWord = byte !== 0x71 && byte !== CTRL_C;
      if (isWord && this.#isListening) this.#hear(byte);
    }
  }

  /** The answer was shown, as far as anybody wanted to see it. */
  #finish(answer: Answer): void {
    this.#answer = null;
    if (answer.download !== null) this.#begin(answer.download);
    else if (answer.ends) {
      this.#write("OK\r\n");
      this.#leave("");
    } else this.#conclude(answer.error);
  }

  #conclude(error: string | null): void {
    this.#write(`${error === null ? "OK" : `ERR ${error}`}\r\n${this.#prompt}`);
    this.#state = EDITING;
  }

  /** Ctrl-C outside of a line. */
  #interrupt(): void {
    this.#typedAhead = 0;
    this.#hasDropped = false;
    this.#isSkipping = false;
    if (this.#state === EDITING) {
      this.#out = "";
      this.#edit(CTRL_C);
    }
    if (this.#state !== WAITING && this.#state !== ANSWERING) return;
    const isWaiting = this.#state === WAITING;
    this.#question++;
    this.#answer = null;
    this.#out = ""; // nobody wants to read it any more
    this.#write("^C\r\n");
    if (isWaiting) this.#write("no longer waiting; the action goes on\r\n");
    else this.#write("the answer was cut short\r\n");
    this.#conclude("CANCELLED");
  }

  #begin(download: Download): void {
    for (const line of fileLines(download)) this.#write(`${line}\r\n`);
    this.#write("RECEIVE NOW BY ZMODEM; FIVE CTRL-X CANCEL\r\n");
    this.#download = download;
    // Without a modification time: the receiver's clock is more likely to be right.
    this.#transfer = new ZmodemSender(download.name, download.content, 0);
    this.#transfer.tick(this.#nowMs);
    this.#typedAhead = 0;
    this.#state = TRANSFERRING;
  }

  #endTransfer(): void {
    const transfer = this.#transfer;
    const download = this.#download;
    if (transfer === null || download === null || !transfer.isOver) return;
    this.#transfer = null;
    this.#download = null;
    this.#activeAtMs = this.#nowMs;
    this.#write("\r\n");
    for (const line of fileLines(download)) this.#write(`${line}\r\n`);
    const isSent = transfer.outcome === "sent";
    if (!isSent) this.#write(`${printable(transfer.reason)}\r\n`);
    this.#conclude(isSent ? null : "TRANSFER");
  }

  #wake(): void {
    this.#editor = new LineEditor(this.#prompt);
    this.#settings.pageLines = this.#kind === "script" ? 0 : CONSOLE_PAGE_LINES;
    this.#state = EDITING;
    this.#activeAtMs = this.#nowMs;
    if (this.#kind === "script") return;
    for (const line of bannerLines(this.#maintenance)) this.#write(`${line}\r\n`);
    this.#write(this.#prompt);
  }

  #leave(words: string): void {
    this.#answer = null;
    this.#question++;
    this.#typedAhead = 0;
    if (words !== "") this.#out = "";
    if (this.#kind !== "script") this.#write(`${words}\r\n`);
    if (this.#kind === "line") this.#sleep();
    else this.#state = OVER;
  }

  #sleep(): void {
    this.#write(`\r\nWINGMAN ${this.#maintenance.serverId}: PRESS ENTER\r\n`);
    this.#state = ASLEEP;
  }

  #write(text: string): void {
    this.#out += text;
  }
}

function bannerLines(maintenance: Maintenance): string[] {
  const { partNumber, version, system } = versionDocument(maintenance.config);
  const phase = maintenance.status()?.phase ?? "no engine";
  return [
    `WINGMAN ${version}  PART NUMBER ${partNumber ?? "NONE"}`,
    `SERVER ${maintenance.serverId}  SYSTEM ${system}  STATE ${phase.toUpperCase()}`,
    "? LISTS THE COMMANDS",
  ].map(printable);
}

function fileLines({ name, content }: Download): string[] {
  const digest = new Bun.CryptoHasher("sha256").update(content).digest("hex");
  return [`FILE ${name}, ${content.length} BYTES`, `SHA-256 ${digest}`].map(printable);
}

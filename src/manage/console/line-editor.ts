/**
 * A line editor for a terminal: bytes in, echo and finished lines out. Knows neither tty nor time.
 *
 * The echo only needs BS, CR, LF and BEL of the terminal (and Ctrl-L sends the two ANSI sequences
 * that erase a screen): a line longer than the screen is wide scrolls sideways in its one row.
 */
import { CONSOLE_COLUMNS, CONSOLE_HISTORY_MAX, CONSOLE_LINE_MAX } from "../../limits.ts";

/** Effect of a byte: nothing but its echo, */
export const EDIT_NOTHING = 0;
/** a line is finished, see {@link LineEditor.line}, */
export const EDIT_LINE = 1;
/** Ctrl-C: the line is discarded, */
export const EDIT_CANCEL = 2;
/** Ctrl-D in an empty line: the user leaves. */
export const EDIT_END = 3;
export type EditResult =
  | typeof EDIT_NOTHING
  | typeof EDIT_LINE
  | typeof EDIT_CANCEL
  | typeof EDIT_END;

const BELL = "\u0007";
const ERASE_SCREEN = "\u001b[H\u001b[2J";

const NUL = 0x00;
const BS = 0x08;
const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const CAN = 0x18;
const ESC = 0x1b;
const SPACE = 0x20;
const DEL = 0x7f;
export const CTRL_C = 0x03;
/** Control character of the letter pressed with Ctrl. */
const control = (letter: string): number => letter.charCodeAt(0) & 0x1f;

// Position in the sequence of a cursor key: outside, after ESC, after ESC [, after ESC O.
const OUTSIDE = 0;
const ESCAPED = 1;
const BRACKET = 2;
const SINGLE = 3;

/** Longer sequences come from no keyboard, and are not kept. */
const SEQUENCE_MAX = 8;

type Key = "left" | "right" | "home" | "end" | "up" | "down" | "delete";

/** Last byte of `ESC [ X` and `ESC O X` (ECMA-48, and VT100 in application mode). */
const KEYS: Readonly<Record<string, Key>> = {
  A: "up",
  B: "down",
  C: "right",
  D: "left",
  H: "home",
  F: "end",
};
/** The number in `ESC [ N ~` (VT220, and rxvt's 7 and 8). */
const NUMBERED_KEYS: Readonly<Record<string, Key>> = {
  ...{ "1": "home", "3": "delete", "4": "end", "7": "home", "8": "end" },
};

export class LineEditor {
  /** The finished line, after EDIT_LINE. */
  line = "";
  /** The finished line was longer than CONSOLE_LINE_MAX, and its rest was refused with a bell. */
  isCut = false;

  #text = "";
  /** Cursor position, 0 to the length of the text. */
  #column = 0;
  #refused = false;
  #history: string[] = [];
  /** Displayed entry of the history; its length stands for the line being typed. */
  #recalled = 0;
  /** The typed line before the first step into the history. */
  #draft = "";
  #sequence = OUTSIDE;
  #sequenceText = "";
  #afterReturn = false;

  #echo = "";
  /** The row no longer shows the text. */
  #isStale = false;
  /** First displayed character of the text, and number of displayed ones. */
  #from = 0;
  #shown = 0;

  /**
   * @param prompt is at the left of the row; the user of the editor writes it when a line begins
   */
  constructor(private readonly prompt: string) {}

  /** Takes one byte. */
  receive(byte: number): EditResult {
    const afterReturn = this.#afterReturn;
    this.#afterReturn = false;
    if (byte === LF && afterReturn) return EDIT_NOTHING; // the second half of CR LF
    if (this.#sequence !== OUTSIDE && byte >= SPACE) {
      this.#continueSequence(byte);
      return EDIT_NOTHING;
    }
    this.#sequence = OUTSIDE; // a control character ends an invalid sequence
    if (byte >= SPACE && byte < DEL) this.#insert(String.fromCharCode(byte));
    else if (byte > DEL)
      this.#echo += BELL; // no word of the language has other letters than ASCII
    else return this.#control(byte);
    return EDIT_NOTHING;
  }

  /** Echo since the last call: ASCII. */
  takeEcho(): string {
    if (this.#isStale) this.#redraw();
    const echo = this.#echo;
    this.#echo = "";
    return echo;
  }

  #control(byte: number): EditResult {
    switch (byte) {
      case CR:
      case LF:
        this.#afterReturn = byte === CR;
        return this.#finish();
      case BS:
      case DEL:
        this.#erase(this.#column - 1, this.#column);
        break;
      case TAB:
        this.#insert(" ");
        break;
      case CTRL_C:
        this.#redrawIfStale();
        this.#echo += "^C\r\n";
        this.#begin();
        return EDIT_CANCEL;
      case control("d"):
        if (this.#text === "") return EDIT_END;
        this.#erase(this.#column, this.#column + 1);
        break;
      case ESC:
        this.#sequence = ESCAPED;
        this.#sequenceText = "";
        break;
      case control("u"):
        this.#erase(0, this.#column);
        break;
      case control("k"):
        this.#erase(this.#column, this.#text.length);
        break;
      case control("w"):
        this.#erase(this.#text.slice(0, this.#column).trimEnd().lastIndexOf(" ") + 1, this.#column);
        break;
      case control("l"):
        this.#echo += ERASE_SCREEN;
        this.#shown = 0;
        this.#isStale = true;
        break;
      case control("a"):
        this.#press("home");
        break;
      case control("e"):
        this.#press("end");
        break;
      case control("b"):
        this.#press("left");
        break;
      case control("f"):
        this.#press("right");
        break;
      case control("p"):
        this.#press("up");
        break;
      case control("n"):
        this.#press("down");
        break;
      case NUL:
      case CAN:
        break; // padding, and leftovers of an aborted transfer
      default:
        this.#echo += BELL;
    }
    return EDIT_NOTHING;
  }

  #continueSequence(byte: number): void {
    const letter = String.fromCharCode(byte);
    if (this.#sequence === ESCAPED) {
      this.#sequence = letter === "[" ? BRACKET : letter === "O" ? SINGLE : OUTSIDE;
      return;
    }
    // ECMA-48, 5.4: parameters up to 0x3f, then one final byte.
    if (this.#sequence === BRACKET && byte < 0x40) {
      if (this.#sequenceText.length < SEQUENCE_MAX) this.#sequenceText += letter;
      return;
    }
    this.#sequence = OUTSIDE;
    const isPlain = /^(1;\d)?$/.test(this.#sequenceText); // also with Shift, Alt, Ctrl
    const key =
      letter === "~" ? NUMBERED_KEYS[this.#sequenceText] : isPlain ? KEYS[letter] : undefined;
    if (key !== undefined) this.#press(key);
  }

  #press(key: Key): void {
    if (key === "up") this.#recall(this.#recalled - 1);
    else if (key === "down") this.#recall(this.#recalled + 1);
    else if (key === "delete") this.#erase(this.#column, this.#column + 1);
    else if (key === "home") this.#moveTo(0);
    else if (key === "end") this.#moveTo(this.#text.length);
    else this.#moveTo(this.#column + (key === "left" ? -1 : 1));
  }

  #insert(character: string): void {
    if (this.#text.length >= CONSOLE_LINE_MAX) {
      this.#refused = true;
      this.#echo += BELL;
      return;
    }
    const isAtEnd = this.#column === this.#text.length;
    this.#text = this.#text.slice(0, this.#column) + character + this.#text.slice(this.#column);
    this.#column++;
    if (isAtEnd && !this.#isStale && this.#column - this.#from < this.#width) {
      this.#echo += character;
      this.#shown = Math.max(this.#shown, this.#column - this.#from);
    } else this.#isStale = true;
  }

  #erase(from: number, to: number): void {
    if (from < 0 || from >= Math.min(to, this.#text.length)) return;
    this.#text = this.#text.slice(0, from) + this.#text.slice(to);
    this.#column = from;
    this.#refused = false;
    this.#isStale = true;
  }

  #moveTo(column: number): void {
    if (column < 0 || column > this.#text.length) return;
    this.#column = column;
    this.#isStale = true;
  }

  #recall(entry: number): void {
    if (entry < 0 || entry > this.#history.length) return;
    if (this.#recalled === this.#history.length) this.#draft = this.#text;
    this.#recalled = entry;
    this.#text = this.#history[entry] ?? this.#draft;
    this.#column = this.#text.length;
    this.#refused = false;
    this.#isStale = true;
  }

  #finish(): EditResult {
    this.#redrawIfStale();
    this.#echo += "\r\n";
    this.line = this.#text;
    this.isCut = this.#refused;
    if (this.line.trim() !== "" && this.line !== this.#history.at(-1)) {
      this.#history.push(this.line);
      if (this.#history.length > CONSOLE_HISTORY_MAX) this.#history.shift();
    }
    this.#begin();
    return EDIT_LINE;
  }

  #begin(): void {
    this.#text = "";
    this.#draft = "";
    this.#column = 0;
    this.#refused = false;
    this.#recalled = this.#history.length;
    this.#from = 0;
    this.#shown = 0;
    this.#isStale = false;
  }

  /** Columns for the text and the cursor behind it; `^C` fits beside them. */
  get #width(): number {
    return CONSOLE_COLUMNS - this.prompt.length - "^C".length;
  }

  #redrawIfStale(): void {
    if (this.#isStale) this.#redraw();
  }

  /** Rewrites the row, blanks the rest of its old text, and returns to the cursor. */
  #redraw(): void {
    const width = this.#width - 1;
    if (this.#column < this.#from || this.#column > this.#from + width) {
      this.#from = Math.max(0, this.#column - (width >> 1));
    }
    if (this.#text.length <= width) this.#from = 0;
    const row = this.#text.slice(this.#from, this.#from + width).padEnd(this.#shown);
    this.#echo += `\r${this.prompt}${row}${"\b".repeat(row.length - (this.#column - this.#from))}`;
    this.#shown = Math.min(width, this.#text.length - this.#from);
    this.#isStale = false;
  }
}

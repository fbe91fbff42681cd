import { expect, test } from "bun:test";
import { CONSOLE_COLUMNS, CONSOLE_HISTORY_MAX, CONSOLE_LINE_MAX } from "../../limits.ts";
import { EDIT_CANCEL, EDIT_END, EDIT_LINE, LineEditor } from "./line-editor.ts";

const PROMPT = "wingman a> ";
const UP = "\u001b[A";
const DOWN = "\u001b[B";
const RIGHT = "\u001b[C";
const LEFT = "\u001b[D";

/**
 * What a terminal of 80 columns shows in its last row; it knows BS, CR, LF and the erased screen,
 * and ignores BEL.
 */
class Screen {
  row = "";
  column = 0;
  /** A terminal would have wrapped. */
  isOverrun = false;

  write(text: string): void {
    const erased = text.split("\u001b[H\u001b[2J");
    if (erased.length > 1) {
      this.row = "";
      this.column = 0;
    }
    for (const character of erased.at(-1) ?? "") {
      if (character === "\r") this.column = 0;
      else if (character === "\n") this.row = "";
      else if (character === "\b") this.column = Math.max(0, this.column - 1);
      else if (character >= " ") {
        this.row = this.row.padEnd(this.column);
        this.row = this.row.slice(0, this.column) + character + this.row.slice(this.column + 1);
        this.column++;
        this.isOverrun ||= this.column >= CONSOLE_COLUMNS;
      }
    }
  }
}

class Desk {
  readonly editor = new LineEditor(PROMPT);
  readonly screen = new Screen();
  readonly lines: string[] = [];
  readonly results: number[] = [];
  echo = "";

  constructor() {
    this.screen.write(PROMPT);
  }

  type(bytes: string | Uint8Array): this {
    for (const byte of typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes) {
      const result = this.editor.receive(byte);
      const echo = this.editor.takeEcho();
      this.echo += echo;
      this.screen.write(echo);
      if (result !== 0) this.results.push(result);
      if (result === EDIT_LINE) this.lines.push(this.editor.line);
      if (result !== 0) this.screen.write(PROMPT);
    }
    return this;
  }

  get shown(): string {
    return this.screen.row.trimEnd();
  }
}

test("CR, LF and CR LF each end one line", () => {
  expect(new Desk().type("one\rtwo\nthree\r\nfour\r\r\n\n").lines).toEqual([
    "one",
    "two",
    "three",
    "four",
    "",
    "",
  ]);
});

test("input at the end is echoed unchanged", () => {
  expect(new Desk().type("show log\r").echo).toBe("show log\r\n");
});

test("keys move and erase where the cursor is, and the row shows it", () => {
  const cases: [keys: string, line: string][] = [
    ["shoq\bw", "show"],
    ["shoq\u007fw", "show"],
    [`sow${LEFT}${LEFT}h`, "show"],
    [`ow\u0001sh`, "show"],
    [`how\u001b[Hs\u001b[F!`, "show!"],
    [`how\u001b[1~s\u001b[4~!`, "show!"],
    [`how\u001bOHs\u001bOF!`, "show!"],
    [`sxhow\u0001${RIGHT}\u001b[3~`, "show"],
    [`sxhow\u0001${RIGHT}\u0004`, "show"],
    ["xshow\u0002\u0002\u0002\u0002\b\u0005!", "show!"],
    ["rubbish\u0015show", "show"],
    [`show log${LEFT}${LEFT}${LEFT}\u0015`, "log"],
    [`show log${LEFT}${LEFT}${LEFT}${LEFT}\u000b`, "show"],
    ["show the log  \u0017", "show the "],
    ["\b\b\u007fshow", "show"],
    [`${LEFT}${LEFT}show${RIGHT}${RIGHT}`, "show"],
    ["show\tlog", "show log"],
  ];
  for (const [keys, line] of cases) {
    const desk = new Desk().type(keys);
    expect(desk.shown).toBe(`${PROMPT}${line}`.trimEnd());
    expect(desk.type("\r").lines).toEqual([line]);
  }
});

test("Ctrl-C gives the line up, Ctrl-D leaves from an empty line only", () => {
  const desk = new Desk().type("half\u0003whole\r");
  expect(desk.lines).toEqual(["whole"]);
  expect(desk.results).toEqual([EDIT_CANCEL, EDIT_LINE]);
  expect(desk.echo).toContain("half^C\r\n");
  expect(new Desk().type("a\u0004\b\u0004").results).toEqual([EDIT_END]);
});

test("Ctrl-L shows prompt and line on an empty screen", () => {
  expect(new Desk().type("show\u000c").echo).toEndWith(`\u001b[H\u001b[2J\r${PROMPT}show`);
});

test("history: up and down, the line being typed is kept, no empty and no repeated line, bounded", () => {
  const desk = new Desk().type("one\rtwo\rtwo\r  \rhal");
  expect(desk.type(UP).shown).toBe(`${PROMPT}two`);
  expect(desk.type(UP).shown).toBe(`${PROMPT}one`);
  expect(desk.type(UP).shown).toBe(`${PROMPT}one`);
  expect(desk.type(DOWN + DOWN).shown).toBe(`${PROMPT}hal`);
  expect(desk.type(DOWN).shown).toBe(`${PROMPT}hal`);
  expect(desk.type("f\r").lines.at(-1)).toBe("half");
  expect(desk.type(`${UP}${UP}${UP}!\r`).lines.at(-1)).toBe("one!");

  const long = new Desk();
  for (let number = 0; number < CONSOLE_HISTORY_MAX + 5; number++) long.type(`line ${number}\r`);
  expect(long.type(UP.repeat(2 * CONSOLE_HISTORY_MAX)).shown).toBe(`${PROMPT}line 5`);
});

test("a line longer than the screen scrolls in its row and stays whole", () => {
  const text = Array.from({ length: 50 }, (_, index) => `word${index}`).join(" ");
  const desk = new Desk().type(text);
  expect(desk.shown).toStartWith(PROMPT);
  expect(desk.shown).toEndWith("word49");
  desk.type("\u0001");
  expect(desk.shown).toStartWith(`${PROMPT}word0 word1`);
  expect(desk.screen.column).toBe(PROMPT.length);
  for (let step = 0; step < text.length; step++) desk.type(RIGHT);
  expect(desk.shown).toEndWith("word49");
  desk.type(LEFT.repeat(6)).type("the ");
  expect(desk.shown).toEndWith("the word49");
  expect(desk.screen.isOverrun).toBe(false);
  expect(desk.type("\r").lines).toEqual([text.replace("word49", "the word49")]);
});

test("the rest of a line that is too long is refused with a bell, and the line counts as cut", () => {
  const desk = new Desk().type("x".repeat(CONSOLE_LINE_MAX));
  expect(desk.echo).not.toContain("\u0007");
  desk.type("yz");
  expect(desk.echo).toEndWith("\u0007\u0007");
  desk.type("\r");
  expect(desk.lines).toEqual(["x".repeat(CONSOLE_LINE_MAX)]);
  expect(desk.editor.isCut).toBe(true);
  desk.type(`${"x".repeat(CONSOLE_LINE_MAX)}y\b\r`);
  expect(desk.editor.isCut).toBe(false);
});

test("UTF-8, control characters and broken sequences leave the line as it is", () => {
  const rubbish = [
    ...[
      "\u00c3\u00a4",
      "\u00ff\u0080",
      "\u0000\u0018\u0018",
      "\u0007\u000e\u001f",
      "\u001b[",
      "\u001b[99;99;99;99;99H",
    ],
    ...["\u001b[200~", "\u001bx", "\u001bOz", "\u001b[1;5X", "\u001b\u001b\u001b"],
  ];
  for (const bytes of rubbish) {
    // A sequence that was broken off is ended by a control character.
    expect(new Desk().type(`show${bytes}\u0000 log\r`).lines).toEqual(["show log"]);
  }
  expect(new Desk().type("ab\u001b[\r").lines).toEqual(["ab"]);
});

test("whatever bytes come, lines are printable and bounded, and the row never overruns", () => {
  let state = 1;
  const bytes = Uint8Array.from({ length: 200_000 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
  const desk = new Desk().type(bytes);
  expect(desk.lines.length).toBeGreaterThan(1000);
  for (const line of desk.lines) expect(line).toMatch(/^[ -~]{0,1024}$/);
  expect(desk.screen.isOverrun).toBe(false);
  expect(desk.type("\rshow version\r").lines.at(-1)).toBe("show version");
});

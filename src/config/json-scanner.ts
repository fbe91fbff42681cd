/**
 * Strict scan of JSON text (RFC 8259) for mistakes only. JSON.parse gives the value, but its error
 * texts depend on the engine, and it ignores duplicate keys.
 */
import type { Problem } from "./model.ts";
import { keyPath, quoted } from "./problem.ts";

/**
 * Maximum nesting of lists and objects. The configuration needs 5; far more would only exhaust the
 * stack.
 */
export const JSON_DEPTH_MAX = 32;

export interface JsonScan {
  /** True exactly when JSON.parse accepts the text. */
  wellFormed: boolean;
  /** Duplicate keys; then, when the text is not well formed, the mistake that ended the scan. */
  problems: Problem[];
}

/** Finds the mistakes in `text` as JSON. */
export function scanJson(text: string): JsonScan {
  const scanner = new JsonScanner(text);
  try {
    scanner.document();
    return { wellFormed: true, problems: scanner.problems };
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const { at, found, expected } = error;
    scanner.problems.push({ path: scanner.place(at), found, expected });
    return { wellFormed: false, problems: scanner.problems };
  }
}

class SyntaxProblem extends Error {
  constructor(
    readonly at: number,
    readonly found: string,
    readonly expected: string,
  ) {
    super(found);
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}\p{N}_$.+-]+/uy;
/** Everything up to the end of a string or its first invalid character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it ends at
const STRING_RUN = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;

class JsonScanner {
  readonly problems: Problem[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(readonly text: string) {}

  /** A position in the current line as `line 3, column 7`, both counted from 1. */
  place(at: number): string {
    return `line ${this.#line}, column ${at - this.#lineStart + 1}`;
  }

  document(): void {
    if (this.text.startsWith("\ufeff")) {
      throw new SyntaxProblem(0, "a byte order mark", 'UTF-8 text that starts with "{"');
    }
    this.#space();
    if (this.#at === this.text.length) {
      throw new SyntaxProblem(
        this.#at,
        this.text === "" ? "an empty file" : "nothing but spaces",
        "a JSON object",
      );
    }
    this.#value("", 0);
    this.#space();
    if (this.#at < this.text.length) this.#fail("the end of the file");
  }

  #value(path: string, depth: number): void {
    if (depth > JSON_DEPTH_MAX)
      this.#fail(`at most ${JSON_DEPTH_MAX} lists and objects within each other`);
    const character = this.text[this.#at];
    if (character === "{") this.#object(path, depth);
    else if (character === "[") this.#list(path, depth);
    else if (character === '"') this.#string();
    else if (!this.#word("true") && !this.#word("false") && !this.#word("null") && !this.#number())
      this.#fail("a value");
  }

  #object(path: string, depth: number): void {
    this.#at++;
    this.#space();
    if (this.#take("}")) return;
    const keys = new Set<string>();
    do {
      this.#space();
      if (this.text[this.#at] !== '"') {
        this.#fail(
          keys.size === 0
            ? 'a key in quotation marks or "}"'
            : 'a key in quotation marks (no comma before "}")',
        );
      }
      const keyAt = this.#at;
      const key = this.#string();
      if (keys.has(key)) {
        const found = `a second ${quoted(key)} in ${this.place(keyAt)}`;
        this.problems.push({ path: keyPath(path, key), found, expected: "each key once" });
      }
      keys.add(key);
      this.#space();
      if (!this.#take(":")) this.#fail(`":" after the key ${quoted(key)}`);
      this.#space();
      this.#value(keyPath(path, key), depth + 1);
      this.#space();
    } while (this.#take(","));
    if (!this.#take("}")) this.#fail('"," or "}"');
  }

  #list(path: string, depth: number): void {
    this.#at++;
    this.#space();
    if (this.#take("]")) return;
    let count = 0;
    do {
      this.#space();
      if (count > 0 && this.text[this.#at] === "]") this.#fail('a value (no comma before "]")');
      this.#value(`${path}[${count}]`, depth + 1);
      count++;
      this.#space();
    } while (this.#take(","));
    if (!this.#take("]")) this.#fail('"," or "]"');
  }

  /** Reads a string with its quotation marks and returns its value. */
  #string(): string {
    const start = this.#at;
    STRING_RUN.lastIndex = start + 1;
    STRING_RUN.test(this.text);
    this.#at = STRING_RUN.lastIndex;
    if (this.text[this.#at] === "\\") {
      this.#at++;
      this.#fail('one of " \\ / b f n r t or u with four hexadecimal digits after "\\"');
    }
    // People usually forget a quotation mark, which shows at the line break; other control
    // characters are rare.
    if (!this.#take('"'))
      this.#fail(
        "the string to end with a quotation mark (line breaks and tabs are written \\n and \\t)",
      );
    return JSON.parse(this.text.slice(start, this.#at)) as string;
  }

  #number(): boolean {
    NUMBER.lastIndex = this.#at;
    if (!NUMBER.test(this.text)) return false;
    const start = this.#at;
    this.#at = NUMBER.lastIndex;
    if (/[\w.+-]/.test(this.text[this.#at] ?? "")) {
      this.#at = start;
      this.#fail("a number such as 10, without leading zeros, units or signs of its own");
    }
    return true;
  }

  #word(word: string): boolean {
    if (!this.text.startsWith(word, this.#at)) return false;
    if (/\w/.test(this.text[this.#at + word.length] ?? "")) return false;
    this.#at += word.length;
    return true;
  }

  /** Line breaks only stand between tokens, so lines are counted only here. */
  #space(): void {
    for (; this.#at < this.text.length; this.#at++) {
      const character = this.text[this.#at];
      if (character === "\n" || (character === "\r" && this.text[this.#at + 1] !== "\n")) {
        this.#line++;
        this.#lineStart = this.#at + 1;
      } else if (character !== " " && character !== "\t" && character !== "\r") {
        return;
      }
    }
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #fail(expected: string): never {
    throw new SyntaxProblem(this.#at, this.#whatStandsHere(), expected);
  }

  #whatStandsHere(): string {
    const character = this.text[this.#at];
    if (character === undefined) return "the end of the file";
    if (character === "\n" || character === "\r") return "the end of the line";
    if (this.text.startsWith("//", this.#at) || this.text.startsWith("/*", this.#at)) {
      return "a comment (JSON has none)";
    }
    WORD.lastIndex = this.#at;
    const word = WORD.exec(this.text)?.[0];
    return quoted(word ?? String.fromCodePoint(this.text.codePointAt(this.#at) ?? 0));
  }
}

/**
 * Output of a running `bun test`: shortened to a dot per passed test, and tracked for its position,
 * so that the test at which a suite was killed is known.
 */

const FILE = /^(\S+\.test\.ts):$/;
/** The first line of the summary, which belongs to no file. */
const SUMMARY = /^ +\d+ pass$/;
const ENDED = /\((pass|fail|skip|todo)\) (.+?)(?: \[[\d.]+m?s\])?$/;

export class SuiteOutput {
  #file: string | null = null;
  #lastEnded: string | null = null;
  #isFileReported = true;
  #isInDots = false;

  /** `write` receives the visible output. */
  constructor(private readonly write: (text: string) => void) {}

  /** Takes a line without its end. */
  take(line: string): void {
    const file = FILE.exec(line)?.[1];
    if (file !== undefined) {
      this.#file = file;
      this.#lastEnded = null;
      this.#isFileReported = false;
      return;
    }
    if (SUMMARY.test(line)) this.#isFileReported = true;
    const [, outcome, name] = ENDED.exec(line) ?? [];
    if (name !== undefined) this.#lastEnded = name;
    if (outcome === "pass" && line.startsWith("(pass)")) {
      this.#isInDots = true;
      this.write(".");
    } else if (line !== "") this.#tell(line);
  }

  /** The position as `in FILE, after the test "…"`. */
  get where(): string {
    if (this.#file === null) return "before its first test";
    const after = this.#lastEnded === null ? "" : `, after the test "${this.#lastEnded}"`;
    return `in ${this.#file}${after}`;
  }

  #tell(line: string): void {
    const head = this.#isFileReported ? "" : `\n${this.#file}:\n`;
    this.write(`${this.#isInDots ? "\n" : ""}${head}${line}\n`);
    this.#isFileReported = true;
    this.#isInDots = false;
  }
}

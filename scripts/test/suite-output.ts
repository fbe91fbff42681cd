/**
 * What `bun test` says while a suite runs: shortened to a dot for each test that passes, and read
 * for where it is, so that one that is killed can be found.
 */

const FILE = /^(\S+\.test\.ts):$/;
/** The first line of the summary, which belongs to no file. */
const SUMMARY = /^ +\d+ pass$/;
const ENDED = /\((pass|fail|skip|todo)\) (.+?)(?: \[[\d.]+m?s\])?$/;

export class SuiteOutput {
  #file: string | null = null;
  #lastEnded: string | null = null;
  #isFileTold = true;
  #isInDots = false;

  /** `write` is given what is to be seen. */
  constructor(private readonly write: (text: string) => void) {}

  /** A line without its end. */
  take(line: string): void {
    const file = FILE.exec(line)?.[1];
    if (file !== undefined) {
      this.#file = file;
      this.#lastEnded = null;
      this.#isFileTold = false;
      return;
    }
    if (SUMMARY.test(line)) this.#isFileTold = true;
    const [, outcome, name] = ENDED.exec(line) ?? [];
    if (name !== undefined) this.#lastEnded = name;
    if (outcome === "pass" && line.startsWith("(pass)")) {
      this.#isInDots = true;
      this.write(".");
    } else if (line !== "") this.#tell(line);
  }

  /** Where it is, as `in FILE, after the test "…"`. */
  get where(): string {
    if (this.#file === null) return "before its first test";
    const after = this.#lastEnded === null ? "" : `, after the test "${this.#lastEnded}"`;
    return `in ${this.#file}${after}`;
  }

  #tell(line: string): void {
    const head = this.#isFileTold ? "" : `\n${this.#file}:\n`;
    this.write(`${this.#isInDots ? "\n" : ""}${head}${line}\n`);
    this.#isFileTold = true;
    this.#isInDots = false;
  }
}

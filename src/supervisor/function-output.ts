import { logLine } from "./log-output.ts";

/** Longer lines are cut: binary output has no line ends. */
const LINE_LENGTH_MAX = 2000;

/**
 * Maximum lines per second that one function may add to the log. The rest is read, so that the
 * function never blocks, and counted.
 */
const LINES_PER_SECOND_MAX = 50;

/**
 * Forwards the output of one function's processes to the supervisor's log: whole lines, each with
 * the function's name.
 */
export class FunctionOutput {
  #second = 0;
  #linesThisSecond = 0;
  #skippedLines = 0;
  readonly #readers = new Set<ReturnType<ReadableStream<Uint8Array>["getReader"]>>();

  constructor(
    private readonly functionId: string,
    private readonly log: (text: string) => void = logLine,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Reads `stream` to its end, or until {@link close}. Never rejects. */
  async forward(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader();
    this.#readers.add(reader);
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        const lines = (rest + decoder.decode(part.value, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) this.#print(line);
        if (rest.length > LINE_LENGTH_MAX) {
          this.#print(rest);
          rest = "";
        }
      }
    } catch (error) {
      this.#print(`(its output cannot be read: ${String(error)})`);
    }
    this.#readers.delete(reader);
    if (rest !== "") this.#print(rest);
    this.#reportSkipped(); // in case no further line is printed
  }

  /**
   * Stops reading. Processes that escaped from the group may still print, and must not keep this
   * process from ending.
   */
  close(): void {
    // nobody waits for the rest
    for (const reader of this.#readers) reader.cancel().catch(() => {});
  }

  #print(line: string): void {
    const second = Math.floor(this.nowMs() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#linesThisSecond = 0;
      this.#reportSkipped();
    }
    if (++this.#linesThisSecond > LINES_PER_SECOND_MAX) this.#skippedLines++;
    else this.log(`[${this.functionId}] ${line.slice(0, LINE_LENGTH_MAX)}`);
  }

  #reportSkipped(): void {
    if (this.#skippedLines > 0)
      this.log(`[${this.functionId}] (${this.#skippedLines} more lines omitted)`);
    this.#skippedLines = 0;
  }
}

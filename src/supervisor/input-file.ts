/**
 * A file with a whole number, by which a program on this machine makes a request of the server.
 * Read periodically and never waited for: a disk may hang.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errnoName } from "../io/errno.ts";

/** Longer content is no valid number; messages show this many bytes of it. */
const BYTES_MAX = 8;

/** Result of one reading: a number, no request, or invalid content. */
export type InputReading =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "nothing" }
  | { readonly kind: "wrong"; readonly found: string };

/** @param mustExist whether a missing file is an error; otherwise it means no request */
export async function readInput(
  file: string,
  max: number,
  mustExist: boolean,
): Promise<InputReading> {
  let text: string;
  try {
    text = await beginningOf(file);
  } catch (error) {
    const { errno = 0, code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !mustExist) return { kind: "nothing" };
    return { kind: "wrong", found: code === "ENOENT" ? "no file" : errnoName(Math.abs(errno)) };
  }
  const number = /^\s*(\d{1,3})\s*$/.exec(text)?.[1];
  if (number === undefined || Number(number) > max) return { kind: "wrong", found: text.trim() };
  return { kind: "number", value: Number(number) };
}

/** Does not wait for a pipe or a device without input. */
async function beginningOf(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const bytes = Buffer.alloc(BYTES_MAX);
    const { bytesRead } = await handle.read(bytes, 0, BYTES_MAX, null);
    return bytes.toString("latin1", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** An input file over time: the last valid value holds until a new valid one replaces it. */
export class InputFile {
  #value: number;
  /** Error of the last reading; null when it was valid. */
  #wrong: string | null = null;
  #reported: string | null = null;
  #isChecking = false;

  constructor(
    readonly file: string,
    private readonly max: number,
    private readonly mustExist: boolean,
    /** Value while there is no request. */
    private readonly nothing: number,
    /** Called once per error, and with null when it is over. */
    private readonly report: (found: string | null) => void,
  ) {
    this.#value = nothing;
  }

  get value(): number {
    return this.#value;
  }

  /** Reads the file once, unless the last reading is still unanswered. */
  async look(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    this.#take(await readInput(this.file, this.max, this.mustExist));
    this.#isChecking = false;
  }

  /** A writer may first empty the file, so an error is reported at the second reading. */
  #take(reading: InputReading): void {
    const wrong = reading.kind === "wrong" ? reading.found : null;
    const isSecond = wrong === this.#wrong;
    this.#wrong = wrong;
    if (reading.kind !== "wrong")
      this.#value = reading.kind === "number" ? reading.value : this.nothing;
    if (wrong === this.#reported || (wrong !== null && !isSecond)) return;
    this.#reported = wrong;
    this.report(wrong);
  }
}

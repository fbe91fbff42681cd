/**
 * The number that differs at every start of a server's engine and always grows, by which its peers
 * tell a restarted server from an old recording of it (protocol, section 2).
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

const INCARNATION_MAX = 0xffff_ffff;

export class Incarnations {
  #latest = 0;

  constructor(
    private readonly stateDirectory: string,
    private readonly warn: (text: string) => void,
    private readonly unixSeconds: () => number = () => Math.floor(Date.now() / 1000),
  ) {}

  /**
   * The next incarnation, a u32: greater than every stored one, and not below the seconds of the
   * clock, so that it still grows when the store was lost. Stored before it is returned. When it
   * cannot be stored the server flies all the same, with a warning: then only a clock that goes
   * back across a restart of the machine could repeat a number.
   */
  next(): number {
    const previous = Math.max(this.#latest, this.#stored());
    if (previous >= INCARNATION_MAX)
      this.warn(`the stored incarnation ${previous} is the greatest there is: begins anew`);
    const successor = previous >= INCARNATION_MAX ? 1 : previous + 1;
    this.#latest = Math.min(INCARNATION_MAX, Math.max(successor, this.unixSeconds()));
    try {
      this.#store(this.#latest);
    } catch (error) {
      this.warn(`the incarnation cannot be stored, going on without: ${(error as Error).message}`);
    }
    return this.#latest;
  }

  get #file(): string {
    return join(this.stateDirectory, "incarnation");
  }

  #stored(): number {
    let text: string;
    try {
      text = readFileSync(this.#file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        this.warn(`the stored incarnation cannot be read: ${(error as Error).message}`);
      }
      return 0;
    }
    const value = /^\d{1,10}\n?$/.test(text) ? Number(text) : Number.NaN;
    if (value <= INCARNATION_MAX) return value;
    this.warn(`${this.#file} holds no incarnation (a decimal number of 32 bits): ignored`);
    return 0;
  }

  /**
   * Power may fail at any time: after the rename either the old or the new number is on the disk,
   * never half of one.
   */
  #store(value: number): void {
    mkdirSync(this.stateDirectory, { recursive: true, mode: 0o755 });
    const temporary = `${this.#file}.new`;
    const descriptor = openSync(temporary, "w", 0o644);
    try {
      writeSync(descriptor, `${value}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, this.#file);
    const directory = openSync(dirname(this.#file), "r");
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}

/** Reasons why a part must not be installed. */
import { printable } from "../config/problem.ts";

/** One problem in one file of a part; checking stopped there. */
export class PartError extends Error {
  override readonly name = "PartError";

  /**
   * @param file name of the file in the part's directory, or the directory itself
   * @param field the place in the file, such as `data file 2 of 5: CRC-16`
   * @param found in words, for the sentence "found …, expected …"
   */
  constructor(
    readonly file: string,
    readonly field: string,
    readonly found: string,
    readonly expected: string,
  ) {
    super(printable(`${file}: ${field}: found ${found}, expected ${expected}`));
  }
}

/** A number in the notation of checksums: `0x29B1`. */
export function hexText(value: number, digits: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, "0")}`;
}

/**
 * Early end of a command: main.ts prints `wingman: ` and the message to stderr and exits with the
 * code, without a stack trace. Any other exception is a defect of the program and keeps its trace.
 */

import type { Problem } from "../config/model.ts";
import { formatProblems } from "../config/problem.ts";

/** 0 done, 1 it failed at run time, 2 the command line or the configuration is wrong. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_WRONG_INPUT = 2;

export abstract class CommandError extends Error {
  abstract readonly exitCode: number;
}

/** Wrong command line. The message says what was found and what is expected. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
  override readonly exitCode = EXIT_WRONG_INPUT;
}

/** A failure at run time: the system refused something, or another process does not answer. */
export class RuntimeError extends CommandError {
  override readonly name = "RuntimeError";
  override readonly exitCode = EXIT_FAILED;
}

/** A file given to the command is wrong; the message lists every problem, one per line. */
export class InputFileError extends CommandError {
  override readonly name = "InputFileError";
  override readonly exitCode = EXIT_WRONG_INPUT;

  constructor(file: { source: string; problems: readonly Problem[] }) {
    const count = file.problems.length === 1 ? "1 problem" : `${file.problems.length} problems`;
    super(`${count} in ${file.source}\n${formatProblems(file)}`);
  }
}

/**
 * How a command ends early. main.ts prints `wingman: ` and the message to stderr and exits with the
 * code; no stack trace. Anything else that is thrown is a defect of the program and keeps its
 * trace.
 */

import type { Problem } from "../config/model.ts";
import { formatProblems } from "../config/problem.ts";

/** Contract: 0 done, 1 it failed at run time, 2 the command line or the configuration is wrong. */
export const EXIT_DONE = 0;
export const EXIT_FAILED = 1;
export const EXIT_WRONG_INPUT = 2;

export abstract class CommandError extends Error {
  abstract readonly exitCode: number;
}

/** The command line is wrong. The message says what was found and what is expected. */
export class UsageError extends CommandError {
  override readonly name = "UsageError";
  override readonly exitCode = EXIT_WRONG_INPUT;
}

/** It failed at run time: the system refused something, or another process does not answer. */
export class RuntimeError extends CommandError {
  override readonly name = "RuntimeError";
  override readonly exitCode = EXIT_FAILED;
}

/** A file that the command was given is wrong; the message lists every problem, one in a line. */
export class InputFileError extends CommandError {
  override readonly name = "InputFileError";
  override readonly exitCode = EXIT_WRONG_INPUT;

  constructor(file: { source: string; problems: readonly Problem[] }) {
    const count = file.problems.length === 1 ? "1 problem" : `${file.problems.length} problems`;
    super(`${count} in ${file.source}\n${formatProblems(file)}`);
  }
}

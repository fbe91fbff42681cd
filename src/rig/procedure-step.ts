/**
 * One step of the acceptance procedure as data: what was done, what was expected, what was
 * measured.
 */

export interface Check {
  /** What is looked at. */
  what: string;
  expected: string;
  measured: string;
  passed: boolean;
}

export interface StepResult {
  number: number;
  title: string;
  /** What the rig did, in order. */
  actions: string[];
  checks: Check[];
  passed: boolean;
  /**
   * Why nothing was done, of a step that was left out; it counts neither as passed nor as failed.
   */
  notDone?: string;
}

export class ProcedureStep {
  readonly #actions: string[] = [];
  readonly #checks: Check[] = [];
  #notDone: string | null = null;

  constructor(
    readonly number: number,
    readonly title: string,
  ) {}

  did(action: string): void {
    this.#actions.push(action);
  }

  check(what: string, expected: string, measured: string, passed: boolean): void {
    this.#checks.push({ what, expected, measured, passed });
  }

  /**
   * Leaves the step out, for a reason that people can read. Of no weight once something was
   * checked.
   */
  leaveOut(reason: string): void {
    this.#notDone = reason;
  }

  /** A step without a check has shown nothing: it fails, unless it was left out. */
  get result(): StepResult {
    const isLeftOut = this.#notDone !== null && this.#checks.length === 0;
    return {
      number: this.number,
      title: this.title,
      actions: this.#actions,
      checks: this.#checks,
      passed: isLeftOut || (this.#checks.length > 0 && this.#checks.every(({ passed }) => passed)),
      ...(isLeftOut ? { notDone: this.#notDone ?? "" } : {}),
    };
  }
}

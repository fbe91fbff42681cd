/** One step of the acceptance procedure as data: actions, expectations, measurements. */

export interface Check {
  /** Subject of the check. */
  what: string;
  expected: string;
  measured: string;
  passed: boolean;
}

export interface StepResult {
  number: number;
  title: string;
  /** Actions of the rig, in order. */
  actions: string[];
  checks: Check[];
  passed: boolean;
  /** Why the step was left out; then it counts neither as passed nor as failed. */
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

  /** Leaves the step out, for a reason in words. Has no effect once something was checked. */
  leaveOut(reason: string): void {
    this.#notDone = reason;
  }

  /** A step without a check proves nothing: it fails, unless it was left out. */
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

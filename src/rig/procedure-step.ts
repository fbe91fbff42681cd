/** One step of the acceptance procedure as data: what was done, what was expected, what was measured. */

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
}

export class ProcedureStep {
  readonly #actions: string[] = [];
  readonly #checks: Check[] = [];

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

  /** A step without a check has shown nothing: it fails. */
  get result(): StepResult {
    return {
      number: this.number,
      title: this.title,
      actions: this.#actions,
      checks: this.#checks,
      passed: this.#checks.length > 0 && this.#checks.every(({ passed }) => passed),
    };
  }
}

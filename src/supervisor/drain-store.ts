/** Stores whether this server is drained. */
import { join } from "node:path";
import { StateFile } from "./state-file.ts";

export class DrainStore {
  readonly #file: StateFile;

  /**
   * @param report called with an errno when the disk first refuses; with 0 once it has accepted the
   * state after that
   */
  constructor(stateDirectory: string, report: (errno: number) => void) {
    this.#file = new StateFile(join(stateDirectory, "drained"), report);
  }

  get isDrained(): boolean {
    return this.#file.text !== null;
  }

  set(isDrained: boolean): void {
    this.#file.set(isDrained ? "" : null);
  }

  /** Ends the retries. */
  close(): void {
    this.#file.close();
  }
}

/**
 * Requests to this server by commands and by input files: to give only a part of its resource, and
 * to keep running functions where they are. Of a command and its file the stronger one counts.
 * Commands survive the engine, the daemon and the machine.
 */
import { join } from "node:path";
import {
  LOG_CAPACITY_FULL,
  LOG_CAPACITY_INPUT_READ,
  LOG_CAPACITY_INPUT_WRONG,
  LOG_CAPACITY_LOWERED,
  LOG_HELD,
  LOG_HOLD_ENDED,
  LOG_HOLD_INPUT_READ,
  LOG_HOLD_INPUT_WRONG,
  LOG_INPUTS_NOT_STORED,
  LOG_INPUTS_STORED,
} from "../catalogue/supervisor-code.ts";
import type { AircraftConfig } from "../config/model.ts";
import { CAPACITY_MAX, INPUT_FIRST_POLL_MS, INPUT_POLL_MS } from "../limits.ts";
import { inputsNumber } from "../wire/control.ts";
import { InputFile } from "./input-file.ts";
import { logSupervisor } from "./log-output.ts";
import type { RunDirectory } from "./run-directory.ts";
import { StateFile } from "./state-file.ts";

export interface InputsAround {
  readonly maintenance: AircraftConfig["maintenance"];
  readonly runDirectory: Pick<RunDirectory, "capacityInput" | "holdInput">;
  readonly stateDirectory: string;
  record(code: number, first?: number, second?: number): void;
  /** Reports changed inputs, as inputsNumber of wire/control. */
  tell(inputs: number): void;
}

export class ServerInputs {
  readonly #store: StateFile;
  readonly #capacityInput: InputFile;
  readonly #holdInput: InputFile;
  /** Commanded values. */
  #percent = CAPACITY_MAX;
  #isHeld = false;
  /** Values recorded last. */
  #reportedPercent = CAPACITY_MAX;
  #reportedHold = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly around: InputsAround) {
    const { maintenance, runDirectory, stateDirectory, record } = around;
    this.#store = new StateFile(join(stateDirectory, "inputs"), (errno) =>
      record(errno === 0 ? LOG_INPUTS_STORED : LOG_INPUTS_NOT_STORED, errno),
    );
    this.#takeStored();
    this.#capacityInput = new InputFile(
      maintenance.capacityInput ?? runDirectory.capacityInput,
      CAPACITY_MAX,
      maintenance.capacityInput !== undefined,
      CAPACITY_MAX,
      (found) =>
        this.#reportFile(
          ...([found, "capacityInput", "a whole number from 0 to 100"] as const),
          ...([LOG_CAPACITY_INPUT_WRONG, LOG_CAPACITY_INPUT_READ] as const),
        ),
    );
    this.#holdInput = new InputFile(
      maintenance.holdInput ?? runDirectory.holdInput,
      1,
      maintenance.holdInput !== undefined,
      0,
      (found) =>
        this.#reportFile(
          ...([found, "holdInput", "0 or 1"] as const),
          ...([LOG_HOLD_INPUT_WRONG, LOG_HOLD_INPUT_READ] as const),
        ),
    );
  }

  /** Per cent of its resource that the server has to give. */
  get percent(): number {
    return Math.min(this.#percent, this.#capacityInput.value);
  }

  get isHeld(): boolean {
    return this.#isHeld || this.#holdInput.value === 1;
  }

  /** For the engine that runs or starts. */
  get number(): number {
    return inputsNumber(CAPACITY_MAX - this.percent, this.isHeld);
  }

  /**
   * Starts reading the files periodically. Resolves after the first reading, or when that takes too
   * long.
   */
  async begin(): Promise<void> {
    this.#timer = setInterval(() => void this.#look(), INPUT_POLL_MS);
    await Promise.race([this.#look(), Bun.sleep(INPUT_FIRST_POLL_MS)]);
    this.#tell();
  }

  setPercent(percent: number): void {
    this.#percent = percent;
    this.#keep();
  }

  setHeld(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#keep();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#store.close();
  }

  #keep(): void {
    const isPlain = this.#percent === CAPACITY_MAX && !this.#isHeld;
    const text = `capacity ${this.#percent}\nhold ${this.#isHeld ? 1 : 0}\n`;
    this.#store.set(isPlain ? null : text);
    this.#tell();
  }

  #takeStored(): void {
    const { text } = this.#store;
    if (text === null) return;
    const [, percent, hold] = /^capacity (\d{1,3})\nhold ([01])\n$/.exec(text) ?? [];
    if (percent === undefined || Number(percent) > CAPACITY_MAX) {
      logSupervisor(
        `inputs in the state directory: found ${JSON.stringify(text)}, expected capacity and hold; left out`,
      );
      return;
    }
    this.#percent = Number(percent);
    this.#isHeld = hold === "1";
  }

  async #look(): Promise<void> {
    await Promise.all([this.#capacityInput.look(), this.#holdInput.look()]);
    this.#tell();
  }

  /** Records changes of the effective values, and reports them to the engine. */
  #tell(): void {
    const { percent, isHeld } = this;
    const { record } = this.around;
    if (percent === this.#reportedPercent && isHeld === this.#reportedHold) return;
    if (percent !== this.#reportedPercent) {
      logSupervisor(`gives ${percent} per cent of its resource`);
      if (percent === CAPACITY_MAX) record(LOG_CAPACITY_FULL);
      else record(LOG_CAPACITY_LOWERED, percent);
    }
    if (isHeld !== this.#reportedHold) {
      logSupervisor(isHeld ? "running functions are held" : "running functions are no longer held");
      record(isHeld ? LOG_HELD : LOG_HOLD_ENDED);
    }
    this.#reportedPercent = percent;
    this.#reportedHold = isHeld;
    this.around.tell(this.number);
  }

  #reportFile(
    found: string | null,
    key: "capacityInput" | "holdInput",
    expected: string,
    wrong: number,
    read: number,
  ): void {
    const { file } = key === "capacityInput" ? this.#capacityInput : this.#holdInput;
    if (found === null) {
      this.around.record(read);
      return;
    }
    logSupervisor(`${key} ${file}: found ${JSON.stringify(found)}, expected ${expected}`);
    this.around.record(wrong, charactersAt(found, 0), charactersAt(found, 4));
  }
}

/** Four characters from `from` on, packed into one value of a record. */
function charactersAt(text: string, from: number): number {
  return Buffer.from(text.slice(from, from + 4).padEnd(4, "\0"), "latin1").readInt32BE(0);
}

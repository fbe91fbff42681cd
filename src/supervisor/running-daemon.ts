import { readFileSync } from "node:fs";
import { formatProblems, parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { CONTROL_MOVE, NO_INDEX } from "../wire/control.ts";
import { requestEngine } from "./control-request.ts";
import { RUN_DIRECTORY_DEFAULT, RunDirectory } from "./run-directory.ts";
import { type StatusDocument, statusDocument } from "./status-document.ts";
import { readStatus, StatusError, unreadable } from "./status-reader.ts";

/** A daemon beside this process, as seen through its run directory. */
export class RunningDaemon {
  readonly #directory: RunDirectory;

  constructor(runDirectory: string | undefined) {
    this.#directory = new RunDirectory(runDirectory ?? RUN_DIRECTORY_DEFAULT);
  }

  /** The daemon's current configuration. Throws StatusError. */
  config(): AircraftConfig {
    const { config: file, path } = this.#directory;
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      throw unreadable(file, error);
    }
    const result = parseConfig(text, file, path);
    if (!result.ok)
      throw new StatusError(
        `another release is running: its configuration is not understood here\n${formatProblems(result)}`,
      );
    return result.config;
  }

  /** File with the air/ground signal. Throws StatusError. */
  get groundInput(): string {
    return this.config().maintenance.groundInput ?? this.#directory.groundInput;
  }

  /** Files with requests of other programs. Throws StatusError. */
  get inputFiles(): { readonly capacity: string; readonly hold: string } {
    const { maintenance } = this.config();
    return {
      capacity: maintenance.capacityInput ?? this.#directory.capacityInput,
      hold: maintenance.holdInput ?? this.#directory.holdInput,
    };
  }

  /** Its current state. Throws StatusError. */
  async status(): Promise<StatusDocument> {
    const config = this.config(); // each time: it may have been restarted with another one
    return statusDocument(
      await readStatus(this.#directory.status, config.keepAlive.periodMs),
      config,
    );
  }

  /**
   * Sends CONTROL_DRAIN or CONTROL_RESUME to the engine, or CONTROL_CAPACITY or CONTROL_HOLD with
   * an argument. Throws RequestError.
   */
  request(kind: number, argument = 0): Promise<void> {
    return requestEngine(this.#directory.engineSocket, kind, NO_INDEX, argument);
  }

  /**
   * Requests the move of a function to a server, by their indices in the configuration. Throws
   * RequestError.
   */
  move(functionIndex: number, server: number): Promise<void> {
    return requestEngine(this.#directory.engineSocket, CONTROL_MOVE, functionIndex, server);
  }
}

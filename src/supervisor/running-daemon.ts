import { readFileSync } from "node:fs";
import { formatProblems, parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { CONTROL_MOVE } from "../wire/control.ts";
import { requestEngine } from "./control-request.ts";
import { RUN_DIRECTORY_DEFAULT, RunDirectory } from "./run-directory.ts";
import { type StatusDocument, statusDocument } from "./status-document.ts";
import { readStatus, StatusError, unreadable } from "./status-reader.ts";

/** A daemon that runs beside this process, as seen through its run directory. */
export class RunningDaemon {
  readonly #directory: RunDirectory;

  constructor(runDirectory: string | undefined) {
    this.#directory = new RunDirectory(runDirectory ?? RUN_DIRECTORY_DEFAULT);
  }

  /** The configuration that it flies with. Throws StatusError. */
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

  /** The file that says whether it is on ground. Throws StatusError. */
  get groundInput(): string {
    return this.config().maintenance.groundInput ?? this.#directory.groundInput;
  }

  /** Its state now. Throws StatusError. */
  async status(): Promise<StatusDocument> {
    const config = this.config(); // again each time: it may have been restarted with another one
    return statusDocument(
      await readStatus(this.#directory.status, config.keepAlive.periodMs),
      config,
    );
  }

  /** Asks the engine for CONTROL_DRAIN or CONTROL_RESUME. Throws RequestError. */
  request(kind: number): Promise<void> {
    return requestEngine(this.#directory.engineSocket, kind);
  }

  /**
   * Asks the engine to move a function to a server, by their indices in the configuration. Throws
   * RequestError.
   */
  move(functionIndex: number, server: number): Promise<void> {
    return requestEngine(this.#directory.engineSocket, CONTROL_MOVE, functionIndex, server);
  }
}

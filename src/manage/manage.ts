/**
 * `wingman manage`: the maintenance log, and the front ends for people. It takes records from its
 * supervisor, which keeps them until they are acknowledged, and reads the ground input once a
 * second. Nothing in flight waits for it.
 */

import {
  LOG_CONSOLE_FREE,
  LOG_CONSOLE_IN_USE,
  LOG_GROUND_UNKNOWN,
  LOG_PAGE_REFUSED,
} from "../catalogue/supervisor-code.ts";
import type { AircraftConfig } from "../config/model.ts";
import { DataLoad } from "../dataload/data-load.ts";
import { bootUs } from "../io/monotonic-clock.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { RecordStream } from "../io/record-stream.ts";
import { FRONT_END_RETRY_MS } from "../limits.ts";
import { RunDirectory } from "../supervisor/run-directory.ts";
import {
  encodeDurable,
  MAINTENANCE_ANSWER_BYTES,
  MAINTENANCE_LEAVE,
  MAINTENANCE_RECORD,
  MAINTENANCE_RECORD_BYTES,
  maintenanceBootUs,
  maintenanceCode,
  maintenanceDelivery,
  maintenanceFirst,
  maintenanceKind,
  maintenanceSecond,
} from "../wire/maintenance-record.ts";
import { LineInUseError } from "./console/serial-console.ts";
import { dataLoadParts } from "./data-load-parts.ts";
import { reportFaults } from "./fault-reporter.ts";
import { type FrontEnd, ReopenedFrontEnd } from "./front-end.ts";
import { frontEnds } from "./front-ends.ts";
import { GroundSignal, readGroundInput } from "./ground-input.ts";
import { type KeptLog, LogKeeper } from "./log/log-keeper.ts";
import { ServerMaintenance } from "./server-maintenance.ts";
import { isActive, MachineWatch, type WatchedThing } from "./watch/machine-watch.ts";

const TICK_MS = 1000;

export interface ManageOptions {
  readonly config: AircraftConfig;
  readonly serverId: string;
  readonly runDirectory: string;
  /** The configuration in effect, for a started process. */
  readonly configFile: string;
  /** Directory of the configuration file, the base of its relative paths. */
  readonly directory: string;
  readonly stateDirectory: string;
  /** Descriptor of the socket to the supervisor. */
  readonly controlFd: number;
  readonly log: KeptLog;
  readonly watched: readonly WatchedThing[];
  /** Messages for people: stderr, which is a file in the run directory. */
  warn(text: string): void;
}

export class Manage {
  readonly #ground = new GroundSignal();
  readonly #supervisor: RecordStream;
  readonly #answer = new NativeMemory(MAINTENANCE_ANSWER_BYTES);
  readonly #keeper: LogKeeper;
  readonly #doors: readonly ReopenedFrontEnd[];
  readonly #watch: MachineWatch;
  readonly #groundInput: string;
  readonly #engineSocket: string;
  #groundWasSilent = false;

  constructor(private readonly options: ManageOptions) {
    const { config, serverId, runDirectory, directory, controlFd, log, warn } = options;
    this.#supervisor = new RecordStream(controlFd);
    this.#keeper = new LogKeeper({
      log,
      bootUs,
      acknowledge: (delivery) => this.#acknowledge(delivery),
      warn,
    });
    this.#watch = new MachineWatch(options.watched, this.#keeper);
    const directories = new RunDirectory(runDirectory);
    this.#engineSocket = directories.engineSocket;
    this.#groundInput = config.maintenance.groundInput ?? directories.groundInput;
    const { dataLoad: loadConfig } = config.maintenance;
    const dataLoad =
      loadConfig === undefined
        ? null
        : new DataLoad(
            dataLoadParts(loadConfig, {
              ...{ config, serverId, keeper: this.#keeper, ground: this.#ground },
              ...{ groundInput: this.#groundInput, stateDirectory: options.stateDirectory },
              ...{ configFile: options.configFile, directory },
            }),
          );
    const maintenance = new ServerMaintenance(
      ...([config, serverId, directories, this.#keeper, this.#ground, dataLoad] as const),
    );
    const onRefused = (from: string): void => this.#keeper.note(LOG_PAGE_REFUSED, -1, from);
    this.#doors = frontEnds(maintenance, { runDirectory, directory, onRefused, dataLoad }).map(
      (frontEnd) =>
        new ReopenedFrontEnd(
          frontEnd,
          (...failure) => this.#onFailure(...failure),
          FRONT_END_RETRY_MS,
          (opened) => this.#onOpened(opened),
        ),
    );
  }

  /**
   * Runs until the supervisor announces the end of the records, or is gone. Then everything
   * received is stored.
   */
  async run(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#supervisor.onRecord((record, length) => {
        for (let at = 0; at + MAINTENANCE_RECORD_BYTES <= length; at += MAINTENANCE_RECORD_BYTES) {
          const one = new DataView(record.buffer, record.byteOffset + at, MAINTENANCE_RECORD_BYTES);
          if (this.#onRecord(one) === MAINTENANCE_LEAVE) resolve();
        }
      });
      this.#supervisor.onEnd(resolve);
    });
    this.#tick();
    const ticking = setInterval(() => this.#tick(), TICK_MS);
    for (const door of this.#doors) void door.start();
    await over;
    clearInterval(ticking);
    for (const door of this.#doors) door.stop();
    this.#keeper.close();
    this.#supervisor.close();
  }

  /** Returns its kind. */
  #onRecord(record: DataView): number {
    const kind = maintenanceKind(record);
    if (kind === MAINTENANCE_RECORD) {
      this.#keeper.take(
        maintenanceDelivery(record),
        maintenanceCode(record),
        maintenanceFirst(record),
        maintenanceSecond(record),
        maintenanceBootUs(record),
      );
    }
    return kind;
  }

  #tick(): void {
    const leg = this.#ground.take(readGroundInput(this.#groundInput));
    if (leg !== null) this.#keeper.ground(leg);
    const { isSilent } = this.#ground;
    if (isSilent && !this.#groundWasSilent) this.#keeper.note(LOG_GROUND_UNKNOWN, -1, "");
    this.#groundWasSilent = isSilent;
    this.#watch.tick();
    this.#keeper.tick();
    this.#reportFaults();
  }

  #reportFaults(): void {
    const { functions } = this.options.config;
    const faults = this.#keeper.active().map(({ functionId, ...fault }) => ({
      ...fault,
      functionIndex: functions.findIndex(({ id }) => id === functionId),
    }));
    reportFaults(this.#engineSocket, faults);
  }

  /**
   * A supervisor that is gone shows by the end of the stream, and one whose queue is full gets the
   * next number within a second.
   */
  #acknowledge(delivery: number): void {
    encodeDurable(this.#answer.view, delivery);
    this.#supervisor.send(this.#answer);
  }

  #onFailure({ what, failedCode }: FrontEnd, error: Error): void {
    this.options.warn(`${what}: ${error.message}`);
    if (error instanceof LineInUseError)
      this.#keeper.note(LOG_CONSOLE_IN_USE, -1, `${error.message}: ${what}`);
    else this.#keeper.note(failedCode, -1, what);
  }

  #onOpened({ what }: FrontEnd): void {
    const isLine = what === `console ${this.options.config.maintenance.console.device}`;
    if (isLine && isActive(this.#keeper.reader, LOG_CONSOLE_IN_USE))
      this.#keeper.note(LOG_CONSOLE_FREE, -1, what);
  }
}

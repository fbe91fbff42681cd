/**
 * This server for the people at the aircraft: its state from the engine's snapshot, actions through
 * its engine.
 */

import { LOG_ACTION, LOG_ACTION_FAILED, LOG_ACTION_REFUSED } from "../catalogue/supervisor-code.ts";
import { type Change, stopsText, wouldStop } from "../config/foresight.ts";
import type { AircraftConfig } from "../config/model.ts";
import type { DataLoad, DataLoadState } from "../dataload/data-load.ts";
import { linkState } from "../io/network-interface.ts";
import { RequestError, requestEngine } from "../supervisor/control-request.ts";
import type { RunDirectory } from "../supervisor/run-directory.ts";
import { type StatusDocument, statusDocument } from "../supervisor/status-document.ts";
import { readStatusNow } from "../supervisor/status-reader.ts";
import {
  CONTROL_CAPACITY,
  CONTROL_DRAIN,
  CONTROL_HOLD,
  CONTROL_MOVE,
  CONTROL_RESUME,
  NO_INDEX,
} from "../wire/control.ts";
import { judge } from "./built-in-test.ts";
import { type GroundSignal, groundText } from "./ground-input.ts";
import { type Action, refusal } from "./interlock.ts";
import type { LogKeeper } from "./log/log-keeper.ts";
import {
  type LogReader,
  type Maintenance,
  MaintenanceError,
  type TestResult,
} from "./maintenance.ts";
import { probeWitness } from "./witness-probe.ts";

export class ServerMaintenance implements Maintenance {
  constructor(
    readonly config: AircraftConfig,
    readonly serverId: string,
    private readonly runDirectory: RunDirectory,
    private readonly keeper: LogKeeper,
    private readonly ground: GroundSignal,
    private readonly load: DataLoad | null = null,
  ) {}

  get log(): LogReader {
    return this.keeper.reader;
  }

  status(): StatusDocument | null {
    const snapshot = readStatusNow(this.runDirectory.status, this.config.keepAlive.periodMs);
    return snapshot === null ? null : statusDocument(snapshot, this.config);
  }

  isOnGround(): boolean {
    return this.ground.isOnGround;
  }

  dataLoad(): DataLoadState | null {
    return this.load?.state() ?? null;
  }

  stops(action: Change): string {
    const status = this.status();
    if (status === null) return ""; // then the engine is not there either
    const ids = wouldStop(this.config, status, action);
    return ids.length === 0 ? "" : stopsText(ids);
  }

  async drain(): Promise<void> {
    await this.#act("drain", "DRAIN", -1, () => this.#ask(CONTROL_DRAIN), this.stops("drain"));
  }

  async resume(): Promise<void> {
    await this.#act("resume", "RESUME", -1, () => this.#ask(CONTROL_RESUME), this.stops("resume"));
  }

  async capacity(percent: number): Promise<void> {
    await this.#act(
      ...(["capacity", `CAPACITY ${percent}`, -1] as const),
      () => this.#ask(CONTROL_CAPACITY, NO_INDEX, percent),
      this.stops({ capacity: percent }),
    );
  }

  async hold(isHeld: boolean): Promise<void> {
    await this.#act("hold", `HOLD ${isHeld ? "ON" : "OFF"}`, -1, () =>
      this.#ask(CONTROL_HOLD, NO_INDEX, isHeld ? 1 : 0),
    );
  }

  async move(functionId: string, serverId: string): Promise<void> {
    const functionIndex = this.config.functions.findIndex(({ id }) => id === functionId);
    if (functionIndex < 0)
      throw new MaintenanceError("UNKNOWN", `there is no function ${functionId}`);
    const serverIndex = this.config.servers.findIndex(({ id }) => id === serverId);
    if (serverIndex < 0) throw new MaintenanceError("UNKNOWN", `there is no server ${serverId}`);
    await this.#act("move", `MOVE TO ${serverId}`, functionIndex, () =>
      this.#ask(CONTROL_MOVE, functionIndex, serverIndex),
    );
  }

  async clearFaults(): Promise<void> {
    await this.#act("clear-faults", "CLEAR FAULTS", -1, async () => this.keeper.clearFaults());
  }

  async builtInTest(): Promise<TestResult[]> {
    const { keepAlive, clients } = this.config;
    const names = [...keepAlive.interfaces, clients.interface];
    const status = this.status();
    const unknown = status === null ? clients.witnesses : [];
    const witnesses = await Promise.all(
      unknown.map(async (address) => [address, await probeWitness(address)] as const),
    );
    return judge(this.config, this.serverId, {
      status,
      links: new Map(names.map((name) => [name, linkState(name)])),
      witnesses: new Map(witnesses),
      utcMs: Date.now(),
      storage: this.log.storage(),
      logProblem: this.keeper.problem,
    });
  }

  /**
   * Carries out an action if the interlock allows it; every refusal, action and failure is logged.
   */
  async #act(
    action: Action,
    words: string,
    functionIndex: number,
    act: () => Promise<void>,
    stops = "",
  ): Promise<void> {
    const { groundInput = this.runDirectory.groundInput } = this.config.maintenance;
    const reason = refusal(action, this.isOnGround(), groundText(groundInput), stops);
    if (reason !== null) {
      this.keeper.note(LOG_ACTION_REFUSED, functionIndex, words);
      throw new MaintenanceError("GROUND", reason);
    }
    try {
      await act();
    } catch (error) {
      this.keeper.note(LOG_ACTION_FAILED, functionIndex, words);
      throw error;
    }
    this.keeper.note(LOG_ACTION, functionIndex, words);
  }

  async #ask(kind: number, functionIndex?: number, argument?: number): Promise<void> {
    try {
      await requestEngine(this.runDirectory.engineSocket, kind, functionIndex, argument);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      throw new MaintenanceError(error.code, error.message);
    }
  }
}

/**
 * `wingman run`: keeps one engine, the functions' processes and `wingman manage` running, and
 * passes records between them. It knows no protocol and reads nothing from outside; its decisions
 * are in process-state and engine-restarts.
 */

import { policyNamed } from "../allocation/policies.ts";
import { formatRecord, type RecordNames } from "../catalogue/record-text.ts";
import {
  LOG_DRAIN_NOT_STORED,
  LOG_DRAIN_STORED,
  LOG_ENGINE_ENDED,
  LOG_ENGINE_STARTED,
  LOG_PROCESS_ENDED,
  LOG_RESUMED,
  LOG_RIGHTS_MISSING,
  LOG_RUN_KILLED,
  LOG_RUN_ON_DISK,
  LOG_STARTED_DRAINED,
  LOG_VIPS_SWEPT,
} from "../catalogue/supervisor-code.ts";
import { capabilityNumber } from "../config/capability-names.ts";
import { processSettings } from "../config/model.ts";
import { encodeKeys } from "../config/start-keys.ts";
import {
  CONTROL_CAPACITY,
  CONTROL_DRAIN,
  CONTROL_HOLD,
  CONTROL_INPUTS,
  CONTROL_LEAVE,
  CONTROL_LEFT,
  CONTROL_LOG,
  CONTROL_PHASE,
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_STOPPED,
  CONTROL_RESUME,
  CONTROL_START_PROCESS,
  CONTROL_STOP_PROCESS,
  controlArgument,
  controlFunction,
  controlKind,
  NO_INDEX,
} from "../wire/control.ts";
import { DrainStore } from "./drain-store.ts";
import { EngineProcess } from "./engine-process.ts";
import { EngineRestarts } from "./engine-restarts.ts";
import { missingRights, rightsMessages } from "./function-rights.ts";
import { InterfaceWait } from "./interface-wait.ts";
import { LaunchGate } from "./launch-gate.ts";
import { logLine, logSupervisor } from "./log-output.ts";
import type { MaintenanceLink } from "./maintenance-link.ts";
import { maintenanceLink } from "./maintenance-start.ts";
import { beginCollection } from "./orphan-collection.ts";
import { FunctionProcess } from "./process.ts";
import { endNumber, endText, type ProcessEnd } from "./process-end.ts";
import { ServerInputs } from "./server-inputs.ts";
import type { SupervisorOptions } from "./supervisor-options.ts";
import { watchTrial } from "./trial-watch.ts";
import { VipSweep } from "./vip-sweep.ts";

/**
 * Time for an engine to hand over and say good-bye, beyond the longest grace time of a function.
 */
export const LEAVE_EXTRA_MS = 10_000;

/** Time for a process to be gone after its SIGKILL, beyond the longest grace time. */
export const KILL_EXTRA_MS = 5000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  /** By function index; null for a function that is only its VIP, or never runs on this server. */
  readonly #processes: readonly (FunctionProcess | null)[];
  readonly #restarts = new EngineRestarts();
  readonly #sweep: VipSweep;
  readonly #maintenance: MaintenanceLink;
  readonly #interface: InterfaceWait;
  readonly #drain: DrainStore;
  readonly #inputs: ServerInputs;
  readonly #names: RecordNames;
  readonly #stopGraceMsMax: number;
  #engine: EngineProcess | null = null;
  #engineCount = 0;
  /** This engine has reported that its start-up is complete. */
  #ready = false;
  #goodByeReceived = false;
  #leaving = false;
  #abandoned = false;
  #endPause: () => void = () => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { servers, functions, clients, keepAlive } = options.config;
    this.#names = {
      servers: servers.map(({ id }) => id),
      functions: functions.map(({ id }) => id),
      networks: keepAlive.interfaces,
      vips: functions.map(({ vips }) => vips.map(({ text }) => text)),
    };
    this.#stopGraceMsMax = Math.max(0, ...functions.map(({ stopGraceMs }) => stopGraceMs));
    this.#sweep = new VipSweep(clients.interface);
    this.#maintenance = maintenanceLink(options);
    this.#interface = new InterfaceWait(options.config, this.#maintenance, options.notification);
    this.#drain = new DrainStore(options.stateDirectory, (errno) =>
      this.#maintenance.record(errno === 0 ? LOG_DRAIN_STORED : LOG_DRAIN_NOT_STORED, errno),
    );
    this.#inputs = new ServerInputs({
      ...{ maintenance: options.config.maintenance, runDirectory: options.runDirectory },
      stateDirectory: options.stateDirectory,
      record: (code, first, second) => this.#maintenance.record(code, first, second),
      tell: (inputs) => this.#engine?.send(CONTROL_INPUTS, NO_INDEX, inputs),
    });
    const launchGate = new LaunchGate();
    this.#processes = functions.map((entry, index) => {
      if (entry.command === null || !entry.servers.includes(options.serverId)) return null;
      return new FunctionProcess(
        {
          functionId: entry.id,
          serverId: options.serverId,
          command: entry.command,
          always: entry.start === "always",
          stopGraceMs: entry.stopGraceMs,
          vips: entry.vips,
          settings: processSettings(entry),
          ready: entry.ready,
          keepsRunning: policyNamed(options.config.allocation).keepsRunning,
        },
        {
          ownCommand: options.ownCommand,
          launchGate,
          report: (kind) => {
            this.#engine?.send(kind, index);
            if (kind === CONTROL_PROCESS_EXITED) this.#maintenance.record(LOG_PROCESS_ENDED, index);
          },
          record: (code, second) => this.#maintenance.record(code, index, second),
          log: logSupervisor,
        },
      );
    });
  }

  /**
   * Runs until someone makes it leave, or the engine cannot be started at all. Returns true when
   * everything ended in good order.
   */
  async run(): Promise<boolean> {
    const { lastWasKilled, isInMemory } = this.#options.runDirectory;
    if (lastWasKilled) this.#maintenance.record(LOG_RUN_KILLED);
    if (!isInMemory) this.#maintenance.record(LOG_RUN_ON_DISK);
    if (this.#processes.some((one) => one !== null)) this.#reportRights();
    const endCollection = beginCollection();
    const endTrial = watchTrial({
      config: this.#options.config,
      executable: this.#options.executable,
      statusFile: this.#options.runDirectory.status,
      record: (code, first, second) => this.#maintenance.record(code, first, second),
      leave: () => this.leave(),
    });
    if (this.#drain.isDrained) {
      logSupervisor("drained before this start: takes no functions until 'wingman resume'");
      this.#maintenance.record(LOG_STARTED_DRAINED);
    }
    await this.#inputs.begin();
    const inGoodOrder = await this.#fly();
    endTrial();
    this.#drain.close();
    this.#inputs.close();
    await this.#stopProcesses();
    await this.#maintenance.leave();
    endCollection();
    return inGoodOrder && !this.#abandoned;
  }

  /** Reports requests that would be refused, which otherwise only the functions would notice. */
  #reportRights(): void {
    const { config, serverId } = this.#options;
    const missing = missingRights(
      config.functions.filter(({ servers }) => servers.includes(serverId)),
    );
    const numbers = missing.flatMap(({ capabilities }) => capabilities.map(capabilityNumber));
    for (const number of new Set(numbers)) this.#maintenance.record(LOG_RIGHTS_MISSING, number);
    for (const line of rightsMessages(missing)) logSupervisor(line);
  }

  /** Drains, says good-bye, and stops everything in good order. */
  leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.#options.notification.stopping();
    logSupervisor("leaving");
    this.#engine?.send(CONTROL_LEAVE, NO_INDEX);
    this.#endPause();
  }

  /** Ends at once, in any way. */
  abandon(): void {
    this.leave();
    if (this.#abandoned) return;
    this.#abandoned = true;
    logSupervisor("killing everything");
    this.#engine?.kill();
    this.#maintenance.kill();
    for (const functionProcess of this.#processes) {
      void functionProcess?.leave(); // so that its end is no failure
      functionProcess?.kill();
    }
  }

  /** Runs one engine after the other. Returns false when the last one did not end in good order. */
  async #fly(): Promise<boolean> {
    if (!(await this.#options.incarnations.begin())) await this.#awaitStorage();
    for (;;) {
      await this.#interface.wait(
        () => this.#leaving,
        (ms) => this.#pause(ms),
      );
      if (this.#leaving) return true;
      const startedAtMs = performance.now();
      const end = await this.#flyOnce();
      this.#maintenance.begin();
      if (this.#leaving) return this.#hasLeft(end);
      if (this.#interface.isMissing) {
        this.#reportLoss(end, 0);
        continue;
      }
      const pauseMs = this.#restarts.pauseMsAfter(end, performance.now() - startedAtMs);
      this.#reportLoss(end, pauseMs);
      if (pauseMs === null) return false;
      await this.#pause(pauseMs);
    }
  }

  /** No engine can be started before the state directory answers; this is reported meanwhile. */
  async #awaitStorage(): Promise<void> {
    this.#maintenance.begin();
    this.#options.notification.noEngine("waiting for the state directory: the clock is not set");
    void this.#options.incarnations.reserved().then(() => this.#endPause());
    if (!this.#leaving) await this.#pause(Number.POSITIVE_INFINITY);
  }

  /** Runs one engine from start to end. */
  async #flyOnce(): Promise<ProcessEnd> {
    const { runDirectory, serverId, incarnations, configDirectory, ownCommand } = this.#options;
    const { notification, keys } = this.#options;
    const incarnation = incarnations.next();
    this.#ready = false;
    this.#goodByeReceived = false;
    let engine: EngineProcess;
    try {
      engine = new EngineProcess(
        {
          ...{ ownCommand, serverId, configDirectory, incarnation },
          ...{ isDrained: this.#drain.isDrained, inputs: this.#inputs.number },
          configFile: runDirectory.config,
          runDirectory: runDirectory.place,
          errorsFile: runDirectory.engineErrors,
          environment: notification.engineEnvironment,
          keys: keys.key === null && keys.acceptKey === null ? null : encodeKeys(keys),
        },
        (record) => this.#onRecord(record),
      );
    } catch (error) {
      logSupervisor(`the engine cannot be started: ${(error as Error).message}`);
      return { exitCode: null, signal: null };
    }
    this.#engine = engine;
    this.#maintenance.record(LOG_ENGINE_STARTED, ++this.#engineCount);
    logSupervisor(`engine started as pid ${engine.pid}, incarnation ${incarnation}`);
    const end = await this.#endOf(engine);
    this.#engine = null;
    if (!this.#goodByeReceived || end.exitCode !== 0) this.#removeVips();
    for (const functionProcess of this.#processes) functionProcess?.engineLost();
    return end;
  }

  /** Its end, which is forced when it takes too long to leave. */
  async #endOf(engine: EngineProcess): Promise<ProcessEnd> {
    let ended = false;
    const end = engine.ended.finally(() => {
      ended = true;
      this.#endPause();
    });
    await this.#pause(Number.POSITIVE_INFINITY); // until it ends, or until leave()
    if (ended) return end;
    await this.#pause(this.#stopGraceMsMax + LEAVE_EXTRA_MS);
    if (!ended) {
      logSupervisor("the engine does not leave: killing it");
      engine.kill();
    }
    return end;
  }

  #onRecord(record: DataView): void {
    const index = controlFunction(record);
    const argument = controlArgument(record, 0);
    switch (controlKind(record)) {
      case CONTROL_START_PROCESS:
        this.#processes[index]?.start(argument);
        return;
      case CONTROL_STOP_PROCESS:
        // Always answered, also for a function without a process here.
        if (this.#processes[index]) this.#processes[index].stop(argument);
        else this.#engine?.send(CONTROL_PROCESS_STOPPED, index);
        return;
      case CONTROL_LOG: {
        const [first, second] = [controlArgument(record, 1), controlArgument(record, 2)];
        logLine(formatRecord(argument, first, second, this.#names));
        this.#maintenance.record(argument, first, second);
        return;
      }
      case CONTROL_PHASE:
        this.#onPhase();
        return;
      case CONTROL_DRAIN:
        this.#drain.set(true);
        return;
      case CONTROL_CAPACITY:
        this.#inputs.setPercent(argument);
        return;
      case CONTROL_HOLD:
        this.#inputs.setHeld(argument === 1);
        return;
      case CONTROL_RESUME:
        if (index === NO_INDEX) this.#resume();
        for (const [at, functionProcess] of this.#processes.entries()) {
          if (index === NO_INDEX || index === at) functionProcess?.resume();
        }
        return;
      case CONTROL_LEFT:
        this.#goodByeReceived = true;
        return;
      default:
        logSupervisor(`a record of unknown kind ${controlKind(record)} from the engine`);
    }
  }

  #resume(): void {
    if (this.#drain.isDrained) this.#maintenance.record(LOG_RESUMED);
    this.#drain.set(false);
  }

  #onPhase(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#restarts.ready();
    this.#maintenance.begin(); // not earlier: the engine's start-up has the machine to itself
    if (this.#leaving) return;
    for (const functionProcess of this.#processes) functionProcess?.begin();
  }

  /** Handles the end of an engine that was asked to leave. */
  #hasLeft(end: ProcessEnd): boolean {
    if (this.#goodByeReceived && end.exitCode === 0) return true;
    this.#maintenance.record(LOG_ENGINE_ENDED, endNumber(end));
    if (!this.#abandoned)
      logSupervisor(
        `the engine ended without saying good-bye: ${endText(end)}${this.#lastWords()}`,
      );
    return false;
  }

  #reportLoss(end: ProcessEnd, pauseMs: number | null): void {
    const next =
      pauseMs === null
        ? "not started again"
        : pauseMs === 0
          ? "starting it again"
          : `again in ${pauseMs} ms`;
    logSupervisor(`the engine ended unexpectedly: ${endText(end)}; ${next}${this.#lastWords()}`);
    this.#options.notification.noEngine(`no engine: ${next}`);
    this.#maintenance.record(LOG_ENGINE_ENDED, endNumber(end));
  }

  #lastWords(): string {
    const tail = this.#options.runDirectory.engineErrorTail();
    return tail === "" ? "" : `. It said: ${tail.split("\n").join(" | ")}`;
  }

  /** Whoever takes over must be the only one that answers for a VIP. */
  #removeVips(): void {
    if (this.#interface.hasNoClients) return; // they disappeared with it
    try {
      const removed = this.#sweep.removeAll();
      if (removed === 0) return;
      logSupervisor(`removed ${removed} VIPs that the engine left`);
      this.#maintenance.record(LOG_VIPS_SWEPT, removed);
    } catch (error) {
      logSupervisor(
        `VIPs that the engine may have left cannot be removed: ${(error as Error).message}`,
      );
    }
  }

  async #stopProcesses(): Promise<void> {
    const processes = this.#processes.filter((functionProcess) => functionProcess !== null);
    const gone = Promise.all(processes.map((functionProcess) => functionProcess.leave()));
    const limitMs = this.#abandoned ? KILL_EXTRA_MS : this.#stopGraceMsMax + KILL_EXTRA_MS;
    let allGone = false;
    void gone.then(() => {
      allGone = true;
      this.#endPause();
    });
    if (this.#abandoned) for (const functionProcess of processes) functionProcess.kill();
    await this.#pause(limitMs);
    if (allGone) return;
    if (!this.#abandoned) logSupervisor("processes of functions do not end: killing them");
    for (const functionProcess of processes) functionProcess.kill();
  }

  /** Resolves after `pauseMs`, or as soon as #endPause is called. */
  #pause(pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(pauseMs) ? setTimeout(resolve, pauseMs) : undefined;
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

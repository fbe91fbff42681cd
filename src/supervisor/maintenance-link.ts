/**
 * The supervisor's side of the maintenance log: keeps one `wingman manage` running, and every
 * record until that has it on the disk. Nothing that flies waits for any of this, and no failure
 * here ends `wingman run`.
 */
import { LOG_MANAGE_ENDED, LOG_RECORDS_LOST } from "../catalogue/upkeep-code.ts";
import { bootUs } from "../io/monotonic-clock.ts";
import { RECORD_QUEUE_MAX, RECORDS_IN_FLIGHT_MAX } from "../limits.ts";
import { MAINTENANCE_LEAVE, MAINTENANCE_RECORD } from "../wire/maintenance-record.ts";
import { BackOff } from "./back-off.ts";
import { logSupervisor } from "./log-output.ts";
import { ManageProcess, type ManageStart } from "./manage-process.ts";
import { endNumber, endText, type ProcessEnd } from "./process-end.ts";
import { RecordQueue } from "./record-queue.ts";

/** One that lived this long is started again at once; it needs a tenth of that to start. */
export const MANAGE_PROVED_LIFE_MS = 500;

/**
 * At an orderly end it has this long to store the last records: an fsync on worn flash may take a
 * second.
 */
export const MANAGE_LEAVE_MS = 5000;

/** It says once a second that it lives. One that was silent for so long hangs, and is replaced. */
export const MANAGE_SILENT_MS_MAX = 60_000;

/** How often silence is looked for, and a record that found the socket full is offered again. */
const LOOK_MS = 1000;

export class MaintenanceLink {
  readonly #queue = new RecordQueue(RECORD_QUEUE_MAX, LOG_RECORDS_LOST);
  readonly #backOff = new BackOff(1, MANAGE_PROVED_LIFE_MS);
  #manage: ManageProcess | null = null;
  #lastHeardMs = 0;
  #leaving = false;
  #abandoned = false;
  /** This process was told that nothing more comes. */
  #saidLeave = false;
  /** Resolves when the last process has ended; null: none was started. */
  #over: Promise<void> | null = null;
  #endPause: () => void = () => {};

  /** @param lastWords what the process that ended had printed to stderr; "" for nothing */
  constructor(
    private readonly start: ManageStart,
    private readonly lastWords: () => string,
  ) {}

  /** From now on a process is kept running. */
  begin(): void {
    this.#over ??= this.#keep();
  }

  /** A maintenance record (catalogue/) of what happened now. */
  record(code: number, first = 0, second = 0): void {
    this.#queue.push(code, first, second, bootUs());
    this.#flush();
  }

  /**
   * Resolves when everything is stored and the process has ended, or was killed because it took too
   * long.
   */
  async leave(): Promise<void> {
    this.begin(); // a run that did not come so far has records, too
    this.#leaving = true;
    this.#endPause();
    this.#flush();
    const limit = setTimeout(() => {
      logSupervisor("the maintenance process does not end: killing it");
      this.kill();
    }, MANAGE_LEAVE_MS);
    await this.#over;
    clearTimeout(limit);
    const unstored = this.#queue.count + this.#queue.dropped;
    if (unstored > 0) logSupervisor(`${unstored} maintenance records were not stored`);
  }

  /** Now, and no matter what is stored. */
  kill(): void {
    this.#abandoned = true;
    this.#leaving = true;
    this.#manage?.kill();
    this.#endPause();
  }

  /** One process after the other. */
  async #keep(): Promise<void> {
    while (!this.#abandoned) {
      const startedAtMs = performance.now();
      const end = await this.#once();
      if (this.#leaving) return;
      const pauseMs = this.#backOff.pauseMsAfter(performance.now() - startedAtMs);
      const words = this.lastWords();
      const next = pauseMs === 0 ? "starting it again" : `again in ${pauseMs} ms`;
      logSupervisor(
        `the maintenance process ended: ${endText(end)}; ${next}${words === "" ? "" : `. It said: ${words}`}`,
      );
      this.record(LOG_MANAGE_ENDED, endNumber(end));
      await this.#pause(pauseMs);
      if (this.#leaving && this.#queue.count === 0) return;
    }
  }

  /** From the start of a process to its end. */
  async #once(): Promise<ProcessEnd> {
    let manage: ManageProcess;
    try {
      manage = new ManageProcess(this.start, (delivery) => this.#onDurable(delivery));
    } catch (error) {
      logSupervisor(`the maintenance process cannot be started: ${(error as Error).message}`);
      return { exitCode: null, signal: null };
    }
    this.#manage = manage;
    this.#saidLeave = false;
    this.#lastHeardMs = performance.now();
    this.#queue.resend();
    this.#flush();
    const look = setInterval(() => this.#look(), LOOK_MS);
    const end = await manage.ended;
    clearInterval(look);
    this.#manage = null;
    return end;
  }

  #onDurable(delivery: number): void {
    this.#lastHeardMs = performance.now();
    this.#queue.acknowledge(delivery, bootUs());
    this.#flush();
  }

  #look(): void {
    this.#flush();
    if (performance.now() - this.#lastHeardMs <= MANAGE_SILENT_MS_MAX) return;
    logSupervisor(`the maintenance process was silent for ${MANAGE_SILENT_MS_MAX} ms: killing it`);
    this.#manage?.kill();
  }

  #flush(): void {
    const manage = this.#manage;
    if (manage === null) return;
    const queue = this.#queue;
    while (queue.hasNext && queue.sent < RECORDS_IN_FLIGHT_MAX) {
      const { nextDelivery, nextBootUs, nextCode, nextFirst, nextSecond } = queue;
      if (
        !manage.send(MAINTENANCE_RECORD, nextDelivery, nextBootUs, nextCode, nextFirst, nextSecond)
      )
        return;
      queue.take();
    }
    if (!this.#leaving || this.#saidLeave || queue.hasNext) return;
    this.#saidLeave = manage.send(MAINTENANCE_LEAVE, 0, bootUs(), 0, 0, 0);
  }

  /** Resolves after `pauseMs`, or as soon as #endPause is called. */
  #pause(pauseMs: number): Promise<void> {
    if (this.#leaving) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * The supervisor's side of the maintenance log: keeps one `wingman manage` running, and every
 * record until that process has stored it on the disk. Nothing in flight waits for this, and no
 * failure here ends `wingman run`.
 */
import { LOG_MANAGE_ENDED, LOG_RECORDS_LOST } from "../catalogue/supervisor-code.ts";
import { bootUs } from "../io/monotonic-clock.ts";
import { RECORD_QUEUE_MAX, RECORDS_IN_FLIGHT_MAX } from "../limits.ts";
import { MAINTENANCE_LEAVE, MAINTENANCE_RECORD } from "../wire/maintenance-record.ts";
import { BackOff } from "./back-off.ts";
import { logSupervisor } from "./log-output.ts";
import { ManageProcess, type ManageStart } from "./manage-process.ts";
import { endNumber, endText, type ProcessEnd } from "./process-end.ts";
import { RecordQueue } from "./record-queue.ts";

/** A process that lived this long is restarted at once; a start takes a tenth of it. */
export const MANAGE_STABLE_LIFE_MS = 500;

/** Time for the last records at an orderly end: an fsync on worn flash may take a second. */
export const MANAGE_LEAVE_MS = 5000;

/**
 * The process reports once a second that it is alive. After this much silence it counts as hung and
 * is replaced.
 */
export const MANAGE_SILENT_MS_MAX = 60_000;

/** Interval of checking for silence and of repeating a record that found the socket full. */
const POLL_MS = 1000;

export class MaintenanceLink {
  readonly #queue = new RecordQueue(RECORD_QUEUE_MAX, LOG_RECORDS_LOST);
  readonly #backOff = new BackOff(1, MANAGE_STABLE_LIFE_MS);
  #manage: ManageProcess | null = null;
  #lastHeardMs = 0;
  #leaving = false;
  #abandoned = false;
  /** This process was told that no more records follow. */
  #leaveSent = false;
  /** Resolves when the last process has ended; null: none was started. */
  #over: Promise<void> | null = null;
  #endPause: () => void = () => {};

  /** @param lastWords stderr output of the process that ended; "" for none */
  constructor(
    private readonly start: ManageStart,
    private readonly lastWords: () => string,
  ) {}

  /** Keeps a process running from now on. */
  begin(): void {
    this.#over ??= this.#keep();
  }

  /** Adds a maintenance record (catalogue/) with the current time. */
  record(code: number, first = 0, second = 0): void {
    this.#queue.push(code, first, second, bootUs());
    this.#flush();
  }

  /**
   * Resolves when everything is stored and the process has ended, or was killed for taking too
   * long.
   */
  async leave(): Promise<void> {
    this.begin(); // a run that ended earlier has records, too
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

  /** Ends at once, whether or not everything is stored. */
  kill(): void {
    this.#abandoned = true;
    this.#leaving = true;
    this.#manage?.kill();
    this.#endPause();
  }

  /** Runs one process after the other. */
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

  /** Runs one process from start to end. */
  async #once(): Promise<ProcessEnd> {
    let manage: ManageProcess;
    try {
      manage = new ManageProcess(this.start, (delivery) => this.#onDurable(delivery));
    } catch (error) {
      logSupervisor(`the maintenance process cannot be started: ${(error as Error).message}`);
      return { exitCode: null, signal: null };
    }
    this.#manage = manage;
    this.#leaveSent = false;
    this.#lastHeardMs = performance.now();
    this.#queue.resend();
    this.#flush();
    const look = setInterval(() => this.#look(), POLL_MS);
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
    if (!this.#leaving || this.#leaveSent || queue.hasNext) return;
    this.#leaveSent = manage.send(MAINTENANCE_LEAVE, 0, bootUs(), 0, 0, 0);
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

/**
 * Between the supervisor and the maintenance log: takes records, has them stored in groups, and
 * acknowledges those on the disk.
 */
import { RECORDS_PER_SYNC, SYNC_AFTER_MS } from "../../limits.ts";
import type { LogReader } from "../maintenance.ts";

/** The keeper's view of the log (see maintenance-log). */
export interface KeptLog extends LogReader {
  readonly problem: string | null;
  take(delivery: number, code: number, first: number, second: number, bootUs: number): void;
  note(code: number, functionIndex: number, detail: string, bootUs: number): void;
  ground(onGround: boolean, bootUs: number): void;
  tick(bootUs: number): void;
  sync(): number;
  clearFaults(bootUs: number): void;
  active(bootUs: number): { code: number; class: number; functionId: string; ageS: number }[];
  close(bootUs: number): void;
}

export interface LogKeeperParts {
  readonly log: KeptLog;
  bootUs(): number;
  /**
   * Acknowledges to the supervisor that everything up to `delivery` is on the disk; a repeated
   * number shows that this process is alive.
   */
  acknowledge(delivery: number): void;
  /** Messages for people, where the log itself cannot be written. */
  warn(text: string): void;
}

export class LogKeeper {
  /** Acknowledged. */
  #durable = 0;
  #unsynced = 0;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | null = null;

  constructor(private readonly parts: LogKeeperParts) {
    this.#sync();
  }

  get reader(): LogReader {
    return this.parts.log;
  }

  /** Why nothing can be stored, in one line for people; null when all is well. */
  get problem(): string | null {
    return this.parts.log.problem;
  }

  /** Takes a record of the supervisor. */
  take(delivery: number, code: number, first: number, second: number, bootUs: number): void {
    this.parts.log.take(delivery, code, first, second, bootUs);
    this.#syncSoon();
  }

  /** Records an event of this process. `functionIndex` -1: no function. */
  note(code: number, functionIndex: number, detail: string): void {
    this.parts.log.note(code, functionIndex, detail, this.parts.bootUs());
    this.#syncSoon();
  }

  /** Sets the basis of the flight leg. */
  ground(onGround: boolean): void {
    this.parts.log.ground(onGround, this.parts.bootUs());
    this.#syncSoon();
  }

  clearFaults(): void {
    this.parts.log.clearFaults(this.parts.bootUs());
    this.#syncSoon();
  }

  /** The active faults. */
  active(): ReturnType<KeptLog["active"]> {
    return this.parts.log.active(this.parts.bootUs());
  }

  /** Call once a second. */
  tick(): void {
    this.parts.log.tick(this.parts.bootUs());
    this.#sync();
    this.parts.acknowledge(this.#durable);
  }

  /** Stores what is left, and closes the log. */
  close(): void {
    clearTimeout(this.#timer);
    this.#sync();
    const { log, bootUs } = this.parts;
    log.close(bootUs());
    this.#sync(); // records stored by closing are acknowledged, too
    clearTimeout(this.#timer);
  }

  #syncSoon(): void {
    this.#unsynced++;
    if (this.#unsynced >= RECORDS_PER_SYNC) this.#sync();
    else this.#timer ??= setTimeout(() => this.#sync(), SYNC_AFTER_MS);
  }

  #sync(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unsynced = 0;
    const durable = this.parts.log.sync();
    this.#reportProblem();
    if (durable <= this.#durable) return;
    this.#durable = durable;
    this.parts.acknowledge(durable);
  }

  /** On stderr, once per problem. */
  #reportProblem(): void {
    const { problem } = this.parts.log;
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.parts.warn(
      problem === null ? "the maintenance log is written again" : `the maintenance log: ${problem}`,
    );
  }
}

/**
 * Between the supervisor and the maintenance log: takes records, has them stored some at a time, and acknowledges what is on the disk.
 * A log that cannot be opened or written is tried again, slowly; meanwhile its records wait here and in the supervisor.
 */
import { LOG_AGAIN_MS, RECORDS_PER_SYNC, SYNC_AFTER_MS } from "../limits.ts";
import type { LogReader, StorageFigures } from "./maintenance.ts";

/** What is written of a log (see maintenance-log); any of its calls may throw when the disk fails. */
export interface WrittenLog extends LogReader {
  take(delivery: number, code: number, first: number, second: number, bootUs: number): void;
  note(code: number, functionIndex: number, detail: string, bootUs: number): void;
  ground(onGround: boolean, bootUs: number): void;
  tick(bootUs: number): void;
  sync(): number;
  clearFaults(bootUs: number): void;
  close(): void;
}

export interface LogKeeperParts {
  /** Opens the log; throws when it cannot be had. */
  open(): WrittenLog;
  bootUs(): number;
  /** Tells the supervisor that everything up to `delivery` is on the disk, or, with the same number again, that this process lives. */
  acknowledge(delivery: number): void;
  /** For people; the log itself cannot be told. */
  warn(text: string): void;
}

interface Pending {
  readonly delivery: number;
  readonly code: number;
  readonly first: number;
  readonly second: number;
  readonly bootUs: number;
}

export class LogKeeper {
  #log: WrittenLog | null = null;
  /** Taken and not acknowledged: the log may have to be opened anew. Bounded by what the supervisor hands out unacknowledged. */
  #pending: Pending[] = [];
  #durable = 0;
  #unsynced = 0;
  #onGround: boolean | null = null;
  #timer: NodeJS.Timeout | undefined;
  #openAgainAtUs = 0;
  #isWarned = false;

  constructor(private readonly parts: LogKeeperParts) {
    this.#open();
  }

  /** Records can be stored at present. */
  get isOpen(): boolean {
    return this.#log !== null;
  }

  /** The log that can be read: an empty one while there is none. */
  get reader(): LogReader {
    return this.#log ?? NO_LOG;
  }

  /** Takes a record of the supervisor. */
  take(delivery: number, code: number, first: number, second: number, bootUs: number): void {
    const record = { delivery, code, first, second, bootUs };
    this.#pending.push(record);
    this.#write((log) => log.take(delivery, code, first, second, bootUs));
    this.#syncSoon();
  }

  /** Records what this process did or met; only on stderr while there is no log. `functionIndex` -1: about none. */
  note(code: number, functionIndex: number, detail: string): void {
    if (!this.#write((log) => log.note(code, functionIndex, detail, this.parts.bootUs()))) {
      this.parts.warn(`not in the log: code ${code} ${detail}`);
    }
    this.#syncSoon();
  }

  /** The flight leg goes by this from now on. */
  ground(onGround: boolean): void {
    this.#onGround = onGround;
    this.#write((log) => log.ground(onGround, this.parts.bootUs()));
    this.#syncSoon();
  }

  /** False: there is no log. */
  clearFaults(): boolean {
    const done = this.#write((log) => log.clearFaults(this.parts.bootUs()));
    this.#syncSoon();
    return done;
  }

  /** Once a second. */
  tick(): void {
    if (this.#log === null && this.parts.bootUs() >= this.#openAgainAtUs) this.#open();
    this.#write((log) => log.tick(this.parts.bootUs()));
    this.#sync();
    this.parts.acknowledge(this.#durable);
  }

  /** Stores what is left, and closes. */
  close(): void {
    this.#sync();
    this.#write((log) => log.close());
    this.#log = null;
  }

  #open(): void {
    this.#openAgainAtUs = this.parts.bootUs() + LOG_AGAIN_MS * 1000;
    try {
      this.#log = this.parts.open();
    } catch (error) {
      this.#warnOnce(`the maintenance log cannot be opened: ${(error as Error).message}`);
      return;
    }
    if (this.#isWarned) this.parts.warn("the maintenance log is open");
    this.#isWarned = false;
    const onGround = this.#onGround;
    if (onGround !== null) this.#write((log) => log.ground(onGround, this.parts.bootUs()));
    for (const { delivery, code, first, second, bootUs } of this.#pending) {
      this.#write((log) => log.take(delivery, code, first, second, bootUs));
    }
    this.#syncSoon();
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
    let durable = this.#durable;
    this.#write((log) => {
      durable = log.sync();
    });
    if (durable <= this.#durable) return;
    this.#durable = durable;
    this.#pending = this.#pending.filter(({ delivery }) => delivery > durable);
    this.parts.acknowledge(durable);
  }

  /** False: there is no log, or there is none any more. */
  #write(call: (log: WrittenLog) => void): boolean {
    if (this.#log === null) return false;
    try {
      call(this.#log);
      return true;
    } catch (error) {
      this.#warnOnce(`the maintenance log cannot be written: ${(error as Error).message}`);
      const broken = this.#log;
      this.#log = null;
      try {
        broken.close();
      } catch {
        // it is of no use any more
      }
      return false;
    }
  }

  #warnOnce(text: string): void {
    if (!this.#isWarned) this.parts.warn(text);
    this.#isWarned = true;
  }
}

const NO_STORAGE: StorageFigures = {
  ...{ file: "", sizeBytes: 0, capacity: 0, records: 0, oldestSequence: 0, newestSequence: 0, damaged: 0, lost: 0 },
  ...{ legBytes: 0, legBytesBudget: 0, legSyncs: 0, legSyncsBudget: 0, powerOn: 0, leg: 0 },
};

const NO_LOG: LogReader = {
  entries: () => [],
  faults: () => [],
  legs: () => [],
  storage: () => NO_STORAGE,
  image: () => new Uint8Array(0),
};

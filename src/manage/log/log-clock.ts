/** Time of the log: since power-on, and UTC if the system's clock has it. */
import { validUtc } from "../../io/valid-utc.ts";
import type { LogTime } from "./record-draft.ts";

export class LogClock {
  #nowUs: number;
  #utcOffsetMs: number;

  /** Current CLOCK_BOOTTIME in µs and UTC in ms. */
  constructor(bootUs: number, utcMs: number) {
    this.#nowUs = bootUs;
    this.#utcOffsetMs = utcMs - bootUs / 1000;
  }

  /** Lets time pass; the system's clock may have been set in the meantime. */
  set(bootUs: number, utcMs: number): void {
    this.#nowUs = bootUs;
    this.#utcOffsetMs = utcMs - bootUs / 1000;
  }

  get nowUs(): number {
    return this.#nowUs;
  }

  get now(): LogTime {
    return this.at(this.#nowUs);
  }

  /** The moment `bootUs`; a later one than now becomes now. */
  at(bootUs: number): LogTime {
    this.#nowUs = Math.max(this.#nowUs, bootUs);
    return { bootUs, utcMs: validUtc(Math.floor(bootUs / 1000 + this.#utcOffsetMs)) };
  }
}

/**
 * The air/ground signal: a file whose first character is 1 on ground and 0 in the air (a GPIO value
 * of sysfs, or the output of a bridge to the avionics). Any other content, and a missing file, give
 * no information.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";

/** true: on ground; false: in the air; null: no information. */
export type GroundReading = boolean | null;

/** One reading. Never waits: a pipe, or a device without input, gives no information. */
export function readGroundInput(file: string): GroundReading {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return null;
  }
  try {
    const first = Buffer.alloc(1);
    return readSync(descriptor, first, 0, 1, null) === 1 ? groundReading(first[0] as number) : null;
  } catch {
    return null;
  } finally {
    closeSync(descriptor);
  }
}

/** Interval between two readings that must agree, where nobody watches all the time. */
const SECOND_LOOK_MS = 50;

/** Surely on ground: two consecutive readings agree, as for {@link GroundSignal}. */
export async function isOnGroundNow(file: string): Promise<boolean> {
  if (readGroundInput(file) !== true) return false;
  await Bun.sleep(SECOND_LOOK_MS);
  return readGroundInput(file) === true;
}

/** Content of the file in words, for a refusal. */
export function groundText(file: string): string {
  const reading = readGroundInput(file);
  const said = reading === null ? "is missing or invalid" : `says ${reading ? 1 : 0}`;
  return `${file} ${said}, expected 1`;
}

/** Meaning of the file's first character. */
export function groundReading(character: number): GroundReading {
  if (character === 0x31) return true;
  return character === 0x30 ? false : null;
}

/**
 * Consecutive equal readings after which a change of the flight leg is believed: a flapping signal
 * would push the legs of a month out of the log.
 */
const LEG_READINGS = 10;

/**
 * Derives the believed state from single readings. A contact bounces at take-off and touch-down:
 * "on ground" is believed at the second consecutive equal reading, and so is the first leg; a
 * change of leg at the {@link LEG_READINGS}th. Leaving the ground takes effect at once. Pure.
 */
export class GroundSignal {
  #last: GroundReading = null;
  /** Consecutive equal readings. */
  #readings = 0;
  #settled: GroundReading = null;
  #legGround: GroundReading = null;

  /**
   * Takes a reading. Returns the new basis of the flight leg when that has changed, otherwise null.
   */
  take(reading: GroundReading): boolean | null {
    this.#readings = reading === this.#last ? this.#readings + 1 : 1;
    this.#last = reading;
    if (this.#readings < 2) return null;
    this.#settled = reading;
    if (reading === null || reading === this.#legGround) return null; // no change of leg
    if (this.#legGround !== null && this.#readings < LEG_READINGS) return null;
    this.#legGround = reading;
    return reading;
  }

  /** For the interlock: surely on ground, now. */
  get isOnGround(): boolean {
    return this.#last === true && this.#settled === true;
  }

  /** It has given information before, and gives none now. */
  get isSilent(): boolean {
    return this.#legGround !== null && this.#settled === null;
  }
}

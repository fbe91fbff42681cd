/**
 * The air/ground signal: a file whose first character is 1 on ground and 0 in the air (a GPIO value
 * of sysfs, or what a bridge to the avionics writes). Everything else, and no file, says nothing.
 */
import { closeSync, constants, openSync, readSync } from "node:fs";

/** true: on ground; false: in the air; null: it says nothing. */
export type GroundReading = boolean | null;

/**
 * One look. Never waits: a file that turns out to be a pipe or a device with nothing to read says
 * nothing.
 */
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

/** How far apart two looks are that agree about the ground, where nobody watches all the time. */
const SECOND_LOOK_MS = 50;

/** Surely on ground: two readings in a row say so, as for {@link GroundSignal}. */
export async function isOnGroundNow(file: string): Promise<boolean> {
  if (readGroundInput(file) !== true) return false;
  await Bun.sleep(SECOND_LOOK_MS);
  return readGroundInput(file) === true;
}

/** What the file says, for whoever is refused because of it. */
export function groundText(file: string): string {
  const reading = readGroundInput(file);
  const said = reading === null ? "is missing, or says nothing" : `says ${reading ? 1 : 0}`;
  return `${file} ${said}, expected 1`;
}

/** What the first character of the file means. */
export function groundReading(character: number): GroundReading {
  if (character === 0x31) return true;
  return character === 0x30 ? false : null;
}

/**
 * A change of the flight leg is believed after so many equal readings: a signal that flaps would
 * push the legs of a month out of the log.
 */
const LEG_READINGS = 10;

/**
 * From single readings to what is believed. A contact bounces at take-off and touch-down: on ground
 * is believed at the second equal reading in a row, and so is the first leg; that the leg has
 * changed, at the {@link LEG_READINGS}th. That it is not on ground any more counts at once. Pure.
 */
export class GroundSignal {
  #last: GroundReading = null;
  /** Equal readings in a row. */
  #readings = 0;
  #settled: GroundReading = null;
  #legGround: GroundReading = null;

  /**
   * Takes a reading. Returns what the flight leg goes by from now on when that has changed, else
   * null.
   */
  take(reading: GroundReading): boolean | null {
    this.#readings = reading === this.#last ? this.#readings + 1 : 1;
    this.#last = reading;
    if (this.#readings < 2) return null;
    this.#settled = reading;
    if (reading === null || reading === this.#legGround) return null; // silence changes no leg
    if (this.#legGround !== null && this.#readings < LEG_READINGS) return null;
    this.#legGround = reading;
    return reading;
  }

  /** For the interlock: surely on ground, now. */
  get isOnGround(): boolean {
    return this.#last === true && this.#settled === true;
  }

  /** It has said something, and says nothing now. */
  get isSilent(): boolean {
    return this.#legGround !== null && this.#settled === null;
  }
}

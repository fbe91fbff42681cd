/**
 * The file of the maintenance log: fully allocated before it gets its name, written in batches,
 * each with one fdatasync. It handles records and places, not their meaning. A refusal of the
 * system is thrown with its error number; then nothing valid was written, and the same batch may be
 * retried.
 */
import { basename, dirname, join } from "node:path";
import { LOG_ARCHIVES_MAX, LOG_LEG_PLACES } from "../../limits.ts";
import {
  decodeLogHeader,
  encodeLogHeader,
  LOG_FILE_BYTES_MAX,
  LOG_HEADER_BYTES,
  LOG_PAGE_BYTES,
  LOG_RECORDS_AT,
  type LogHeader,
  logFileBytes,
  newestLogHeader,
} from "../../wire/log-header.ts";
import {
  decodeLogRecord,
  encodeLogRecord,
  LOG_RECORD_BYTES,
  type LogRecord,
} from "../../wire/log-record.ts";
import { type Disk, LocalDisk } from "./disk.ts";
import { LogPlaces, type LogSource, offsetOf, PLACE_WHOLE } from "./log-places.ts";

/** Its name in the state directory. */
export const LOG_FILE = "maintenance.log";

const SCAN_BYTES = 1 << 16;

/** Contents of a new file's header. */
export type NewLog = Pick<
  LogHeader,
  "identity" | "bootId" | "partNumber" | "system" | "server" | "begunUtcMs"
>;

/** Greatest numbers in a file whose headers are gone: none of them is reused. */
export interface Salvage {
  sequence: number;
  powerOn: number;
  leg: number;
}

export class LogStore implements LogSource {
  readonly file: string;
  header: LogHeader;
  places: LogPlaces;
  readonly #disk: Disk;
  #fd: number;

  private constructor(disk: Disk, file: string, fd: number, header: LogHeader) {
    this.#disk = disk;
    this.file = file;
    this.#fd = fd;
    this.header = header;
    this.places = new LogPlaces(this, header);
  }

  /**
   * Opens the log, or begins one. `archivedAs`: the new name of a former file that was no log.
   * `resized`: true for a file that was changed to the configured size, with its newest records;
   * false for one that keeps its size for lack of room.
   */
  static open(
    file: string,
    sizeKiB: number,
    begin: NewLog,
    disk: Disk = new LocalDisk(),
  ): { store: LogStore; archivedAs: string | null; resized: boolean | null } {
    const otherPlaces =
      Math.floor((sizeKiB * 1024 - LOG_RECORDS_AT) / LOG_RECORD_BYTES) - LOG_LEG_PLACES;
    const sizes = { legPlaces: LOG_LEG_PLACES, otherPlaces };
    const fresh = { ...EMPTY, ...begin, ...sizes };
    let archivedAs: string | null = null;
    const found = openExisting(disk, file);
    if (found !== null) {
      const past = LogStore.#fromFile(disk, found, file);
      if (past instanceof LogStore) {
        const { header } = past;
        const isAsConfigured =
          header.legPlaces === sizes.legPlaces && header.otherPlaces === otherPlaces;
        return { store: past, archivedAs, resized: isAsConfigured ? null : past.#resize(sizes) };
      }
      archivedAs = archive(disk, file);
      Object.assign(fresh, {
        sequenceBefore: past.sequence,
        powerOn: past.powerOn,
        newestLeg: past.leg,
      });
    }
    const fd = create(disk, file, fresh, () => {});
    return { store: new LogStore(disk, file, fd, fresh), archivedAs, resized: null };
  }

  /**
   * An opened log; or, for a file that is none and is closed again, what could be salvaged. Throws
   * the system's refusals.
   */
  static #fromFile(disk: Disk, fd: number, file: string): LogStore | Salvage {
    try {
      const { isFile } = disk.status(fd);
      const header = isFile ? readHeader(disk, fd) : null;
      if (header !== null) {
        allocate(disk, fd, header, file);
        return new LogStore(disk, file, fd, header);
      }
      const salvage = isFile ? salvageFrom(disk, fd) : { sequence: 0, powerOn: 0, leg: 0 };
      disk.close(fd);
      return salvage;
    } catch (error) {
      disk.close(fd); // with its lock: this is retried
      throw error;
    }
  }

  read(at: number, length: number): Uint8Array {
    return this.#disk.read(this.#fd, at, length);
  }

  /**
   * Writes the records, oldest first, after the newest of their ring, and returns when they are on
   * the storage.
   * @returns bytes written, in whole pages
   */
  append(records: readonly LogRecord[], isLegRecord: (record: LogRecord) => boolean): number {
    const rings = [
      records.filter(isLegRecord),
      records.filter((record) => !isLegRecord(record)),
    ] as const;
    let pages = 0;
    for (const ring of [0, 1] as const) {
      for (let done = 0; done < rings[ring].length; ) {
        const place = this.places.placeAfterNewest(ring, done);
        const count = Math.min(rings[ring].length - done, this.places.placesInARow(ring, place));
        const bytes = new Uint8Array(count * LOG_RECORD_BYTES);
        for (let i = 0; i < count; i++)
          encodeLogRecord(rings[ring][done + i] as LogRecord, bytes, i * LOG_RECORD_BYTES);
        this.#disk.write(this.#fd, bytes, offsetOf(place));
        pages += pagesOf(offsetOf(place), bytes.length);
        done += count;
      }
    }
    this.#disk.syncData(this.#fd);
    for (const ring of [0, 1] as const)
      this.places.written(
        ring,
        rings[ring].map(({ sequence }) => sequence),
      );
    return pages * LOG_PAGE_BYTES;
  }

  /**
   * Clears places: their content was damaged and reported, or belonged to a delivery that will be
   * repeated.
   */
  wipe(places: readonly number[]): void {
    if (places.length === 0) return;
    const nothing = new Uint8Array(LOG_RECORD_BYTES);
    for (const place of places) this.#disk.write(this.#fd, nothing, offsetOf(place));
    this.#disk.syncData(this.#fd);
    this.places = new LogPlaces(this, this.header);
  }

  /**
   * Writes both copies one after the other, each with its whole page: at least one is valid at any
   * time.
   */
  writeHeader(changes: Partial<LogHeader>): void {
    const header = { ...this.header, ...changes, generation: this.header.generation + 1 };
    const bytes = new Uint8Array(LOG_PAGE_BYTES);
    encodeLogHeader(header, bytes, 0);
    for (const at of [0, LOG_PAGE_BYTES]) {
      this.#disk.write(this.#fd, bytes, at);
      this.#disk.syncData(this.#fd);
    }
    this.header = header;
  }

  /** Whether both copies of the header are whole. */
  hasBothHeaders(): boolean {
    const bytes = this.read(0, LOG_RECORDS_AT);
    return decodeLogHeader(bytes, 0) !== null && decodeLogHeader(bytes, LOG_PAGE_BYTES) !== null;
  }

  /** False when somebody removed the file, replaced it, or changed its length. */
  isInPlace(): boolean {
    return this.#hasItsName() && this.#disk.status(this.#fd).size === logFileBytes(this.header);
  }

  /**
   * Rewrites everything under the name. A file that somebody else put there is archived, unless it
   * is locked: then this throws.
   * @returns number of records in the file that can no longer be read
   */
  renew(): number {
    if (!this.#hasItsName()) {
      const other = openExisting(this.#disk, this.file);
      if (other !== null) {
        this.#disk.close(other);
        archive(this.#disk, this.file);
      }
    }
    const before = this.places.count(PLACE_WHOLE);
    this.places = new LogPlaces(this, this.header);
    const gone = before - this.places.count(PLACE_WHOLE);
    const { legPlaces, otherPlaces } = this.header;
    this.#copy({ legPlaces, otherPlaces });
    return gone;
  }

  #hasItsName(): boolean {
    const own = this.#disk.status(this.#fd);
    const named = this.#disk.statusOf(this.file);
    return named?.ino === own.ino && named.dev === own.dev;
  }

  close(): void {
    if (this.#fd < 0) return;
    this.#disk.close(this.#fd);
    this.#fd = -1;
  }

  /** Returns false for lack of room; then everything stays unchanged. */
  #resize(sizes: Pick<LogHeader, "legPlaces" | "otherPlaces">): boolean {
    try {
      this.#copy(sizes);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * The same log in another size, with the newest records of each ring that fit. The old file stays
   * until the new one is complete.
   */
  #copy(sizes: Pick<LogHeader, "legPlaces" | "otherPlaces">): void {
    const header = { ...this.header, ...sizes, generation: this.header.generation + 1 };
    const kept: [LogRecord[], LogRecord[]] = [[], []];
    for (const { record, place } of this.places.newestFirst()) {
      const ring = this.places.ringOf(place);
      if (kept[ring].length < (ring === 0 ? sizes.legPlaces : sizes.otherPlaces))
        kept[ring].push(record);
    }
    const disk = this.#disk;
    const fd = create(disk, this.file, header, (target) => {
      for (const ring of [0, 1] as const) {
        const records = kept[ring].reverse();
        const bytes = new Uint8Array(records.length * LOG_RECORD_BYTES);
        for (const [at, record] of records.entries())
          encodeLogRecord(record, bytes, at * LOG_RECORD_BYTES);
        disk.write(target, bytes, offsetOf(ring === 0 ? 0 : sizes.legPlaces));
      }
    });
    this.close();
    this.#fd = fd;
    this.header = header;
    this.places = new LogPlaces(this, header);
  }
}

const EMPTY = {
  ...{
    generation: 1,
    powerOn: 0,
    sequenceBefore: 0,
    damaged: 0,
    lost: 0,
    newestSequence: 0,
    newestLeg: 0,
  },
};

/** null when there is none. Locked. */
function openExisting(disk: Disk, file: string): number | null {
  const fd = disk.open(file);
  if (fd !== null) lock(disk, fd, file);
  return fd;
}

function lock(disk: Disk, fd: number, file: string): void {
  try {
    disk.lock(fd, file);
  } catch (error) {
    try {
      disk.touch(fd); // the owner of the lock may hang with the disk: then that is the problem
    } finally {
      disk.close(fd);
    }
    throw error;
  }
}

function readHeader(disk: Disk, fd: number): LogHeader | null {
  return newestLogHeader(disk.read(fd, 0, LOG_RECORDS_AT));
}

/**
 * Creates a file with all its blocks and the content of `fill` before it gets its name: no start
 * ever finds half of one.
 */
function create(disk: Disk, file: string, header: LogHeader, fill: (fd: number) => void): number {
  const unnamed = `${file}.new`;
  const fd = disk.create(unnamed);
  try {
    disk.lock(fd, unnamed);
    allocate(disk, fd, header, unnamed);
    const bytes = new Uint8Array(LOG_HEADER_BYTES);
    encodeLogHeader(header, bytes, 0);
    disk.write(fd, bytes, 0);
    disk.write(fd, bytes, LOG_PAGE_BYTES);
    fill(fd);
    disk.sync(fd);
    disk.rename(unnamed, file);
    disk.syncDirectory(dirname(file));
    return fd;
  } catch (error) {
    disk.close(fd);
    disk.remove(unnamed);
    throw error;
  }
}

/** Allocates all blocks of the file, and no byte more. */
function allocate(disk: Disk, fd: number, header: LogHeader, file: string): void {
  const bytes = logFileBytes(header);
  const { size } = disk.status(fd);
  if (size > bytes) disk.truncate(fd, bytes);
  if (size < bytes) disk.allocate(fd, bytes, file);
}

/**
 * Renames the file, or whatever has its name; of earlier archives the newest stay. Returns the new
 * name.
 */
function archive(disk: Disk, file: string): string {
  const directory = dirname(file);
  const prefix = `${basename(file)}.corrupt-`;
  const numbers = disk
    .list(directory)
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter((number) => Number.isInteger(number) && number > 0)
    .sort((a, b) => a - b);
  const name = `${prefix}${(numbers.at(-1) ?? 0) + 1}`;
  disk.rename(file, join(directory, name));
  for (const number of numbers.slice(0, Math.max(0, numbers.length + 1 - LOG_ARCHIVES_MAX))) {
    try {
      disk.remove(join(directory, `${prefix}${number}`));
    } catch {} // a directory: not one of ours
  }
  disk.syncDirectory(directory);
  return name;
}

/** Salvages everything that still is a record at a possible place. */
function salvageFrom(disk: Disk, fd: number): Salvage {
  const salvage = { sequence: 0, powerOn: 0, leg: 0 };
  for (let at = LOG_RECORDS_AT; at < LOG_FILE_BYTES_MAX; at += SCAN_BYTES) {
    const bytes = disk.read(fd, at, SCAN_BYTES);
    for (let i = 0; i + LOG_RECORD_BYTES <= bytes.length; i += LOG_RECORD_BYTES) {
      const record = decodeLogRecord(bytes, i);
      if (record === null) continue;
      salvage.sequence = Math.max(salvage.sequence, record.sequence);
      salvage.powerOn = Math.max(salvage.powerOn, record.powerOn);
      salvage.leg = Math.max(salvage.leg, record.leg);
    }
    if (bytes.length < SCAN_BYTES) break;
  }
  return salvage;
}

function pagesOf(at: number, length: number): number {
  return Math.floor((at + length - 1) / LOG_PAGE_BYTES) - Math.floor(at / LOG_PAGE_BYTES) + 1;
}

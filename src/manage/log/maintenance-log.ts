/**
 * The maintenance log of `manage`: records come in, are judged and collected, and written together.
 * It never fails: without a storage it keeps what fits in memory, reports the problem, acknowledges
 * nothing, and retries.
 */

import { LOG_QUEUE_FULL } from "../../boundary/maintenance-code.ts";
import { type RecordNames, recordDetail, recordFunction } from "../../catalogue/record-text.ts";
import {
  LOG_ARCHIVED,
  LOG_LEG_BEGUN,
  LOG_LEG_ENDED,
  LOG_NOT_RESIZED,
  LOG_POWER_ON,
  LOG_RECORDS_DAMAGED,
  LOG_RECORDS_LOST,
  LOG_RENEWED,
  LOG_RESIZED,
  LOG_STARTED_AGAIN,
  LOG_STOPPED,
  LOG_WRITTEN_AGAIN,
} from "../../catalogue/supervisor-code.ts";
import type { AircraftConfig } from "../../config/model.ts";
import {
  LOG_BYTES_PER_LEG,
  LOG_COLLECT_US,
  LOG_SYNCS_PER_LEG,
  LOG_WAITING_MAX,
} from "../../limits.ts";
import { LOG_PAGE_BYTES, logFileBytes } from "../../wire/log-header.ts";
import type { LogRecord } from "../../wire/log-record.ts";
import type {
  FaultEntry,
  LegEntry,
  LogEntry,
  LogFilter,
  LogReader,
  StorageFigures,
} from "../maintenance.ts";
import type { Disk } from "./disk.ts";
import { FaultMemory } from "./fault-memory.ts";
import { LegBudget } from "./leg-budget.ts";
import { LogClock } from "./log-clock.ts";
import { entriesOf, faultsOf, legsOf } from "./log-contents.ts";
import { isOwnedBy, logOwner } from "./log-owner.ts";
import { PLACE_DAMAGED, PLACE_WHOLE } from "./log-places.ts";
import { isLegRecord, reloadLog } from "./log-reload.ts";
import { LogStore } from "./log-store.ts";
import {
  draftOf,
  type LogTime,
  type Occurrence,
  type RecordDraft,
  recordOf,
} from "./record-draft.ts";
import { StorageTrouble } from "./storage-trouble.ts";

export interface MaintenanceLogOptions {
  /** `maintenance.log` in the state directory. */
  readonly file: string;
  readonly sizeKiB: number;
  readonly config: AircraftConfig;
  readonly serverId: string;
  /** /proc/sys/kernel/random/boot_id: a different one means another power-on. */
  readonly bootId: string;
  /** Session of the supervisor, within which delivery numbers count. */
  readonly session: number;
  /** Current CLOCK_BOOTTIME in µs and UTC in ms. */
  readonly nowBootUs: number;
  readonly nowUtcMs: number;
  /** The file's disk; by default the disk itself. */
  readonly disk?: Disk;
  /** For people, when the disk hangs: `/var/lib/wingman on /dev/sda3`. */
  readonly diskName?: string;
}

export class MaintenanceLog implements LogReader {
  readonly #options: MaintenanceLogOptions;
  readonly #names: RecordNames;
  readonly #memory: FaultMemory;
  readonly #clock: LogClock;
  #store: LogStore | null = null;
  /** Unwritten records, oldest first. */
  #waiting: LogRecord[] = [];
  #nextSequence = 1;
  #powerOn = 0;
  #leg = 0;
  #inAir = false;
  #legRecords = 0;
  readonly #budget = new LegBudget();
  /** Records lost so far, and those of them that no record counts yet. */
  #lost = 0;
  #lostUnreported = 0;
  /** Deliveries of this session that are in the file from before this process began. */
  #inFile = new Set<number>();
  #highestTaken = 0;
  #durable = 0;
  #delivery = 0;
  #writtenUs = Number.NEGATIVE_INFINITY;
  readonly #trouble: StorageTrouble;

  private constructor(options: MaintenanceLogOptions) {
    this.#options = options;
    this.#trouble = new StorageTrouble(options.diskName ?? options.file);
    const { servers, functions, keepAlive, maintenance } = options.config;
    this.#names = {
      servers: servers.map(({ id }) => id),
      functions: functions.map(({ id }) => id),
      networks: keepAlive.interfaces,
      vips: functions.map(({ vips }) => vips.map(({ text }) => text)),
    };
    this.#clock = new LogClock(options.nowBootUs, options.nowUtcMs);
    this.#memory = new FaultMemory(maintenance.log.inhibitSeconds * 1_000_000, (draft) =>
      this.#collect(draft),
    );
  }

  /** Opens the log, or begins one. Never throws refusals of the system: see {@link problem}. */
  static open(options: MaintenanceLogOptions): MaintenanceLog {
    const log = new MaintenanceLog(options);
    log.#openStore();
    return log;
  }

  /** Why nothing can be written now, in one line for people; null while all is well. */
  get problem(): string | null {
    return this.#trouble.problem;
  }

  /**
   * Takes a record of the engine. Ignores one that is already in the file or came before.
   * @param delivery number in the supervisor's session, from 1, growing
   * @param bootUs CLOCK_BOOTTIME when the supervisor received it
   */
  take(delivery: number, code: number, first: number, second: number, bootUs: number): void {
    if (delivery <= this.#highestTaken) return;
    this.#highestTaken = delivery;
    if (this.#inFile.has(delivery)) return;
    const index = recordFunction(code, first);
    const functionId = index < 0 ? "" : (this.#names.functions[index] ?? `function ${index}`);
    const detail = recordDetail(code, first, second, this.#names);
    const from = this.#waiting.length;
    this.#delivery = delivery;
    this.#memory.take({ code, first, second, functionId, detail }, this.#clock.at(bootUs));
    this.#delivery = 0;
    const last = this.#waiting.at(-1);
    if (this.#waiting.length > from && last !== undefined) last.isLast = true;
    if (code === LOG_QUEUE_FULL) this.#lost += first;
  }

  /** Adds an event of this process. */
  note(
    code: number,
    functionIndex: number,
    detail: string,
    bootUs: number = this.#clock.nowUs,
    count = 1,
  ): void {
    const functionId = this.#names.functions[functionIndex] ?? "";
    if (code === LOG_RECORDS_LOST) this.#lost += count;
    this.#memory.take(
      { code, first: count, second: 0, functionId, detail },
      this.#clock.at(bootUs),
      count,
    );
  }

  /**
   * Takes the ground state. Taking off begins a leg, landing ends it; a leg continues over a
   * restart in the air.
   */
  ground(onGround: boolean, bootUs: number): void {
    if (onGround !== this.#inAir) return;
    this.#inAir = !onGround;
    const time = this.#clock.at(bootUs);
    if (onGround) {
      const faults = this.#memory.endLeg(time);
      const records = this.#legRecords + 1;
      this.#own(LOG_LEG_ENDED, `${records} records, ${faults} faults`, time, records, faults);
      this.#budget.begin();
    } else {
      this.#leg++;
      this.#legRecords = 0;
      this.#budget.begin();
      this.#own(LOG_LEG_BEGUN, `leg ${this.#leg}`, time, this.#leg, 0);
      this.#memory.beginLeg(time);
    }
  }

  /**
   * Lets time pass.
   * @param utcMs of the system's clock, which may have been set in the meantime
   */
  tick(bootUs: number, utcMs: number = Date.now()): void {
    this.#clock.set(bootUs, utcMs);
    this.#memory.tick(this.#clock.at(bootUs));
    if (this.#trouble.isRecent(bootUs)) return;
    if (this.#store === null) this.#openStore();
    else this.#lookAfter(this.#store);
  }

  /**
   * Writes unwritten records with one fsync. When the budget of the leg is used up, the records of
   * a few seconds are written together.
   * @returns the highest delivery number such that all records up to it are durable
   */
  sync(isLast = false): number {
    if (this.#lostUnreported > 0 && this.#waiting.length < LOG_WAITING_MAX) {
      const count = this.#lostUnreported;
      this.#lostUnreported = 0;
      this.#own(LOG_RECORDS_LOST, `${count} records`, this.#clock.now, count, 0);
    }
    if (this.#waiting.length === 0) {
      if (this.#store !== null) this.#durable = this.#highestTaken;
      return this.#durable;
    }
    if (this.#store === null || (!isLast && this.#mustWait())) return this.#durable;
    try {
      this.#keepInPlace(this.#store);
      this.#append(this.#store);
      this.#works();
    } catch (error) {
      this.#refused(error);
    }
    return this.#durable;
  }

  /** Throws refusals of the system; then the waiting records stay. */
  #append(store: LogStore): void {
    this.#budget.spend(store.append(this.#waiting, isLegRecord));
    this.#writtenUs = this.#clock.nowUs;
    this.#waiting = [];
    this.#durable = this.#highestTaken;
  }

  active(bootUs: number): ReturnType<FaultMemory["active"]> {
    return this.#memory.active(bootUs);
  }

  /** Ends the faults that are recorded as active. */
  clearFaults(bootUs: number): void {
    this.#memory.clear(this.#clock.at(bootUs));
  }

  /** Records the orderly end, writes everything, and releases the file. */
  close(bootUs: number = this.#clock.nowUs): void {
    this.#memory.end(this.#clock.at(bootUs));
    this.#own(LOG_STOPPED, "", this.#clock.at(bootUs), 0, 0);
    this.sync(true);
    this.#store?.close();
    this.#store = null;
  }

  entries(filter?: LogFilter): LogEntry[] {
    return entriesOf(this.#newestFirst(), filter);
  }

  faults(leg: number = this.#leg): FaultEntry[] {
    return faultsOf(this.#newestFirst(), leg, leg === this.#leg ? this.#memory.now : undefined);
  }

  legs(): LegEntry[] {
    return legsOf(() => this.#newestFirst(), this.#newestFirst(true));
  }

  storage(): StorageFigures {
    const { file, sizeKiB } = this.#options;
    const header = this.#store?.header;
    return {
      file,
      sizeBytes: header === undefined ? sizeKiB * 1024 : logFileBytes(header),
      capacity: header === undefined ? 0 : header.legPlaces + header.otherPlaces,
      records: (this.#store?.places.count(PLACE_WHOLE) ?? 0) + this.#waiting.length,
      oldestSequence: this.#store?.places.oldestSequence() || (this.#waiting[0]?.sequence ?? 0),
      newestSequence: this.#nextSequence - 1,
      damaged: header?.damaged ?? 0,
      lost: this.#lost,
      ...{ legBytes: this.#budget.bytes, legBytesBudget: LOG_BYTES_PER_LEG },
      ...{ legSyncs: this.#budget.syncs, legSyncsBudget: LOG_SYNCS_PER_LEG },
      powerOn: this.#powerOn,
      leg: this.#leg,
    };
  }

  image(): Uint8Array {
    if (this.#store === null) return new Uint8Array(0);
    this.sync(true);
    return this.#store?.read(0, logFileBytes(this.#store.header)) ?? new Uint8Array(0);
  }

  // ---- records

  *#newestFirst(onlyLegs = false): Generator<LogRecord> {
    const waiting = this.#waiting.toReversed();
    yield* onlyLegs ? waiting.filter(isLegRecord) : waiting;
    if (this.#store === null) return;
    const ring = onlyLegs ? 0 : undefined;
    for (const { record } of this.#store.places.newestFirst(ring)) yield record;
  }

  /** Adds a record that no rule holds back. */
  #own(code: number, detail: string, time: LogTime, first: number, second: number): void {
    const what: Occurrence = { code, first, second, functionId: "", detail };
    if (code === LOG_LEG_BEGUN || code === LOG_LEG_ENDED || code === LOG_STOPPED) {
      const none = { kind: 0, class: 0 as const, nature: 0, firstTime: null, lastTime: null };
      this.#collect({ ...what, ...none, count: 1, time });
    } else this.#memory.take(what, time, 1, false);
  }

  #collect(draft: RecordDraft): void {
    if (this.#waiting.length >= LOG_WAITING_MAX) {
      this.#lost++;
      this.#lostUnreported++;
      return;
    }
    this.#legRecords++;
    const { config, serverId, session } = this.#options;
    const frame = {
      ...{ sequence: this.#nextSequence++, powerOn: this.#powerOn, leg: this.#leg },
      ...{ session, delivery: this.#delivery },
      ...{ legBytes: this.#budget.bytes, legSyncs: this.#budget.syncs },
      server: serverId,
      ata: config.functions.find(({ id }) => id === draft.functionId)?.ata ?? "",
    };
    this.#waiting.push(recordOf(draft, frame));
  }

  // ---- storage

  #mustWait(): boolean {
    const sinceUs = this.#clock.nowUs - this.#writtenUs;
    if (this.#trouble.isRecent(this.#clock.nowUs)) return true;
    return this.#budget.isUsedUp && sinceUs < LOG_COLLECT_US;
  }

  #lookAfter(store: LogStore): void {
    try {
      this.#keepInPlace(store);
    } catch (error) {
      this.#refused(error);
    }
  }

  /**
   * A file without its name would be lost with this process, and its records must not be
   * acknowledged.
   */
  #keepInPlace(store: LogStore): void {
    if (store.isInPlace()) return;
    const gone = store.renew();
    // Not counted as a cost of the leg: the whole file exceeds the budget of a leg, and later
    // records must not wait for that.
    const time = this.#clock.now;
    this.#own(LOG_RENEWED, "", time, 0, 0);
    if (gone === 0) return;
    this.#own(LOG_RECORDS_DAMAGED, `${gone} places`, time, gone, 0);
    store.writeHeader({ damaged: store.header.damaged + gone });
  }

  #refused(error: unknown): void {
    const record = this.#trouble.begin(error, this.#clock.nowUs);
    if (record !== null) this.#own(record.code, record.detail, this.#clock.now, record.first, 0);
  }

  #works(): void {
    if (this.#trouble.end()) this.#own(LOG_WRITTEN_AGAIN, "", this.#clock.now, 0, 0);
  }

  #openStore(): void {
    const { file, sizeKiB, config, serverId, disk } = this.#options;
    const time = this.#clock.now;
    try {
      const begin = {
        identity: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
        ...{ bootId: "", ...logOwner(config, serverId) },
        begunUtcMs: time.utcMs,
      };
      const { store, archivedAs, resized } = LogStore.open(file, sizeKiB, begin, disk);
      this.#store = store;
      this.#takeOver(store);
      if (archivedAs !== null) this.#own(LOG_ARCHIVED, archivedAs, time, 0, 0);
      if (resized !== null)
        this.#own(resized ? LOG_RESIZED : LOG_NOT_RESIZED, String(sizeKiB), time, sizeKiB, 0);
      this.#works();
      this.sync(true);
    } catch (error) {
      this.#store?.close();
      this.#store = null;
      this.#refused(error);
    }
  }

  /**
   * Continues where the file ends. Records that have waited since the time without a file come
   * after it.
   */
  #takeOver(store: LogStore): void {
    const { config, serverId, bootId, session } = this.#options;
    const { header } = store;
    const owner = logOwner(config, serverId);
    const past = reloadLog(store.places, header, bootId, session);
    const { isThisBoot, newestSequence, newest, damagedPlaces, lost } = past;
    this.#inFile = past.complete;
    this.#leg = past.leg;
    this.#inAir = past.inAir;
    this.#legRecords = past.ofLeg.length;
    this.#budget.begin(past.legBytes, past.legSyncs);
    for (const record of past.ofLeg) {
      if (!isLegRecord(record))
        this.#memory.restore(draftOf(record), isThisBoot && record.powerOn === header.powerOn);
    }
    this.#powerOn = past.powerOn;
    this.#nextSequence = newestSequence + 1;
    for (const record of this.#waiting) {
      record.sequence = this.#nextSequence++;
      record.powerOn = this.#powerOn;
      record.leg = this.#leg;
    }
    this.#lost += header.lost + lost;
    const time = this.#clock.now;
    const ended =
      newest === null || newest.code === LOG_STOPPED ? "" : ", not stopped in good order before";
    if (isThisBoot) this.#own(LOG_STARTED_AGAIN, newest === null ? "" : ended.slice(2), time, 0, 0);
    else this.#own(LOG_POWER_ON, `power-on ${this.#powerOn}${ended}`, time, this.#powerOn, 0);
    if (!isThisBoot || newest?.session !== session) this.#memory.clear(time, "past");
    const damaged = damagedPlaces.length;
    if (damaged > 0) this.#own(LOG_RECORDS_DAMAGED, `${damaged} places`, time, damaged, 0);
    const mustRewrite =
      !isThisBoot ||
      damaged > 0 ||
      lost > 0 ||
      !store.hasBothHeaders() ||
      !isOwnedBy(header, owner);
    if (mustRewrite) {
      store.writeHeader({
        ...{ bootId, powerOn: this.#powerOn, newestSequence, newestLeg: this.#leg },
        ...owner,
        ...{ damaged: header.damaged + damaged, lost: this.#lost },
      });
      this.#budget.spend(2 * LOG_PAGE_BYTES, 2);
    }
    // Reported first and wiped then: a power cut in between reports it twice.
    this.#append(store);
    store.wipe([
      ...damagedPlaces.filter((place) => store.places.state[place] === PLACE_DAMAGED),
      ...past.cut,
    ]);
  }
}

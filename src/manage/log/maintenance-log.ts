/**
 * The maintenance log as `manage` keeps it: events come in, records are collected, and written
 * together. It never fails: without a storage it keeps what fits in memory, says so, acknowledges
 * nothing, and tries again.
 */

import { type RecordNames, recordDetail, recordFunction } from "../../catalogue/record-text.ts";
import {
  LOG_ARCHIVED,
  LOG_LEG_BEGUN,
  LOG_LEG_ENDED,
  LOG_NOT_RESIZED,
  LOG_NOT_WRITTEN,
  LOG_POWER_ON,
  LOG_RECORDS_DAMAGED,
  LOG_RECORDS_LOST,
  LOG_RENEWED,
  LOG_RESIZED,
  LOG_STARTED_AGAIN,
  LOG_STOPPED,
  LOG_WRITTEN_AGAIN,
} from "../../catalogue/upkeep-code.ts";
import type { AircraftConfig } from "../../config/model.ts";
import { LOG_QUEUE_FULL } from "../../core/maintenance-code.ts";
import {
  LOG_BYTES_PER_LEG,
  LOG_COLLECT_US,
  LOG_RETRY_US,
  LOG_SYNCS_PER_LEG,
  LOG_WAITING_MAX,
} from "../../limits.ts";
import {
  decodeLogHeader,
  encodeLogHeader,
  LOG_HEADER_BYTES,
  LOG_PAGE_BYTES,
  type LogHeader,
  logFileBytes,
} from "../../wire/log-header.ts";
import type { LogRecord } from "../../wire/log-record.ts";
import type {
  FaultEntry,
  LegEntry,
  LogEntry,
  LogFilter,
  LogReader,
  StorageFigures,
} from "../maintenance.ts";
import { FaultMemory, type LogTime, type Occurrence, type RecordDraft } from "./fault-memory.ts";
import { entriesOf, faultsOf, legsOf } from "./log-contents.ts";
import { PLACE_DAMAGED, PLACE_WHOLE } from "./log-places.ts";
import { draftOf, isLegRecord, reloadLog } from "./log-reload.ts";
import { LogStore } from "./log-store.ts";

/** 2024-01-01: a clock that is before this was never set. */
const UTC_VALID_MS = 1_704_067_200_000;

export interface MaintenanceLogOptions {
  /** `maintenance.log` in the state directory. */
  readonly file: string;
  readonly sizeKiB: number;
  readonly config: AircraftConfig;
  readonly serverId: string;
  /** /proc/sys/kernel/random/boot_id: another one is another power-on. */
  readonly bootId: string;
  /** Of the supervisor: its delivery numbers begin anew with it. */
  readonly session: number;
  /** CLOCK_BOOTTIME in µs, and UTC in ms, now. */
  readonly nowBootUs: number;
  readonly nowUtcMs: number;
}

export class MaintenanceLog implements LogReader {
  readonly #options: MaintenanceLogOptions;
  readonly #names: RecordNames;
  readonly #memory: FaultMemory;
  #store: LogStore | null = null;
  /** Not written yet, oldest first. */
  #waiting: LogRecord[] = [];
  #nextSequence = 1;
  #powerOn = 0;
  #leg = 0;
  #inAir = false;
  #legRecords = 0;
  #legBytes = 0;
  #legSyncs = 0;
  /** Up to now, and those of them that no record tells of yet. */
  #lost = 0;
  #lostUntold = 0;
  /** Deliveries of this session that are in the file from before this process began. */
  #inFile = new Set<number>();
  #highestTaken = 0;
  #durable = 0;
  #delivery = 0;
  #nowUs: number;
  #utcOffsetMs: number;
  #writtenUs = Number.NEGATIVE_INFINITY;
  #refusedUs = Number.NEGATIVE_INFINITY;
  #problem: string | null = null;

  private constructor(options: MaintenanceLogOptions) {
    this.#options = options;
    const { servers, functions, keepAlive, maintenance } = options.config;
    this.#names = {
      servers: servers.map(({ id }) => id),
      functions: functions.map(({ id }) => id),
      networks: keepAlive.interfaces,
    };
    this.#nowUs = options.nowBootUs;
    this.#utcOffsetMs = options.nowUtcMs - options.nowBootUs / 1000;
    this.#memory = new FaultMemory(maintenance.log.inhibitSeconds * 1_000_000, (draft) =>
      this.#collect(draft),
    );
  }

  /**
   * Opens the log, or begins one. Never throws for what the system refuses: see {@link problem}.
   */
  static open(options: MaintenanceLogOptions): MaintenanceLog {
    const log = new MaintenanceLog(options);
    log.#openStore();
    return log;
  }

  /** Why nothing can be written now, in one line for people; null while all is well. */
  get problem(): string | null {
    return this.#problem;
  }

  /**
   * An event of the engine. One that the file has already, or that came before, is ignored.
   * @param delivery number of the supervisor's session, from 1, growing
   * @param bootUs CLOCK_BOOTTIME when the supervisor had it
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
    this.#memory.take({ code, first, second, functionId, detail }, this.#time(bootUs));
    this.#delivery = 0;
    const last = this.#waiting.at(-1);
    if (this.#waiting.length > from && last !== undefined) last.isLast = true;
    if (code === LOG_QUEUE_FULL) this.#lost += first;
  }

  /** What this process itself has to say. */
  note(
    code: number,
    functionIndex: number,
    detail: string,
    bootUs: number = this.#nowUs,
    count = 1,
  ): void {
    const functionId = this.#names.functions[functionIndex] ?? "";
    if (code === LOG_RECORDS_LOST) this.#lost += count;
    this.#memory.take(
      { code, first: count, second: 0, functionId, detail },
      this.#time(bootUs),
      count,
    );
  }

  /**
   * What the ground input says. Into the air begins a leg, out of it ends it; a leg goes on over a
   * restart in the air.
   */
  ground(onGround: boolean, bootUs: number): void {
    if (onGround !== this.#inAir) return;
    this.#inAir = !onGround;
    const time = this.#time(bootUs);
    if (onGround) {
      const faults = this.#memory.endLeg(time);
      const records = this.#legRecords + 1;
      this.#own(LOG_LEG_ENDED, `${records} records, ${faults} faults`, time, records, faults);
      this.#legBytes = 0;
      this.#legSyncs = 0;
    } else {
      this.#leg++;
      this.#legRecords = 0;
      this.#legBytes = 0;
      this.#legSyncs = 0;
      this.#own(LOG_LEG_BEGUN, `leg ${this.#leg}`, time, this.#leg, 0);
      this.#memory.beginLeg(time);
    }
  }

  /**
   * Time has passed. @param utcMs of the system's clock, which may have been set in the meantime
   */
  tick(bootUs: number, utcMs: number = Date.now()): void {
    this.#nowUs = bootUs;
    this.#utcOffsetMs = utcMs - bootUs / 1000;
    this.#memory.tick(this.#time(bootUs));
    if (bootUs - this.#refusedUs < LOG_RETRY_US) return;
    if (this.#store === null) this.#openStore();
    else this.#lookAfter(this.#store);
  }

  /**
   * Writes what is unwritten, with one fsync, unless the budget of the leg is used up: then a few
   * seconds' records go together.
   * @returns the highest delivery number that is durable, with all before it
   */
  sync(isLast = false): number {
    if (this.#lostUntold > 0 && this.#waiting.length < LOG_WAITING_MAX) {
      const count = this.#lostUntold;
      this.#lostUntold = 0;
      this.#own(LOG_RECORDS_LOST, `${count} records`, this.#time(this.#nowUs), count, 0);
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

  /** Throws what the system refuses; what waits then waits on. */
  #append(store: LogStore): void {
    const bytes = store.append(this.#waiting, isLegRecord);
    this.#legBytes += bytes;
    this.#legSyncs++;
    this.#writtenUs = this.#nowUs;
    this.#waiting = [];
    this.#durable = this.#highestTaken;
  }

  /** Ends the faults that are recorded as active. */
  clearFaults(bootUs: number): void {
    this.#memory.clear(this.#time(bootUs));
  }

  /** Says that it ended in good order, writes what there is, and lets go of the file. */
  close(bootUs: number = this.#nowUs): void {
    this.#memory.end(this.#time(bootUs));
    this.#own(LOG_STOPPED, "", this.#time(bootUs), 0, 0);
    this.sync(true);
    this.#store?.close();
    this.#store = null;
  }

  entries(filter?: LogFilter): LogEntry[] {
    return entriesOf(this.#newestFirst(), filter);
  }

  faults(leg: number = this.#leg): FaultEntry[] {
    return faultsOf(this.#newestFirst(), leg);
  }

  legs(): LegEntry[] {
    const log = this;
    return legsOf(
      () => this.#newestFirst(),
      (function* () {
        for (const record of log.#waiting.toReversed()) if (isLegRecord(record)) yield record;
        if (log.#store === null) return;
        for (const { record } of log.#store.places.newestFirst(0)) yield record;
      })(),
    );
  }

  storage(): StorageFigures {
    const { file, sizeKiB } = this.#options;
    const header = this.#store?.header;
    return {
      file,
      sizeBytes: header === undefined ? sizeKiB * 1024 : logFileBytes(header),
      capacity: header === undefined ? 0 : header.legPlaces + header.eventPlaces,
      records: (this.#store?.places.count(PLACE_WHOLE) ?? 0) + this.#waiting.length,
      oldestSequence: this.#store?.places.oldestSequence() || (this.#waiting[0]?.sequence ?? 0),
      newestSequence: this.#nextSequence - 1,
      damaged: header?.damaged ?? 0,
      lost: this.#lost,
      ...{ legBytes: this.#legBytes, legBytesBudget: LOG_BYTES_PER_LEG },
      ...{ legSyncs: this.#legSyncs, legSyncsBudget: LOG_SYNCS_PER_LEG },
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

  *#newestFirst(): Generator<LogRecord> {
    yield* this.#waiting.toReversed();
    if (this.#store === null) return;
    for (const { record } of this.#store.places.newestFirst()) yield record;
  }

  #time(bootUs: number): LogTime {
    this.#nowUs = Math.max(this.#nowUs, bootUs);
    const utcMs = Math.floor(bootUs / 1000 + this.#utcOffsetMs);
    return { bootUs, utcMs: utcMs >= UTC_VALID_MS ? utcMs : null };
  }

  /** A record that no rule holds back. */
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
      this.#lostUntold++;
      return;
    }
    this.#legRecords++;
    this.#waiting.push({
      sequence: this.#nextSequence++,
      ...{
        kind: draft.kind,
        class: draft.class,
        nature: draft.nature,
        isLast: false,
        code: draft.code,
      },
      ...{
        powerOn: this.#powerOn,
        leg: this.#leg,
        count: draft.count,
        first: draft.first,
        second: draft.second,
      },
      ...{ bootUs: draft.time.bootUs, utcMs: draft.time.utcMs },
      ...{ session: this.#options.session, delivery: this.#delivery },
      ...{ firstBootUs: draft.firstTime?.bootUs ?? 0, firstUtcMs: draft.firstTime?.utcMs ?? null },
      ...{ lastBootUs: draft.lastTime?.bootUs ?? 0, lastUtcMs: draft.lastTime?.utcMs ?? null },
      ...{ legBytes: this.#legBytes, legSyncs: this.#legSyncs },
      ...{ server: this.#options.serverId, function: draft.functionId, detail: draft.detail },
      ata: this.#options.config.functions.find(({ id }) => id === draft.functionId)?.ata ?? "",
    });
  }

  // ---- storage

  #mustWait(): boolean {
    const sinceUs = this.#nowUs - this.#writtenUs;
    if (this.#nowUs - this.#refusedUs < LOG_RETRY_US) return true;
    const isOver = this.#legSyncs >= LOG_SYNCS_PER_LEG || this.#legBytes >= LOG_BYTES_PER_LEG;
    return isOver && sinceUs < LOG_COLLECT_US;
  }

  #lookAfter(store: LogStore): void {
    try {
      this.#keepInPlace(store);
    } catch (error) {
      this.#refused(error);
    }
  }

  /**
   * What is written to a file without its name would be gone with this process, and must not be
   * acknowledged.
   */
  #keepInPlace(store: LogStore): void {
    if (store.isInPlace()) return;
    const gone = store.renew();
    // Not counted as a cost of the leg: the whole file is more than a leg may cost, and what
    // follows must not wait for that.
    const time = this.#time(this.#nowUs);
    this.#own(LOG_RENEWED, "", time, 0, 0);
    if (gone === 0) return;
    this.#own(LOG_RECORDS_DAMAGED, `${gone} places`, time, gone, 0);
    store.writeHeader({ damaged: store.header.damaged + gone });
  }

  #refused(error: unknown): void {
    this.#refusedUs = this.#nowUs;
    const wasWell = this.#problem === null;
    this.#problem = (error as Error).message;
    const errno = Math.abs((error as { errno?: number }).errno ?? 0);
    if (wasWell) this.#own(LOG_NOT_WRITTEN, `errno ${errno}`, this.#time(this.#nowUs), errno, 0);
  }

  #works(): void {
    if (this.#problem === null) return;
    this.#problem = null;
    this.#refusedUs = Number.NEGATIVE_INFINITY;
    this.#own(LOG_WRITTEN_AGAIN, "", this.#time(this.#nowUs), 0, 0);
  }

  #openStore(): void {
    const { file, sizeKiB, bootId } = this.#options;
    const time = this.#time(this.#nowUs);
    try {
      const { store, archivedAs, resized } = LogStore.open(file, sizeKiB, {
        identity: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
        ...{ bootId: "", ...this.#whose() },
        begunUtcMs: time.utcMs,
      });
      this.#store = store;
      this.#takeOver(store, bootId);
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
   * Goes on where the file ends. What waits already, from the time without a file, comes after it.
   */
  #takeOver(store: LogStore, bootId: string): void {
    const { header } = store;
    const isThisBoot = header.bootId === bootId;
    const damagedPlaces = store.places.placesOf(PLACE_DAMAGED);
    const newestSequence = Math.max(
      header.sequenceBefore,
      header.newestSequence,
      store.places.newestSequence(),
    );
    const past = reloadLog(store.places.newestFirst(), header, this.#options.session);
    const { lost, newest } = past;
    this.#inFile = past.complete;
    this.#inAir = past.inAir;
    this.#leg = past.leg;
    this.#legRecords = past.ofLeg.length;
    // On ground each power-up begins anew: an aircraft without a ground input has no legs, and
    // would soon have used up its only one.
    const goesOn = isThisBoot || past.inAir;
    this.#legBytes = goesOn ? past.legBytes : 0;
    this.#legSyncs = goesOn ? past.legSyncs : 0;
    for (const record of past.ofLeg) {
      if (!isLegRecord(record))
        this.#memory.restore(draftOf(record), isThisBoot && record.powerOn === header.powerOn);
    }
    this.#powerOn = header.powerOn + (isThisBoot ? 0 : 1);
    this.#nextSequence = newestSequence + 1;
    for (const record of this.#waiting) {
      record.sequence = this.#nextSequence++;
      record.powerOn = this.#powerOn;
      record.leg = this.#leg;
    }
    this.#lost += header.lost + lost;
    const time = this.#time(this.#nowUs);
    const ended =
      newest === null || newest.code === LOG_STOPPED ? "" : ", not stopped in good order before";
    if (isThisBoot) this.#own(LOG_STARTED_AGAIN, newest === null ? "" : ended.slice(2), time, 0, 0);
    else this.#own(LOG_POWER_ON, `power-on ${this.#powerOn}${ended}`, time, this.#powerOn, 0);
    if (!isThisBoot || newest?.session !== this.#options.session) this.#memory.clear(time, true);
    const damaged = damagedPlaces.length;
    if (damaged > 0) this.#own(LOG_RECORDS_DAMAGED, `${damaged} places`, time, damaged, 0);
    const mustRewrite =
      !isThisBoot || damaged > 0 || lost > 0 || !store.hasBothHeaders() || !this.#isOurs(header);
    if (mustRewrite) {
      store.writeHeader({
        ...{ bootId, powerOn: this.#powerOn, newestSequence, newestLeg: this.#leg },
        ...this.#whose(),
        ...{ damaged: header.damaged + damaged, lost: this.#lost },
      });
      this.#legBytes += 2 * LOG_PAGE_BYTES;
      this.#legSyncs += 2;
    }
    // Told first and wiped then: a power cut in between tells it twice.
    this.#append(store);
    store.wipe([
      ...damagedPlaces.filter((place) => store.places.state[place] === PLACE_DAMAGED),
      ...past.cut,
    ]);
  }
  #whose(): Pick<LogHeader, "partNumber" | "system" | "server"> {
    const { config, serverId } = this.#options;
    return { partNumber: config.partNumber, system: config.system, server: serverId };
  }

  /** The header names this server and its configuration of today. */
  #isOurs(header: LogHeader): boolean {
    const bytes = new Uint8Array(LOG_HEADER_BYTES);
    encodeLogHeader({ ...header, ...this.#whose() }, bytes, 0);
    const today = decodeLogHeader(bytes, 0);
    return (["partNumber", "system", "server"] as const).every(
      (name) => today?.[name] === header[name],
    );
  }
}

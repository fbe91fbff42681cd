/**
 * What the people at an aircraft may see and do: the single view that the serial console, `wingman
 * console` and the maintenance page share. They decide nothing: each shows the same {@link
 * StatusDocument} and the same log, and offers the same few actions.
 */
import type { Change } from "../config/foresight.ts";
import type { AircraftConfig } from "../config/model.ts";
import type { DataLoadState } from "../dataload/data-load.ts";
import type { StatusDocument } from "../supervisor/status-document.ts";

/** Only the record itself: something that happened and is over. People read "event". */
export const KIND_NO_FAULT = 0;
/** A fault that is active from now on, until it is cleared. */
export const KIND_FAULT_SET = 1;
export const KIND_FAULT_CLEARED = 2;
/** A fault at the end of its leg: how often it came, and whether it is still active. */
export const KIND_FAULT_SUMMARY = 3;
export const KIND_NAMES = ["event", "set", "cleared", "summary"] as const;

/**
 * 1: noticed in cabin or cockpit; 2: maintenance status only; 3: only in this system's own report;
 * 0: no fault.
 */
export type FaultClass = 0 | 1 | 2 | 3;

/** At the end of its leg a fault that is still active is HARD, one that went away INTERMITTENT. */
export type FaultNature = "HARD" | "INTERMITTENT";

/** One record of the log in words. It is complete: no file of the aircraft is needed to read it. */
export interface LogEntry {
  /** Incremented with every record, never reused. */
  readonly sequence: number;
  /** Starts of this server, counted over its whole life. */
  readonly powerOn: number;
  /** Microseconds since the machine was switched on. */
  readonly bootUs: number;
  /** Milliseconds since 1970 in UTC; null while the clock has no valid time. */
  readonly utcMs: number | null;
  /** Flight leg; 0 before the first one. */
  readonly leg: number;
  /** The server that wrote the record. */
  readonly server: string;
  readonly kind: (typeof KIND_NAMES)[number];
  readonly code: number;
  /** `WNG-0111` */
  readonly label: string;
  /** Upper-case English of at most 40 characters. */
  readonly text: string;
  readonly class: FaultClass;
  /** ATA chapter; "" where none is configured. */
  readonly ata: string;
  /** Identifier of its function; "" for none. */
  readonly function: string;
  /** Meaning of the two values in words: a server, an error of the system, a MAC. */
  readonly detail: string;
  /** How often it came since it was last written; 1 for a single one. */
  readonly count: number;
  readonly nature: FaultNature | null;
}

/** A fault of one leg, summarised from its records. */
export interface FaultEntry {
  readonly leg: number;
  readonly label: string;
  readonly text: string;
  readonly class: FaultClass;
  readonly ata: string;
  readonly function: string;
  readonly detail: string;
  readonly first: { readonly bootUs: number; readonly utcMs: number | null };
  readonly last: { readonly bootUs: number; readonly utcMs: number | null };
  readonly count: number;
  readonly isActive: boolean;
  /** null during the leg. */
  readonly nature: FaultNature | null;
  readonly cause: string;
  readonly action: string;
}

export interface LegEntry {
  readonly leg: number;
  readonly powerOn: number;
  readonly begunUtcMs: number | null;
  /** null when it persists, or its end is not in the log. */
  readonly endedUtcMs: number | null;
  readonly records: number;
  readonly faults: number;
}

/**
 * The flash behind the log: its contents, and the cost of writing (bytes and fsyncs of the current
 * leg, with their budget).
 */
export interface StorageFigures {
  readonly file: string;
  readonly sizeBytes: number;
  readonly capacity: number;
  readonly records: number;
  readonly oldestSequence: number;
  readonly newestSequence: number;
  /** Unreadable records that were skipped, since this file was begun. */
  readonly damaged: number;
  /** Records that never reached the log because a queue was full. */
  readonly lost: number;
  readonly legBytes: number;
  readonly legBytesBudget: number;
  readonly legSyncs: number;
  readonly legSyncsBudget: number;
  readonly powerOn: number;
  readonly leg: number;
}

export interface LogFilter {
  /** Records after this sequence number. */
  readonly since?: number;
  readonly leg?: number;
  readonly class?: FaultClass;
  readonly function?: string;
  /** Leaves out records that are parts of a following one. */
  readonly withoutParts?: boolean;
  /** Only this many of the newest remaining ones. */
  readonly newest?: number;
}

/** A readable maintenance log: the one being written, or a downloaded file. */
export interface LogReader {
  /** Oldest first. */
  entries(filter?: LogFilter): LogEntry[];
  /** Faults of a leg; by default of the current one. */
  faults(leg?: number): FaultEntry[];
  /** Oldest first. */
  legs(): LegEntry[];
  storage(): StorageFigures;
  /** The whole file for a download. */
  image(): Uint8Array;
}

/** One line of the built-in test. */
export interface TestResult {
  /** `network eth0`, `witness 10.44.0.1`, `clock`, `log` */
  readonly what: string;
  readonly passed: boolean;
  readonly found: string;
}

/** An action was refused or has failed; the message gives the reason, for a human. */
export class MaintenanceError extends Error {
  override readonly name = "MaintenanceError";
  /** @param code one upper-case word for programs: GROUND, ENGINE, ROOM, POLICY, UNKNOWN … */
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * This server, for the people at the aircraft. Actions throw {@link MaintenanceError}, and every
 * refusal is logged.
 */
export interface Maintenance {
  readonly config: AircraftConfig;
  readonly serverId: string;
  readonly log: LogReader;
  /** Current state; null while no engine runs. */
  status(): StatusDocument | null;
  /** State of the ground input; false also when it gives no information. */
  isOnGround(): boolean;
  /** Functions that the change would stop, `stops map: …`; "" for none. */
  stops(change: Change): string;
  drain(): Promise<void>;
  resume(): Promise<void>;
  /** Gives this per cent of the resource from now on. */
  capacity(percent: number): Promise<void>;
  /** Holds the running functions where they are, or ends that. */
  hold(isHeld: boolean): Promise<void>;
  /** Moves a function to a server that has room for it. */
  move(functionId: string, serverId: string): Promise<void>;
  /** Ends the faults that are recorded as active; persisting ones are set again. */
  clearFaults(): Promise<void>;
  /** State of the data load over the network; null when none is configured. */
  dataLoad(): DataLoadState | null;
  /** Checks networks, witnesses, clock and log; disturbs nothing. */
  builtInTest(): Promise<TestResult[]>;
}

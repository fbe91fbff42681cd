/**
 * For tests: a server of an aircraft with two head-ends, whose state and log a test may set,
 * without any process.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { LOG_PHASE, LOG_SERVER_LOST } from "../../src/boundary/maintenance-code.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { AircraftConfig } from "../../src/config/model.ts";
import type { DataLoadState } from "../../src/dataload/data-load.ts";
import { MaintenanceLog } from "../../src/manage/log/maintenance-log.ts";
import type {
  FaultEntry,
  LogEntry,
  LogReader,
  Maintenance,
  StorageFigures,
} from "../../src/manage/maintenance.ts";
import type { StatusDocument } from "../../src/supervisor/status-document.ts";
import type { LogRecord } from "../../src/wire/log-record.ts";
import { scratchDirectory } from "./run-mark.ts";

const CONFIG = {
  partNumber: "WNG5E00010001",
  system: "single-aisle-180",
  servers: [
    { id: "a", resource: 100 },
    { id: "b", resource: 100 },
  ],
  functions: [
    ["pa-relay", 5, 10],
    ["pram-emergency", 5, 10],
    ["crew-panel", 10, 9],
    ["safety-video", 10, 8],
    ["audio-radio", 10, 7],
    ["moving-map", 10, 6],
    ["live-tv", 30, 5],
    ["wifi-portal", 20, 5],
    ["avod", 40, 4],
    ["games", 15, 2],
  ].map(([id, required, priority], index) => ({
    id,
    required,
    priority,
    vips: [`10.44.1.${index + 1}/16`],
  })),
};

const NETWORKS = [
  { interface: "eth0", carrier: true, heard: ["b"] },
  { interface: "eth1", carrier: true, heard: ["b"] },
];

/** Owners with both servers. */
const OWNERS = ["a", "b", "b", "a", "a", "b", "a", "b", "b", "a"];

export class MaintenanceStandIn implements Maintenance {
  readonly serverId = "a";
  readonly config: AircraftConfig;
  readonly log: LogStandIn;
  document: StatusDocument | null;
  onGround = true;
  load: DataLoadState | null = null;

  /** @param web the keys of `maintenance.web` */
  constructor(web: { listen?: string; tokenFile?: string } = {}) {
    const result = parseConfig(JSON.stringify({ ...CONFIG, maintenance: { web } }), "test", "/");
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    this.config = result.config;
    this.log = new LogStandIn(result.config);
    this.document = this.allUp();
  }

  allUp(): StatusDocument {
    return this.#document(OWNERS, "alive", 4);
  }

  /** Server b is heard, and reports two of its three active faults; no clock is needed for it. */
  withFaultsOfB(): StatusDocument {
    const document = this.allUp();
    const since = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
    const [a, b] = document.servers;
    if (a === undefined || b === undefined) throw new Error("there are two servers");
    return {
      ...document,
      servers: [a, { ...b, activeFaults: 3 }],
      faults: [
        {
          ...{ code: "WNG-0203", text: "FUNCTION FAILED HERE", server: "b" },
          ...{ function: "games", since: since(42) },
        },
        {
          ...{ code: "WNG-0222", text: "NO OTHER SERVER FOR IMPORTANT FUNCTION", server: "b" },
          ...{ function: "pa-relay", since: since(4000) },
        },
      ],
    };
  }

  /** Server b was killed: what fits runs on a, the least important functions do not. */
  withoutB(): StatusDocument {
    const stopped = ["avod", "games"];
    return this.#document(
      this.config.functions.map(({ id }) => (stopped.includes(id) ? null : "a")),
      "lost",
      1234,
    );
  }

  #document(
    owners: readonly (string | null)[],
    stateOfB: string,
    lastHeardMs: number,
  ): StatusDocument {
    const functions = this.config.functions.map(({ id, priority, required, vips }, index) => {
      const owner = owners[index] ?? null;
      const state = owner === null ? "stopped" : "running";
      const couldRunOn = stateOfB === "alive" ? [owner === "a" ? "b" : "a"] : [];
      const addresses = vips.map(({ text }) => text);
      const failures = { couldRunOn, cannotRunOn: [] };
      return { id, priority, required, owner, state, vips: addresses, ...failures };
    });
    const used = (server: string) =>
      functions.reduce((sum, { owner, required }) => (owner === server ? sum + required : sum), 0);
    return {
      server: "a",
      phase: "active",
      incarnation: 7,
      tableDigest: "00".repeat(32),
      servers: [
        {
          ...{
            id: "a",
            state: "self",
            phase: "active",
            resource: 100,
            capacity: 100,
            holds: false,
            remaining: 100 - used("a"),
          },
          ...{ lastHeardMs: 0, incarnation: 7, activeFaults: 0, networks: NETWORKS },
          build: "0123456789ab",
        },
        {
          ...{
            id: "b",
            state: stateOfB,
            phase: stateOfB === "alive" ? "active" : null,
            resource: 100,
            capacity: 100,
            holds: false,
          },
          ...{
            remaining: 100 - used("b"),
            lastHeardMs,
            incarnation: 3,
            activeFaults: 0,
            networks: null,
            build: null,
          },
        },
      ],
      networks: NETWORKS,
      functions: functions.map((entry) => ({ ...entry, ready: entry.state === "running" })),
      keepAlive: {
        sent: 1000,
        accepted: 1000,
        rejected: { malformed: 0, authentication: 0, replay: 0, unknown: 0, system: 0 },
        dropped: 0,
        duplicate: 0,
        unproven: 0,
        sendFailed: 0,
        lateUs: { p50: 38, p99: 160, p999: 380, max: 900 },
      },
      overflow: 0,
      strangers: 0,
      draining: false,
      held: false,
      faults: [],
      witnesses: [],
      carrier: true,
      realtime: true,
      lease: "running",
      leaseKind: "tcx",
      enginePid: 1,
      uptimeMs: 60_000,
    };
  }

  status(): StatusDocument | null {
    return this.document;
  }
  dataLoad(): DataLoadState | null {
    return this.load;
  }

  isOnGround(): boolean {
    return this.onGround;
  }
  stops(): string {
    return "";
  }

  async capacity(): Promise<void> {
    throw new Error("the page must not lower what a server gives");
  }
  async hold(): Promise<void> {
    throw new Error("the page must not hold");
  }
  async drain(): Promise<void> {
    throw new Error("the page must not drain");
  }
  async resume(): Promise<void> {
    throw new Error("the page must not resume");
  }
  async move(): Promise<void> {
    throw new Error("the page must not move");
  }
  async clearFaults(): Promise<void> {
    throw new Error("the page must not clear");
  }
  async builtInTest(): Promise<never> {
    throw new Error("the page must not test");
  }
}

/** A log in memory. */
export class LogStandIn implements LogReader {
  readonly records: LogEntry[] = [];
  active: FaultEntry[] = [];
  #decided: readonly Pick<LogRecord, "code" | "first" | "second">[] = [];
  /** How often the records were read. */
  reads = 0;

  constructor(readonly config: AircraftConfig) {
    this.add("WNG-0100", "PHASE CHANGED", { detail: "ACTIVE" });
  }

  /** Records of decisions that are in the log's file; the entry that people read is added. */
  set decided(records: readonly Pick<LogRecord, "code" | "first" | "second">[]) {
    this.#decided = records;
    if (records.length > 0) this.add("WNG-0254", "DECIDED WHO RUNS WHAT, OF SERVERS");
  }

  add(label: string, text: string, more: Partial<LogEntry> = {}): void {
    const sequence = this.records.length + 1;
    this.records.push({
      sequence,
      powerOn: 12,
      bootUs: sequence * 1e6,
      utcMs: Date.UTC(2026, 10, 26, 2, 0, sequence),
      leg: 41,
      server: "a",
      kind: "event",
      code: Number(label.slice(4)),
      label,
      text,
      class: 0,
      ata: "44-20",
      function: "",
      detail: "",
      count: 1,
      nature: null,
      ...more,
    });
  }

  /** A fault that is there from now on. */
  set(label: string, text: string, detail: string, cause: string, action: string): void {
    this.add(label, text, { kind: "set", class: 2, detail });
    const at = { bootUs: 5e6, utcMs: Date.UTC(2026, 10, 26, 2, 0, 5) };
    const fault = {
      leg: 41,
      label,
      text,
      class: 2,
      ata: "44-20",
      function: "",
      detail,
      first: at,
      last: at,
    } as const;
    this.active.push({ ...fault, count: 1, isActive: true, nature: null, cause, action });
  }

  entries({ newest }: { newest?: number } = {}): LogEntry[] {
    this.reads++;
    return this.records.slice(-(newest ?? this.records.length));
  }
  faults(): FaultEntry[] {
    return this.active;
  }
  legs(): [] {
    return [];
  }
  storage(): StorageFigures {
    const newest = this.records.length;
    const file = {
      file: "/var/lib/wingman/maintenance.log",
      sizeBytes: 4 << 20,
      capacity: 16_000,
      records: newest,
    };
    const leg = {
      legBytes: 4096,
      legBytesBudget: 1 << 20,
      legSyncs: 3,
      legSyncsBudget: 200,
      powerOn: 12,
      leg: 41,
    };
    return { ...file, oldestSequence: 1, newestSequence: newest, damaged: 0, lost: 0, ...leg };
  }
  /** A real log, small and of its own records. */
  image(): Uint8Array {
    const folder = scratchDirectory("log");
    try {
      const log = MaintenanceLog.open({
        ...{
          file: join(folder, "maintenance.log"),
          sizeKiB: 64,
          config: this.config,
          serverId: "a",
          bootId: "x",
        },
        ...{ session: 1, nowBootUs: 1e6, nowUtcMs: Date.UTC(2026, 10, 26) },
      });
      log.take(1, LOG_PHASE, 1, 0, 2e6);
      log.take(2, LOG_SERVER_LOST, 1, 0, 3e6);
      for (const [place, { code, first, second }] of this.#decided.entries())
        log.take(3 + place, code, first, second, 4e6 + place);
      log.sync();
      const image = log.image();
      log.close();
      return image;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

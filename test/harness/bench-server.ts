/**
 * A server on a test bench: the {@link Maintenance} that tests of the console and of the page show,
 * all in memory.
 */

import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import { SERVER_ALIVE, SERVER_LOST } from "../../src/boundary/server-state.ts";
import type { Change } from "../../src/config/foresight.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { AircraftConfig } from "../../src/config/model.ts";
import {
  type FaultEntry,
  type LegEntry,
  type LogEntry,
  type LogFilter,
  type LogReader,
  type Maintenance,
  MaintenanceError,
  type StorageFigures,
  type TestResult,
} from "../../src/manage/maintenance.ts";
import { type StatusDocument, statusDocument } from "../../src/supervisor/status-document.ts";
import { AIRCRAFT, snapshot } from "./status-snapshot.ts";

const UTC_MS = Date.UTC(2026, 10, 26, 2, 20, 31);

function aircraft(): AircraftConfig {
  const result = parseConfig(AIRCRAFT, "bench", "/");
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return { ...result.config, partNumber: "WNG5E00010001" };
}

const entry = (sequence: number): LogEntry => ({
  ...{
    sequence,
    powerOn: 7,
    bootUs: 1_500_000 * sequence,
    utcMs: sequence < 3 ? null : UTC_MS + 1000 * sequence,
  },
  ...{
    leg: sequence < 10 ? 1 : 2,
    server: "left",
    kind: "event",
    code: 111,
    label: "WNG-0111",
    text: "SERVER LOST",
  },
  ...{
    class: 2,
    ata: "",
    function: "",
    detail: "right",
    count: sequence % 5 === 0 ? 3 : 1,
    nature: null,
  },
});

export class BenchLog implements LogReader {
  records = Array.from({ length: 40 }, (_, index) => entry(index + 1));
  isActive = true;
  content: Uint8Array = new TextEncoder().encode("the log\r\n".repeat(1000));

  entries({ since = 0, leg, newest }: LogFilter = {}): LogEntry[] {
    const left = this.records.filter(
      (record) => record.sequence > since && (leg === undefined || record.leg === leg),
    );
    return newest === undefined ? left : left.slice(-newest);
  }

  faults(leg = 2): FaultEntry[] {
    const time = { bootUs: 4_500_000, utcMs: null };
    const fault: FaultEntry = {
      ...{
        leg,
        label: "WNG-0123",
        text: "KEEP-ALIVE NETWORK LOST",
        class: 2,
        ata: "44-21",
        function: "",
      },
      ...{
        detail: "eth1",
        first: time,
        last: { bootUs: 9_000_000, utcMs: UTC_MS },
        count: 3,
        isActive: this.isActive,
      },
      ...{
        nature: leg === 1 ? ("HARD" as const) : null,
        cause: "Cable, switch or port.",
        action: "Check the cable.",
      },
    };
    return leg > 2 ? [] : [fault];
  }

  legs(): LegEntry[] {
    return [
      { leg: 1, powerOn: 7, begunUtcMs: null, endedUtcMs: UTC_MS, records: 9, faults: 1 },
      { leg: 2, powerOn: 7, begunUtcMs: UTC_MS, endedUtcMs: null, records: 31, faults: 1 },
    ];
  }

  storage(): StorageFigures {
    return {
      ...{
        file: "/var/lib/wingman/maintenance.log",
        sizeBytes: 65_536,
        capacity: 500,
        records: this.records.length,
      },
      ...{
        oldestSequence: 1,
        newestSequence: this.records.length,
        damaged: 0,
        lost: 2,
        legBytes: 4000,
        powerOn: 7,
      },
      ...{ legBytesBudget: 1_000_000, legSyncs: 12, legSyncsBudget: 200, leg: 2 },
    };
  }

  image(): Uint8Array {
    return this.content;
  }
}

export class BenchServer implements Maintenance {
  readonly config = aircraft();
  readonly serverId = "left";
  readonly log = new BenchLog();
  /** Requests, in order. */
  readonly actions: string[] = [];
  ground = true;
  hasEngine = true;
  peerIsAlive = true;
  /** A drain hands everything over; otherwise nothing. */
  letsGo = true;
  /** Server of each function, as indices; −1 for none. */
  owners = [0, 1, -1];
  tests: TestResult[] = [
    { what: "network eth0", passed: true, found: "link up" },
    { what: "witness 10.9.0.254", passed: true, found: "answered after 1 ms" },
  ];
  /** Actions wait for it. */
  gate: Promise<void> = Promise.resolve();

  status(): StatusDocument | null {
    if (!this.hasEngine) return null;
    const made = snapshot({ latenessesUs: [3], owners: this.owners });
    made.serverPhase[1] = PHASE_ACTIVE;
    made.serverState[1] = this.peerIsAlive ? SERVER_ALIVE : SERVER_LOST;
    return statusDocument(made, this.config);
  }

  dataLoad() {
    return null;
  }

  isOnGround(): boolean {
    return this.ground;
  }

  stops(change: Change): string {
    const isLess = change === "drain" || (typeof change === "object" && change.capacity < 100);
    return isLess && !this.peerIsAlive ? "stops map: no other server could run it" : "";
  }

  async drain(): Promise<void> {
    await this.#do("drain", false);
    const next = this.peerIsAlive ? 1 : -1;
    if (this.letsGo) this.owners = this.owners.map((owner) => (owner === 0 ? next : owner));
  }

  async capacity(percent: number): Promise<void> {
    await this.#do(`capacity ${percent}`, false);
  }

  async hold(isHeld: boolean): Promise<void> {
    await this.#do(`hold ${isHeld}`, false);
  }

  async resume(): Promise<void> {
    await this.#do("resume", false);
  }

  async move(functionId: string, serverId: string): Promise<void> {
    await this.#do(`move ${functionId} ${serverId}`, true);
    const index = this.config.functions.findIndex(({ id }) => id === functionId);
    this.owners[index] = this.config.servers.findIndex(({ id }) => id === serverId);
  }

  async clearFaults(): Promise<void> {
    await this.#do("clear faults", true);
    this.log.isActive = false;
  }

  async builtInTest(): Promise<TestResult[]> {
    await this.gate;
    return this.tests;
  }

  async #do(action: string, needsGround: boolean): Promise<void> {
    await this.gate;
    if (needsGround && !this.ground) {
      throw new MaintenanceError("GROUND", "found the aircraft in the air, expected it on ground");
    }
    this.actions.push(action);
  }
}

/** The maintenance log as lines of JSON, until it is a file of fixed size. */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { AircraftConfig } from "../config/model.ts";
import type { WrittenLog } from "./log-keeper.ts";
import type { FaultEntry, LegEntry, LogEntry, StorageFigures } from "./maintenance.ts";

interface Opening {
  file: string;
  sizeKiB: number;
  config: AircraftConfig;
  serverId: string;
  bootId: string;
  session: number;
  nowBootUs: number;
  nowUtcMs: number;
}

export class MaintenanceLog implements WrittenLog {
  #highest = 0;
  #durable = 0;
  readonly #fd: number;
  private constructor(private readonly opening: Opening) {
    mkdirSync(dirname(opening.file), { recursive: true });
    this.#fd = openSync(opening.file, "a+", 0o644);
    for (const line of readFileSync(opening.file, "utf8").split("\n")) {
      if (line === "") continue;
      const { session, delivery } = JSON.parse(line);
      if (session === opening.session) this.#highest = Math.max(this.#highest, delivery ?? 0);
    }
  }
  static open(opening: Opening): MaintenanceLog {
    return new MaintenanceLog(opening);
  }
  #line(values: object): void {
    writeSync(this.#fd, `${JSON.stringify({ session: this.opening.session, ...values })}\n`);
  }
  take(delivery: number, code: number, first: number, second: number, bootUs: number): void {
    if (delivery <= this.#highest) return;
    this.#line({ delivery, code, first, second, bootUs });
    this.#highest = delivery;
  }
  note(code: number, functionIndex: number, detail: string, bootUs: number): void {
    this.#line({ code, functionIndex, detail, bootUs });
  }
  ground(onGround: boolean, bootUs: number): void {
    this.#line({ onGround, bootUs });
  }
  tick(_bootUs: number): void {}
  sync(): number {
    if (this.#durable < this.#highest) fsyncSync(this.#fd);
    this.#durable = this.#highest;
    return this.#durable;
  }
  clearFaults(_bootUs: number): void {}
  close(): void {
    closeSync(this.#fd);
  }
  entries(): LogEntry[] {
    return [];
  }
  faults(): FaultEntry[] {
    return [];
  }
  legs(): LegEntry[] {
    return [];
  }
  storage(): StorageFigures {
    return {
      ...{ file: this.opening.file, sizeBytes: 0, capacity: 0, records: 0, oldestSequence: 0, newestSequence: 0 },
      ...{ damaged: 0, lost: 0, legBytes: 0, legBytesBudget: 0, legSyncs: 0, legSyncsBudget: 0, powerOn: 0, leg: 0 },
    };
  }
  image(): Uint8Array {
    return new Uint8Array(readFileSync(this.opening.file));
  }
}

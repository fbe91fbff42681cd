/** The supervisor's view of `wingman manage`. Decides nothing. */
import { KEY_MARKS_VARIABLE, type KeyFileMark } from "../config/start-keys.ts";
import { NativeMemory } from "../io/native-memory.ts";
import {
  encodeMaintenance,
  MAINTENANCE_ANSWER_BYTES,
  MAINTENANCE_DURABLE,
  MAINTENANCE_RECORD_BYTES,
  maintenanceDelivery,
  maintenanceKind,
} from "../wire/maintenance-record.ts";
import type { ProcessEnd } from "./process-end.ts";
import { RoleProcess, type RoleStart } from "./role-process.ts";

export interface ManageStart extends RoleStart {
  readonly stateDirectory: string;
  /** File name under which the server was started; null when it runs from source. */
  readonly executable: string | null;
  readonly keyMarks: readonly KeyFileMark[];
  /** Whether it opens ports below 1024. */
  readonly hasLowPorts: boolean;
  /** Session of this supervisor, within which delivery numbers count. */
  readonly session: number;
}

/** Buffer for a record to send; used within one call only. */
const outgoing = new NativeMemory(MAINTENANCE_RECORD_BYTES);

export class ManageProcess {
  readonly #process: RoleProcess;

  /**
   * @param onDurable called with each delivery number that the process acknowledges
   * @throws when the process cannot be started
   */
  constructor(start: ManageStart, onDurable: (delivery: number) => void) {
    const options = ["--state-dir", start.stateDirectory, "--session", String(start.session)];
    if (start.hasLowPorts) options.push("--low-ports");
    if (start.executable !== null) options.push("--executable", start.executable);
    this.#process = new RoleProcess(
      start,
      "manage",
      options,
      start.keyMarks.length === 0 ? {} : { [KEY_MARKS_VARIABLE]: JSON.stringify(start.keyMarks) },
      MAINTENANCE_ANSWER_BYTES,
      (answer) => {
        if (maintenanceKind(answer) === MAINTENANCE_DURABLE) onDurable(maintenanceDelivery(answer));
      },
    );
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Resolves when the process was collected and all its records were delivered. */
  get ended(): Promise<ProcessEnd> {
    return this.#process.ended;
  }

  /** Returns false when its queue is full or it is gone; `ended` tells which. */
  send(
    kind: number,
    delivery: number,
    bootUs: number,
    code: number,
    first: number,
    second: number,
  ): boolean {
    encodeMaintenance(outgoing.view, kind, delivery, bootUs, code, first, second);
    return this.#process.send(outgoing) === 0;
  }

  kill(): void {
    this.#process.kill();
  }
}

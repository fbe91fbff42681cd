/** `wingman manage` as the supervisor sees it: a child process and the socket to it. Decides nothing. */
import { closeSync, openSync } from "node:fs";
import { socketPair } from "../io/control-socket.ts";
import { libc } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { RecordStream } from "../io/record-stream.ts";
import {
  encodeMaintenance,
  MAINTENANCE_ANSWER_BYTES,
  MAINTENANCE_DURABLE,
  MAINTENANCE_RECORD_BYTES,
  maintenanceDelivery,
  maintenanceKind,
} from "../wire/maintenance-record.ts";
import { cleanEnvironment } from "./own-executable.ts";
import type { ProcessEnd } from "./process-end.ts";
import { signalProcess } from "./process-group.ts";

/** Descriptor of the socket in the process. */
const CONTROL_FD = 3;

/** After the process ended, its last answers must arrive within this time; they are in the kernel already. */
const LAST_ANSWERS_MS = 1000;

export interface ManageStart {
  readonly ownCommand: readonly string[];
  readonly serverId: string;
  readonly configFile: string;
  /** Where relative paths of the configuration begin. */
  readonly configDirectory: string;
  readonly runDirectory: string;
  readonly stateDirectory: string;
  /** File for what it prints to stderr: never a pipe, which somebody would have to read (runtime facts, trap 11). */
  readonly errorsFile: string;
  /** Of this supervisor: delivery numbers count within it. */
  readonly session: number;
}

/** Where a record is written before it is sent; used within one call only. */
const outgoing = new NativeMemory(MAINTENANCE_RECORD_BYTES);

export class ManageProcess {
  readonly pid: number;
  /** Resolves when the process was collected and everything it sent was delivered. */
  readonly ended: Promise<ProcessEnd>;
  readonly #stream: RecordStream;
  #over = false;

  /**
   * @param onDurable called with each delivery number that it acknowledges
   * @throws when the process cannot be started
   */
  constructor(start: ManageStart, onDurable: (delivery: number) => void) {
    const errors = openSync(start.errorsFile, "w", 0o644);
    const [ours, theirs] = socketPair();
    let child: Bun.Subprocess;
    try {
      child = Bun.spawn({
        cmd: [
          ...start.ownCommand,
          "manage",
          ...["--server", start.serverId],
          ...["--config", start.configFile],
          ...["--directory", start.configDirectory],
          ...["--state-dir", start.stateDirectory],
          ...["--run-dir", start.runDirectory],
          ...["--session", String(start.session)],
          ...["--control-fd", String(CONTROL_FD)],
          ...["--parent", String(process.pid)],
        ],
        cwd: "/",
        env: cleanEnvironment(),
        stdio: ["ignore", "ignore", errors, theirs],
        detached: true, // a session of its own: Ctrl-C is for the supervisor, which lets it store the last records
      });
    } catch (error) {
      libc.close(ours);
      throw error;
    } finally {
      closeSync(errors);
      libc.close(theirs);
    }
    this.pid = child.pid;
    this.#stream = new RecordStream(ours);
    this.#stream.onRecord((record, length) => {
      for (let at = 0; at + MAINTENANCE_ANSWER_BYTES <= length; at += MAINTENANCE_ANSWER_BYTES) {
        const answer = new DataView(record.buffer, record.byteOffset + at, MAINTENANCE_ANSWER_BYTES);
        if (maintenanceKind(answer) === MAINTENANCE_DURABLE) onDurable(maintenanceDelivery(answer));
      }
    });
    const delivered = new Promise<void>((resolve) => this.#stream.onEnd(resolve));
    this.ended = this.#awaitEnd(child, delivered);
  }

  /** False: its queue is full, or it is gone; `ended` tells which. */
  send(kind: number, delivery: number, bootUs: number, code: number, first: number, second: number): boolean {
    encodeMaintenance(outgoing.view, kind, delivery, bootUs, code, first, second);
    return this.#stream.send(outgoing) === 0;
  }

  kill(): void {
    if (!this.#over) signalProcess(this.pid, "SIGKILL");
  }

  async #awaitEnd(child: Bun.Subprocess, delivered: Promise<void>): Promise<ProcessEnd> {
    await child.exited;
    this.#over = true;
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, LAST_ANSWERS_MS);
    await Promise.race([delivered, limit.promise]);
    clearTimeout(timer);
    this.#stream.close();
    if (child.signalCode !== null) return { exitCode: null, signal: String(child.signalCode) };
    return { exitCode: child.exitCode, signal: null };
  }
}

/** The supervisor's view of the engine. Decides nothing. */
import { constants } from "node:os";
import { EAGAIN, ECONNRESET, ENOBUFS, EPIPE } from "../io/errno.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { CONTROL_RECORD_BYTES, encodeControl } from "../wire/control.ts";
import { REALTIME_COMPILERS } from "./own-executable.ts";
import type { ProcessEnd } from "./process-end.ts";
import { RoleProcess, type RoleStart } from "./role-process.ts";

/** Pause before a record is offered again to a full queue. */
const SEND_AGAIN_MS = 5;

/** The engine is gone; ECONNRESET, once, when it had unread records (unix(7)). */
const ERRORS_OF_DEAD_PEER: readonly number[] = [EPIPE, ECONNRESET, constants.errno.ENOTCONN];

export interface EngineStart extends RoleStart {
  readonly incarnation: number;
  /** The server was drained and not resumed. */
  readonly isDrained: boolean;
  /** Commanded inputs, as inputsNumber of wire/control. */
  readonly inputs: number;
  /** Variables in addition to the clean environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** See config/start-keys; null when there are none. */
  readonly keys: Uint8Array | null;
}

/** Buffer for a record to send; used within one call only. */
const outgoing = new NativeMemory(CONTROL_RECORD_BYTES);

export class EngineProcess {
  readonly startedAtMs = performance.now();
  readonly #process: RoleProcess;
  /**
   * Records that wait for room. The engine itself bounds them: each answers one of its requests.
   */
  readonly #waiting: (readonly [kind: number, index: number, argument: number])[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @throws when the process cannot be started */
  constructor(start: EngineStart, onRecord: (record: DataView) => void) {
    const options = ["--incarnation", String(start.incarnation), "--inputs", String(start.inputs)];
    if (start.isDrained) options.push("--draining");
    this.#process = new RoleProcess(
      start,
      "engine",
      options,
      { ...start.environment, ...REALTIME_COMPILERS },
      CONTROL_RECORD_BYTES,
      onRecord,
      start.keys,
    );
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Resolves when the process was collected and all its records were delivered. */
  get ended(): Promise<ProcessEnd> {
    return this.#process.ended;
  }

  /** Sends a record, in order; when the engine's queue is full, as soon as there is room. */
  send(kind: number, index: number, argument = 0): void {
    if (this.#process.isOver) return; // already gone
    this.#waiting.push([kind, index, argument]);
    if (this.#timer === undefined) this.#flush();
  }

  kill(): void {
    this.#process.kill();
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#process.isOver) return;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      encodeControl(outgoing.view, first[0], first[1], first[2], 0, 0);
      const error = this.#process.send(outgoing);
      if (error === EAGAIN || error === ENOBUFS) {
        this.#timer = setTimeout(() => this.#flush(), SEND_AGAIN_MS);
        return;
      }
      // The engine is gone; `ended` reports that. Any other error would be a defect of ours.
      if (error !== 0 && !ERRORS_OF_DEAD_PEER.includes(error))
        throw new Error(`control record to the engine: errno ${error}`);
      this.#waiting.shift();
    }
  }
}

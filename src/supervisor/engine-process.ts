/** The engine as the supervisor sees it. Decides nothing. */
import { constants } from "node:os";
import { EAGAIN, ECONNRESET, ENOBUFS, EPIPE } from "../io/errno.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { CONTROL_RECORD_BYTES, encodeControl } from "../wire/control.ts";
import type { ProcessEnd } from "./process-end.ts";
import { RoleProcess, type RoleStart } from "./role-process.ts";

/** A record that found the queue full is offered again after this pause. */
const SEND_AGAIN_MS = 5;

/** The engine is gone; ECONNRESET, once, when it had not read everything (unix(7)). */
const ERRORS_OF_DEAD_PEER: readonly number[] = [EPIPE, ECONNRESET, constants.errno.ENOTCONN];

export interface EngineStart extends RoleStart {
  readonly incarnation: number;
  /** Somebody drained the server, and nobody has resumed it. */
  readonly isDrained: boolean;
  /** What it has in its environment beside the clean one. */
  readonly environment: Readonly<Record<string, string>>;
  /** See config/start-keys; null: without. */
  readonly keys: Uint8Array | null;
}

/** Where a record is written before it is sent; used within one call only. */
const outgoing = new NativeMemory(CONTROL_RECORD_BYTES);

export class EngineProcess {
  readonly startedAtMs = performance.now();
  readonly #process: RoleProcess;
  /** Records that wait for room. Bounded by the engine itself: each one answers a request of it. */
  readonly #waiting: (readonly [kind: number, index: number, argument: number])[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @throws when the process cannot be started */
  constructor(start: EngineStart, onRecord: (record: DataView) => void) {
    const options = ["--incarnation", String(start.incarnation)];
    if (start.isDrained) options.push("--draining");
    this.#process = new RoleProcess(
      start,
      "engine",
      options,
      start.environment,
      CONTROL_RECORD_BYTES,
      onRecord,
      start.keys,
    );
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Resolves when the process was collected and everything it sent was delivered. */
  get ended(): Promise<ProcessEnd> {
    return this.#process.ended;
  }

  /** Sends a record; when the engine's queue is full, as soon as there is room, in order. */
  send(kind: number, index: number, argument = 0): void {
    if (this.#process.isOver) return; // nobody is there
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
      // Nobody is there any more: its end is reported by `ended`. Anything else would be a defect
      // of ours.
      if (error !== 0 && !ERRORS_OF_DEAD_PEER.includes(error))
        throw new Error(`control record to the engine: errno ${error}`);
      this.#waiting.shift();
    }
  }
}

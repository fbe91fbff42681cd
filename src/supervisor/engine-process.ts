/** The engine as the supervisor sees it: a child process and the control socket to it. Decides nothing. */
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { socketPair } from "../io/control-socket.ts";
import { EAGAIN, ECONNRESET, ENOBUFS, EPIPE } from "../io/errno.ts";
import { libc } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { RecordStream } from "../io/record-stream.ts";
import { CONTROL_RECORD_BYTES, encodeControl } from "../wire/control.ts";
import { cleanEnvironment } from "./own-executable.ts";
import type { ProcessEnd } from "./process-end.ts";
import { signalProcess } from "./process-group.ts";

/** Descriptor of the control socket in the engine. */
const CONTROL_FD = 3;

/** A record that found the queue full is offered again after this pause. */
const SEND_AGAIN_MS = 5;

/** After the process ended, its last records must arrive within this time; they are in the kernel already. */
const LAST_RECORDS_MS = 1000;

/** The engine is gone; ECONNRESET, once, when it had not read everything (unix(7)). */
const ERRORS_OF_DEAD_PEER: readonly number[] = [EPIPE, ECONNRESET, constants.errno.ENOTCONN];

export interface EngineStart {
  readonly ownCommand: readonly string[];
  readonly serverId: string;
  readonly configFile: string;
  /** Where relative paths of the configuration begin. */
  readonly configDirectory: string;
  readonly runDirectory: string;
  /** File for what it prints to stderr: never a pipe, which somebody would have to read (runtime facts, trap 11). */
  readonly errorsFile: string;
  readonly incarnation: number;
  /** What it has in its environment beside the clean one. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Where a record is written before it is sent; used within one call only. */
const outgoing = new NativeMemory(CONTROL_RECORD_BYTES);

export class EngineProcess {
  readonly pid: number;
  readonly startedAtMs = performance.now();
  /** Resolves when the process was collected and everything it sent was delivered. */
  readonly ended: Promise<ProcessEnd>;
  readonly #stream: RecordStream;
  /** Records that wait for room. Bounded by the engine itself: each one answers a request of it. */
  readonly #waiting: (readonly [kind: number, index: number, argument: number])[] = [];
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  /** @throws when the process cannot be started */
  constructor(start: EngineStart, onRecord: (record: DataView) => void) {
    const errors = openSync(start.errorsFile, "w", 0o644);
    const [ours, theirs] = socketPair();
    let child: Bun.Subprocess;
    try {
      child = Bun.spawn({
        cmd: [
          ...start.ownCommand,
          "engine",
          ...["--server", start.serverId],
          ...["--config", start.configFile],
          ...["--directory", start.configDirectory],
          ...["--run-dir", start.runDirectory],
          ...["--incarnation", String(start.incarnation)],
          ...["--control-fd", String(CONTROL_FD)],
          ...["--parent", String(process.pid)],
        ],
        cwd: "/",
        env: cleanEnvironment(start.environment),
        stdio: ["ignore", "ignore", errors, theirs],
        detached: true, // a session of its own: Ctrl-C is for the supervisor, which lets the engine leave in good order
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
      for (let at = 0; at + CONTROL_RECORD_BYTES <= length; at += CONTROL_RECORD_BYTES) {
        onRecord(new DataView(record.buffer, record.byteOffset + at, CONTROL_RECORD_BYTES));
      }
    });
    const delivered = new Promise<void>((resolve) => this.#stream.onEnd(resolve));
    this.ended = this.#awaitEnd(child, delivered);
  }

  /** Sends a record; when the engine's queue is full, as soon as there is room, in order. */
  send(kind: number, index: number, argument = 0): void {
    if (this.#over) return; // nobody is there
    this.#waiting.push([kind, index, argument]);
    if (this.#timer === undefined) this.#flush();
  }

  kill(): void {
    if (!this.#over) signalProcess(this.pid, "SIGKILL");
  }

  #flush(): void {
    this.#timer = undefined;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      encodeControl(outgoing.view, first[0], first[1], first[2], 0, 0);
      const error = this.#stream.send(outgoing);
      if (error === EAGAIN || error === ENOBUFS) {
        this.#timer = setTimeout(() => this.#flush(), SEND_AGAIN_MS);
        return;
      }
      // Nobody is there any more: its end is reported by `ended`. Anything else would be a defect of ours.
      if (error !== 0 && !ERRORS_OF_DEAD_PEER.includes(error))
        throw new Error(`control record to the engine: errno ${error}`);
      this.#waiting.shift();
    }
  }

  async #awaitEnd(child: Bun.Subprocess, delivered: Promise<void>): Promise<ProcessEnd> {
    await child.exited;
    this.#over = true;
    clearTimeout(this.#timer);
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, LAST_RECORDS_MS);
    await Promise.race([delivered, limit.promise]);
    clearTimeout(timer);
    this.#stream.close();
    if (child.signalCode !== null) return { exitCode: null, signal: String(child.signalCode) };
    return { exitCode: child.exitCode, signal: null };
  }
}

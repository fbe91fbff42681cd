/**
 * A process of this program in another role, as the supervisor sees it: a child process and the
 * socket to it. Decides nothing.
 */
import { closeSync, openSync } from "node:fs";
import { libc } from "../io/libc.ts";
import type { NativeMemory } from "../io/native-memory.ts";
import { type RecordStream, streamToChild } from "../io/record-stream.ts";
import { noteOwnChild } from "./orphan-collection.ts";
import { cleanEnvironment } from "./own-executable.ts";
import type { ProcessEnd } from "./process-end.ts";
import { signalProcess } from "./process-group.ts";

/** Descriptor of the socket in the process. */
const CONTROL_FD = 3;

/**
 * After the process ended, its last records must arrive within this time; they are in the kernel
 * already.
 */
const LAST_RECORDS_MS = 1000;

/** What every role is started with. */
export interface RoleStart {
  readonly ownCommand: readonly string[];
  readonly serverId: string;
  readonly configFile: string;
  /** Where relative paths of the configuration begin. */
  readonly configDirectory: string;
  readonly runDirectory: string;
  /**
   * File for what it prints to stderr: never a pipe, which somebody would have to read (runtime
   * facts, trap 11).
   */
  readonly errorsFile: string;
}

export class RoleProcess {
  readonly pid: number;
  /** Resolves when the process was collected and everything it sent was delivered. */
  readonly ended: Promise<ProcessEnd>;
  readonly #stream: RecordStream;
  #isOver = false;

  /**
   * @param role the subcommand
   * @param options of that role alone
   * @param environment what it has in its environment beside the clean one
   * @param recordBytes length of each record that it sends
   * @throws when the process cannot be started
   */
  constructor(
    start: RoleStart,
    role: string,
    options: readonly string[],
    environment: Readonly<Record<string, string>>,
    recordBytes: number,
    onRecord: (record: DataView) => void,
  ) {
    // Before the process: one that nobody hears must not live.
    const [stream, theirs] = streamToChild();
    let errors = -1;
    let child: Bun.Subprocess;
    try {
      errors = openSync(start.errorsFile, "w", 0o644);
      child = Bun.spawn({
        cmd: [
          ...[...start.ownCommand, role],
          ...["--server", start.serverId],
          ...["--config", start.configFile],
          ...["--directory", start.configDirectory],
          ...["--run-dir", start.runDirectory],
          ...options,
          ...["--control-fd", String(CONTROL_FD)],
          ...["--parent", String(process.pid)],
        ],
        cwd: "/",
        env: cleanEnvironment(environment),
        stdio: ["ignore", "ignore", errors, theirs],
        // a session of its own: Ctrl-C is for the supervisor, which lets it end in good order
        detached: true,
      });
    } catch (error) {
      stream.close();
      throw error;
    } finally {
      if (errors >= 0) closeSync(errors);
      libc.close(theirs);
    }
    noteOwnChild(child);
    this.pid = child.pid;
    this.#stream = stream;
    this.#stream.onRecord((record, length) => {
      for (let at = 0; at + recordBytes <= length; at += recordBytes) {
        onRecord(new DataView(record.buffer, record.byteOffset + at, recordBytes));
      }
    });
    const delivered = new Promise<void>((resolve) => this.#stream.onEnd(resolve));
    this.ended = this.#awaitEnd(child, delivered);
  }

  /** The process was collected. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @returns 0 or an errno: EAGAIN and ENOBUFS when its queue is full */
  send(record: NativeMemory): number {
    return this.#stream.send(record);
  }

  kill(): void {
    if (!this.#isOver) signalProcess(this.pid, "SIGKILL");
  }

  async #awaitEnd(child: Bun.Subprocess, delivered: Promise<void>): Promise<ProcessEnd> {
    await child.exited;
    this.#isOver = true;
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, LAST_RECORDS_MS);
    await Promise.race([delivered, limit.promise]);
    clearTimeout(timer);
    this.#stream.close();
    if (child.signalCode !== null) return { exitCode: null, signal: String(child.signalCode) };
    return { exitCode: child.exitCode, signal: null };
  }
}

/**
 * The supervisor's view of a process of this program in another role: a child process and the
 * socket to it. Decides nothing.
 */
import { closeSync, openSync } from "node:fs";
import { socketPair } from "../io/control-socket.ts";
import { errno, SystemError } from "../io/errno.ts";
import { libc } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { type RecordStream, streamToChild } from "../io/record-stream.ts";
import { noteOwnChild } from "./orphan-collection.ts";
import { cleanEnvironment, RUNNING_EXECUTABLE } from "./own-executable.ts";
import type { ProcessEnd } from "./process-end.ts";
import { signalProcess } from "./process-group.ts";

/** Descriptor of the socket in the process. */
const CONTROL_FD = 3;
/** Descriptor of the socket with the secret. */
const SECRET_FD = 4;
const SECRET_BYTES_MAX = 4096;

/** Time for the last records after the process ended; they are already in the kernel. */
const LAST_RECORDS_MS = 1000;

/** Buffer for a secret to send; used within one call only. */
const outgoingSecret = new NativeMemory(SECRET_BYTES_MAX);

/** Start parameters of every role. */
export interface RoleStart {
  readonly ownCommand: readonly string[];
  readonly serverId: string;
  readonly configFile: string;
  /** Base of relative paths in the configuration. */
  readonly configDirectory: string;
  readonly runDirectory: string;
  /**
   * File for what it prints to stderr. Never a pipe: where nobody reads it and it is full, a
   * process that prints, or crashes, hangs.
   */
  readonly errorsFile: string;
}

export class RoleProcess {
  readonly pid: number;
  /** Resolves when the process was collected and all its records were delivered. */
  readonly ended: Promise<ProcessEnd>;
  readonly #stream: RecordStream;
  #isOver = false;

  /**
   * @param role the subcommand
   * @param options for that role alone
   * @param environment variables in addition to the clean environment
   * @param recordBytes length of each record that it sends
   * @param secret waits for it in a socket; null: none
   * @throws when the process cannot be started
   */
  constructor(
    start: RoleStart,
    role: string,
    options: readonly string[],
    environment: Readonly<Record<string, string>>,
    recordBytes: number,
    onRecord: (record: DataView) => void,
    secret: Uint8Array | null = null,
  ) {
    // Before the process: one that nobody hears must not live.
    const [stream, theirs] = streamToChild();
    let errors = -1;
    const secrets: number[] = [];
    let child: Bun.Subprocess;
    try {
      errors = openSync(start.errorsFile, "w", 0o644);
      if (secret !== null) secrets.push(secretSocket(secret));
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
          ...secrets.flatMap(() => ["--keys-fd", String(SECRET_FD)]),
        ],
        // shown by `ps`, instead of /proc/self/exe
        ...(start.ownCommand[0] === RUNNING_EXECUTABLE ? { argv0: process.execPath } : {}),
        cwd: "/",
        env: cleanEnvironment(environment),
        stdio: ["ignore", "ignore", errors, theirs, ...secrets],
        // a session of its own: Ctrl-C goes to the supervisor, which ends it in good order
        detached: true,
      });
    } catch (error) {
      stream.close();
      throw error;
    } finally {
      if (errors >= 0) closeSync(errors);
      libc.close(theirs);
      for (const descriptor of secrets) libc.close(descriptor);
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

  /** Whether the process was collected. */
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

/** One end of a socket in which `secret` waits to be read; the other is closed. */
function secretSocket(secret: Uint8Array): number {
  const [from, to] = socketPair();
  outgoingSecret.bytes.set(secret);
  const sent = libc.send(from, outgoingSecret.address, secret.length, 0);
  const reason = errno();
  outgoingSecret.bytes.fill(0);
  libc.close(from);
  if (sent === secret.length) return to;
  libc.close(to);
  throw new SystemError("send", reason);
}

/** The console on a socket of the run directory, for `wingman console`. */
import { chmodSync, rmSync } from "node:fs";
import { CONSOLE_SESSIONS_MAX } from "../../limits.ts";
import type { ConsoleSession, SessionKind } from "./console-session.ts";

/** The first byte of a connection identifies the other end; all following bytes are typed input. */
export const CONSOLE_HELLO_TERMINAL = 0x54; // T
export const CONSOLE_HELLO_SCRIPT = 0x53; // S

const TICK_MS = 500;
/** For its owner and its group: whoever may write to it may drain the server. */
const SOCKET_MODE = 0o660;

interface Connection {
  session: ConsoleSession | null;
  /** Received, but not yet passed to the session for lack of room. */
  held: Uint8Array;
  /** Taken from the session, but not yet sent. */
  rest: Uint8Array | null;
  isPaused: boolean;
}

export interface ConsoleServerOptions {
  readonly path: string;
  readonly newSession: (kind: SessionKind, nowMs: number) => ConsoleSession;
}

const NOTHING = new Uint8Array(0);

export class ConsoleServer {
  readonly #connections = new Map<Bun.Socket, Connection>();
  readonly #listener: Bun.UnixSocketListener<undefined>;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #newSession: ConsoleServerOptions["newSession"];

  /** Throws when the socket cannot be made. */
  constructor({ path, newSession }: ConsoleServerOptions) {
    this.#newSession = newSession;
    rmSync(path, { force: true }); // left by a process that was killed
    const inherited = process.umask(0o777 & ~SOCKET_MODE);
    try {
      this.#listener = Bun.listen<undefined>({
        unix: path,
        socket: {
          open: (socket) => this.#open(socket),
          data: (socket, bytes) => this.#receive(socket, bytes),
          drain: (socket) => this.#send(socket),
          close: (socket) => void this.#connections.delete(socket),
          error: (socket) => void socket.terminate(),
        },
      });
    } finally {
      process.umask(inherited);
    }
    chmodSync(path, SOCKET_MODE);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listener.stop(true);
    this.#connections.clear();
  }

  #open(socket: Bun.Socket): void {
    this.#connections.set(socket, { session: null, held: NOTHING, rest: null, isPaused: false });
  }

  #receive(socket: Bun.Socket, bytes: Uint8Array): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    let typed = bytes;
    if (connection.session === null) {
      const sessions = [...this.#connections.values()].filter(
        ({ session }) => session !== null,
      ).length;
      if (sessions >= CONSOLE_SESSIONS_MAX) {
        this.#connections.delete(socket);
        socket.end(`found ${sessions} sessions, expected fewer: end one of them\nERR BUSY\n`);
        return;
      }
      const kind = bytes[0] === CONSOLE_HELLO_SCRIPT ? "script" : "terminal";
      connection.session = this.#newSession(kind, performance.now());
      connection.session.onOutput = () => this.#send(socket);
      typed = bytes.subarray(1);
    }
    connection.held =
      connection.held.length === 0 ? typed.slice() : Buffer.concat([connection.held, typed]);
    this.#send(socket);
  }

  /**
   * Passes the session as much input as it has room for and sends its output, until one of the two
   * sides accepts no more.
   */
  #send(socket: Bun.Socket): void {
    const connection = this.#connections.get(socket);
    const session = connection?.session;
    if (connection === undefined || session === undefined || session === null) return;
    for (;;) {
      const given = Math.min(connection.held.length, session.room);
      if (given > 0) {
        session.receive(connection.held.subarray(0, given), performance.now());
        connection.held = connection.held.subarray(given);
      }
      connection.rest ??= session.take();
      if (connection.rest === null) {
        if (given === 0) break;
        continue;
      }
      const sent = socket.write(connection.rest);
      if (sent < 0) return; // closed
      connection.rest = sent === connection.rest.length ? null : connection.rest.subarray(sent);
      if (connection.rest !== null) break; // `drain` comes
    }
    this.#holdUp(socket, connection);
    if (session.isOver && connection.rest === null) socket.end();
  }

  /** A sender that is faster than its commands waits in its own write. */
  #holdUp(socket: Bun.Socket, connection: Connection): void {
    const isFull = connection.held.length > 0;
    if (isFull === connection.isPaused) return;
    connection.isPaused = isFull;
    if (isFull) socket.pause();
    else socket.resume();
  }

  #tick(): void {
    const nowMs = performance.now();
    for (const [socket, { session }] of this.#connections) {
      session?.tick(nowMs);
      this.#send(socket);
    }
  }
}

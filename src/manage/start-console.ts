import { SerialPort } from "../io/serial-port.ts";
import { ConsoleServer } from "./console-server.ts";
import { ConsoleSession, type SessionKind } from "./console-session.ts";
import type { Maintenance } from "./maintenance.ts";
import { SerialConsole } from "./serial-console.ts";

export interface ConsoleOptions {
  /** `RUN_DIR/console.sock` */
  readonly socket: string;
  /** Serial line, or a pseudo-terminal; null: none. */
  readonly device: string | null;
  readonly baud: number;
  /** The line cannot be opened (the reason as an errno's name), or is open (""). Called when it changes. */
  readonly onLine?: (problem: string) => void;
  /** Of a session nobody types in; CONSOLE_IDLE_MS unless given. */
  readonly idleMs?: number;
}

/**
 * Starts the console on the serial line and on the socket; it runs in this process's event loop until it is closed.
 * A line that is not there is waited for. Throws when the socket cannot be made.
 */
export function startConsole(maintenance: Maintenance, options: ConsoleOptions): { close(): void } {
  const { socket, device, baud, onLine = () => {}, idleMs } = options;
  const newSession = (kind: SessionKind, nowMs: number): ConsoleSession =>
    new ConsoleSession(maintenance, { kind, nowMs, ...(idleMs === undefined ? {} : { idleMs }) });
  const server = new ConsoleServer({ path: socket, newSession });
  const serial =
    device === null
      ? null
      : new SerialConsole({
          line: new SerialPort(device),
          baud,
          newSession: (nowMs) => newSession("line", nowMs),
          onState: onLine,
        });
  serial?.start();
  return {
    close: () => {
      serial?.close();
      server.close();
    },
  };
}

import { LOG_CONSOLE_FAILED } from "../../catalogue/supervisor-code.ts";
import { SerialPort } from "../../io/serial-port.ts";
import type { FrontEnd } from "../front-end.ts";
import type { Maintenance } from "../maintenance.ts";
import { ConsoleServer } from "./console-server.ts";
import { ConsoleSession, type SessionKind } from "./console-session.ts";
import { SerialConsole } from "./serial-console.ts";

export interface ConsoleOptions {
  /** `RUN_DIR/console.sock` */
  readonly socket: string;
  /** Serial line, or a pseudo-terminal; null for none. */
  readonly device: string | null;
  readonly baud: number;
  /** Idle time after which a session ends; by default CONSOLE_IDLE_MS. */
  readonly idleMs?: number;
}

/**
 * The console on the socket, for `wingman console`, and on the serial line: two front ends with one
 * language.
 */
export function consoleFrontEnds(maintenance: Maintenance, options: ConsoleOptions): FrontEnd[] {
  const { socket, device, baud, idleMs } = options;
  const newSession = (kind: SessionKind, nowMs: number): ConsoleSession =>
    new ConsoleSession(maintenance, { kind, nowMs, ...(idleMs === undefined ? {} : { idleMs }) });
  const onSocket: FrontEnd = {
    ...{ what: `console ${socket}`, failedCode: LOG_CONSOLE_FAILED },
    start: () => {
      const server = new ConsoleServer({ path: socket, newSession });
      return () => server.close();
    },
  };
  if (device === null) return [onSocket];
  const line = new SerialPort(device);
  return [
    onSocket,
    {
      ...{ what: `console ${device}`, failedCode: LOG_CONSOLE_FAILED },
      start: (closed) => {
        const console = new SerialConsole({
          ...{ line, baud, onClosed: closed },
          newSession: (nowMs) => newSession("line", nowMs),
        });
        console.start();
        return () => console.close();
      },
    },
  ];
}

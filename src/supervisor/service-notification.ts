/**
 * The supervisor's messages to the service manager (sd_notify(3), sd_watchdog_enabled(3)). READY,
 * WATCHDOG and STATUS come from the flight loop. The supervisor only reports what no loop can: that
 * everything is being stopped, that there is no loop, and that one is awaited.
 */
import { NativeMemory } from "../io/native-memory.ts";
import { ServiceSocket } from "../io/service-socket.ts";

const MESSAGE_BYTES_MAX = 512;

/** Variables set by a service manager. */
export type ServiceEnvironment = Readonly<Record<string, string | undefined>>;

/** Does nothing without a service manager. */
export class ServiceNotification {
  /**
   * Variables for the engine's own messages to the service manager; no other process may have them.
   */
  readonly engineEnvironment: Readonly<Record<string, string>>;
  /**
   * The service manager acts when it has not been fed for this long; null when it does not watch
   * this process.
   */
  readonly watchdogUs: number | null;
  readonly #socket: ServiceSocket | null;
  readonly #message = new NativeMemory(MESSAGE_BYTES_MAX);

  /**
   * @param pid of this process: a watchdog for another process (WATCHDOG_PID) is not ours to feed
   * @throws SystemError when no socket can be made; Error when a variable is invalid
   */
  constructor(environment: ServiceEnvironment, pid: number) {
    const { NOTIFY_SOCKET: socket = "" } = environment;
    this.#socket = socket === "" ? null : new ServiceSocket(socket);
    this.watchdogUs = socket === "" ? null : watchdogUsOf(environment, pid);
    const watchdog: Record<string, string> =
      this.watchdogUs === null ? {} : { WATCHDOG_USEC: String(this.watchdogUs) };
    this.engineEnvironment = socket === "" ? {} : { NOTIFY_SOCKET: socket, ...watchdog };
  }

  stopping(): void {
    this.#send("STOPPING=1");
  }

  /**
   * The supervisor waits for something missing, and is well: feeds the watchdog, and extends a
   * start in progress.
   */
  waiting(status: string, extendUs: number): void {
    this.#send(`WATCHDOG=1\nEXTEND_TIMEOUT_USEC=${extendUs}\nSTATUS=${status}`);
  }

  /** There is no flight loop that could report the status. */
  noEngine(status: string): void {
    this.#send(`STATUS=${status}`);
  }

  /**
   * Not retried, and failures are not reported: a service manager that does not listen must not
   * disturb the daemon.
   */
  #send(text: string): void {
    if (this.#socket === null) return;
    const { written } = new TextEncoder().encodeInto(text, this.#message.bytes);
    this.#socket.send(this.#message, written);
  }
}

function watchdogUsOf(
  { WATCHDOG_USEC: text, WATCHDOG_PID: pidText }: ServiceEnvironment,
  pid: number,
): number | null {
  if (text === undefined || (pidText !== undefined && pidText !== String(pid))) return null;
  const watchdogUs = Number(text);
  if (/^\d+$/.test(text) && watchdogUs >= 1) return watchdogUs;
  throw new Error(
    `WATCHDOG_USEC: found ${JSON.stringify(text)}, expected a number of microseconds`,
  );
}

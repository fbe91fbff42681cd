/**
 * Signs of life of the flight loop. Only the loop itself feeds the service manager's watchdog and
 * the hardware watchdog, right after sending its keep-alive. A loop that is stopped, hung or dead
 * gives none.
 */
import { EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import { LOG_WATCHDOG_REFUSED } from "../boundary/maintenance-code.ts";
import type { ServiceReport } from "../reporting/service-report.ts";
import type { FeedingRhythm } from "../reporting/watchdog.ts";
import { SERVICE_MESSAGE_BYTES, ServiceMessage } from "../wire/service-message.ts";
import type { HardwareWatchdog } from "./hardware-watchdog.ts";
import { NativeMemory } from "./native-memory.ts";
import type { ServiceSocket } from "./service-socket.ts";

export interface ServiceParts {
  readonly socket: ServiceSocket;
  readonly report: ServiceReport;
  readonly serverCount: number;
}

export interface HardwareParts {
  readonly device: HardwareWatchdog;
  readonly rhythm: FeedingRhythm;
}

export class LifeSigns {
  private readonly memory = new NativeMemory(SERVICE_MESSAGE_BYTES);
  private readonly message = new ServiceMessage(this.memory.bytes);
  /** Why the device refused the last byte: 0 or an errno. */
  private refused = 0;

  /**
   * @param service null when no service manager asked for it
   * @param hardware null when none is configured
   */
  constructor(
    private readonly service: ServiceParts | null,
    private readonly hardware: HardwareParts | null,
  ) {}

  /**
   * Once per period. Neither waits nor makes garbage; a refused sign is repeated in the next
   * period.
   */
  give(nowUs: number, events: EventQueue): void {
    if (this.service !== null) this.tell(this.service, nowUs);
    if (this.hardware !== null) this.feed(this.hardware, nowUs, events);
  }

  /** Orderly end: the machine must not be reset. */
  disarm(): void {
    this.hardware?.device.disarm();
  }

  private tell(service: ServiceParts, nowUs: number): void {
    const { socket, report, serverCount } = service;
    const say = report.due(nowUs);
    if (say === 0) return;
    this.message.encode(say, report.phase, report.functionsUp, report.serversAlive, serverCount);
    if (socket.send(this.memory, this.message.length) === 0) report.reported(say, nowUs);
  }

  /** Logs a refusal when it begins. */
  private feed(hardware: HardwareParts, nowUs: number, events: EventQueue): void {
    const { device, rhythm } = hardware;
    if (!rhythm.isDue(nowUs)) return;
    const error = device.feed();
    if (error === 0) rhythm.fed(nowUs);
    else if (this.refused === 0) events.push(EVENT_RECORD, LOG_WATCHDOG_REFUSED, error);
    this.refused = error;
  }
}

/**
 * Waits while the client interface or every keep-alive interface is missing, at boot or while an
 * adapter is out: no engine can fly. Everything else goes on, the service manager is informed and
 * fed, and an engine begins when the interfaces are there. (Without any keep-alive network it would
 * serve alone, in parallel with the others.)
 */
import {
  LOG_INTERFACE_MISSING,
  LOG_INTERFACE_PRESENT,
  LOG_NETWORKS_MISSING,
  LOG_NETWORKS_PRESENT,
} from "../catalogue/supervisor-code.ts";
import type { AircraftConfig } from "../config/model.ts";
import { interfaceNames, linkState } from "../io/network-interface.ts";
import { logSupervisor } from "./log-output.ts";
import type { MaintenanceLink } from "./maintenance-link.ts";
import type { ServiceNotification } from "./service-notification.ts";

/** Interval of looking for it and of feeding the service manager. */
const POLL_MS = 100;
/** Each extension of a waiting start (sd_notify(3)). */
const EXTEND_US = 10_000_000;

const isThere = (name: string): boolean => linkState(name) !== "missing";

export class InterfaceWait {
  constructor(
    private readonly config: AircraftConfig,
    private readonly maintenance: MaintenanceLink,
    private readonly notification: ServiceNotification,
  ) {}

  get isMissing(): boolean {
    return this.hasNoClients || this.hasNoNetwork;
  }

  get hasNoClients(): boolean {
    return !isThere(this.config.clients.interface);
  }

  private get hasNoNetwork(): boolean {
    return !this.config.keepAlive.interfaces.some(isThere);
  }

  /**
   * Returns when the interfaces are there, or when `isOver` says so.
   * @param pause waits for at most this many ms
   */
  async wait(isOver: () => boolean, pause: (ms: number) => Promise<void>): Promise<void> {
    const { clients, keepAlive } = this.config;
    const until = async (isMissing: () => boolean, names: string, code: number, over: number) => {
      if (isOver() || !isMissing()) return;
      logSupervisor(
        `no interface ${names}: waiting for it; there are: ${interfaceNames().join(", ")}`,
      );
      this.maintenance.record(code);
      this.maintenance.begin();
      while (!isOver() && isMissing()) {
        this.notification.waiting(`no engine: there is no interface ${names}`, EXTEND_US);
        await pause(POLL_MS);
      }
      if (isOver()) return;
      logSupervisor(`interface ${names} is there`);
      this.maintenance.record(over);
    };
    while (!isOver() && this.isMissing) {
      await until(
        () => this.hasNoClients,
        ...([clients.interface, LOG_INTERFACE_MISSING, LOG_INTERFACE_PRESENT] as const),
      );
      await until(
        () => this.hasNoNetwork,
        ...([keepAlive.interfaces.join(", "), LOG_NETWORKS_MISSING, LOG_NETWORKS_PRESENT] as const),
      );
    }
  }
}

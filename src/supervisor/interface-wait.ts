/**
 * The client interface is missing: no engine can fly, at boot or for as long as an adapter is out.
 * Everything else goes on, the service manager is told and fed, and an engine begins when the
 * interface is there.
 */
import { LOG_INTERFACE_MISSING, LOG_INTERFACE_PRESENT } from "../catalogue/upkeep-code.ts";
import { interfaceNames, linkState } from "../io/network-interface.ts";
import { logSupervisor } from "./log-output.ts";
import type { MaintenanceLink } from "./maintenance-link.ts";
import type { ServiceNotification } from "./service-notification.ts";

/** So often it is looked for, and the service manager is fed. */
const LOOK_MS = 100;
/** A start that waits is extended by so long each time (sd_notify(3)). */
const EXTEND_US = 10_000_000;

export class InterfaceWait {
  constructor(
    private readonly name: string,
    private readonly maintenance: MaintenanceLink,
    private readonly notification: ServiceNotification,
  ) {}

  get isMissing(): boolean {
    return linkState(this.name) === "missing";
  }

  /**
   * Returns when the interface is there, or when `isOver` says so.
   * @param pause waits for so many ms, or less
   */
  async wait(isOver: () => boolean, pause: (ms: number) => Promise<void>): Promise<void> {
    if (isOver() || !this.isMissing) return;
    const { name, maintenance, notification } = this;
    logSupervisor(
      `there is no interface ${name}: waiting for it; there are ${interfaceNames().join(", ")}`,
    );
    maintenance.record(LOG_INTERFACE_MISSING);
    maintenance.begin();
    while (!isOver() && this.isMissing) {
      notification.waiting(`no engine: there is no interface ${name}`, EXTEND_US);
      await pause(LOOK_MS);
    }
    if (isOver()) return;
    logSupervisor(`interface ${name} is there`);
    maintenance.record(LOG_INTERFACE_PRESENT);
  }
}

import { EVENT_VIP_REMOVED, type EventQueue } from "../boundary/event-queue.ts";
import { ATTEMPT_PAUSE_MS_MIN, PUT_BACK_PAUSE_MS_MIN, REPORTS_PER_TURN_MAX } from "../limits.ts";
import { Pauses } from "../upkeep/pauses.ts";
import type { LinkMonitor } from "./link-monitor.ts";

/**
 * Reports VIPs that somebody else removed, a bounded number per turn. A VIP that is removed
 * repeatedly is reported after growing pauses, so that a tool which checks whether all are gone
 * terminates. VIPs that are back, or that went with the link, are not reported. No garbage.
 */
export class RemovedVips {
  /** Some wait for room in the event queue, or for the end of a pause. */
  wait = false;
  private readonly pauses: Pauses;

  constructor(
    private readonly links: LinkMonitor,
    private readonly functionCount: number,
  ) {
    this.pauses = new Pauses(
      functionCount,
      PUT_BACK_PAUSE_MS_MIN * 1000,
      ATTEMPT_PAUSE_MS_MIN * 1000,
    );
  }

  report(events: EventQueue, hasCarrier: boolean, timeUs: number): void {
    const { links, pauses } = this;
    let reports = 0;
    let isPaused = false;
    for (let index = 0; index < this.functionCount; index++) {
      if (links.removed[index] === 0) continue;
      if (hasCarrier && !links.present(index)) {
        if (timeUs < pauses.dueUs[index]) {
          isPaused = true;
          continue;
        }
        if (reports === REPORTS_PER_TURN_MAX) return;
        reports++;
        pauses.note(index, timeUs);
        events.push(EVENT_VIP_REMOVED, index, 0);
      }
      links.removed[index] = 0;
    }
    this.wait = isPaused;
  }
}

import { EVENT_VIP_REMOVED, type EventQueue } from "../boundary/event-queue.ts";
import { ATTEMPT_PAUSE_MS_MIN, PUT_BACK_PAUSE_MS_MIN, REPORTS_PER_TURN_MAX } from "../limits.ts";
import { Pauses } from "../upkeep/pauses.ts";
import type { LinkMonitor } from "./link-monitor.ts";

/**
 * VIPs that somebody else removed, a bounded number a turn; one that is removed again and again at
 * growing pauses, so that a tool which looks whether all are gone finds an end. Those that are
 * there again, or went with the link, are no news. No garbage.
 */
export class RemovedVips {
  /** Some wait: for room in the event queue, or for a pause to be over. */
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

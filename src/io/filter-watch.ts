import {
  LOG_FILTER_BYPASSED,
  LOG_FILTER_FIRST,
  LOG_FILTER_PUT_BACK,
} from "../boundary/maintenance-code.ts";
import type { FilterInterfaces } from "./filter-interfaces.ts";

/**
 * Looks after the programs of the VIPs' filter, once in a while and outside the flight loop: puts
 * them on interfaces that are new, and back where somebody took them away; and finds programs of
 * others that run before ours, which a packet can pass by. Those it leaves alone: whoever attached
 * one knows why, or has to be told.
 */
export class FilterWatch {
  /** The program before ours that was reported; 0: none. */
  private foreignId = 0;

  /** `report`: of the code LOG_*, with a value. */
  constructor(
    private readonly interfaces: FilterInterfaces,
    private readonly report: (code: number, value: number) => void,
  ) {}

  look(): void {
    const { interfaces } = this;
    // With a lease the engine begins anew on the new one; without, it goes on.
    if (!interfaces.isSame && !interfaces.follow()) return;
    let standing = interfaces.look();
    if (!standing.isThere && interfaces.install() === 0) {
      this.report(LOG_FILTER_PUT_BACK, 0);
      standing = interfaces.look();
    }
    interfaces.installBeside();
    if (standing.foreignId === this.foreignId) return;
    this.foreignId = standing.foreignId;
    this.report(this.foreignId === 0 ? LOG_FILTER_FIRST : LOG_FILTER_BYPASSED, this.foreignId);
  }
}

import {
  LOG_FILTER_BYPASSED,
  LOG_FILTER_FIRST,
  LOG_FILTER_PUT_BACK,
} from "../boundary/maintenance-code.ts";
import type { FilterInterfaces } from "./filter-interfaces.ts";

/**
 * Maintains the programs of the VIP filter from time to time, outside the flight loop. It installs
 * them on new interfaces and restores those that somebody removed. It also finds foreign programs
 * that run before ours, which can let packets bypass the filter. It leaves those alone: whoever
 * attached one knows why, or has to be told.
 */
export class FilterWatch {
  /** Last reported foreign program before ours; 0: none. */
  private foreignId = 0;

  /** `report`: called with a code LOG_* and a value. */
  constructor(
    private readonly interfaces: FilterInterfaces,
    private readonly report: (code: number, value: number) => void,
  ) {}

  look(): void {
    const { interfaces } = this;
    // With a lease the engine restarts on the new interface; without one it goes on.
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

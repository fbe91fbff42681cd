import { assert } from "../assert.ts";
import { LEASE_MS_MAX } from "../limits.ts";
import { ENODEV, ETIME } from "./errno.ts";
import type { FilterInterfaces } from "./filter-interfaces.ts";
import type { FlightLease } from "./flight-lease.ts";
import { nowUs } from "./monotonic-clock.ts";
import type { VipPrograms } from "./vip-programs.ts";

/**
 * The lease by eBPF programs. A renewal stores an absolute end in memory that the kernel reads with
 * every packet. It cannot fail and waits for nobody; a pause of this process between the grant and
 * the store makes the lease shorter, never longer. The programs stay when the process ends, however
 * it ends; only {@link remove} removes them.
 *
 * It also knows which VIPs this server owns, and silences the others, lease or not.
 */
export class ProgramLease implements FlightLease {
  readonly heldUpMs = 0;
  /** End of the lease. */
  private endUs = 0;
  private isGone = false;

  /** `leaseUs`: the longest lease; 0 when none is wanted and ownership alone decides. */
  constructor(
    private readonly programs: VipPrograms,
    private readonly interfaces: FilterInterfaces,
    private readonly leaseUs: number,
  ) {
    assert(leaseUs >= 0 && leaseUs <= LEASE_MS_MAX * 1000, "length of a lease");
  }

  begin(): number {
    this.look();
    if (this.isGone) return ENODEV;
    this.endUs = nowUs() + this.leaseUs;
    this.programs.setEnd(this.endUs);
    return 0;
  }

  /** One store; the clock is read once more to detect a late renewal. */
  renew(grantedUs: number, endUs: number): number {
    if (this.isGone) return ENODEV;
    if (grantedUs >= this.endUs) return ETIME; // an expired lease is not revived
    this.endUs = endUs;
    this.programs.setEnd(endUs);
    return nowUs() < endUs ? 0 : ETIME;
  }

  lapse(): number {
    this.endUs = 0;
    this.programs.setEnd(0);
    return 0;
  }

  /** Another interface of the same name has no programs. */
  look(): void {
    if (!this.interfaces.isSame) this.isGone = true;
  }

  /** Sets whether this server owns the function. No system call. */
  setOwned(index: number, isOwned: boolean): void {
    this.programs.setOwned(index, isOwned);
  }

  remove(): void {
    this.interfaces.remove();
  }
}

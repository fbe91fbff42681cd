import { LEASE_LATENESS_MS } from "../limits.ts";
import { ETIME } from "./errno.ts";
import { HoldUp } from "./hold-up.ts";
import type { VipLease } from "./vip-lease.ts";

/** The lease as the flight loop uses it, whatever enforces it. No call makes garbage. */
export interface FlightLease {
  /** ms for which others delayed the last refused renewal; 0: not at all. */
  readonly heldUpMs: number;
  /** Begins the first lease. 0 or errno. */
  begin(): number;
  /**
   * Extends the lease to `endUs`, as granted at `grantedUs`. Returns 0 or errno: ETIME when it has
   * run out, ENOENT or ENODEV when the interface is not the one that it began on. Others may own
   * the VIPs by then: let go of everything.
   */
  renew(grantedUs: number, endUs: number): number;
  /** Ends the lease at once. 0 or errno. */
  lapse(): number;
  /** Once per period, after the keep-alive: checks that a renewal need not repeat. */
  look(): void;
  /** End of the flight: every address answers again. Throws a SystemError. */
  remove(): void;
}

/**
 * The lease by nftables, and what delayed it: the kernel serialises changes of nftables by all
 * processes.
 */
export class NftablesLease implements FlightLease {
  heldUpMs = 0;
  private readonly holdUp = new HoldUp();
  /** Begin of the first lease, until its first renewal. */
  private beginUs = 0;

  constructor(private readonly lease: VipLease) {}

  begin(): number {
    this.holdUp.begin();
    const refused = this.lease.begin();
    this.beginUs = this.holdUp.end();
    return refused;
  }

  renew(grantedUs: number, endUs: number): number {
    this.holdUp.begin();
    const lengthMs = Math.floor((endUs - grantedUs) / 1000);
    const refused = lengthMs < 1 ? ETIME : this.lease.renew(lengthMs, grantedUs);
    const heldUpMs = Math.floor(Math.max(this.beginUs, this.holdUp.end()) / 1000);
    this.beginUs = 0;
    this.heldUpMs = refused !== 0 && heldUpMs >= LEASE_LATENESS_MS ? heldUpMs : 0;
    return refused;
  }

  lapse(): number {
    return this.lease.lapse();
  }

  /** Each renewal checks the interface itself. */
  look(): void {}

  remove(): void {
    this.lease.remove();
  }
}

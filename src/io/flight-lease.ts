import { LEASE_LATENESS_MS } from "../limits.ts";
import { ETIME } from "./errno.ts";
import { HoldUp } from "./hold-up.ts";
import type { VipLease } from "./vip-lease.ts";

/** The lease as the flight loop calls it, whatever enforces it. No call makes garbage. */
export interface FlightLease {
  /** ms for which the renewal that was refused last was held up by others; 0: it was not. */
  readonly heldUpMs: number;
  /** The first one begins. 0 or errno. */
  begin(): number;
  /**
   * It ends at `endUs`, which was granted at `grantedUs`. 0 or errno: ETIME when it has run out, or
   * ENOENT, ENODEV when the interface is another one than it began on. Others may own the VIPs by
   * then: let go of everything.
   */
  renew(grantedUs: number, endUs: number): number;
  /** Ends it at once. 0 or errno. */
  lapse(): number;
  /** Once a period, after the keep-alive: what a renewal need not look at each time. */
  look(): void;
  /** The end of the flight: every address answers. Throws a SystemError. */
  remove(): void;
}

/**
 * The lease by nftables, and what held it up: the kernel takes changes of nftables one after the
 * other, whoever they are from.
 */
export class NftablesLease implements FlightLease {
  heldUpMs = 0;
  private readonly holdUp = new HoldUp();
  /** Of the first lease, until its first renewal. */
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

  /** Each renewal asks for the interface itself. */
  look(): void {}

  remove(): void {
    this.lease.remove();
  }
}

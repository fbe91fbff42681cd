import { LEASE_LATENESS_MS } from "../limits.ts";
import { HoldUp } from "./hold-up.ts";
import type { VipLease } from "./vip-lease.ts";

/**
 * The lease as the flight loop calls it, and what held it up: the kernel takes changes of nftables
 * one after the other, whoever they are from. No garbage.
 */
export class FlightLease {
  /** ms for which the renewal that was refused last was held up by others; 0: it was not. */
  heldUpMs = 0;
  private readonly holdUp = new HoldUp();
  /** Of the first lease, until its first renewal. */
  private beginUs = 0;

  /** @param lease null: VIPs answer without one */
  constructor(private readonly lease: VipLease | null) {}

  begin(): void {
    this.holdUp.begin();
    this.lease?.begin();
    this.beginUs = this.holdUp.end();
  }

  /** @returns 0 or an errno */
  renew(lengthMs: number): number {
    if (this.lease === null) return 0;
    this.holdUp.begin();
    const refused = this.lease.renew(lengthMs);
    const heldUpMs = Math.floor(Math.max(this.beginUs, this.holdUp.end()) / 1000);
    this.beginUs = 0;
    this.heldUpMs = refused !== 0 && heldUpMs >= LEASE_LATENESS_MS ? heldUpMs : 0;
    return refused;
  }
}

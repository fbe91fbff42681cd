/**
 * What in the kernel silences VIPs whose lease is over, in the order in which it is tried. As a
 * value of records and of the status snapshot.
 */
export const LEASE_NONE = 0;
/** eBPF programs on the hook of tcx: to the microsecond, as are those of clsact. */
export const LEASE_TCX = 1;
/** eBPF programs as filters of the queueing discipline clsact. */
export const LEASE_CLSACT = 2;
/** An nftables set: to ticks of the kernel's timer. */
export const LEASE_NFTABLES = 3;

export const LEASE_KIND_NAMES = ["none", "tcx", "clsact", "nftables"] as const;
export type LeaseKindName = (typeof LEASE_KIND_NAMES)[number];

/**
 * Kernel mechanism that silences VIPs whose lease is over, in the order of attempts. Also a value
 * in records and in the status snapshot.
 */
export const LEASE_NONE = 0;
/** eBPF programs on the tcx hook: exact to the microsecond, like those of clsact. */
export const LEASE_TCX = 1;
/** eBPF programs as filters of the clsact queueing discipline. */
export const LEASE_CLSACT = 2;
/** An nftables set: exact to ticks of the kernel's timer. */
export const LEASE_NFTABLES = 3;

export const LEASE_KIND_NAMES = ["none", "tcx", "clsact", "nftables"] as const;
export type LeaseKindName = (typeof LEASE_KIND_NAMES)[number];

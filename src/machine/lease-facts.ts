/**
 * What this machine's kernel offers to silence VIPs. Nothing is changed: no program is attached.
 */
import type { LeaseKindName } from "../boundary/lease-kind.ts";
import { parseVip } from "../config/address.ts";
import { attachedPrograms } from "../io/bpf.ts";
import { errnoName, SystemError } from "../io/errno.ts";
import { kernelTickMs } from "../io/monotonic-clock.ts";
import { VipPrograms } from "../io/vip-programs.ts";
import { TCX_INGRESS } from "../wire/bpf-attributes.ts";

export interface LeaseFacts {
  /** How tested eBPF programs can be attached; null when they are not available. */
  readonly programs: Extract<LeaseKindName, "tcx" | "clsact"> | null;
  /** Why they are not available; "" when they are. */
  readonly refusal: string;
  /** By how much nftables may end a lease early. */
  readonly nftablesTicksMs: number;
}

/** The loopback is the first interface of every network namespace. */
const LOOPBACK = 1;
const TRIAL_VIP = "192.0.2.1/32"; // of documentation (RFC 5737)
const TRIAL_LEASE_US = 1_000_000;

export function readLease(): LeaseFacts {
  const nftablesTicksMs = 2 * kernelTickMs();
  const vip = parseVip(TRIAL_VIP);
  try {
    new VipPrograms(vip === null ? [] : [[vip]], TRIAL_LEASE_US).close();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { programs: null, refusal: `${error.call}: ${errnoName(error.errno)}`, nftablesTicksMs };
  }
  const hasTcx = typeof attachedPrograms(LOOPBACK, TCX_INGRESS) !== "number";
  return { programs: hasTcx ? "tcx" : "clsact", refusal: "", nftablesTicksMs };
}

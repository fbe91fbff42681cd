/**
 * Chooses at start-up what silences this server's VIPs in the kernel: eBPF programs by tcx, by
 * clsact, nftables, or nothing. The first one that passes a trial is used. It works before the
 * leftovers of another way are removed, so that the filter is never open.
 */
import { LEASE_CLSACT, LEASE_NFTABLES, LEASE_NONE, LEASE_TCX } from "../boundary/lease-kind.ts";
import { LOG_LEASE_UNFIT, LOG_NO_LEASE } from "../boundary/maintenance-code.ts";
import { leaseDetectionMsMin, leaseFits, leaseMsOf } from "../boundary/timing.ts";
import type { AircraftConfig, Vip } from "../config/model.ts";
import { LEASE_MS_MIN } from "../limits.ts";
import { EOPNOTSUPP, EPERM, SystemError } from "./errno.ts";
import { FilterInterfaces, removeEverywhere } from "./filter-interfaces.ts";
import { type FlightLease, NftablesLease } from "./flight-lease.ts";
import { kernelTickMs } from "./monotonic-clock.ts";
import { type Attachment, Clsact, Tcx } from "./program-attachment.ts";
import { ProgramLease } from "./program-lease.ts";
import { ProgramRecord } from "./program-record.ts";
import { VipLease } from "./vip-lease.ts";
import { VipPrograms } from "./vip-programs.ts";

export interface VipGuard {
  /** LEASE_* kind of the lease; LEASE_NONE when there is none. */
  readonly kind: number;
  readonly lease: FlightLease | null;
  /** Longest lease; 0 without one. */
  readonly leaseMs: number;
  /** By how much the kernel may end a lease early. */
  readonly ticksMs: number;
  /**
   * Silences functions that this server does not own; null when there is only nftables, or nothing.
   */
  readonly ownership: ProgramLease | null;
  /** The programs and how they are attached (LEASE_TCX, LEASE_CLSACT); null without. */
  readonly programs: VipPrograms | null;
  readonly attachedBy: number;
  /** Why there are no eBPF programs; 0 when there are. */
  readonly programsRefused: number;
  /** Record (LOG_*) and its two values where a lease is wanted and missing; 0 otherwise. */
  readonly code: number;
  readonly first: number;
  readonly second: number;
}

const ATTACHMENTS: readonly (readonly [kind: number, make: () => Attachment])[] = [
  [LEASE_TCX, () => new Tcx()],
  [LEASE_CLSACT, () => new Clsact()],
];

/**
 * By how much nftables ends a lease early on this machine: up to two ticks of the kernel's timer.
 */
export const nftablesTicksMs = (): number => 2 * kernelTickMs();

/**
 * Start-up. `record`: file for the ids of programs. `without`: ways to skip, for tests. Throws a
 * SystemError when a lease is required and the kernel cannot provide one, or when a filter of an
 * earlier run cannot be removed.
 */
export function chooseGuard(
  config: AircraftConfig,
  vips: readonly (readonly Vip[])[],
  record: string,
  without: readonly number[] = [],
): VipGuard {
  const known = new ProgramRecord(record);
  const { interface: name, lease: wanted } = config.clients;
  const { periodMs, lostAfterPeriods } = config.keepAlive;
  const isWanted = wanted !== "off" && leaseFits(periodMs, lostAfterPeriods);
  const leaseMs = isWanted ? leaseMsOf(periodMs, lostAfterPeriods) : 0;
  const found = installPrograms(name, vips, leaseMs * 1000, known, without);
  if (typeof found === "number") {
    const guard = nftablesGuard(config, vips, found);
    for (const [, make] of ATTACHMENTS) removeOld(make(), known);
    known.forgetOld();
    return guard;
  }
  const { kind, programs, interfaces } = found;
  removeNftables(name, vips);
  for (const [other, make] of ATTACHMENTS) if (other !== kind) removeOld(make(), known);
  known.forgetOld();
  const ownership = new ProgramLease(programs, interfaces, leaseMs * 1000);
  const parts = { ownership, programs, attachedBy: kind, programsRefused: 0, leaseMs, ticksMs: 0 };
  if (isWanted) return { ...parts, ...NOTHING_MISSING, kind, lease: ownership };
  const detectionMsMin = leaseDetectionMsMin(periodMs);
  return { ...parts, ...unfit(config, detectionMsMin), kind: LEASE_NONE, lease: null };
}

const NOTHING_MISSING = { code: 0, first: 0, second: 0 };

/** What to record where no lease fits. */
function unfit({ keepAlive, clients }: AircraftConfig, detectionMsMin: number) {
  if (clients.lease === "off") return NOTHING_MISSING;
  const detectionMs = keepAlive.periodMs * keepAlive.lostAfterPeriods;
  return { code: LOG_LEASE_UNFIT, first: detectionMs, second: detectionMsMin };
}

interface Installed {
  readonly kind: number;
  readonly programs: VipPrograms;
  readonly interfaces: FilterInterfaces;
}

/** @returns an errno where programs are impossible */
function installPrograms(
  name: string,
  vips: readonly (readonly Vip[])[],
  leaseUs: number,
  known: ProgramRecord,
  without: readonly number[],
): Installed | number {
  const ways = ATTACHMENTS.filter(([kind]) => !without.includes(kind));
  if (ways.length === 0) return EOPNOTSUPP;
  let programs: VipPrograms;
  try {
    programs = new VipPrograms(vips, leaseUs);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.errno;
  }
  known.add(programs.all.map(({ id }) => id));
  let refused = 0;
  for (const [kind, make] of ways) {
    const attachment = make();
    const { clients, others } = programs;
    const interfaces = new FilterInterfaces(attachment, clients, others, name, known.isOurs);
    refused = interfaces.install();
    if (refused === 0) return { kind, programs, interfaces };
    removeOld(attachment, known); // one of the two ways may have come later
  }
  programs.close();
  return refused;
}

/** A kernel without this way has no leftovers of it. */
function removeOld(attachment: Attachment, known: ProgramRecord): void {
  removeEverywhere(attachment, known.isOurs);
  attachment.close();
}

/** A filter left by an earlier run would silence the VIPs for ever. */
function removeNftables(name: string, vips: readonly (readonly Vip[])[]): void {
  try {
    const filter = new VipLease(name, vips, LEASE_MS_MIN);
    filter.remove();
    filter.close();
  } catch (error) {
    // a kernel without nftables has none
    if (!(error instanceof SystemError) || error.errno === EPERM) throw error;
  }
}

function nftablesGuard(
  config: AircraftConfig,
  vips: readonly (readonly Vip[])[],
  programsRefused: number,
): VipGuard {
  const { interface: name, lease: wanted } = config.clients;
  const { periodMs, lostAfterPeriods } = config.keepAlive;
  const ticksMs = nftablesTicksMs();
  const none = {
    ...{ kind: LEASE_NONE, lease: null, leaseMs: 0, ticksMs: 0, ownership: null, programs: null },
    ...{ attachedBy: LEASE_NONE, programsRefused },
  };
  const fits = leaseFits(periodMs, lostAfterPeriods, ticksMs);
  const detectionMsMin = leaseDetectionMsMin(periodMs, ticksMs);
  if (wanted === "required" && !fits)
    throw new SystemError(
      ...(["VIP lease", programsRefused] as const),
      `no eBPF here, and nftables needs a detection time of ${detectionMsMin} ms`,
    );
  if (wanted === "off" || !fits) {
    removeNftables(name, vips);
    return { ...none, ...unfit(config, detectionMsMin) };
  }
  const leaseMs = leaseMsOf(periodMs, lostAfterPeriods);
  try {
    const filter = new VipLease(name, vips, leaseMs);
    filter.install();
    const lease = new NftablesLease(filter);
    return { ...none, ...NOTHING_MISSING, kind: LEASE_NFTABLES, lease, leaseMs, ticksMs };
  } catch (error) {
    if (!(error instanceof SystemError) || wanted === "required" || error.errno === EPERM)
      throw error;
    removeNftables(name, vips);
    return { ...none, code: LOG_NO_LEASE, first: error.errno, second: 0 };
  }
}

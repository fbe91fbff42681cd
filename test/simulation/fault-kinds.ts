import { LEASE_LATENESS_MS, NETWORKS_MAX } from "../../src/limits.ts";
import type { Aircraft } from "./aircraft.ts";
import type { Moment } from "./moments.ts";
import type { Random } from "./random.ts";

/** Kinds of faults. The counts of a run are kept by their place in this list. */
export const FAULTS = [
  "power off",
  "brown-out of all",
  "engine killed",
  "all processes killed",
  "paused",
  "paused in the middle of a turn",
  "unheard, then paused",
  "machine stalled",
  "late ticks",
  "cut",
  "one-way cut",
  "partition",
  "carrier lost",
  "client network cut behind the switch",
  "loss",
  "delay and reorder",
  "duplicates",
  "bit flips",
  "drained",
  "left",
  "process exits",
  "process fails",
  "VIP removed by hand",
  "VIP refused",
  "replay",
  "forgery",
  "wrong table",
  "witness down",
  "started again",
  "moved by hand",
  "paused twice in a turn",
  "lease call slow",
  "lease call slow, then stopped",
  "lease call fails",
  "address calls slow",
  "address calls fail",
  "address answers lost",
  "network refuses",
  "loss on one network",
  "started again on one network",
  "flood",
  "unheard, then flooded",
  "supervisor killed",
  "unheard at the start, then paused",
  "network silent",
  "VIP set by a stranger",
  "nothing passes, and paused",
  "address lock kept",
  "capacity",
  "hold",
] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface Fault {
  readonly kind: FaultKind;
  readonly atUs: number;
  readonly durationUs: number;
  readonly server: number;
  /** Another server, function, network or amount, as the kind needs it. */
  readonly other: number;
  readonly value: number;
  /** The moment for which it waits from `atUs` on; without one it begins then. */
  readonly when?: Moment;
  /** How long after that moment it begins. */
  readonly delayUs?: number;
  /** The server hit by it then. */
  readonly aim?: Aim;
}

/** The server that was drawn, the one that the moment is about, or the other one at that moment. */
export type Aim = "drawn" | "it" | "the other";

/** Kinds of faults that part servers from each other. */
export const CUTS: readonly FaultKind[] = [
  "cut",
  "one-way cut",
  "partition",
  "carrier lost",
  "client network cut behind the switch",
  "network refuses",
  "started again on one network",
];

/** The other server of a fault that concerns two. */
export function otherOf({ server, other }: Fault, serverCount: number): number {
  return (server + 1 + (other % Math.max(1, serverCount - 1))) % serverCount;
}

/** Faults that only a lease makes safe: not flown without one. */
const NEEDS_LEASE: readonly FaultKind[] = [
  "all processes killed",
  "unheard, then paused",
  "late ticks",
  "paused twice in a turn",
  "lease call slow",
  "lease call slow, then stopped",
  "lease call fails",
  "address calls slow",
  "address answers lost",
  "flood",
  "unheard, then flooded",
  "supervisor killed",
  "unheard at the start, then paused",
  "nothing passes, and paused",
];

const NEEDS_TWO_NETWORKS: readonly FaultKind[] = [
  "loss on one network",
  "started again on one network",
  "network silent",
];

/** Without a witness no server can detect it. */
const NEEDS_WITNESSES: readonly FaultKind[] = [
  "witness down",
  "client network cut behind the switch",
];

/** Draws which kinds of faults this flight has (swarm), and `count` of them within `horizonUs`. */
export function drawFaults(
  random: Random,
  aircraft: Aircraft,
  horizonUs: number,
  count: number,
): Fault[] {
  const hasLease = aircraft.timing.leaseUs !== 0;
  const possible = FAULTS.filter(
    (kind) =>
      (hasLease || !NEEDS_LEASE.includes(kind)) &&
      (aircraft.networks === NETWORKS_MAX || !NEEDS_TWO_NETWORKS.includes(kind)) &&
      (!NEEDS_WITNESSES.includes(kind) || aircraft.witnesses > 0),
  );
  const present = possible.filter(() => random.oneIn(3));
  const kinds = present.length === 0 ? possible : present;
  const faults: Fault[] = [];
  for (let fault = 0; fault < count; fault++) {
    const kind = random.pick(kinds);
    faults.push({
      kind,
      atUs: random.below(horizonUs),
      durationUs: drawDurationUs(random, kind, aircraft),
      server: random.below(aircraft.serverCount),
      other: random.below(1 << 16),
      value: random.below(1 << 16),
    });
  }
  return faults.sort((one, other) => one.atUs - other.atUs);
}

function drawDurationUs(random: Random, kind: FaultKind, { timing }: Aircraft): number {
  if (
    kind === "paused" ||
    kind === "paused in the middle of a turn" ||
    kind === "machine stalled"
  ) {
    // From 1 ms to 10 s, most of them about as long as a lease.
    return random.oneIn(5)
      ? random.between(1_000, 10_000_000)
      : random.between(1_000, 2 * timing.detectionUs + 2 * timing.periodUs);
  }
  if (kind === "paused twice in a turn") return random.between(1_000, timing.detectionUs);
  if (kind === "unheard, then paused" || kind === "unheard, then flooded")
    return random.between(timing.periodUs, timing.detectionUs - 2 * timing.periodUs);
  if (kind === "lease call slow" || kind === "lease call slow, then stopped") {
    // About as long as the lease allows for, and about as long as it lasts.
    return random.oneIn(2)
      ? random.between(1, LEASE_LATENESS_MS * 1000 + 100)
      : random.between(1_000, 2 * timing.detectionUs);
  }
  if (kind === "unheard at the start, then paused")
    return random.between(
      timing.detectionUs - timing.periodUs,
      timing.detectionUs + timing.periodUs,
    );
  if (kind === "nothing passes, and paused")
    return random.below(timing.takeOverUs + 2 * timing.periodUs);
  // Longer is known to end addresses: their lifetimes are not renewed meanwhile.
  if (kind === "address lock kept") return random.between(1_000, 1_000_000);
  if (kind === "client network cut behind the switch" && random.oneIn(2))
    return random.between(400_000, 6_000_000);
  if (random.oneIn(3)) return random.between(1_000, 3 * timing.detectionUs);
  return random.between(1_000, 3_000_000);
}

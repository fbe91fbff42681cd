/**
 * The faults of one flight, drawn from a seed before it begins: the same seed gives the same faults
 * at the same times.
 */
import type { SeededRandom } from "../harness/seeded-random.ts";

export type FaultKind =
  | "pause engine"
  | "pause supervisor"
  | "pause all"
  | "kill engine"
  | "kill supervisor"
  | "kill all"
  | "leave"
  | "drain"
  | "unplug"
  | "block"
  | "deafen"
  | "flood";

export interface Fault {
  kind: FaultKind;
  /** Index. */
  server: number;
  /** When it begins, from the start of its burst on. */
  atMs: number;
  /**
   * When it is undone: the process continues or restarts, the cable is plugged in again. 0 for
   * faults that end by themselves.
   */
  lengthMs: number;
}

/**
 * How often each kind comes, in shares; and how long it lasts, evenly in the logarithm: as many of
 * 2 to 20 ms as of 200 ms to 2 s.
 */
const KINDS: readonly { kind: FaultKind; share: number; minMs: number; maxMs: number }[] = [
  { kind: "pause engine", share: 6, minMs: 2, maxMs: 5000 },
  { kind: "pause supervisor", share: 2, minMs: 2, maxMs: 5000 },
  { kind: "pause all", share: 6, minMs: 2, maxMs: 5000 },
  { kind: "kill engine", share: 3, minMs: 0, maxMs: 0 },
  { kind: "kill supervisor", share: 2, minMs: 1, maxMs: 1000 },
  { kind: "kill all", share: 4, minMs: 1, maxMs: 2000 },
  { kind: "leave", share: 2, minMs: 1, maxMs: 1000 },
  { kind: "drain", share: 3, minMs: 50, maxMs: 1000 },
  { kind: "unplug", share: 4, minMs: 5, maxMs: 3000 },
  { kind: "block", share: 4, minMs: 5, maxMs: 3000 },
  { kind: "deafen", share: 2, minMs: 5, maxMs: 1000 },
  { kind: "flood", share: 1, minMs: 100, maxMs: 1000 },
];

const NETWORK: ReadonlySet<FaultKind> = new Set(["unplug", "block", "deafen", "flood"]);

/**
 * Now and then a fault hits every server at the same moment: a brown-out, a stall of the host, the
 * switch.
 */
const ALL_AT_ONCE_ONE_IN = 10;

/** Time between two faults. */
const DISTANCE_MS = { min: 20, max: 900 };
/** After a fault of its processes a server has this long before the next one. */
const REST_MS = 300;

/** The faults of one burst, in the order of time; all are taken back within `lengthMs`. */
export function faultsOfBurst(
  random: SeededRandom,
  serverCount: number,
  lengthMs: number,
): Fault[] {
  const faults: Fault[] = [];
  const busyUntilMs = new Map<string, number>();
  for (let atMs = 0; ; ) {
    atMs += DISTANCE_MS.min + random.below(DISTANCE_MS.max - DISTANCE_MS.min);
    if (atMs >= lengthMs) return faults;
    const { kind, minMs, maxMs } = draw(random);
    const drawn = random.below(serverCount);
    const length = Math.min(evenlyInLogarithm(random, minMs, maxMs), lengthMs - atMs);
    const servers =
      random.below(ALL_AT_ONCE_ONE_IN) === 0
        ? Array.from({ length: serverCount }, (_, i) => i)
        : [drawn];
    for (const server of servers) {
      const lane = laneOf({ kind, server });
      if ((busyUntilMs.get(lane) ?? 0) > atMs) continue;
      busyUntilMs.set(lane, atMs + length + REST_MS);
      faults.push({ kind, server, atMs, lengthMs: length });
    }
  }
}

/**
 * Faults of one lane follow each other: what goes wrong with the processes of one server, and with
 * its cable.
 */
export function laneOf({ kind, server }: Pick<Fault, "kind" | "server">): string {
  return `${server} ${NETWORK.has(kind) ? "network" : "processes"}`;
}

export function faultText(fault: Fault, ids: readonly string[]): string {
  const length = fault.lengthMs === 0 ? "" : ` for ${fault.lengthMs} ms`;
  return `${fault.kind} of ${ids[fault.server]} at ${fault.atMs} ms${length}`;
}

function draw(random: SeededRandom): (typeof KINDS)[number] {
  let place = random.below(KINDS.reduce((sum, { share }) => sum + share, 0));
  for (const kind of KINDS) {
    place -= kind.share;
    if (place < 0) return kind;
  }
  throw new RangeError("a share was drawn");
}

/** Whole ms. */
function evenlyInLogarithm(random: SeededRandom, min: number, max: number): number {
  if (max === 0) return 0;
  const place = random.below(1_000_000) / 1_000_000;
  return Math.round(min * (max / min) ** place);
}

/** One flight through faults drawn from a seed, and the watcher's observations. */

import type { LeaseKindName } from "../../src/boundary/lease-kind.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { SeededRandom } from "../harness/seeded-random.ts";
import {
  type Apart,
  longestMs,
  type Tenure,
  type TwoAnswers,
  twoAnswers,
} from "../harness/watch/one-answer.ts";
import {
  Aircraft,
  FUNCTION_OF_VIP,
  REQUIRED,
  RESOURCE,
  type Timing,
  tableOf,
  VIPS,
} from "./chaos-aircraft.ts";
import { type Fault, faultsOfBurst, faultText, laneOf } from "./fault-plan.ts";
import { overloads } from "./overload.ts";

/** Timings of which a seed selects one: lease 35 ms, the shortest, and 175 ms. */
const TIMINGS: readonly Timing[] = [
  { periodMs: 10, lostAfterPeriods: 5 },
  { periodMs: 20, lostAfterPeriods: 10 },
];

/**
 * After a burst, with everything healed: everybody takes part, owns what it should, and then
 * nothing moves.
 */
const CONVERGENCE_DEADLINE_MS = 60_000;
const QUIET_MS = 1500;
const POLL_MS = 50;

export interface Order {
  seed: number;
  serverCount: number;
  burstMs: number;
  bursts: number;
  lease?: "required" | "off";
  /** Parts of the kernel that the daemons do without (test/children/without): "bpf", "tcx", or "". */
  without?: string;
  progress?: (text: string) => void;
}

export interface Outcome {
  /** What enforced the leases when the servers had converged for the first time. */
  leaseKinds: readonly LeaseKindName[];
  faults: number;
  /** With the faults that were at work, or shortly before. */
  violations: string[];
  /** The longest time for which two answered after a cut was healed, ms. */
  afterHealMs: number;
  /** How long the slowest convergence took, without the quiet time, ms. */
  convergedAfterMs: number;
  /** Changes of the server that answers for a VIP. */
  moves: number;
  spoken: number;
  worstGapMs: number;
}

/**
 * After a cut is healed, two servers that each thought themselves alone may both answer until they
 * have heard each other: this many periods, and the time for which a server may be late without
 * losing its lease.
 */
export function healGraceMs({ periodMs, lostAfterPeriods }: Timing): number {
  return (3 + lostAfterPeriods) * periodMs;
}

/** Throws when the servers do not converge, or the watcher was blind. */
export async function fly(order: Order): Promise<Outcome> {
  const { seed, serverCount, burstMs, bursts, lease = "required" } = order;
  const { without = "", progress = () => {} } = order;
  const random = new SeededRandom(seed);
  const timing = TIMINGS[random.below(TIMINGS.length)] as Timing;
  const aircraft = new Aircraft(serverCount, tableOf(serverCount, timing, lease), without);
  const flown: { text: string; fromUs: number; toUs: number }[] = [];
  const apart: Apart[] = [];
  const healed: Apart[] = [];
  let convergedAfterMs = 0;
  try {
    const watch = await aircraft.watch();
    for (let server = 0; server < serverCount; server++) aircraft.start(server);
    await converged(aircraft);
    const leaseKinds = aircraft.leaseKinds();
    for (let burst = 0; burst < bursts; burst++) {
      const faults = faultsOfBurst(random, serverCount, burstMs);
      const beganMs = performance.now();
      const lanes = new Map<string, Promise<void>>();
      await Promise.all(
        faults.map(async (fault) => {
          const lane = laneOf(fault);
          const before = lanes.get(lane);
          const { promise, resolve } = Promise.withResolvers<void>();
          lanes.set(lane, promise);
          await before; // on a busy machine a fault may take longer than it should
          await Bun.sleep(Math.max(0, beganMs + fault.atMs - performance.now()));
          const fromUs = nowUs();
          await aircraft.inflict(fault).finally(resolve);
          const span = { fromUs, toUs: nowUs() };
          flown.push({ text: `burst ${burst + 1}: ${faultText(fault, aircraft.ids)}`, ...span });
          if (!cutsOff(fault)) return;
          const graceUs = healGraceMs(timing) * 1000;
          apart.push({ server: fault.server, fromUs: span.fromUs, toUs: span.toUs + graceUs });
          healed.push({ server: fault.server, ...span });
        }),
      );
      const healedMs = performance.now();
      await converged(aircraft);
      convergedAfterMs = Math.max(convergedAfterMs, performance.now() - healedMs - QUIET_MS);
      progress(`burst ${burst + 1} of ${bursts}: ${faults.length} faults, converged`);
    }
    const report = await watch.end();
    if (report.lost > 0)
      throw new Error(`the watcher lost ${report.lost} frames: nothing is proved`);
    // Two servers may be away for half of the time; one that sees nothing sees far less than that.
    if (report.spoken < report.asked / 4)
      throw new Error(`blind: ${report.spoken} answers in ${report.asked} rounds`);
    const twoText = ({ vip, servers, fromUs, toUs }: TwoAnswers): string => {
      const atWork = flown.filter(
        (fault) => fault.fromUs <= toUs && fault.toUs >= fromUs - 1_000_000,
      );
      const who = servers.map((server) => aircraft.ids[server]).join(" and ");
      const lengthMs = ((toUs - fromUs) / 1000).toFixed(3);
      const context = atWork.map((fault) => {
        const [began, ended] = [fault.fromUs, fault.toUs].map((us) =>
          ((us - fromUs) / 1000).toFixed(1),
        );
        return `\n    ${fault.text} (${began} to ${ended} ms of it)`;
      });
      return `${VIPS[vip]} by ${who} for ${lengthMs} ms${context.join("")}`;
    };
    const afterHeal = twoAnswers(report.tenures, healed).filter(
      (two) => !isIn(two, twoAnswers(report.tenures, apart)),
    );
    return {
      faults: flown.length,
      violations: [
        ...twoAnswers(report.tenures, apart).map(twoText),
        ...overloads(report.tenures, FUNCTION_OF_VIP, REQUIRED, RESOURCE).map(
          ({ server, load }) => `${aircraft.ids[server]} served ${load} of ${RESOURCE}`,
        ),
      ],
      leaseKinds,
      afterHealMs: longestMs(afterHeal),
      convergedAfterMs,
      moves: movesIn(report.tenures),
      spoken: report.spoken,
      worstGapMs: report.worstGapMs,
    };
  } finally {
    await aircraft.close();
  }
}

/**
 * Whether P1's premise does not hold meanwhile: behind a blocked port a server serves a segment of
 * its own. A deaf server, which hears no peer and cannot know that it is heard, takes over from
 * servers that release when they hear of it (seen: both for 0.4 ms).
 */
function cutsOff({ kind }: Fault): boolean {
  return kind === "block" || kind === "deafen";
}

function isIn(two: TwoAnswers, others: readonly TwoAnswers[]): boolean {
  return others.some(
    ({ vip, servers, fromUs, toUs }) =>
      vip === two.vip &&
      servers.join() === two.servers.join() &&
      fromUs >= two.fromUs &&
      toUs <= two.toUs,
  );
}

function movesIn(tenures: readonly Tenure[]): number {
  const last = new Map<number, number>();
  let moves = 0;
  for (const { vip, server } of [...tenures].sort((one, other) => one.fromUs - other.fromUs)) {
    if (last.get(vip) !== server) moves++;
    last.set(vip, server);
  }
  return moves;
}

/**
 * Waits until every server takes part, all agree, everything runs with its addresses where its
 * owner is, and then nothing changes for a while.
 */
async function converged(aircraft: Aircraft): Promise<void> {
  const deadline = performance.now() + CONVERGENCE_DEADLINE_MS;
  let before = "";
  let sinceMs = 0;
  while (true) {
    aircraft.restartEnded();
    const { settled, text } = stateOf(aircraft);
    const now = performance.now();
    if (!settled || text !== before) sinceMs = now;
    else if (now - sinceMs >= QUIET_MS && addressesFit(aircraft)) return;
    before = text;
    if (now > deadline) {
      const logs = aircraft.servers.map(
        ({ id, log }) => `${id}: ${log.trim().split("\n").slice(-8).join("\n   ")}`,
      );
      throw new Error(
        `no convergence within ${CONVERGENCE_DEADLINE_MS / 1000} s: ${text}\n${logs.join("\n")}`,
      );
    }
    await Bun.sleep(POLL_MS);
  }
}

function stateOf(aircraft: Aircraft): { settled: boolean; text: string } {
  const views = aircraft.servers.map((_, server) => aircraft.view(server));
  const owners = views.map((view) => JSON.stringify(view?.functions.map(({ owner }) => owner)));
  const settled = views.every(
    (view, server) =>
      view?.phase === "active" &&
      view.servers.every((state, other) => state === (other === server ? "self" : "alive")) &&
      view.functions.every(({ owner, state }) => owner >= 0 && state === "running") &&
      owners[server] === owners[0],
  );
  return { settled, text: JSON.stringify(views) };
}

/** Whether the kernels hold the addresses of the functions that each server owns, and no others. */
function addressesFit(aircraft: Aircraft): boolean {
  return aircraft.servers.every((server, index) => {
    const functions = aircraft.view(index)?.functions ?? [];
    const wanted = FUNCTION_OF_VIP.filter((number) => functions[number]?.owner === index).length;
    return server.vips().length === wanted;
  });
}

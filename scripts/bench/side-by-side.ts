/**
 * Alternating trials of both systems in one run, so that disturbances of the machine affect both.
 */

import type { BenchNetwork } from "./bench-network.ts";
import type { BenchContext, Figure } from "./benchmark.ts";
import { type Fault, measureTrial, type TrialResult } from "./failover.ts";
import { type HeadEnd, vipList } from "./head-end.ts";
import { KEEPALIVED_MISSING, KeepalivedHeadEnd } from "./keepalived-head-end.ts";
import { WingmanHeadEnd } from "./wingman-head-end.ts";

/**
 * Wingman first, with or without a lease on its VIPs, then the installed peers; `skipped` names the
 * missing ones.
 */
export async function headEnds(
  context: BenchContext,
  lease = false,
): Promise<{ systems: HeadEnd[]; skipped: string[] }> {
  const wingman = new WingmanHeadEnd(await context.wingman(), context.directory, "wingman", lease);
  const keepalived = await KeepalivedHeadEnd.find(context.directory);
  if (keepalived === null) return { systems: [wingman], skipped: [KEEPALIVED_MISSING] };
  return { systems: [wingman, keepalived], skipped: [] };
}

/** Results of all trials of one system. */
export interface Trials {
  system: HeadEnd;
  results: TrialResult[];
}

export interface Comparison {
  network: BenchNetwork;
  systems: readonly HeadEnd[];
  vipCount: number;
  trialCount: number;
  fault: Fault;
  /** Called after each trial, before the next one begins. */
  after?: (system: HeadEnd) => Promise<void>;
}

/** The client asks the last VIP and, when there are more, the first too: targets 0 and 1. */
export async function compare(context: BenchContext, comparison: Comparison): Promise<Trials[]> {
  const { network, systems, vipCount, trialCount, fault } = comparison;
  const vips = vipList(vipCount);
  const targets = vipCount === 1 ? vips : [vips.at(-1) as string, vips[0] as string];
  const all = systems.map((system): Trials => ({ system, results: [] }));
  for (const { system } of all) system.prepare(vips);
  for (let number = 0; number < trialCount; number++) {
    for (const { system, results } of all) {
      const result = await measureTrial(context, { network, system, targets, fault });
      results.push(result);
      const outages = result.outageMs.map((outage) => outage.toFixed(1)).join(", ");
      context.progress(
        `${number + 1}/${trialCount} ${system.name} ${plural(vipCount, "VIP")}: ${outages} ms`,
      );
      await comparison.after?.(system);
    }
  }
  return all;
}

/** The outages of target `target` as a figure. */
export function outageFigure(label: string, trials: readonly Trials[], target: number): Figure {
  const series = trials.map(({ system, results }) => ({
    system: system.name,
    values: results.map(({ outageMs }) => outageMs[target] as number),
  }));
  return { label, unit: "ms", series };
}

/** Remarks beside the figures. */
export function remarks(trials: readonly Trials[]): string[] {
  return trials.flatMap(({ system, results }) => {
    const late = results.filter(({ takenOver }) => !takenOver).length;
    const twice = results.reduce((sum, { answeredTwice }) => sum + answeredTwice, 0);
    return [
      ...(late > 0
        ? [
            `${system.name}: no steady take-over within 20 s in ${plural(late, "trial")}, entered as 20 s`,
          ]
        : []),
      ...(twice > 0 ? [`${system.name}: ${plural(twice, "probe")} answered by both servers`] : []),
      ...(results.every(({ realtime }) => realtime)
        ? []
        : [`${system.name}: prober without SCHED_FIFO`]),
    ];
  });
}

export const plural = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

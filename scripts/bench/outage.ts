/** `outage`: power-off of the owner. */

import { BenchNetwork } from "./bench-network.ts";
import type { BenchContext, Benchmark, Limit, Report } from "./benchmark.ts";
import { LOST_AFTER_PERIODS, PERIOD_MS } from "./head-end.ts";
import { compare, headEnds, outageFigure, remarks } from "./side-by-side.ts";
import { medianOf } from "./statistics.ts";

const TRIALS = 20;
const MANY = 500;
/** Requirement: at the median of 20 trials, at this period and detection time. */
const LIMIT_MS = 40;
const LIMIT_MORE_MS = 15;

export const outage: Benchmark = {
  name: "outage",
  title: `power-off of the owner: what a client of its VIPs sees (period ${PERIOD_MS} ms, lost after ${LOST_AFTER_PERIODS}; advert_int ${PERIOD_MS / 1000})`,
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const { systems, skipped } = await headEnds(context);
  const network = BenchNetwork.create(context.cleanUp);
  const fault = { inflict: async (net: BenchNetwork) => await net.powerOff(net.servers[0]) };
  const trialCount = context.trials ?? TRIALS;
  const one = await compare(context, { network, systems, trialCount, fault, vipCount: 1 });
  const many = await compare(context, { network, systems, trialCount, fault, vipCount: MANY });
  const figures = [
    outageFigure("1 VIP", one, 0),
    outageFigure(`${MANY} VIPs, the last`, many, 0),
    outageFigure(`${MANY} VIPs, the first`, many, 1),
  ];
  const medians = figures.map(({ series }) => medianOf(series[0]?.values ?? []));
  const limits: Limit[] = [
    { text: "Wingman, 1 VIP, median", limit: LIMIT_MS, measured: medians[0] as number, unit: "ms" },
    {
      text: `Wingman, ${MANY} VIPs (the last) more than 1 VIP, medians`,
      limit: LIMIT_MORE_MS,
      measured: (medians[1] as number) - (medians[0] as number),
      unit: "ms",
    },
  ];
  return { figures, limits, notes: remarks([...one, ...many]), skipped };
}

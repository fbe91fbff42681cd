/** `handover`: planned departure of the owner. */

import { BenchNetwork } from "./bench-network.ts";
import type { BenchContext, Benchmark, Report } from "./benchmark.ts";
import type { HeadEnd } from "./head-end.ts";
import { compare, headEnds, outageFigure, remarks } from "./side-by-side.ts";
import { medianOf, summaryOf } from "./statistics.ts";

const TRIALS = 20;
/** Requirement: no seat sees a gap above this. */
const LIMIT_MS = 10;

export const handover: Benchmark = {
  name: "handover",
  title:
    "planned departure of the owner: wingman drain against SIGTERM to keepalived, what a client sees",
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const { systems, skipped } = await headEnds(context);
  const network = BenchNetwork.create(context.cleanUp);
  const fault = {
    inflict: async (net: BenchNetwork, system: HeadEnd) => await system.depart(net.servers[0]),
  };
  const trialCount = context.trials ?? TRIALS;
  const trials = await compare(context, { network, systems, trialCount, fault, vipCount: 1 });
  const figure = outageFigure("1 VIP", trials, 0);
  const ours = figure.series[0]?.values ?? [];
  return {
    figures: [figure],
    limits: [
      {
        text: "Wingman, 1 VIP, maximum",
        limit: LIMIT_MS,
        measured: summaryOf(ours).max,
        unit: "ms",
      },
    ],
    notes: [
      `two probes are 1 ms apart: a gap of 1 ms is none (Wingman's median is ${medianOf(ours).toFixed(1)} ms)`,
      ...remarks(trials),
    ],
    skipped,
  };
}

/**
 * `crash`: all processes of the owner are killed while its link stays up, so its kernel keeps
 * answering for its addresses.
 */
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { waitFor } from "../../src/rig/condition.ts";
import { signalAll } from "../../test/harness/signals.ts";
import type { AnswerWatch } from "../../test/harness/watch/answer-watch.ts";
import { longestMs, twoAnswers } from "../../test/harness/watch/one-answer.ts";
import { BenchNetwork } from "./bench-network.ts";
import type { BenchContext, Benchmark, Figure, Report } from "./benchmark.ts";
import { vipList } from "./head-end.ts";
import { compare, headEnds, outageFigure, remarks } from "./side-by-side.ts";
import { summaryOf } from "./statistics.ts";

const TRIALS = 20;
/** Watching time of the dead owner; a longer time is entered as this one. */
const WATCHED_MS = 3000;
/** From the requirements. */
const GONE_LIMIT_MS = 2000;

export const crash: Benchmark = {
  name: "crash",
  title: `SIGKILL of every process of the owner, services included, with its link up, watched for ${WATCHED_MS / 1000} s (Wingman with a lease on its VIPs)`,
  measure,
};

interface Aftermath {
  silentAfterMs: number[];
  goneAfterMs: number[];
  twiceMs: number[];
}

async function measure(context: BenchContext): Promise<Report> {
  const { systems, skipped } = await headEnds(context, true);
  const network = BenchNetwork.create(context.cleanUp);
  const [dead] = network.servers;
  const vips = vipList(1);
  const all = new Map(
    systems.map((system): [typeof system, Aftermath] => [
      system,
      { silentAfterMs: [], goneAfterMs: [], twiceMs: [] },
    ]),
  );
  let watch: AnswerWatch | null = null;
  let killedUs = 0;
  let goneAfterMs = Promise.resolve(0);
  const trials = await compare(context, {
    network,
    systems,
    trialCount: context.trials ?? TRIALS,
    vipCount: 1,
    fault: {
      inflict: async () => {
        watch = await network.watch(vips);
        signalAll(dead.processes(), "SIGKILL");
        killedUs = nowUs();
        goneAfterMs = timeUntilGone(network, vips, killedUs);
      },
    },
    after: async (system) => {
      const aftermath = all.get(system) as Aftermath;
      aftermath.goneAfterMs.push(await goneAfterMs);
      await Bun.sleep(Math.max(0, WATCHED_MS - (nowUs() - killedUs) / 1000));
      const { tenures } = await (watch as AnswerWatch).end();
      const last = Math.max(
        killedUs,
        ...tenures.filter(({ server }) => server === 0).map(({ toUs }) => toUs),
      );
      aftermath.silentAfterMs.push(Math.min(WATCHED_MS, (last - killedUs) / 1000));
      aftermath.twiceMs.push(longestMs(twoAnswers(tenures)));
    },
  });
  const figure = (label: string, values: (aftermath: Aftermath) => number[]): Figure => ({
    label,
    unit: "ms",
    series: [...all].map(([system, aftermath]) => ({
      system: system.name,
      values: values(aftermath),
    })),
  });
  const [ours] = all.values();
  const gone = figure("the dead owner's address gone after", (aftermath) => aftermath.goneAfterMs);
  return {
    figures: [
      outageFigure("outage, 1 VIP", trials, 0),
      figure("the dead owner's last answer after", (aftermath) => aftermath.silentAfterMs),
      gone,
      figure("longest time with two answers", (aftermath) => aftermath.twiceMs),
    ],
    limits: [
      {
        text: "Wingman, two answers, maximum",
        limit: 0,
        measured: summaryOf(ours?.twiceMs ?? []).max,
        unit: "ms",
      },
      {
        text: "Wingman, address gone, maximum",
        limit: GONE_LIMIT_MS,
        measured: summaryOf(gone.series[0]?.values ?? []).max,
        unit: "ms",
      },
    ],
    notes: [`${WATCHED_MS} ms: not within the time of watching`, ...remarks(trials)],
    skipped,
  };
}

async function timeUntilGone(
  network: BenchNetwork,
  vips: readonly string[],
  sinceUs: number,
): Promise<number> {
  const [dead] = network.servers;
  const isGone = await waitFor(WATCHED_MS, () => {
    const held = dead.addresses();
    return vips.every((vip) => !held.has(vip));
  });
  return isGone ? (nowUs() - sinceUs) / 1000 : WATCHED_MS;
}

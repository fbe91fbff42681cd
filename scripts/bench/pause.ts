/**
 * `pause`: every process of the owner is stopped for a while and then continued. Do two servers
 * answer, and for how long?
 */
import { RuntimeError } from "../../src/command-line/errors.ts";
import { waitFor } from "../../src/rig/condition.ts";
import { signalAll } from "../../test/harness/signals.ts";
import { longestMs, twoAnswers } from "../../test/harness/watch/one-answer.ts";
import { BenchNetwork } from "./bench-network.ts";
import type { BenchContext, Benchmark, Report } from "./benchmark.ts";
import { startPair } from "./failover.ts";
import { type HeadEnd, LOST_AFTER_PERIODS_WITH_LEASE, PERIOD_MS, vipList } from "./head-end.ts";
import { headEnds } from "./side-by-side.ts";

const TRIALS = 50;
const SETTLE_DEADLINE_MS = 30_000;
const TRIES_MAX = 5;
/** Time between a settled pair and the next pause. */
const CALM_MS = 100;
const PAUSE_MS_MIN = 2;
const PAUSE_MS_MAX = 10_000;

export const pause: Benchmark = {
  name: "pause",
  title: `SIGSTOP of every process of the owner for ${PAUSE_MS_MIN} ms to ${PAUSE_MS_MAX / 1000} s, then SIGCONT: how long two servers answer (period ${PERIOD_MS} ms; Wingman with a lease, lost after ${LOST_AFTER_PERIODS_WITH_LEASE}; advert_int ${PERIOD_MS / 1000})`,
  measure,
};

interface Trials {
  system: HeadEnd;
  network: BenchNetwork;
  twiceMs: number[];
}

async function measure(context: BenchContext): Promise<Report> {
  const { systems, skipped } = await headEnds(context, true);
  const vips = vipList(1);
  const all: Trials[] = [];
  for (const system of systems) {
    const network = BenchNetwork.create(context.cleanUp);
    system.prepare(vips);
    await startPair(context, network, system);
    all.push({ system, network, twiceMs: [] });
  }
  const count = context.trials ?? TRIALS;
  let longPauses = 0;
  for (let trial = 0; trial < count; trial++) {
    const pauseMs = lengthMs(context);
    if (pauseMs > PERIOD_MS * LOST_AFTER_PERIODS_WITH_LEASE) longPauses++;
    for (const { system, network, twiceMs } of all) {
      let twice: number | null = null;
      for (let tries = 0; twice === null; tries++) {
        if (tries === TRIES_MAX) throw new RuntimeError(`${system.name} does not serve steadily`);
        twice = await pauseOwner(context, network, system, vips, pauseMs);
      }
      twiceMs.push(twice);
      context.progress(
        `${trial + 1}/${count} ${system.name}: ${pauseMs} ms, two answers for ${twice.toFixed(1)} ms`,
      );
    }
  }
  const trialsWithTwo = ({ twiceMs }: Trials): number => twiceMs.filter((ms) => ms > 0).length;
  return {
    figures: [
      {
        label: "longest time with two answers",
        unit: "ms",
        series: all.map(({ system, twiceMs }) => ({ system: system.name, values: twiceMs })),
      },
    ],
    limits: [
      {
        text: "Wingman, trials with two answers",
        limit: 0,
        measured: trialsWithTwo(all[0] as Trials),
        unit: "trials",
      },
    ],
    notes: [
      `${longPauses} of ${count} pauses were longer than Wingman's detection time`,
      ...all.map(
        (trials) =>
          `${trials.system.name}: two answers in ${trialsWithTwo(trials)} of ${count} trials`,
      ),
    ],
    skipped,
  };
}

/**
 * Most pauses are short: the exponent of a random length is squared. The median is 17 ms, one in
 * three is longer than 76 ms, one in ten than 2 s.
 */
function lengthMs({ random }: BenchContext): number {
  const place = random.below(1_000_000) / 1_000_000;
  return Math.round(PAUSE_MS_MIN * (PAUSE_MS_MAX / PAUSE_MS_MIN) ** (place * place));
}

/**
 * Longest time in ms in which two servers answered for the VIP; null if the owner had already
 * released it before the pause.
 */
async function pauseOwner(
  context: BenchContext,
  network: BenchNetwork,
  system: HeadEnd,
  vips: readonly string[],
  pauseMs: number,
): Promise<number | null> {
  const owner = await settledOwner(network, system);
  const watch = await network.watch(vips);
  try {
    await Bun.sleep(CALM_MS + context.random.below(2 * PERIOD_MS));
    const stopped = network.servers[owner]?.processes() ?? [];
    signalAll(stopped, "SIGSTOP");
    await Bun.sleep(pauseMs);
    signalAll(stopped, "SIGCONT");
    await Bun.sleep(CALM_MS);
    await settledOwner(network, system);
    const { tenures, lost, spoken } = await watch.end();
    if (lost > 0) throw new RuntimeError(`the watcher lost ${lost} frames of ${spoken}`);
    return spoken === 0 ? null : longestMs(twoAnswers(tenures));
  } finally {
    watch.kill();
  }
}

async function settledOwner(network: BenchNetwork, system: HeadEnd): Promise<number> {
  let owner: number | null = null;
  await waitFor(SETTLE_DEADLINE_MS, async () => {
    owner = await system.ownerIn(network.servers);
    return owner !== null;
  });
  if (owner !== null) return owner;
  throw new RuntimeError(
    `${system.name} does not settle (${system.lastWords(0)} | ${system.lastWords(1)})`,
  );
}

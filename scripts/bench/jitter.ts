/**
 * `jitter`: how late the flight loop wakes up, compared with cyclictest, the yardstick for the
 * machine.
 */
import { runCommand } from "../../src/rig/command-run.ts";
import { BenchNetwork } from "./bench-network.ts";
import type { BenchContext, Benchmark, Report } from "./benchmark.ts";
import { startPair } from "./failover.ts";
import { PERIOD_MS, vipList } from "./head-end.ts";
import { WingmanHeadEnd } from "./wingman-head-end.ts";

const TRIALS = 3;
const SECONDS = 20;
/** Range in µs of cyclictest's histogram; values above it count as its maximum. */
const HISTOGRAM_US = 20_000;
const QUANTILES = ["p50", "p99", "p999", "max"] as const;

type Lateness = Record<(typeof QUANTILES)[number], number>;

export const jitter: Benchmark = {
  name: "jitter",
  title: `lateness of a period of ${PERIOD_MS} ms: the flight loop against cyclictest at the same priority`,
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  if (Bun.which("cyclictest") === null) {
    const reason =
      "cyclictest is not installed (Debian package rt-tests): this benchmark is left out";
    return { figures: [], limits: [], notes: [], skipped: [reason] };
  }
  const network = BenchNetwork.create(context.cleanUp);
  const system = new WingmanHeadEnd(await context.wingman(), context.directory);
  system.prepare(vipList(1));
  const ours: Lateness[] = [];
  const peers: Lateness[] = [];
  for (let trial = 0; trial < (context.trials ?? TRIALS); trial++) {
    await startPair(context, network, system);
    await Bun.sleep(SECONDS * 1000);
    ours.push(await system.lateness());
    await network.renew();
    peers.push(await cyclictest());
    context.progress(`${trial + 1}: done`);
  }
  return {
    figures: QUANTILES.map((quantile) => ({
      label: quantile,
      unit: "µs",
      series: [
        { system: "wingman", values: ours.map((lateness) => lateness[quantile]) },
        { system: "cyclictest", values: peers.map((lateness) => lateness[quantile]) },
      ],
    })),
    limits: [],
    notes: [
      "Wingman's figures are those of wingman status, whose histogram has two steps an octave",
    ],
    skipped: [],
  };
}

async function cyclictest(): Promise<Lateness> {
  const periods = (SECONDS * 1000) / PERIOD_MS;
  const text = await runCommand([
    ...["cyclictest", "--quiet", "--mlockall", "--priority=50", `--interval=${PERIOD_MS * 1000}`],
    ...[`--loops=${periods}`, `--histogram=${HISTOGRAM_US}`],
  ]);
  const counts = [...text.matchAll(/^(\d+)\s+(\d+)$/gm)].map(
    ([, us, count]) => [Number(us), Number(count)] as const,
  );
  const max = Number(/^# Max Latencies:\s*(\d+)/m.exec(text)?.[1]);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  const quantile = (share: number): number => {
    let seen = 0;
    for (const [us, count] of counts) {
      seen += count;
      if (seen >= share * total) return us;
    }
    return max;
  };
  return { p50: quantile(0.5), p99: quantile(0.99), p999: quantile(0.999), max };
}

/**
 * `busy`: nothing fails, but other processes compete for the processors: how often does the standby
 * take over needlessly?
 */
import { RuntimeError } from "../../src/command-line/errors.ts";
import { MEASURING_PRIORITY } from "../../test/harness/measuring-priority.ts";
import { longestMs, twoAnswers } from "../../test/harness/watch/one-answer.ts";
import { BenchNetwork, INTERFACE, type Machine } from "./bench-network.ts";
import type { BenchContext, Benchmark, Report } from "./benchmark.ts";
import { startPair } from "./failover.ts";
import {
  type HeadEnd,
  LOST_AFTER_PERIODS,
  LOST_AFTER_PERIODS_WITH_LEASE,
  PERIOD_MS,
  vipList,
} from "./head-end.ts";
import { KEEPALIVED_MISSING, KeepalivedHeadEnd } from "./keepalived-head-end.ts";
import { WingmanHeadEnd } from "./wingman-head-end.ts";

const TRIALS = 1;
const PROCESSES = 8;
const SECONDS = 60;

export const busy: Benchmark = {
  name: "busy",
  title: `${PROCESSES} busy processes for ${SECONDS} s at a period of ${PERIOD_MS} ms: how often the standby takes the VIP over for nothing`,
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const executable = await context.wingman();
  const { directory } = context;
  const leased = `wingman, lease, lost after ${LOST_AFTER_PERIODS_WITH_LEASE}`;
  const systems: HeadEnd[] = [
    new WingmanHeadEnd(executable, directory, leased, true),
    new WingmanHeadEnd(executable, directory, `wingman, lost after ${LOST_AFTER_PERIODS}`),
  ];
  const skipped: string[] = [];
  const normal = await KeepalivedHeadEnd.find(directory, "keepalived, normal priority", false);
  const realtime = await KeepalivedHeadEnd.find(directory, "keepalived, vrrp_rt_priority 50");
  if (normal === null || realtime === null) skipped.push(KEEPALIVED_MISSING);
  else systems.push(normal, realtime);
  const network = BenchNetwork.create(context.cleanUp);
  const vips = vipList(1);
  const all = systems.map((system) => ({
    system,
    takeovers: [] as number[],
    twiceMs: [] as number[],
    gapMs: [] as number[],
  }));
  for (let trial = 0; trial < (context.trials ?? TRIALS); trial++) {
    for (const { system, takeovers, twiceMs, gapMs } of all) {
      system.prepare(vips);
      await startPair(context, network, system);
      const seen = await takeoversBesideLoad(context, network, vips);
      takeovers.push(seen.takeovers);
      twiceMs.push(seen.twiceMs);
      gapMs.push(seen.gapMs);
      const words =
        seen.takeovers === 0 ? "" : ` (${system.lastWords(0)} || ${system.lastWords(1)})`;
      context.progress(`${trial + 1} ${system.name}: ${seen.takeovers} false take-overs${words}`);
    }
  }
  return {
    figures: [
      {
        label: "false take-overs",
        unit: "",
        series: all.map(({ system, takeovers }) => ({ system: system.name, values: takeovers })),
      },
      {
        label: "longest time with two answers",
        unit: "ms",
        series: all.map(({ system, twiceMs }) => ({ system: system.name, values: twiceMs })),
      },
      {
        label: "longest stall of the watcher itself",
        unit: "ms",
        series: all.map(({ system, gapMs }) => ({ system: system.name, values: gapMs })),
      },
    ],
    limits: [
      {
        text: "Wingman with a lease, false take-overs",
        limit: 0,
        measured: Math.max(...(all[0]?.takeovers ?? [])),
        unit: "",
      },
    ],
    notes: [
      "a take-over is an address that comes up on the standby, as its kernel reports it",
      `the watcher looks every ms at SCHED_FIFO ${MEASURING_PRIORITY}: when it stalls, the machine has`,
    ],
    skipped,
  };
}

async function takeoversBesideLoad(
  context: BenchContext,
  network: BenchNetwork,
  vips: readonly string[],
): Promise<{ takeovers: number; twiceMs: number; gapMs: number }> {
  const [, standby] = network.servers;
  const watch = await network.watch(vips);
  const monitor = monitorAddresses(standby);
  const load = Array.from({ length: PROCESSES }, () =>
    Bun.spawn(["sh", "-c", "while :; do :; done"], { stdio: ["ignore", "ignore", "ignore"] }),
  );
  const end = (): void => {
    for (const child of load) child.kill("SIGKILL");
    monitor.kill("SIGKILL");
    watch.kill();
  };
  const strikeOff = context.cleanUp.defer(end);
  try {
    await Bun.sleep(SECONDS * 1000);
    for (const child of load) child.kill("SIGKILL");
    const { tenures, lost, worstGapMs: gapMs } = await watch.end();
    if (lost > 0) throw new RuntimeError(`the watcher lost ${lost} frames`);
    monitor.kill("SIGTERM");
    const lines = (await new Response(monitor.stdout).text()).split("\n");
    const added = lines.filter(
      (line) => !line.startsWith("Deleted") && vips.some((vip) => line.includes(` ${vip}/`)),
    );
    return { takeovers: added.length, twiceMs: longestMs(twoAnswers(tenures)), gapMs };
  } finally {
    strikeOff();
  }
}

function monitorAddresses(machine: Machine): Bun.Subprocess<"ignore", "pipe", "ignore"> {
  const command = ["ip", "-o", "-4", "monitor", "address", "dev", INTERFACE];
  return Bun.spawn([...machine.enter, ...command], { stdio: ["ignore", "pipe", "ignore"] });
}

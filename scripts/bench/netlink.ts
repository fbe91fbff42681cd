/** `netlink`: adding and deleting addresses like the flight loop, compared with `ip -batch`. */
import { join } from "node:path";
import { runCommand } from "../../src/rig/command-run.ts";
import { BenchNetwork } from "./bench-network.ts";
import type { BenchContext, Benchmark, Figure, Report } from "./benchmark.ts";

const TRIALS = 20;
const COUNTS = [1, 64, 512] as const;

/** Output of netlink-trials: milliseconds, one value per trial. */
export interface NetlinkTimes {
  wingman: { add: number[]; delete: number[] };
  ip: { add: number[]; delete: number[] };
}

export const netlink: Benchmark = {
  name: "netlink",
  title: `addition and deletion of ${COUNTS.join(", ")} addresses over rtnetlink against ip -batch`,
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const network = BenchNetwork.create(context.cleanUp);
  const figures: Figure[] = [];
  for (const count of COUNTS) {
    const command = [process.execPath, join(import.meta.dir, "netlink-trials.ts"), String(count)];
    const [server] = network.servers;
    const trials = String(context.trials ?? TRIALS);
    const output = await runCommand([...server.enter, ...command, trials, context.directory]);
    const times = JSON.parse(output) as NetlinkTimes;
    for (const what of ["add", "delete"] as const) {
      figures.push({
        label: `${what} ${count}`,
        unit: "ms",
        series: [
          { system: "wingman", values: times.wingman[what] },
          { system: "ip -batch", values: times.ip[what] },
        ],
      });
    }
    context.progress(`${count}: done`);
  }
  const notes = [
    "wingman: from the first queued message to the kernel's last answer, 64 messages in a batch; ip -batch: the whole command, its start included, since that is what a script pays",
  ];
  return { figures, limits: [], notes, skipped: [] };
}

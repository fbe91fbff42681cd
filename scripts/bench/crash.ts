/** `crash`: all processes of the owner are killed and its link stays up, so its kernel goes on answering for what it has. */
import type { BenchContext, Benchmark, Report } from "./benchmark.ts";
import { vipList } from "./head-end.ts";
import { BenchNetwork, kill } from "./network.ts";
import { compare, headEnds, outageFigure, remarks } from "./side-by-side.ts";

const TRIALS = 20;
const OWNERS_AFTER_MS = 1000;

export const crash: Benchmark = {
  name: "crash",
  title:
    "SIGKILL of every process of the owner, services included, with its link up: what a client sees, and who owns the VIP 1 s later",
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const { systems, skipped } = await headEnds(context);
  const network = await BenchNetwork.create(context.cleanUp);
  const [vip] = vipList(1) as [string];
  const owners = new Map(systems.map((system) => [system, [] as number[]]));
  let killedAtMs = 0;
  const trials = await compare(context, {
    network,
    systems,
    trialCount: context.trials ?? TRIALS,
    vipCount: 1,
    fault: {
      inflict: async (net) => {
        kill(net.servers[0].processes());
        killedAtMs = performance.now();
      },
    },
    after: async (system) => {
      await Bun.sleep(Math.max(0, killedAtMs + OWNERS_AFTER_MS - performance.now()));
      const held = await Promise.all(network.servers.map(async (server) => (await server.addresses()).has(vip)));
      owners.get(system)?.push(held.filter(Boolean).length);
    },
  });
  const series = systems.map((system) => ({ system: system.name, values: owners.get(system) ?? [] }));
  return {
    figures: [outageFigure("1 VIP", trials, 0), { label: "servers with the VIP 1 s later", unit: "servers", series }],
    limits: [],
    notes: remarks(trials),
    skipped,
  };
}

/** `size`: the executables, and the memory of each process on an idle system. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { argumentsOf } from "../../src/rig/process-table.ts";
import { BenchNetwork, type Machine } from "./bench-network.ts";
import type { BenchContext, Benchmark, Figure, Report } from "./benchmark.ts";
import { startPair } from "./failover.ts";
import { type HeadEnd, vipList } from "./head-end.ts";
import { keepalivedProcesses } from "./keepalived-head-end.ts";
import { headEnds } from "./side-by-side.ts";

const TRIALS = 3;
const IDLE_MS = 3000;
const BYTES_PER_MB = 1_000_000;

interface Usage {
  role: string;
  rssMb: number;
  pssMb: number;
}

export const size: Benchmark = {
  name: "size",
  title:
    "executable, and resident memory of the owner's processes when nothing happens (RSS; PSS shares what is shared)",
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const { systems, skipped } = await headEnds(context);
  const network = BenchNetwork.create(context.cleanUp);
  const samples = new Map(systems.map((system) => [system, [] as Usage[][]]));
  for (const system of systems) system.prepare(vipList(1));
  for (let trial = 0; trial < (context.trials ?? TRIALS); trial++) {
    for (const system of systems) {
      await startPair(context, network, system);
      await Bun.sleep(IDLE_MS);
      samples.get(system)?.push(usageOf(system, network.servers[0]));
      context.progress(`${trial + 1} ${system.name}`);
    }
  }
  const totals = (pick: (usage: Usage) => number) =>
    systems.map((system) => ({
      system: system.name,
      values: (samples.get(system) ?? []).map((processes) =>
        processes.reduce((sum, usage) => sum + pick(usage), 0),
      ),
    }));
  const executables = systems.map((system) => ({
    system: system.name,
    values: [executableMb(system, context)],
  }));
  const figures: Figure[] = [
    {
      label: "executable",
      unit: "MB",
      series: await Promise.all(
        executables.map(async (one) => ({ ...one, values: await Promise.all(one.values) })),
      ),
    },
    { label: "RSS, all processes", unit: "MB", series: totals(({ rssMb }) => rssMb) },
    { label: "PSS, all processes", unit: "MB", series: totals(({ pssMb }) => pssMb) },
  ];
  for (const system of systems) figures.push(...byRole(system, samples.get(system) ?? []));
  return { figures, limits: [], notes: [], skipped };
}

function byRole(system: HeadEnd, samples: readonly Usage[][]): Figure[] {
  const roles = new Set(samples.flatMap((processes) => processes.map(({ role }) => role)));
  const values = (role: string, pick: (usage: Usage) => number) =>
    samples.flatMap((processes) => processes.filter((usage) => usage.role === role).map(pick));
  return [...roles].flatMap((role) => [
    {
      label: `RSS, ${role}`,
      unit: "MB",
      series: [{ system: system.name, values: values(role, ({ rssMb }) => rssMb) }],
    },
    {
      label: `PSS, ${role}`,
      unit: "MB",
      series: [{ system: system.name, values: values(role, ({ pssMb }) => pssMb) }],
    },
  ]);
}

async function executableMb(system: HeadEnd, context: BenchContext): Promise<number> {
  const file =
    system.name === "wingman"
      ? await context.wingman()
      : realpathSync(Bun.which(system.name) ?? "");
  return statSync(file).size / BYTES_PER_MB;
}

function usageOf(system: HeadEnd, machine: Machine): Usage[] {
  if (system.name === "keepalived") {
    return keepalivedProcesses(machine).map((pid, place) =>
      usage(place === 0 ? "keepalived parent" : "keepalived VRRP", pid),
    );
  }
  return machine.processes().flatMap((pid) => {
    const [, role] = argumentsOf(pid);
    if (role === "run") return [usage("wingman run", pid)];
    return role === "engine" ? [usage("wingman engine", pid)] : [];
  });
}

/** From /proc/PID/smaps_rollup, whose lines are `Rss:   1234 kB`. */
function usage(role: string, pid: number): Usage {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) * 1024) / BYTES_PER_MB;
  return { role, rssMb: megabytes("Rss"), pssMb: megabytes("Pss") };
}

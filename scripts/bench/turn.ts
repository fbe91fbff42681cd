/**
 * `turn`: processor time of the owner's flight loop when nothing happens: its turns at its own
 * keep-alives and at those of the other server. Compared with keepalived, and with another flight
 * executable when `--peer` names one.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { argumentsOf } from "../../src/rig/process-table.ts";
import { BenchNetwork, type Machine } from "./bench-network.ts";
import type { BenchContext, Benchmark, Report } from "./benchmark.ts";
import { startPair } from "./failover.ts";
import { type HeadEnd, PERIOD_MS, vipList } from "./head-end.ts";
import { keepalivedProcesses } from "./keepalived-head-end.ts";
import { headEnds } from "./side-by-side.ts";
import { WingmanHeadEnd } from "./wingman-head-end.ts";

const TRIALS = 5;
const SECONDS = 8;
const NS_PER_MS = 1_000_000;

export const turn: Benchmark = {
  name: "turn",
  title: `processor time of the owner's flight loop, period of ${PERIOD_MS} ms, nothing happens`,
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const { systems, skipped } = await headEnds(context, true);
  if (context.peer !== null) {
    const directory = join(context.directory, "peer");
    mkdirSync(directory);
    systems.push(new WingmanHeadEnd(context.peer, directory, "peer", true));
  }
  const network = BenchNetwork.create(context.cleanUp);
  const values = systems.map((): number[] => []);
  const lost: string[] = [];
  for (const system of systems) system.prepare(vipList(1));
  for (let trial = 0; trial < (context.trials ?? TRIALS); trial++) {
    for (const [place, system] of systems.entries()) {
      const tookMs = await measureOne(context, network, system);
      if (tookMs === null) lost.push(`${system.name}: its flight loop ended in trial ${trial + 1}`);
      else values[place]?.push(tookMs);
      context.progress(`${trial + 1} ${system.name}: ${tookMs?.toFixed(2) ?? "-"} ms a second`);
    }
  }
  const series = systems.map(({ name }, place) => ({ system: name, values: values[place] ?? [] }));
  return {
    figures: [{ label: "processor time in a second", unit: "ms", series }],
    limits: [],
    notes: ["Wingman with a lease, which keepalived does not have", ...lost],
    skipped,
  };
}

/** In ms per second; null when the loop ended meanwhile: the machine stood still for long. */
async function measureOne(
  context: BenchContext,
  network: BenchNetwork,
  system: HeadEnd,
): Promise<number | null> {
  await startPair(context, network, system);
  const pid = flightLoopOf(system, network.servers[0]);
  const beforeNs = processorNs(pid);
  await Bun.sleep(SECONDS * 1000);
  const afterNs = processorNs(pid);
  if (beforeNs === null || afterNs === null) return null;
  return (afterNs - beforeNs) / NS_PER_MS / SECONDS;
}

/** The sending process: the engine, or the VRRP process of keepalived. */
function flightLoopOf(system: HeadEnd, machine: Machine): number {
  const pid =
    system.name === "keepalived"
      ? keepalivedProcesses(machine)[1]
      : machine.processes().find((process) => argumentsOf(process)[1] === "engine");
  if (pid === undefined) throw new RuntimeError(`${system.name}: its flight loop is not there`);
  return pid;
}

/** Run time of all threads of a process in ns: the first number of schedstat. */
function processorNs(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const [ns] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
      return sum + Number(ns);
    }, 0);
  } catch {
    return null; // gone
  }
}

/**
 * `lease`: cost of a renewal by eBPF and by nftables, and how exactly the kernel falls silent when
 * the holder is stopped or killed. keepalived has no lease.
 */
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { runCommand } from "../../src/rig/command-run.ts";
import type { LastAnswer } from "../../test/harness/last-answer.ts";
import { BenchNetwork, INTERFACE } from "./bench-network.ts";
import type { BenchContext, Benchmark, Report } from "./benchmark.ts";
import { summaryOf } from "./statistics.ts";

const TRIALS = 100;
const RENEWAL_TRIALS = 10;
/** The longest lease that fits a period of 10 ms and a detection time of 50 ms, for both kinds. */
const LEASE_MS = 35;
const PERIOD_MS = 10;
const RENEWAL_NS_MAX = 100;
/** A lease by eBPF ends to the µs; questions in transit at that time are still answered. */
const LATE_US_MAX = 100;
const KINDS = ["tcx", "nftables"] as const;
const SIGNALS = ["SIGSTOP", "SIGKILL"] as const;
const VIP = "10.99.1.1";
const SYSTEMS = { tcx: "eBPF", nftables: "nftables" } as const;

export const lease: Benchmark = {
  name: "lease",
  title: `renewal of a lease, and the last question answered by who is stopped or killed, lease ${LEASE_MS} ms`,
  measure,
};

async function measure(context: BenchContext): Promise<Report> {
  const network = BenchNetwork.create(context.cleanUp);
  const [server] = network.servers;
  const renewals = JSON.parse(
    await runCommand([
      ...[...server.enter, process.execPath, join(import.meta.dir, "lease-renewals.ts")],
      ...[INTERFACE, String(Math.min(context.trials ?? RENEWAL_TRIALS, RENEWAL_TRIALS))],
    ]),
  );
  context.progress("renewals: done");
  server.host.ip("addr", "add", `${VIP}/32`, "dev", INTERFACE, "scope", "host");
  const { client } = network;
  const file = join(context.directory, "lease-end");
  const early = { tcx: [] as number[], nftables: [] as number[] };
  for (let trial = 0; trial < (context.trials ?? TRIALS); trial++) {
    for (const kind of KINDS) {
      const pid = await startHolder(server.enter, kind, file);
      const name = SIGNALS[trial % SIGNALS.length] as (typeof SIGNALS)[number];
      const { lastUs, answered }: LastAnswer = JSON.parse(
        await runCommand([
          ...[...client.enter, process.execPath, join(import.meta.dir, "lease-questions.ts")],
          ...[INTERFACE, client.address, VIP, server.host.mac, file, String(pid), name],
        ]),
      );
      if (answered > 0) early[kind].push(-lastUs / 1000);
      await server.killAll();
    }
    if (trial % 10 === 9) context.progress(`${trial + 1} trials`);
  }
  const latestUs = -1000 * Math.min(...early.tcx);
  const { ebpf, nftables } = renewals;
  return {
    figures: [
      {
        ...{ label: "renewal, processor time", unit: "ns" },
        series: [
          { system: "eBPF", values: ebpf },
          { system: "nftables", values: nftables },
        ],
      },
      {
        ...{ label: "last question answered, sent before the end of the lease", unit: "ms" },
        series: KINDS.map((kind) => ({ system: SYSTEMS[kind], values: early[kind] })),
      },
    ],
    limits: [
      {
        ...{ text: "eBPF: a renewal, median", unit: "ns" },
        ...{ limit: RENEWAL_NS_MAX, measured: summaryOf(ebpf).median },
      },
      {
        ...{ text: "eBPF: last question answered, after the end of the lease", unit: "µs" },
        ...{ limit: LATE_US_MAX, measured: latestUs },
      },
    ],
    notes: ["every other trial SIGSTOP, the others SIGKILL, of who holds the lease"],
    skipped: [],
  };
}

/** A fresh holder whose VIP answers. */
async function startHolder(enter: readonly string[], kind: string, file: string): Promise<number> {
  const holder = join(import.meta.dir, "../../test/children/watched-lease-holder.ts");
  const child = Bun.spawn(
    [
      ...[...enter, process.execPath, holder, kind, INTERFACE],
      ...[String(LEASE_MS), String(PERIOD_MS), file, `${VIP}/16`],
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const { done } = await child.stdout.getReader().read();
  if (done) throw new RuntimeError(`the holder of a lease by ${kind} ended`);
  return child.pid;
}

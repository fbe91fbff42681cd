/**
 * `flood`: an attacker on the client network sends as fast as its kernel accepts, and nothing else
 * happens.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { waitFor } from "../../src/rig/condition.ts";
import { cleanEnvironment } from "../../src/supervisor/own-executable.ts";
import { BenchNetwork, INTERFACE, type Machine } from "./bench-network.ts";
import type { BenchContext, Benchmark, Figure, Report } from "./benchmark.ts";
import { startPair } from "./failover.ts";
import { type HeadEnd, PERIOD_MS, vipList } from "./head-end.ts";
import { KEEPALIVED_MISSING, KeepalivedHeadEnd, VRRP_ROUTER } from "./keepalived-head-end.ts";
import { WingmanHeadEnd } from "./wingman-head-end.ts";

const SECONDS = 30;
const STATUS_DEADLINE_MS = 10_000;
/** Processes of the attacker. */
const ATTACKERS = 2;
/** Kinds of traffic: see flooder.ts. */
const KINDS = ["garbage", "forged", "replayed"] as const;

export const flood: Benchmark = {
  name: "flood",
  title: `an attacker floods the client network for ${SECONDS} s, which carries the keep-alives too: nothing is to happen`,
  measure,
};

interface Outcome {
  datagramsPerSecond: number;
  /** How often a server took the VIP. */
  takeOvers: number;
}

async function measure(context: BenchContext): Promise<Report> {
  const network = BenchNetwork.create(context.cleanUp);
  const wingman = new WingmanHeadEnd(
    await context.wingman(),
    context.directory,
    "wingman",
    true,
    true,
  );
  const keepalived = await KeepalivedHeadEnd.find(context.directory);
  const [vip] = vipList(1) as [string];
  wingman.prepare([vip]);
  keepalived?.prepare([vip]);
  const toKeepalived: Partial<Record<string, string[]>> = {
    garbage: ["vrrp-garbage"],
    forged: ["vrrp-forged", String(VRRP_ROUTER), network.client.address, vip],
  };
  const figures: Figure[] = [];
  const latest: number[] = [];
  const takeOvers: number[] = [];
  for (const kind of KINDS) {
    const ours: Outcome[] = [];
    const peers: Outcome[] = [];
    const latePeriods: number[] = [];
    const toPeer = toKeepalived[kind];
    for (let trial = 0; trial < (context.trials ?? 1); trial++) {
      ours.push(
        await flooded(context, { network, system: wingman, vip, attack: [kind, wingman.system] }),
      );
      latePeriods.push(
        Math.max(await latestUs(wingman, 0), await latestUs(wingman, 1)) / 1000 / PERIOD_MS,
      );
      if (keepalived === null || toPeer === undefined) continue;
      peers.push(await flooded(context, { network, system: keepalived, vip, attack: toPeer }));
    }
    latest.push(...latePeriods);
    takeOvers.push(...ours.map((outcome) => outcome.takeOvers));
    const figure = (label: string, unit: string, value: (outcome: Outcome) => number): Figure => ({
      label: `${kind}: ${label}`,
      unit,
      series: [
        { system: wingman.name, values: ours.map(value) },
        ...(peers.length > 0 ? [{ system: "keepalived", values: peers.map(value) }] : []),
      ],
    });
    figures.push(
      figure("sent", "1/s", (outcome) => Math.round(outcome.datagramsPerSecond)),
      figure("take-overs", "times", (outcome) => outcome.takeOvers),
      {
        label: `${kind}: latest keep-alive`,
        unit: "periods",
        series: [{ system: wingman.name, values: latePeriods }],
      },
    );
  }
  return {
    figures,
    limits: [
      {
        text: "Wingman, take-overs in the worst flood",
        limit: 0,
        measured: Math.max(...takeOvers),
        unit: "times",
      },
      {
        text: "Wingman, latest keep-alive of both servers",
        limit: 1,
        measured: Math.max(...latest),
        unit: "periods",
      },
    ],
    notes: [
      "keepalived is flooded with VRRP instead: random bytes, and advertisements of the highest priority; VRRPv3 has no key (RFC 5798, section 9)",
      "a take-over in which the engine began anew leaves its earlier lateness out",
      "the attacker shares the processors with both servers, whose real-time processes go first",
    ],
    skipped: keepalived === null ? [KEEPALIVED_MISSING] : [],
  };
}

/**
 * Maximum lateness of keep-alives of server `index`, in µs; for its current engine, should one have
 * restarted.
 */
async function latestUs(system: WingmanHeadEnd, index: number): Promise<number> {
  let maxUs = Number.NaN;
  const isKnown = await waitFor(STATUS_DEADLINE_MS, async () => {
    try {
      maxUs = (await system.lateness(index)).max;
      return true;
    } catch (error) {
      if (error instanceof RuntimeError) return false; // between two engines
      throw error;
    }
  });
  if (!isKnown) throw new RuntimeError(`server ${index} gives no status after the flood`);
  return maxUs;
}

interface Flood {
  network: BenchNetwork;
  system: HeadEnd;
  vip: string;
  /** Kind and arguments. */
  attack: readonly string[];
}

async function flooded(
  context: BenchContext,
  { network, system, vip, attack }: Flood,
): Promise<Outcome> {
  await startPair(context, network, system);
  const watches = network.servers.map((server) => watch(context, server));
  await Bun.sleep(100);
  const { client } = network;
  const command = [
    process.execPath,
    join(import.meta.dir, "../../test/harness/flood/flooder.ts"),
    INTERFACE,
    String(SECONDS),
    ...attack,
  ];
  const attackers = Array.from({ length: ATTACKERS }, () =>
    Bun.spawn([...client.enter, ...command], {
      stdio: ["ignore", "pipe", "inherit"],
      env: cleanEnvironment(),
    }),
  );
  const stop = context.cleanUp.defer(() => {
    for (const child of [...attackers, ...watches.map(({ monitor }) => monitor)])
      child.kill("SIGKILL");
  });
  const texts = await Promise.all(attackers.map(({ stdout }) => new Response(stdout).text()));
  await Bun.sleep(500); // a failover in progress ends
  stop();
  if (attackers.some(({ exitCode }) => exitCode !== 0))
    throw new RuntimeError(`the attacker failed: ${attack[0]}`);
  const sent = texts.reduce((sum, text) => sum + (JSON.parse(text) as { sent: number }).sent, 0);
  const takeOvers = watches.reduce(
    (sum, { file }, index) => sum + takeOversOf(file, vip, index === 0),
    0,
  );
  const outcome = { datagramsPerSecond: sent / SECONDS, takeOvers };
  context.progress(
    `${system.name} ${attack[0]}: ${outcome.datagramsPerSecond.toFixed(0)}/s, ${takeOvers} take-overs`,
  );
  return outcome;
}

function watch(context: BenchContext, server: Machine): { monitor: Bun.Subprocess; file: string } {
  const file = join(context.directory, `addresses-${server.label}`);
  rmSync(file, { force: true });
  const monitor = Bun.spawn(["ip", "-n", server.host.namespace, "-o", "monitor", "address"], {
    stdio: ["ignore", Bun.file(file), "ignore"],
  });
  return { monitor, file };
}

/**
 * How often the address came up where it was not before. A report about an existing address (a
 * renewed lifetime) does not count.
 */
function takeOversOf(file: string, vip: string, heldBefore: boolean): number {
  let held = heldBefore;
  let count = 0;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!line.includes(` ${vip}/`)) continue;
    const added = !line.startsWith("Deleted");
    if (added && !held) count++;
    held = added;
  }
  return count;
}

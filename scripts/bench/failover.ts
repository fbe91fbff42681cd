/** One trial: two settled servers, a client that asks, a fault, and the client's observations. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { waitFor } from "../../src/rig/condition.ts";
import type { BenchNetwork, Machine } from "./bench-network.ts";
import type { BenchContext } from "./benchmark.ts";
import type { HeadEnd } from "./head-end.ts";
import { PERIOD_MS } from "./head-end.ts";
import { PROBE_PORT, ProbeRecord } from "./probe-record.ts";

const SETTLE_DEADLINE_MS = 20_000;
/** keepalived sometimes needed 5 s. */
const TAKEOVER_DEADLINE_MS = 20_000;
/** Consecutive answered rounds that count as a steady service. */
const STEADY_ROUNDS = 200;
/** Time for both systems to calm down after everything has settled. */
const CALM_MS = 400;

/** Numbers of the responders; 0 means none. */
const FIRST_SERVER = 1;
const SECOND_SERVER = 2;

export interface Fault {
  /** Makes server 0 lose the VIPs. */
  inflict(network: BenchNetwork, system: HeadEnd): Promise<void>;
}

export interface TrialResult {
  /** Client-visible outage of each target, ms. */
  outageMs: number[];
  /** False when server 1 did not answer steadily within {@link TAKEOVER_DEADLINE_MS}. */
  takenOver: boolean;
  /** Probes that both servers answered. */
  answeredTwice: number;
  /** Prober and responders ran at SCHED_FIFO. */
  realtime: boolean;
}

export interface Trial {
  network: BenchNetwork;
  system: HeadEnd;
  /** VIPs that the client asks, at most two. */
  targets: readonly string[];
  fault: Fault;
}

export async function measureTrial(context: BenchContext, trial: Trial): Promise<TrialResult> {
  const { network, system, targets, fault } = trial;
  await startPair(context, network, system);
  const file = join(context.directory, "record");
  rmSync(file, { force: true });
  const record = new ProbeRecord(file, targets.length);
  const prober = network.client.start(
    [process.execPath, join(import.meta.dir, "prober.ts"), file, ...targets],
    join(context.directory, "prober.log"),
  );
  try {
    const asked = await waitFor(SETTLE_DEADLINE_MS, () =>
      record.isSteady(FIRST_SERVER, STEADY_ROUNDS),
    );
    if (!asked)
      throw new RuntimeError(
        `${system.name}: the client is not answered steadily before the fault`,
      );
    await waitForPhase(context);
    const faultUs = nowUs();
    await fault.inflict(network, system);
    const takenOver = await waitFor(TAKEOVER_DEADLINE_MS, () =>
      record.isSteady(SECOND_SERVER, STEADY_ROUNDS),
    );
    record.stop();
    await prober.exited;
    return {
      outageMs: targets.map((_, target) =>
        takenOver ? record.outageMs(target, faultUs) : TAKEOVER_DEADLINE_MS,
      ),
      takenOver,
      answeredTwice: record.answeredTwice,
      realtime: record.isRealtime,
    };
  } finally {
    prober.kill("SIGKILL");
    await prober.exited;
  }
}

/**
 * Boots both servers from scratch and waits until the first owns everything and the second stands
 * by.
 */
export async function startPair(
  context: BenchContext,
  network: BenchNetwork,
  system: HeadEnd,
): Promise<void> {
  await network.renew();
  const started: Machine[] = [];
  for (const [index, server] of network.servers.entries()) {
    const number = index + 1;
    const responder = server.start(
      [process.execPath, join(import.meta.dir, "responder.ts"), String(number)],
      join(context.directory, `responder-${number}.log`),
    );
    if (!(await waitFor(SETTLE_DEADLINE_MS, () => isListening(responder.pid)))) {
      throw new RuntimeError("the responder does not come up");
    }
    system.start(server, index);
    started.push(server);
    const settled = await waitFor(SETTLE_DEADLINE_MS, () => system.isSettled(started));
    if (!settled) {
      const words = started
        .map((_, place) => `server ${place}: ${system.lastWords(place)}`)
        .join("; ");
      throw new RuntimeError(
        `${system.name} does not settle with ${started.length} of 2 servers (${words})`,
      );
    }
  }
  await Bun.sleep(CALM_MS);
}

/**
 * Faults come at any phase of the keep-alive period; a sleep is accurate to a millisecond, the rest
 * is chance.
 */
async function waitForPhase(context: BenchContext): Promise<void> {
  const untilUs = nowUs() + context.random.below(5 * PERIOD_MS * 1000);
  await Bun.sleep(Math.max(0, Math.floor((untilUs - nowUs()) / 1000) - 1));
  while (nowUs() < untilUs);
}

function isListening(pid: number): boolean {
  const port = `:${PROBE_PORT.toString(16).toUpperCase()} `;
  try {
    return readFileSync(`/proc/${pid}/net/udp`, "utf8").includes(port);
  } catch {
    return false; // gone meanwhile
  }
}

/**
 * The world of a seed: an aircraft as a firmware configuration, read by the real configuration
 * code, and its properties. Every seed draws which of them it has at all, so that each is also
 * flown without the others (swarm).
 */

import type { Policy } from "../../src/allocation/allocation.ts";
import type { FunctionTable } from "../../src/allocation/function-table.ts";
import {
  DEFAULT_POLICY,
  POLICY_NAMES,
  type PolicyName,
  policyNamed,
} from "../../src/allocation/policies.ts";
import { leaseFits, leaseMsOf, type Timing, timingOf } from "../../src/boundary/timing.ts";
import { systemId, tableDigest } from "../../src/config/digest.ts";
import { functionTableOf } from "../../src/config/function-table.ts";
import { parseConfig } from "../../src/config/load.ts";
import { DETECTION_TIME_MS_MIN, LEASE_BRIDGES } from "../../src/limits.ts";
import { figureOf, type Outcome, type System } from "../allocation/reference.ts";
import { type Random, rounded } from "./random.ts";

export interface Aircraft {
  readonly serverCount: number;
  readonly networks: number;
  readonly table: FunctionTable;
  readonly policy: Policy;
  /** The patent's flow chart; null: the policy is beyond it. */
  readonly figure: ((system: System) => Outcome) | null;
  readonly timing: Timing;
  readonly systemId: number;
  readonly digestHigh: number;
  readonly digestLow: number;
  readonly witnesses: number;
  /** Each server may start with the executable of the version before. */
  readonly isMixed?: boolean;
  /**
   * Every server could carry everything alone: nothing may ever be stopped for something else (P3).
   */
  readonly roomy: boolean;
  /** In one line, for people. */
  readonly text: string;
}

export interface AircraftOptions {
  readonly servers?: number;
  readonly periodMs?: number;
  /** By how much the kernel may end a lease early: 0 as by eBPF; up to 20 ms as by nftables. */
  readonly leaseTicksMs?: number;
  /**
   * Servers are updated and rolled back: each start may be of the executable of the version before.
   */
  readonly isMixed?: boolean;
  readonly hasLease?: boolean;
  readonly policy?: PolicyName;
}

/** The default flies once more than each of the others. */
const DRAWN: readonly PolicyName[] = [...POLICY_NAMES, DEFAULT_POLICY];

/** Draws an aircraft of 2 to 16 servers and 2 to 12 functions. */
export function drawAircraft(random: Random, wishes: AircraftOptions): Aircraft {
  const serverCount =
    wishes.servers ?? (random.oneIn(12) ? random.between(6, 16) : random.between(2, 5));
  const periodMs = wishes.periodMs ?? random.pick([5, 10, 10, 20, 50, 100]);
  const drawsLease = !random.oneIn(6);
  const hasLease = wishes.hasLease ?? drawsLease;
  // 0: it ends to the µs.
  const leaseTicksMs = wishes.leaseTicksMs ?? random.pick([0, 0, 2, 8, 20]);
  let lostAfterPeriods = random.pick([3, 3, 4, 5, 6, 7, 8]);
  while (
    lostAfterPeriods * periodMs < DETECTION_TIME_MS_MIN ||
    (hasLease && !leaseFits(periodMs, lostAfterPeriods, leaseTicksMs))
  ) {
    lostAfterPeriods++;
  }
  const leaseBridges = random.oneIn(2) ? LEASE_BRIDGES : random.below(lostAfterPeriods - 1);
  const recoveredAfterPeriods = random.between(1, 10);
  const functionCount = random.between(2, 12);
  const graceMs = random.oneIn(3) ? 0 : random.between(0, 300);
  const roomy = random.oneIn(3);
  const functions = Array.from({ length: functionCount }, (_, index) => ({
    id: `f${index}`,
    required: random.between(1, 20),
    priority: random.between(1, 10),
    vips: [`10.44.1.${index + 1}/16`],
    ...drawProcess(random, graceMs),
    ...(random.oneIn(5) ? { servers: drawServers(random, serverCount) } : {}),
  }));
  const total = functions.reduce((sum, { required }) => sum + required, 0);
  const servers = Array.from({ length: serverCount }, (_, server) => ({
    id: `s${server}`,
    resource: roomy ? total : random.between(20, 20 + Math.ceil((2 * total) / serverCount)),
  }));
  const networks = random.between(1, 2);
  const witnesses = random.oneIn(3) ? random.between(1, 4) : 0;
  const drawnPolicy = DRAWN[random.between(0, DRAWN.length - 1)] as PolicyName;
  const allocation = wishes.policy ?? drawnPolicy;
  const file = {
    system: "simulated",
    allocation,
    keepAlive: {
      periodMs,
      lostAfterPeriods,
      recoveredAfterPeriods,
      interfaces: networks === 1 ? ["eth0"] : ["eth0", "eth1"],
    },
    clients: {
      // Whether it fits depends on the ticks, which a file does not know.
      ...(hasLease ? {} : { lease: "off" }),
      witnesses: Array.from({ length: witnesses }, (_, witness) => `10.44.0.${witness + 1}`),
    },
    servers,
    functions,
  };
  const loaded = parseConfig(JSON.stringify(file), "simulated aircraft", "/");
  if (!loaded.ok)
    throw new Error(`the aircraft drawn is refused: ${JSON.stringify(loaded.problems)}`);
  const { config } = loaded;
  const digest = tableDigest(config);
  const view = new DataView(digest.buffer, digest.byteOffset);
  const leaseMs = hasLease ? leaseMsOf(periodMs, lostAfterPeriods) : 0;
  const described = functions
    .map((entry) => `${entry.id} ${entry.required} p${entry.priority}`)
    .join(", ");
  return {
    serverCount,
    networks,
    table: functionTableOf(config),
    policy: policyNamed(allocation),
    figure: figureOf(allocation),
    timing: timingOf(
      periodMs,
      lostAfterPeriods,
      recoveredAfterPeriods,
      graceMs,
      leaseMs,
      leaseTicksMs,
      leaseBridges,
    ),
    systemId: systemId(config),
    digestHigh: view.getUint32(0),
    digestLow: view.getUint32(4),
    isMixed: wishes.isMixed === true,
    witnesses,
    roomy,
    text:
      `${allocation}, ${periodMs} ms × ${lostAfterPeriods}, recovered after ${recoveredAfterPeriods}, ` +
      `${hasLease ? `lease ${rounded(leaseMs)} ms with ticks of ${leaseTicksMs} ms, bridges ${leaseBridges}` : "no lease"}, ${networks} network(s), ${witnesses} witness(es); ` +
      `servers ${servers.map(({ resource }) => resource).join(" ")}; ${described}`,
  };
}

function drawProcess(random: Random, stopGraceMs: number): object {
  const kind = random.between(0, 2);
  if (kind === 0) return {};
  return {
    command: ["/usr/bin/service"],
    start: kind === 1 ? "always" : "on-activate",
    stopGraceMs,
  };
}

function drawServers(random: Random, serverCount: number): string[] {
  const mask = random.between(1, (1 << serverCount) - 1);
  return Array.from({ length: serverCount }, (_, server) => `s${server}`).filter(
    (_, server) => (mask >> server) & 1,
  );
}

/**
 * Runs the flight core in virtual time under faults and checks P1 to P8 after every step.
 *
 *   npm run simulate -- [--seeds N] [--seed S] [--from S] [--hours H] [--seconds S] [--servers N]
 *   [--period MS] [--ticks MS] [--policy NAME] [--mixed] [--jobs N] [--json]
 *
 *   --seeds, --from  N seeds from S on (default: 1,000 from 1), in --jobs processes
 *   --seed           one seed, with its trace
 *   --hours          long flights with rare faults, until H hours have been simulated
 *   --mixed          each start may use the executable of the previous version
 *   --seconds        no new flight after S seconds of processor time
 *
 * Exit 1 on a violation.
 */
import { parseArgs } from "node:util";
import { POLICY_NAMES, type PolicyName } from "../src/allocation/policies.ts";
import type { AircraftOptions } from "../test/simulation/aircraft.ts";
import { fly } from "../test/simulation/flight.ts";
import { reportFailure, shrink } from "../test/simulation/shrink.ts";
import { Totals } from "../test/simulation/totals.ts";

const DEFAULT_SEEDS = 1000;

interface SimulateOptions {
  seeds: number;
  from: number;
  seed: number | null;
  hours: number | null;
  /** Processor seconds per process; afterwards no further seed is begun. */
  seconds: number;
  servers: number | undefined;
  periodMs: number | undefined;
  /** By how much the kernel may end a lease early: 0 as by eBPF, up to 20 as by nftables. */
  leaseTicksMs: number | undefined;
  /** Executables of two versions fly together. */
  isMixed: boolean;
  policy: PolicyName | undefined;
  jobs: number;
  json: boolean;
  part: boolean;
}

function refuse(message: string): never {
  process.stderr.write(`simulate: ${message}\n`);
  process.exit(2);
}

function number(
  name: string,
  text: string | undefined,
  min: number,
  max: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < min || value > max) {
    refuse(`--${name}: found "${text}", expected a number from ${min} to ${max}`);
  }
  return value;
}

function readOptions(): SimulateOptions {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      options: {
        seeds: { type: "string" },
        seed: { type: "string" },
        from: { type: "string" },
        hours: { type: "string" },
        seconds: { type: "string" },
        servers: { type: "string" },
        period: { type: "string" },
        ticks: { type: "string" },
        mixed: { type: "boolean" },
        policy: { type: "string" },
        jobs: { type: "string" },
        json: { type: "boolean" },
        part: { type: "boolean" },
      },
    }));
  } catch (error) {
    refuse((error as Error).message);
  }
  const text = (name: string): string | undefined => values[name] as string | undefined;
  const whole = (name: string, min: number, max: number): number | undefined => {
    const value = number(name, text(name), min, max);
    if (value !== undefined && !Number.isInteger(value))
      refuse(`--${name}: found "${value}", expected a whole number`);
    return value;
  };
  return {
    seeds: whole("seeds", 1, 1e9) ?? DEFAULT_SEEDS,
    from: whole("from", 0, 2 ** 31) ?? 1,
    seed: whole("seed", 0, 2 ** 31) ?? null,
    hours: number("hours", text("hours"), 0.001, 1e7) ?? null,
    seconds: number("seconds", text("seconds"), 1, 1e7) ?? Number.POSITIVE_INFINITY,
    servers: whole("servers", 2, 16),
    periodMs: whole("period", 5, 1000),
    leaseTicksMs: whole("ticks", 0, 20),
    isMixed: values.mixed === true,
    policy: policyOf(values.policy as string | undefined),
    jobs: whole("jobs", 1, 64) ?? 1,
    json: values.json === true,
    part: values.part === true,
  };
}

/** Flies one seed and shows its course. */
function replay(wishes: SimulateOptions, seed: number): number {
  const result = fly({ seed, ...sizeOf(wishes), inWords: true });
  process.stdout.write(`${result.lines.join("\n")}\ntrace ${result.traceDigest}\n`);
  if (result.violation === null) return 0;
  process.stdout.write(`${result.violation.message}\n`);
  return 1;
}

function policyOf(name: string | undefined): PolicyName | undefined {
  const known = POLICY_NAMES.find((policy) => policy === name);
  if (name !== undefined && known === undefined)
    refuse(`--policy: found "${name}", expected one of ${POLICY_NAMES.join(", ")}`);
  return known;
}

function sizeOf({
  servers,
  periodMs,
  leaseTicksMs,
  isMixed,
  policy,
}: SimulateOptions): AircraftOptions {
  return {
    ...(isMixed ? { isMixed } : {}),
    ...(policy === undefined ? {} : { policy }),
    ...(leaseTicksMs === undefined ? {} : { leaseTicksMs }),
    ...(servers === undefined ? {} : { servers }),
    ...(periodMs === undefined ? {} : { periodMs }),
  };
}

/** Flies seeds in this process. Stops at the first violation. */
function flyHere(wishes: SimulateOptions): Totals {
  const totals = new Totals();
  const size = sizeOf(wishes);
  const beganMs = performance.now();
  const { hours } = wishes;
  for (let seed = wishes.from; ; seed++) {
    if (hours === null ? seed >= wishes.from + wishes.seeds : totals.simulatedUs >= hours * 3.6e9)
      break;
    if (processorSeconds() > wishes.seconds) break;
    const longFlight = hours === null ? {} : { horizonUs: 3_600_000_000, faultCount: 20 };
    const result = fly({ seed, ...size, ...longFlight });
    totals.add(seed, result);
    if (result.violation !== null) {
      if (!wishes.json && !wishes.part) {
        const less = shrink({ seed, ...size, ...longFlight }, result);
        process.stdout.write(reportFailure({ seed, ...size }, less));
      }
      break;
    }
  }
  totals.wallSeconds = (performance.now() - beganMs) / 1000;
  totals.cpuSeconds = processorSeconds();
  return totals;
}

/** Processor time of this process since its start. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Distributes the seeds among several processes of this script. */
async function flyInParts(wishes: SimulateOptions): Promise<Totals> {
  const perJob = Math.ceil(wishes.seeds / wishes.jobs);
  const beganMs = performance.now();
  const parts = Array.from({ length: wishes.jobs }, async (_, job) => {
    const from = wishes.from + job * perJob;
    const seeds = Math.min(perJob, wishes.from + wishes.seeds - from);
    const args = [
      "--part",
      "--json",
      "--from",
      String(from),
      "--seeds",
      String(Math.max(1, seeds)),
    ];
    if (wishes.servers !== undefined) args.push("--servers", String(wishes.servers));
    if (wishes.periodMs !== undefined) args.push("--period", String(wishes.periodMs));
    if (wishes.leaseTicksMs !== undefined) args.push("--ticks", String(wishes.leaseTicksMs));
    if (wishes.isMixed) args.push("--mixed");
    if (wishes.policy !== undefined) args.push("--policy", wishes.policy);
    if (Number.isFinite(wishes.seconds)) args.push("--seconds", String(wishes.seconds));
    if (wishes.hours !== null) args.push("--hours", String(wishes.hours / wishes.jobs));
    const child = Bun.spawn([process.execPath, import.meta.path, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const text = await new Response(child.stdout).text();
    if ((await child.exited) > 1) throw new Error("a part of the simulation crashed; see above");
    return Totals.parse(text);
  });
  const totals = new Totals();
  for (const part of await Promise.all(parts)) totals.join(part);
  totals.wallSeconds = (performance.now() - beganMs) / 1000;
  return totals;
}

const wishes = readOptions();
if (wishes.seed !== null) process.exit(replay(wishes, wishes.seed));
const totals = wishes.jobs === 1 ? flyHere(wishes) : await flyInParts(wishes);
if (wishes.part) process.stdout.write(totals.serialize());
else if (wishes.json) process.stdout.write(`${JSON.stringify(totals.document(), null, 2)}\n`);
else process.stdout.write(totals.text());
if (wishes.jobs > 1 && totals.failingSeed !== null && !wishes.json) {
  process.stdout.write(`replay: npm run simulate -- --seed ${totals.failingSeed}\n`);
}
process.exit(totals.violations === 0 ? 0 : 1);

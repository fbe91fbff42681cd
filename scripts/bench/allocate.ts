/**
 * `allocate`: how long the policies take for the largest aircraft, and in how many steps (P7). In a
 * process of its own, with the compilers of the flight.
 */
import { Allocation, type Policy } from "../../src/allocation/allocation.ts";
import { ContingencyBook } from "../../src/allocation/contingency-book.ts";
import {
  type FunctionRow,
  FunctionTable,
  PROCESS_NONE,
} from "../../src/allocation/function-table.ts";
import { PLANNED } from "../../src/allocation/planned/planned.ts";
import { POLICIES, type PolicyName } from "../../src/allocation/policies.ts";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { BOOK_STEPS_PER_MS, FUNCTIONS_MAX, PRIORITY_MAX, SERVERS_MAX } from "../../src/limits.ts";
import { REALTIME_COMPILERS } from "../../src/supervisor/own-executable.ts";
import { SeededRandom } from "../../test/harness/seeded-random.ts";
import type { BenchContext, Benchmark, Figure, Report } from "./benchmark.ts";

const SEED_MAX = 2 ** 31;
const TRIALS = 200;
/** Computing books takes longer than looking up in them. */
const LOOK_UPS = 40;
const BOOKS = 10;
const PERIOD_MS = 10;
/**
 * The mean function needs 10, all together about 10,240: 16 servers of 660 have room for all, 15 do
 * not.
 */
const REQUIRED_MAX = 19;
const RESOURCE = 660;

const FIGURES: Readonly<Record<PolicyName, string>> = {
  reset: "FIG. 3",
  preempt: "FIG. 4",
  planned: "search",
};

export const allocate: Benchmark = {
  name: "allocate",
  title: `allocation of ${FUNCTIONS_MAX} functions to ${SERVERS_MAX} servers after the failure of one`,
  measure,
};

async function measure({ random, trials }: BenchContext): Promise<Report> {
  const child = Bun.spawn(
    [process.execPath, import.meta.path, String(random.below(SEED_MAX)), String(trials ?? "")],
    { env: { ...process.env, ...REALTIME_COMPILERS }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new RuntimeError(`allocate: exit ${child.exitCode}`);
  return JSON.parse(text) as Report;
}

/** What the policies are measured with. */
type Wishes = Pick<BenchContext, "random" | "trials">;

function measured(context: Wishes): Report {
  const figures: Figure[] = [];
  const notes: string[] = [
    "no peer: none of them allocates by priority and resource in its fast path",
  ];
  for (const policy of POLICIES) measurePolicy(context, policy, figures, notes);
  figures.push(
    one("planned, looked up in the contingency book, time", "µs", lookUpTimesUs(context)),
    ...bookOfSix(context),
  );
  return { figures, limits: [], notes, skipped: [] };
}

function one(label: string, unit: string, values: number[]): Figure {
  return { label, unit, series: [{ system: "wingman", values }] };
}

function measurePolicy(
  context: Wishes,
  policy: Policy & { readonly name: PolicyName },
  figures: Figure[],
  notes: string[],
): void {
  const label = `${policy.name} (${FIGURES[policy.name]})`;
  const timesUs: number[] = [];
  const steps: number[] = [];
  const trialCount = context.trials ?? TRIALS;
  let firstUs = 0;
  for (let trial = 0; trial <= trialCount; trial++) {
    const { table, allocation } = afterFailure(context, policy);
    const beganMs = performance.now();
    policy.allocate(table, allocation);
    const tookUs = (performance.now() - beganMs) * 1000;
    if (trial === 0) {
      firstUs = tookUs;
      continue;
    }
    timesUs.push(tookUs);
    steps.push(allocation.steps);
  }
  figures.push(one(`${label}, time`, "µs", timesUs), one(`${label}, work`, "steps", steps));
  notes.push(
    `${label}: the first call after the table was made took ${firstUs.toFixed(0)} µs and is not counted`,
  );
}

/** Reaction to the failure of a server of the largest aircraft, when it is in the book. */
function lookUpTimesUs(context: Wishes): number[] {
  const timesUs: number[] = [];
  for (let trial = 0; trial < (context.trials ?? LOOK_UPS); trial++) {
    const { table, allocation } = afterFailure(context, PLANNED);
    const failed = allocation.operable;
    const book = new ContingencyBook(table, PLANNED);
    allocation.operable = table.serverMask;
    book.open(allocation);
    // The nearest events come first: the failure of each server.
    while (book.done < table.serverCount) book.advance(Number.POSITIVE_INFINITY);
    allocation.operable = failed;
    const beganMs = performance.now();
    book.answer(allocation);
    timesUs.push((performance.now() - beganMs) * 1000);
  }
  return timesUs;
}

/** Seconds of flight until the whole book of six servers and 36 functions is computed, at 10 ms. */
function bookOfSix({ random, trials }: Wishes): Figure[] {
  const flightS: number[] = [];
  const cpuMs: number[] = [];
  for (let trial = 0; trial < (trials ?? BOOKS); trial++) {
    const servers = 6;
    const rows = Array.from({ length: 36 }, () => rowOf(random, (1 << servers) - 1));
    const load = rows.reduce((sum, { required }) => sum + required, 0);
    // Full when one server is lost.
    const table = new FunctionTable(Array(servers).fill(Math.ceil(load / (servers - 1))), rows);
    const allocation = new Allocation();
    allocation.operable = table.serverMask;
    PLANNED.allocate(table, allocation);
    allocation.current.set(allocation.assigned);
    const book = new ContingencyBook(table, PLANNED);
    book.open(allocation);
    const began = process.cpuUsage();
    let periods = 0;
    for (; book.done < book.entries; periods++) book.advance(BOOK_STEPS_PER_MS * PERIOD_MS);
    const { user, system } = process.cpuUsage(began);
    flightS.push((periods * PERIOD_MS) / 1000);
    cpuMs.push((user + system) / 1000);
  }
  const of = "contingency book of 6 servers and 36 functions, worked out";
  return [
    one(`${of}: flight at ${PERIOD_MS} ms`, "s", flightS),
    one(`${of}: processor`, "ms", cpuMs),
  ];
}

/** A random aircraft, allocated by `policy`, on which a server then failed. */
function afterFailure(
  context: Wishes,
  policy: Policy,
): { table: FunctionTable; allocation: Allocation } {
  const { random } = context;
  const everywhere = (1 << SERVERS_MAX) - 1;
  const rows = Array.from({ length: FUNCTIONS_MAX }, () => rowOf(random, everywhere));
  const table = new FunctionTable(Array(SERVERS_MAX).fill(RESOURCE), rows);
  const allocation = new Allocation();
  allocation.operable = everywhere;
  policy.allocate(table, allocation);
  allocation.current.set(allocation.assigned);
  allocation.operable = everywhere & ~(1 << random.below(SERVERS_MAX));
  return { table, allocation };
}

function rowOf(
  random: BenchContext["random"],
  servers: number,
): FunctionRow & { required: number } {
  return {
    required: 1 + random.below(REQUIRED_MAX),
    priority: 1 + random.below(PRIORITY_MAX),
    servers,
    process: PROCESS_NONE,
    stopGraceMs: 0,
  };
}

if (import.meta.main) {
  const [seed, trials] = process.argv.slice(2);
  const random = new SeededRandom(Number(seed));
  console.log(JSON.stringify(measured({ random, trials: trials ? Number(trials) : null })));
}

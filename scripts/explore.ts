/**
 * Tries every placement of at most K faults on the core and the turn of the flight executable, and
 * checks the properties in every state.
 *
 *   npm run explore -- [--servers N] [--functions N] [--faults K] [--period MS] [--lost N]
 *   [--recovered N] [--networks N] [--lease MS|off] [--policy NAME] [--tight] [--kinds a,b]
 *   [--from rest|off]
 *   [--first a,b] [--last a,b] [--burst TICKS] [--settling MS] [--outage MS] [--ignore P,…] [--minutes M] [--seconds S]
 *   [--memory MB] [--frontier FILE] [--json|--row]
 *
 *   --first, --last      the only kinds, among --kinds, of the first and the last fault
 *   --lease              how early the kernel may end a lease, in ms (default: 20)
 *   --tight              one server has no room for all functions
 *   --settling, --outage longer ones are violations
 *   --memory             limit for the stored states (default: 4096); no new state is begun above it
 *   --frontier           file that keeps the progress when time or memory runs out; the next call
 *                        continues from it
 *   --row                prints a row of src/commands/manual/explored.ts for `wingman help
 *                        properties`
 *
 * Exit 1 on a violation, with the shortest story; scenarios/story replays it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CryptoHasher, Glob } from "bun";
import { DEFAULT_POLICY, POLICY_NAMES } from "../src/allocation/policies.ts";
import { LEASE_TICKS_MS } from "../src/limits.ts";
import { type ExploredAircraft, optionsOf } from "../test/exploration/aircraft-explored.ts";
import {
  type Exploration,
  Explorer,
  type Outcome,
  type Progress,
} from "../test/exploration/explorer.ts";
import { type FaultKind, KIND_NAMES } from "../test/exploration/moves.ts";
import { storyOf } from "../test/exploration/telling.ts";
import { play } from "../test/scenarios/story.ts";

function refuse(message: string): never {
  process.stderr.write(`explore: ${message}\n`);
  process.exit(2);
}

const MEMORY_MB = 4096;
const STRING = { type: "string" } as const;
const BOOLEAN = { type: "boolean" } as const;

function readValues(): Record<string, string | boolean | undefined> {
  try {
    return parseArgs({
      options: {
        servers: STRING,
        functions: STRING,
        faults: STRING,
        period: STRING,
        lost: STRING,
        recovered: STRING,
        networks: STRING,
        lease: STRING,
        policy: STRING,
        tight: BOOLEAN,
        kinds: STRING,
        first: STRING,
        last: STRING,
        from: STRING,
        burst: STRING,
        settling: STRING,
        outage: STRING,
        ignore: STRING,
        minutes: STRING,
        seconds: STRING,
        memory: STRING,
        frontier: STRING,
        json: BOOLEAN,
        row: BOOLEAN,
      },
    }).values;
  } catch (error) {
    refuse((error as Error).message);
  }
}

const values = readValues();

function number(name: string, min: number, max: number, otherwise: number): number {
  const text = values[name] as string | undefined;
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < min || value > max)
    refuse(`--${name}: found "${text}", expected a number from ${min} to ${max}`);
  return value;
}

function list<T extends string>(name: string, known: readonly T[]): readonly T[] {
  const text = values[name] as string | undefined;
  if (text === undefined) return known;
  const names = text.split(",");
  for (const each of names)
    if (!known.includes(each as T))
      refuse(`--${name}: found "${each}", expected some of ${known.join(",")}`);
  return names as T[];
}

function readAircraft(): ExploredAircraft {
  const lease = values.lease as string | undefined;
  return {
    servers: number("servers", 2, 4, 2),
    functions: number("functions", 1, 4, 1),
    periodMs: number("period", 5, 1000, 10),
    lostAfterPeriods: number("lost", 2, 20, 5),
    recoveredAfterPeriods: number("recovered", 1, 20, 3),
    networks: number("networks", 1, 2, 1),
    isRoomy: values.tight !== true,
    policy: list("policy", [DEFAULT_POLICY, ...POLICY_NAMES])[0] ?? DEFAULT_POLICY,
    ...(lease === undefined
      ? {}
      : { leaseTicksMs: lease === "off" ? null : number("lease", 0, 100, 20) }),
  };
}

function readOptions(aircraft: ExploredAircraft): Exploration {
  const [from = "rest"] = list<"rest" | "off">("from", ["rest", "off"]);
  const kinds = list<FaultKind>("kinds", KIND_NAMES);
  const ignore = (values.ignore as string | undefined)?.split(",") ?? [];
  const never = Number.POSITIVE_INFINITY;
  return {
    options: optionsOf(aircraft),
    faults: number("faults", 0, 9, 1),
    kinds,
    firstKinds: list("first", kinds),
    lastKinds: list("last", kinds),
    from,
    ...(values.burst === undefined ? {} : { burstTicks: number("burst", 1, 100, 1) }),
    settlingMsMax: number("settling", 1, 1e6, never),
    outageMsMax: number("outage", 1, 1e6, never),
    ignores: ignore,
    seconds: number("seconds", 1, 1e7, 60 * number("minutes", 0.01, 1e5, never)),
    bytesMax: number("memory", 100, 1e6, MEMORY_MB) * 2 ** 20,
    onProgress: tell,
  };
}

function tell({ states, transitions, faults, isClosing, entry, entries }: Progress): void {
  const now = isClosing ? "time passes after" : `fault ${faults + 1} after`;
  process.stderr.write(
    `explore: ${states} states, ${transitions} transitions; ${now} ${faults} faults: ` +
      `${entry} of ${entries}\n`,
  );
}

const aircraft = readAircraft();
const wishes = readOptions(aircraft);
const explorer = new Explorer(wishes);
const outcome = run();
const { violation: found } = outcome;
const story = found === null ? null : storyOf(explorer, found.way, found.property);

/** Continues from the frontier when there is one, and saves it unless every state is known. */
function run(): Outcome {
  const file = values.frontier as string | undefined;
  if (file === undefined) return explorer.run();
  const key = JSON.stringify({ aircraft, ...wishes, options: undefined, code: codeDigest() }, told);
  if (existsSync(file)) {
    try {
      explorer.takeUp(file, key);
    } catch (error) {
      refuse(`--frontier: ${(error as Error).message}`);
    }
  }
  const found = explorer.run();
  if (!found.closed && found.violation === null) explorer.keep(file, key);
  return found;
}

/** Options of time and memory do not change what is explored. */
function told(name: string, value: unknown): unknown {
  return ["seconds", "bytesMax"].includes(name) ? undefined : value;
}

/** Digest of the explored code and of the explorer. */
function codeDigest(): string {
  const root = join(import.meta.dir, "..");
  const files = ["src", "test/simulation", "test/exploration"]
    .flatMap((folder) => [...new Glob(`${folder}/**/*.ts`).scanSync(root)])
    .sort();
  const digest = new CryptoHasher("sha256");
  for (const file of files) digest.update(readFileSync(join(root, file)));
  return digest.digest("hex").slice(0, 16);
}

/** Result of the story when it is flown without saving and restoring. */
function flyAgain(lines: readonly string[]): string {
  try {
    play(lines.join("\n"));
    return "nothing is violated";
  } catch (error) {
    return (error as Error).message.split("\n").pop() as string;
  }
}

function documentOf({ violation, ...rest }: Outcome): object {
  return {
    servers: aircraft.servers,
    functions: aircraft.functions,
    periodMs: aircraft.periodMs,
    lostAfterPeriods: aircraft.lostAfterPeriods,
    faults: wishes.faults,
    kinds: wishes.kinds,
    from: wishes.from,
    states: rest.states,
    transitions: rest.transitions,
    closed: rest.closed,
    violations: violation === null ? 0 : 1,
    violation: violation?.message ?? null,
    worstSettlingMs: rest.worstSettlingMs,
    worstOutageMs: rest.worstOutageMs,
    leaseMarginMs: rest.leaseMarginMs,
    wallSeconds: rest.seconds,
    cpuSeconds: rest.transitions / rest.transitionsPerCpuSecond,
    transitionsPerCpuSecond: rest.transitionsPerCpuSecond,
    story,
    flownAgain: story === null ? null : flyAgain(story),
  };
}

function textOf({ violation, ...rest }: Outcome): string {
  const margin = rest.leaseMarginMs === null ? "none" : `${rest.leaseMarginMs} ms`;
  const lines = [
    `${rest.states} states, ${rest.transitions} transitions in ${rest.seconds.toFixed(1)} s ` +
      `(${rest.transitionsPerCpuSecond} a second of processor time), ` +
      (rest.closed ? "closed" : "not closed"),
    `worst settling ${rest.worstSettlingMs} ms:`,
    ...storyOf(explorer, rest.settlingWay).map((line) => `    ${line}`),
    `worst outage of a function that has a server to run on: ${rest.worstOutageMs} ms:`,
    ...storyOf(explorer, rest.outageWay).map((line) => `    ${line}`),
    `smallest lease margin ${margin}`,
  ];
  if (violation !== null && story !== null) {
    lines.push(`violated: ${violation.message}`);
    lines.push(...story.map((line) => `    ${line}`));
    lines.push(`flown again without save and restore: ${flyAgain(story)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The exploration and its result, as a row of src/commands/manual/explored.ts. */
function rowOf(rest: Outcome): string {
  const { servers, functions, periodMs, lostAfterPeriods, networks, leaseTicksMs } = aircraft;
  const lease =
    leaseTicksMs === 0 ? "precise lease" : `ticks of ${leaseTicksMs ?? LEASE_TICKS_MS} ms`;
  const what = [
    `${servers} × ${functions}${aircraft.isRoomy === false ? " without room to spare" : ""}`,
    `${periodMs} ms × ${lostAfterPeriods}`,
    ...(networks === 2 ? ["two networks"] : []),
    leaseTicksMs === null ? "no lease" : lease,
    ...(aircraft.policy === DEFAULT_POLICY ? [] : [aircraft.policy ?? ""]),
    ...(wishes.from === "off" ? ["from power-off"] : []),
  ];
  const isThere = (kind: FaultKind): boolean => kind !== "network" || networks === 2;
  const left = KIND_NAMES.filter((kind) => isThere(kind) && !wishes.kinds.includes(kind));
  const every = left.length === 0 ? "every kind" : `every kind but ${left.join(", ")}`;
  const kinds = left.length < KIND_NAMES.length / 4 ? every : wishes.kinds.join(", ");
  const first = values.first === undefined ? "" : `, the first ${values.first}`;
  const last = values.last === undefined ? "" : `, the last ${values.last}`;
  const ignored = (wishes.ignores ?? []).map((property) => `, but for "${property}"`);
  const end = rest.violation === null ? "not closed" : "VIOLATED";
  const cells = [
    what.join(", "),
    `${wishes.faults} of ${kinds}${first}${last}${ignored.join("")}${rest.closed ? "" : `, ${end}`}`,
    rest.states.toLocaleString("en"),
    rest.transitions.toLocaleString("en"),
    `${rest.worstSettlingMs} ms`,
    `${rest.worstOutageMs} ms`,
    rest.leaseMarginMs === null ? "-" : `${rest.leaseMarginMs.toFixed(1).replace(".0", "")} ms`,
  ];
  return `  ${JSON.stringify(cells)},\n`;
}

function answer(): string {
  if (values.row === true) return rowOf(outcome);
  return values.json === true
    ? `${JSON.stringify(documentOf(outcome), null, 2)}\n`
    : textOf(outcome);
}

process.stdout.write(answer());
process.exit(outcome.violation === null ? 0 : 1);

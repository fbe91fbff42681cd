/**
 * `npm run bench -- [--json] [--only NAME[,NAME…]] [--trials N] [--seed N] [--wingman FILE]
 * [--peer FILE]`
 *
 * Measures Wingman against the alternatives, alternating in one run. Results on stdout, progress on
 * stderr. Exit code 0: everything was measured, or its peer is not installed; 1: something could
 * not be measured; 2: the command line is wrong. Limits are printed and do not change the exit
 * code.
 *   --trials   trials of each system, instead of the benchmark's default
 *   --seed     seed of the random phases and tables (default: 1)
 *   --wingman  flight executable to measure, instead of building dist/wingman
 *   --peer     another flight executable for `turn` to compare with: for instance an earlier build
 *              whose status has the same layout
 * Environment: BENCH_WITHOUT=tcx or bpf makes Wingman's lease use clsact or nftables.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  CommandError,
  EXIT_DONE,
  EXIT_FAILED,
  RuntimeError,
  UsageError,
} from "../src/command-line/errors.ts";
import { runCommand } from "../src/rig/command-run.ts";
import { beginRun, scratchDirectory } from "../test/harness/run-mark.ts";
import { removeDeadRuns } from "../test/harness/run-remains.ts";
import { SeededRandom } from "../test/harness/seeded-random.ts";
import { allocate } from "./bench/allocate.ts";
import type { BenchContext, Benchmark, Report } from "./bench/benchmark.ts";
import { boot } from "./bench/boot.ts";
import { busy } from "./bench/busy.ts";
import { CleanUp } from "./bench/clean-up.ts";
import { crash } from "./bench/crash.ts";
import { flood } from "./bench/flood.ts";
import { handover } from "./bench/handover.ts";
import { jitter } from "./bench/jitter.ts";
import { lease } from "./bench/lease.ts";
import { netlink } from "./bench/netlink.ts";
import { outage } from "./bench/outage.ts";
import { pause } from "./bench/pause.ts";
import { reportDocument } from "./bench/report-document.ts";
import { reportText } from "./bench/report-text.ts";
import { size } from "./bench/size.ts";
import { turn } from "./bench/turn.ts";

const ROOT = join(import.meta.dir, "..");
const BENCHMARKS: readonly Benchmark[] = [
  outage,
  handover,
  crash,
  pause,
  busy,
  flood,
  jitter,
  turn,
  allocate,
  netlink,
  lease,
  boot,
  size,
];
const TRIALS_MAX = 10_000;
const SEED_MAX = 0xffff_ffff;

interface Options {
  json: boolean;
  benchmarks: readonly Benchmark[];
  trials: number | null;
  seed: number;
  wingman: string | null;
  peer: string | null;
}

const cleanUp = new CleanUp();
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => {
    cleanUp.run();
    process.exit(code);
  });
}
beginRun();
await removeDeadRuns((line) => process.stderr.write(`bench: ${line}\n`));
process.exit(await bench(process.argv.slice(2)));

async function bench(args: string[]): Promise<number> {
  try {
    return await measureAll(readOptions(args));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    return error.exitCode;
  } finally {
    cleanUp.run();
  }
}

async function measureAll(options: Options): Promise<number> {
  const context = contextOf(options);
  const done: { benchmark: Benchmark; report: Report; load: number[] }[] = [];
  const failures: string[] = [];
  if (!options.json) process.stdout.write(`${machineText(options.seed)}\n\n`);
  for (const benchmark of options.benchmarks) {
    context.progress(benchmark.name);
    const loadBefore = loadavg()[0] as number;
    try {
      const report = await benchmark.measure(context);
      const load = [loadBefore, loadavg()[0] as number];
      report.notes.push(
        `load average ${load.map((value) => value.toFixed(2)).join(" before, ")} after`,
      );
      done.push({ benchmark, report, load });
      if (!options.json) process.stdout.write(`${reportText(benchmark, report)}\n`);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      failures.push(`${benchmark.name}: ${error.message}`);
      process.stderr.write(`bench: ${benchmark.name} could not be measured: ${error.message}\n`);
    } finally {
      cleanUp.run();
    }
  }
  const skipped = done.reduce((sum, { report }) => sum + report.skipped.length, 0);
  if (options.json) {
    const results = done.map(({ benchmark, report, load }) =>
      reportDocument(benchmark, report, load),
    );
    const machine = { kernel: release(), processors: cpus().length, model: cpus()[0]?.model ?? "" };
    process.stdout.write(
      `${JSON.stringify({ machine, seed: options.seed, results, failures, skipped }, null, 2)}\n`,
    );
  } else {
    process.stdout.write(
      `${done.length} measured, ${failures.length} failed, ${skipped} skipped\n`,
    );
  }
  return failures.length === 0 ? EXIT_DONE : EXIT_FAILED;
}

function readOptions(args: string[]): Options {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return {
    json: values.json,
    benchmarks: chosen(values.only),
    trials:
      values.trials === undefined ? null : wholeNumber("trials", values.trials, 1, TRIALS_MAX),
    seed: wholeNumber("seed", values.seed, 0, SEED_MAX),
    wingman: values.wingman === undefined ? null : existing("wingman", values.wingman),
    peer: values.peer === undefined ? null : existing("peer", values.peer),
  };
}

function parse(args: string[]) {
  return parseArgs({
    args,
    options: {
      json: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      trials: { type: "string" },
      seed: { type: "string", default: "1" },
      wingman: { type: "string" },
      peer: { type: "string" },
    },
  }).values;
}

function chosen(only: readonly string[]): readonly Benchmark[] {
  const names = only.flatMap((list) => list.split(","));
  for (const name of names) {
    if (BENCHMARKS.some((benchmark) => benchmark.name === name)) continue;
    const known = BENCHMARKS.map((benchmark) => benchmark.name).join(", ");
    throw new UsageError(`--only: found ${JSON.stringify(name)}, expected one of ${known}`);
  }
  return names.length === 0 ? BENCHMARKS : BENCHMARKS.filter(({ name }) => names.includes(name));
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(
    `--${option}: found ${JSON.stringify(text)}, expected a whole number from ${min} to ${max}`,
  );
}

function contextOf(options: Options): BenchContext {
  let executable: Promise<string> | null = null;
  let directory: string | null = null;
  return {
    trials: options.trials,
    peer: options.peer,
    random: new SeededRandom(options.seed),
    cleanUp,
    get directory() {
      directory ??= makeDirectory(() => {
        directory = null;
      });
      return directory;
    },
    wingman: () => {
      executable ??= options.wingman === null ? build() : Promise.resolve(options.wingman);
      return executable;
    },
    progress: (text) => process.stderr.write(`bench: ${text}\n`),
  };
}

/** `forget` is called when it is removed. */
function makeDirectory(forget: () => void): string {
  const directory = scratchDirectory("bench");
  cleanUp.defer(() => {
    rmSync(directory, { recursive: true, force: true });
    forget();
  });
  return directory;
}

async function build(): Promise<string> {
  await runCommand([process.execPath, join(ROOT, "scripts", "build.ts")]);
  return join(ROOT, "dist", "wingman");
}

function existing(option: string, name: string): string {
  const file = resolve(name);
  if (!existsSync(file)) throw new UsageError(`--${option}: there is no ${file}`);
  return file;
}

function machineText(seed: number): string {
  const memory = /MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? "0";
  const gigabytes = (Number(memory) * 1024) / 1e9;
  return `Linux ${release()}, ${cpus().length} processors, ${gigabytes.toFixed(1)} GB; seed ${seed}`;
}

/**
 * `npm run vm -- [--only NAME[,NAME…]] [--json]`: head-end servers as separate machines, under
 * QEMU, with the flashed software; one line per check. Exit code 0 only if all passed.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { CommandError, EXIT_DONE, EXIT_FAILED, UsageError } from "../src/command-line/errors.ts";
import { parseOptions } from "../src/command-line/options.ts";
import { quoted } from "../src/config/problem.ts";
import { waitFor } from "../src/rig/condition.ts";
import { linesOf } from "../src/rig/line-stream.ts";
import { PidNamespace } from "../src/rig/pid-namespace.ts";
import { ProcedureStep, type StepResult } from "../src/rig/procedure-step.ts";
import { childrenOf, programOf } from "../src/rig/process-table.ts";
import { namespacePrefix } from "../src/rig/requirements.ts";
import { mountsBelow } from "../src/rig/rig-directory.ts";
import { formatConclusion, formatStep } from "../src/rig/step-text.ts";
import { CHECKS } from "./vm/checks.ts";
import { CACHE, guestParts } from "./vm/guest-parts.ts";
import type { InsideMessage, InsideOrder } from "./vm/inside.ts";

const ROOT = join(import.meta.dir, "..");
const WINGMAN = join(ROOT, "dist", "wingman");
/** Stays empty: anything mounted on it is only visible in the namespaces of a run. */
const MOUNT_POINT = join(CACHE, "run");
/** Time for the kernel to end processes after the first one of their namespace. */
const END_MS_MAX = 10_000;

interface Outcome {
  readonly name: string;
  readonly seconds: number;
  readonly result: StepResult;
}

const NAMES = CHECKS.map(({ name }) => name);

function chosen(only: string | undefined): string[] {
  if (only === undefined)
    return CHECKS.flatMap(({ name, isLong }) => (isLong === true ? [] : [name]));
  const names = only.split(",");
  for (const name of names)
    if (!NAMES.includes(name))
      throw new UsageError(
        `vm: --only: found ${quoted(name)}, expected one of ${NAMES.join(", ")}`,
      );
  return names;
}

async function vm(args: string[]): Promise<number> {
  const { options } = parseOptions("vm", args, { only: "value", json: "flag" });
  const names = chosen(options.only);
  const say = (text: string): void => {
    if (!options.json) console.log(text);
  };
  const beganMs = performance.now();
  await build(options.json);
  const parts = await guestParts(say);
  const prefix = await namespacePrefix([WINGMAN]);
  const run = new Run(say);
  mkdirSync(MOUNT_POINT, { recursive: true });
  await run.fly(prefix, { mountPoint: MOUNT_POINT, parts, wingman: WINGMAN, names });
  await run.concludeEnd();
  const results = run.outcomes.map(({ result }) => result);
  const passed = run.passed && results.every((result) => result.passed);
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  const { failure, outcomes } = run;
  if (options.json) {
    const checks = outcomes.map(({ name, seconds: took, result }) => ({
      name,
      seconds: took,
      ...result,
    }));
    console.log(JSON.stringify({ passed, seconds, fetched: parts.fetched, failure, checks }));
  } else {
    const conclusion = formatConclusion(results);
    say(
      `${failure === null ? conclusion : `not finished (${failure}): ${conclusion}`}; ${seconds} s`,
    );
  }
  return passed ? EXIT_DONE : EXIT_FAILED;
}

/** With `--json` its output goes to stderr: there is one document on stdout. */
async function build(isJson: boolean): Promise<void> {
  const command = Bun.spawn([process.execPath, "scripts/build.ts"], {
    cwd: ROOT,
    stdio: ["ignore", isJson ? 2 : "inherit", "inherit"],
  });
  if ((await command.exited) !== 0) process.exit(EXIT_FAILED);
}

/** One run, as seen by the process outside the namespaces. */
class Run {
  readonly outcomes: Outcome[] = [];
  failure: string | null = null;
  #isDone = false;
  #isInterrupted = false;
  /** Null until the checks have said something. */
  #namespace: PidNamespace | null = null;

  constructor(private readonly say: (text: string) => void) {}

  get passed(): boolean {
    return this.#isDone && this.failure === null;
  }

  async fly(prefix: readonly string[], order: InsideOrder): Promise<void> {
    const inside = join(import.meta.dir, "vm", "inside.ts");
    const command = [process.execPath, inside, JSON.stringify(order)];
    // If this process is killed, unshare is, too, and with it everything that it started.
    const child = Bun.spawn(["setpriv", "--pdeathsig", "KILL", ...prefix, ...command], {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
    });
    const stop = (): void => {
      this.#isInterrupted = true;
      child.kill("SIGKILL");
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
    for await (const line of linesOf(child.stdout)) {
      this.#namespace ??= PidNamespace.of(childrenOf(child.pid)[0] ?? 0);
      this.#take(JSON.parse(line) as InsideMessage);
    }
    await child.exited;
    this.#isDone = child.exitCode === 0;
    if (this.#isInterrupted) this.failure = "interrupted";
    else if (!this.#isDone && this.outcomes.every(({ result }) => result.passed))
      this.failure ??= `the checks ended with ${child.exitCode ?? child.signalCode}`;
    if (this.failure !== null) console.error(`vm: ${this.failure}`);
  }

  /** Checks that nothing is left: no process, no mount. */
  async concludeEnd(): Promise<void> {
    const namespace = this.#namespace;
    let left = "not known: the checks ended before they had said anything";
    await waitFor(END_MS_MAX, () => {
      if (namespace === null) return true;
      const processes = namespace.processes().map((pid) => `${programOf(pid)} (${pid})`);
      left = [...processes, ...mountsBelow(MOUNT_POINT)].join(", ");
      return left === "";
    });
    namespace?.close();
    const step = new ProcedureStep(CHECKS.length + 1, "Nothing is left behind");
    step.check("processes and mounts of this run", "none", left || "none", left === "");
    this.#report({ name: "end", seconds: 0, result: step.result });
  }

  #take(message: InsideMessage): void {
    if ("failure" in message) this.failure = message.failure;
    if ("result" in message) this.#report(message);
  }

  #report(outcome: Outcome): void {
    this.outcomes.push(outcome);
    const took = outcome.seconds > 0 ? `        took: ${outcome.seconds} s\n` : "";
    this.say(`${formatStep(outcome.result)}${took}`);
  }
}

try {
  process.exit(await vm(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(error instanceof UsageError ? error.message : `vm: ${error.message}`);
  process.exit(error.exitCode);
}

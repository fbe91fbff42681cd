/**
 * `wingman-rig`: the process that the user starts. It makes the namespaces, starts the aircraft in
 * them, prints its reports, and finally makes sure that nothing is left.
 */
import { existsSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { EXIT_DONE, EXIT_FAILED, RuntimeError, UsageError } from "../command-line/errors.ts";
import { type parseOptions, requireConfig } from "../command-line/options.ts";
import { isLoopback, PORT_MAX, parseListen } from "../config/address.ts";
import type { AircraftConfig } from "../config/model.ts";
import { quoted } from "../config/problem.ts";
import { LOG_FILE } from "../manage/log/log-store.ts";
import { cleanEnvironment } from "../supervisor/own-executable.ts";
import { rigCommand, wingmanCommand } from "./executables.ts";
import { FLIGHT_COMMANDS } from "./flight.ts";
import { linesOf } from "./line-stream.ts";
import { PidNamespace } from "./pid-namespace.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { childrenOf, programOf } from "./process-table.ts";
import { namespacePrefix } from "./requirements.ts";
import { configurationFile, rigConfiguration, writeConfiguration } from "./rig-configuration.ts";
import {
  makeRigDirectory,
  mountsBelow,
  removeRigDirectory,
  serverDirectory,
  sweepDirectories,
  writeOwner,
} from "./rig-directory.ts";
import { type AircraftOrder, type RigMessage, STOP_LINE } from "./rig-message.ts";
import { PAGE_DEFAULT, RigPage } from "./rig-page.ts";
import { busyText, formatConclusion, formatStep } from "./step-text.ts";
import type { UpdateOrder } from "./update-order.ts";
import { listed } from "./verdict.ts";

export const RIG_OPTIONS = {
  config: "value",
  wingman: "value",
  page: "value",
  once: "flag",
  json: "flag",
  help: "flag",
} as const;
export type RigOptions = ReturnType<typeof parseOptions<typeof RIG_OPTIONS>>["options"];
type FlightOptions = Pick<RigOptions, "wingman" | "page" | "once" | "json">;

/** What flies, and how it is judged. */
export interface RigFlight {
  config: AircraftConfig;
  /** Source of the configuration, for people. */
  source: string;
  /** Command of the flight executable. */
  wingman: string[];
  /** The rolling update, or the move to another table; null for the acceptance procedure. */
  update: UpdateOrder | null;
  /** Number of the step that searches for leftovers. */
  lastStep: number;
}

const ACCEPTANCE_STEPS = 10;

/** Time for the aircraft to end by itself before it is killed. */
const END_DEADLINE_MS = 5000;
/** Time for the kernel to end processes after the first one of their namespace. */
const KERNEL_DEADLINE_MS = 5000;

export async function groundRig(options: RigOptions): Promise<number> {
  if (options.page !== undefined) requirePageAddress(options.page);
  const { config, source } = requireConfig(options.config);
  const wingman = wingmanCommand(options.wingman);
  const prefix = await namespacePrefix(wingman);
  const flight = { config, source, wingman, update: null, lastStep: ACCEPTANCE_STEPS };
  return await flyInRig(options, prefix, () => flight);
}

/**
 * Flies in the rig and cleans up. `prepare` receives the rig's temporary directory.
 * @param prefix see {@link namespacePrefix}
 */
export async function flyInRig(
  options: FlightOptions,
  prefix: readonly string[],
  prepare: (directory: string) => RigFlight,
): Promise<number> {
  const swept = sweepDirectories();
  const directory = makeRigDirectory();
  const run = new RigRun(options, directory);
  let lastStep = ACCEPTANCE_STEPS;
  try {
    const { config, source, wingman, update, ...judged } = prepare(directory);
    lastStep = judged.lastStep;
    if (swept.length > 0) run.say(`removed leftovers of an earlier rig: ${listed(swept)}`);
    run.say(
      `${config.system} (${source}): ${config.servers.length} servers, ${config.functions.length} functions\n`,
    );
    const configFile = writeConfiguration(rigConfiguration(config, rigCommand()), directory);
    const { once } = options;
    await run.fly(prefix, { directory, configFile, wingman, once, update }, config);
  } finally {
    removeRigDirectory(directory);
  }
  run.concludeEnd(await leftovers(lastStep, directory, run.namespace));
  return run.exitCode;
}

/**
 * Whoever reaches the page can switch servers off: so it is only for this machine, like the rig
 * itself.
 */
function requirePageAddress(address: string): void {
  const place = parseListen(address);
  if (place !== null && isLoopback(place.address) && place.port <= PORT_MAX) return;
  throw new UsageError(
    `--page: found ${quoted(address)}, expected a loopback address and a port, such as ${PAGE_DEFAULT}`,
  );
}

/** One run, as seen by the process outside the namespaces. */
class RigRun {
  /** The aircraft's; null until it has said something. */
  namespace: PidNamespace | null = null;
  readonly #results: StepResult[] = [];
  #failure: string | null = null;
  /** The highest load average when a failed step was over. */
  #loadAtFailure = 0;
  #isInterrupted = false;
  #isConcluded = false;

  constructor(
    readonly options: FlightOptions,
    readonly directory: string,
  ) {}

  get exitCode(): number {
    const passed =
      this.#failure === null && this.#isConcluded && this.#results.every((result) => result.passed);
    return passed ? EXIT_DONE : EXIT_FAILED;
  }

  /** Only for people: with `--json` there is one document and nothing else. */
  say(text: string): void {
    if (!this.options.json) console.log(text);
  }

  /** Starts the aircraft and returns when it has ended. */
  async fly(
    prefix: readonly string[],
    flight: Omit<AircraftOrder, "hasPage">,
    config: AircraftConfig,
  ): Promise<void> {
    const page = this.#servePage(config, (line) => passOn(new TextEncoder().encode(`${line}\n`)));
    const order: AircraftOrder = { ...flight, hasPage: page !== null };
    // A session of its own: Ctrl-C at the terminal reaches this process alone, which ends the
    // others in order.
    const child = Bun.spawn([...prefix, ...rigCommand(), "aircraft", JSON.stringify(order)], {
      stdio: ["pipe", "pipe", "inherit"],
      env: cleanEnvironment(),
      detached: true,
    });
    const stop = () => {
      this.#isInterrupted = true;
      child.stdin.write(`${STOP_LINE}\n`);
      child.stdin.flush();
      setTimeout(() => child.kill("SIGKILL"), END_DEADLINE_MS).unref();
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    for (const signal of signals) process.on(signal, stop);
    const passOn = (bytes: Uint8Array) => {
      child.stdin.write(bytes);
      child.stdin.flush();
    };
    if (!order.once) process.stdin.on("data", passOn).on("error", () => undefined);
    for await (const line of linesOf(child.stdout)) {
      if (this.namespace === null) this.#meet(childrenOf(child.pid)[0] ?? null);
      const message = JSON.parse(line) as RigMessage;
      page?.take(message);
      this.#take(message, config);
    }
    await child.exited;
    page?.stop();
    process.stdin.off("data", passOn).pause();
    for (const signal of signals) process.off(signal, stop);
    const how = child.signalCode ?? `exit code ${child.exitCode}`;
    if (!this.#isConcluded && !this.#isInterrupted)
      this.#failure ??= `the virtual aircraft ended too early (${how})`;
  }

  /** @param aircraftPid of the process inside the namespaces */
  #meet(aircraftPid: number | null): void {
    writeOwner(this.directory, aircraftPid);
    if (aircraftPid !== null) this.namespace = PidNamespace.of(aircraftPid);
  }

  /**
   * Without --page a page is served while somebody may look at it, and having none is no failure.
   */
  #servePage(config: AircraftConfig, command: (line: string) => void): RigPage | null {
    const { page: wanted, once, json } = this.options;
    if (wanted === undefined && (once || json)) return null;
    const page = new RigPage(config, this.directory);
    try {
      this.say(`page: ${page.serve(wanted ?? PAGE_DEFAULT, command)}\n`);
      return page;
    } catch (error) {
      const { message } = error as Error;
      if (wanted !== undefined) throw new RuntimeError(message);
      this.say(`no page: ${message}; give another address with --page\n`);
      return null;
    }
  }

  /** The last step and the conclusion. */
  concludeEnd(step: StepResult): void {
    this.#add(step);
    if (this.#failure !== null) console.error(`wingman-rig: ${this.#failure}`);
    if (this.options.json) {
      const passed = this.exitCode === EXIT_DONE;
      const failure =
        this.#failure ?? (this.#isConcluded ? null : "interrupted before the end of the procedure");
      console.log(JSON.stringify({ passed, failure, steps: this.#results }, null, 2));
      return;
    }
    const conclusion = formatConclusion(this.#results);
    console.log(
      this.#isConcluded
        ? conclusion
        : `ended before the end of the procedure; so far ${conclusion}`,
    );
    const busy = this.#busy();
    if (busy !== "") console.log(busy);
  }

  #busy(): string {
    return busyText(this.#results, this.#loadAtFailure, availableParallelism());
  }

  #take(message: RigMessage, config: AircraftConfig): void {
    switch (message.kind) {
      case "note":
        this.say(`${new Date().toTimeString().slice(0, 8)}  ${message.text}`);
        break;
      case "step":
        this.#add(message.result);
        break;
      case "failed":
        this.#failure = message.message;
        break;
      case "concluded":
        this.#isConcluded = true;
        if (!this.options.once) this.say(this.#instructions(config));
        break;
    }
  }

  #add(result: StepResult): void {
    if (!result.passed) this.#loadAtFailure = Math.max(this.#loadAtFailure, loadavg()[0] ?? 0);
    this.#results.push(result);
    this.say(formatStep(result));
  }

  #instructions(config: AircraftConfig): string {
    const rig = rigCommand().join(" ");
    const wingman = wingmanCommand(this.options.wingman).join(" ");
    const id = config.servers.at(-1)?.id ?? "";
    const own = serverDirectory(this.directory, id);
    const runDirectory = join(own, "run");
    const logFile = join(own, "state", LOG_FILE);
    const rows: (readonly [string, string])[] = [
      ...FLIGHT_COMMANDS,
      [`${rig} enter ${id}`, "(elsewhere) a shell on a server"],
      [
        `${rig} enter ${id} ${wingman} status --run-dir ${runDirectory}`,
        "(elsewhere) any command on it",
      ],
      [
        `${rig} enter ${id} ${wingman} console --run-dir ${runDirectory}`,
        "(elsewhere) its console, as on the serial line",
      ],
      [`${rig} enter seat-1 ${rig} call ADDRESS`, "(elsewhere) use a function from a seat"],
      [
        `${wingman} log replay ${logFile} --config ${configurationFile(this.directory)}`,
        "(elsewhere) repeat the decisions in its log, with the configuration that flies here",
      ],
    ];
    const busy = this.#busy();
    const head = [
      `so far ${formatConclusion(this.#results)}`,
      ...(busy === "" ? [] : [busy]),
      "The aircraft stays up until Ctrl-C. Use the page, type, or run:",
    ];
    return [...head, ...rows.map(([form, what]) => `  ${form}\n        ${what}`), ""].join("\n");
  }
}

const NOT_SEEN = "not known: the aircraft ended before it had said anything";

/** The last step: searches for everything that the rig could have left. */
async function leftovers(
  number: number,
  directory: string,
  namespace: PidNamespace | null,
): Promise<StepResult> {
  const step = new ProcedureStep(number, "Nothing left behind");
  step.did("ended the aircraft and looked for its processes, mounts and files");
  const deadline = performance.now() + KERNEL_DEADLINE_MS;
  let processes = namespace?.processes() ?? [];
  while (processes.length > 0 && performance.now() < deadline) {
    await Bun.sleep(20);
    processes = namespace?.processes() ?? [];
  }
  namespace?.close();
  const found = processes.map((pid) => `${pid} (${programOf(pid) ?? "gone meanwhile"})`);
  const isNone = namespace !== null && found.length === 0;
  step.check("processes in its namespaces", "none", namespace ? listed(found) : NOT_SEEN, isNone);
  const mounts = mountsBelow(directory);
  step.check("mounts in its directory", "none", listed(mounts), mounts.length === 0);
  const isLeft = existsSync(directory);
  step.check("temporary directory", "gone", isLeft ? directory : "gone", !isLeft);
  return step.result;
}

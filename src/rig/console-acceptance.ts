/**
 * `wingman-rig acceptance`: the acceptance procedure against real servers, over their serial
 * consoles.
 */
import { realpathSync } from "node:fs";
import { EXIT_DONE, EXIT_FAILED, RuntimeError, UsageError } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import type { AircraftConfig } from "../config/model.ts";
import { nearestName } from "../config/nearest.ts";
import { alternatives, quoted } from "../config/problem.ts";
import { EACCES, ENOENT, errnoName } from "../io/errno.ts";
import { ConsoleClient } from "./console-client.ts";
import { ConsoleContext } from "./console-context.ts";
import type { StepResult } from "./procedure-step.ts";
import { formatConclusion, formatStep } from "./step-text.ts";
import { moveByHand, plannedDrain } from "./steps-console-change.ts";
import { interlock } from "./steps-console-interlock.ts";
import { checkLogs } from "./steps-console-log.ts";
import { powerOff, recovery } from "./steps-console-power.ts";
import { builtInTests, consolesAnswer, serversInOrder } from "./steps-console-ready.ts";

const OPTIONS = {
  console: "values",
  config: "value",
  baud: "value",
  json: "flag",
  "skip-power": "flag",
  help: "flag",
} as const;

/** Speeds that a configuration may give its console. */
const SPEEDS = [9600, 19_200, 38_400, 57_600, 115_200];
const SPEED_DEFAULT = 115_200;

export const CONSOLE_ACCEPTANCE_HELP = `wingman-rig acceptance: acceptance procedure for real servers, over their serial consoles

  wingman-rig acceptance --console SERVER=DEVICE … [--config FILE] [--baud N] [--skip-power] [--json]
      --console SERVER=DEVICE   the serial line of a server, once for each: --console a=/dev/ttyUSB0 --console b=/dev/ttyUSB1
                                A server without one is observed through the others.
      --config FILE   the aircraft's firmware configuration: owners, digest and times are compared with it.
                      Without it, only the consistency of the servers' answers is checked.
      --baud N        speed of the lines; default: the speed in FILE, else 115200
      --skip-power    does not ask the operator to switch a server off, or to change the ground input
      --json          prints only one document, at the end (instructions for the operator go to stderr)

Nine steps: the consoles answer; all servers up; built-in tests; drain and resume; a move by hand; the interlock; power-off;
recovery; the logs. Each is PASS, FAIL, or NOT DONE with the reason. Exit code 0: no step failed; 1: a step failed, or a
line broke; 2: the command line or the configuration is wrong. Ctrl-C ends it; a drained server is resumed first.`;

const STEPS = [
  ...[
    consolesAnswer,
    serversInOrder,
    builtInTests,
    plannedDrain,
    moveByHand,
    interlock,
    powerOff,
    recovery,
    checkLogs,
  ],
];
/** If one of these steps fails, the following ones mean nothing. */
const NECESSARY: readonly number[] = [1, 2];

export async function consoleAcceptance(args: readonly string[]): Promise<number> {
  const { options } = parseOptions("acceptance", args, OPTIONS);
  if (options.help) {
    console.log(CONSOLE_ACCEPTANCE_HELP);
    return EXIT_DONE;
  }
  const config = options.config === undefined ? null : requireConfig(options.config).config;
  const baud = speedOf(options.baud, config);
  const clients = consolesOf(options.console, config).map(
    ([id, device]) => new ConsoleClient(id, device, baud),
  );
  for (const client of clients) openLine(client);
  const say = (text: string): void => {
    if (!options.json) console.log(text);
  };
  const operator = (text: string): void => {
    const line = `OPERATOR: ${text}`;
    if (options.json) console.error(line);
    else console.log(`${line}\n`);
  };
  const context = new ConsoleContext({
    clients,
    config,
    skipPower: options["skip-power"],
    operator,
  });
  const results: StepResult[] = [];
  const failure = await run(context, (result) => {
    results.push(result);
    say(formatStep(result));
  });
  const passed = failure === null && results.every((result) => result.passed);
  if (failure !== null) console.error(`wingman-rig: ${failure}`);
  if (options.json) console.log(JSON.stringify({ passed, failure, steps: results }, null, 2));
  else
    say(
      failure === null
        ? formatConclusion(results)
        : `ended before the end; so far ${formatConclusion(results)}`,
    );
  return passed ? EXIT_DONE : EXIT_FAILED;
}

/** Runs the steps one after the other. Returns why it ended early; null when it did not. */
async function run(
  context: ConsoleContext,
  report: (result: StepResult) => void,
): Promise<string | null> {
  const interrupt = (): void => {
    context.isInterrupted = true;
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, interrupt);
  try {
    for (const step of STEPS) {
      const result = await step(context);
      report(result);
      if (!result.passed && NECESSARY.includes(result.number))
        return `step ${result.number} failed: the following steps would mean nothing`;
    }
    return null;
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return error.message;
  } finally {
    await context.leave();
    for (const signal of signals) process.off(signal, interrupt);
  }
}

function speedOf(text: string | undefined, config: AircraftConfig | null): number {
  if (text === undefined) return config?.maintenance.console.baud ?? SPEED_DEFAULT;
  const speed = SPEEDS.find((known) => String(known) === text);
  if (speed !== undefined) return speed;
  throw new UsageError(
    `acceptance: --baud: found ${quoted(text)}, expected ${alternatives(SPEEDS.map(String))}`,
  );
}

/** Server and device of each console. */
function consolesOf(
  texts: readonly string[],
  config: AircraftConfig | null,
): (readonly [string, string])[] {
  if (texts.length === 0) {
    throw new UsageError(
      "acceptance: found no --console, expected one for each server: --console a=/dev/ttyUSB0",
    );
  }
  const known = config?.servers.map(({ id }) => id) ?? null;
  const byServer = new Map<string, string>();
  const byDevice = new Map<string, string>();
  for (const text of texts) {
    const [, id, device] = /^([^=]+)=(\/.+)$/.exec(text) ?? [];
    if (id === undefined || device === undefined) {
      throw new UsageError(
        `acceptance: --console: found ${quoted(text)}, expected SERVER=DEVICE with an absolute path, such as a=/dev/ttyUSB0`,
      );
    }
    if (known !== null && !known.includes(id)) {
      const expected = nearestName(id, known) ?? `one of the servers ${alternatives(known)}`;
      throw new UsageError(
        `acceptance: --console: found an unknown server ${quoted(id)}, expected ${expected}`,
      );
    }
    if (byServer.has(id))
      throw new UsageError(`acceptance: --console: found server ${id} twice, expected each once`);
    const line = realDevice(device);
    const other = byDevice.get(line);
    if (other !== undefined) {
      throw new UsageError(
        `acceptance: --console: found ${quoted(device)} for ${id} and for ${other}, expected a line of its own for each`,
      );
    }
    byServer.set(id, device);
    byDevice.set(line, id);
  }
  return [...byServer];
}

/** Another name, such as one in /dev/serial/by-id, may stand for the same line. */
function realDevice(device: string): string {
  try {
    return realpathSync(device);
  } catch {
    return device;
  }
}

function openLine(client: ConsoleClient): void {
  const error = client.open();
  if (error === 0) return;
  const what = `acceptance: --console: found ${quoted(client.device)} for ${client.serverId}`;
  if (error === ENOENT) throw new UsageError(`${what}, which is not there; expected a serial line`);
  if (error === EACCES) {
    throw new RuntimeError(
      `${what}, which this user may not open; it often takes the group dialout`,
    );
  }
  throw new UsageError(`${what}, which is no serial line (${errnoName(error)}); expected one`);
}

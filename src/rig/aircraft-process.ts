/**
 * `wingman-rig aircraft ORDER`: builds the virtual aircraft and runs the acceptance procedure, or
 * the rolling update. It
 * is the first process of the rig's own process namespace: when it ends, for whatever reason, the
 * kernel kills everything on board, and with the last process the networks vanish. It ends when its
 * standard input does, so it does not outlive the process outside.
 */
import { rmSync } from "node:fs";
import { RuntimeError } from "../command-line/errors.ts";
import { requireConfig } from "../command-line/options.ts";
import { acceptance } from "./acceptance.ts";
import { obey, watch } from "./flight.ts";
import { linesOf } from "./line-stream.ts";
import type { StepResult } from "./procedure-step.ts";
import { type AircraftOrder, type RigMessage, STOP_LINE } from "./rig-message.ts";
import { rollingUpdate } from "./rolling-update.ts";
import { ServerSlots } from "./server-slots.ts";
import { VirtualAircraft } from "./virtual-aircraft.ts";

const NAMESPACES_MS = 200;
/** Cheap: no process or file is asked. */
const MACHINES_MS = 50;

export async function aircraftProcess(args: string[]): Promise<number> {
  const order = JSON.parse(args[0] ?? "") as AircraftOrder;
  // Signals are for the process outside; it decides.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => undefined);
  const requests = new Requests(order.directory);
  try {
    return await fly(order, requests);
  } catch (error) {
    const message =
      error instanceof RuntimeError
        ? error.message
        : String(error instanceof Error ? error.stack : error);
    tell({ kind: "failed", message });
    return 1;
  }
}

async function fly(order: AircraftOrder, requests: Requests): Promise<number> {
  const { config } = requireConfig(order.configFile);
  const { update } = order;
  const slots =
    update &&
    config.servers.map(
      ({ id }) => new ServerSlots(config, id, order.directory, order.wingman, update),
    );
  const aircraft = await VirtualAircraft.build(
    config,
    order.configFile,
    order.wingman,
    order.directory,
    slots,
  );
  for (const { name, notRealtime } of aircraft.seats) {
    if (notRealtime !== null)
      tell({ kind: "note", text: `${name} measures without real-time priority: ${notRealtime}` });
  }
  let known = "";
  setInterval(() => {
    const names = aircraft.namespaces();
    if (names.join() === known) return;
    known = names.join();
    tell({ kind: "namespaces", names });
  }, NAMESPACES_MS);
  let machines = "";
  setInterval(() => {
    const states = aircraft.servers.map(({ machine }) => machine);
    if (states.join() === machines) return;
    machines = states.join();
    tell({ kind: "machines", states });
  }, MACHINES_MS);
  const report = (result: StepResult) => tell({ kind: "step", result });
  const passed =
    slots && update
      ? await rollingUpdate(aircraft, slots, update, report)
      : await acceptance(aircraft, report);
  tell({ kind: "concluded", passed });
  const code = passed ? 0 : 1;
  if (order.once) return code;
  aircraft.pace = "resting";
  watch(aircraft, note);
  requests.serve(async (line) => note(await obey(aircraft, line)));
  await requests.end;
  return code;
}

/** The lines of the process outside. Those that come before somebody serves them wait. */
class Requests {
  readonly end: Promise<void>;
  readonly #waiting: string[] = [];
  #serve: ((line: string) => void) | null = null;

  constructor(directory: string) {
    this.end = this.#read(directory);
  }

  serve(action: (line: string) => Promise<void>): void {
    this.#serve = (line) => void action(line).catch((error: unknown) => note(String(error)));
    for (const line of this.#waiting.splice(0)) this.#serve(line);
  }

  async #read(directory: string): Promise<void> {
    for await (const line of linesOf(Bun.stdin.stream())) {
      if (line === STOP_LINE) process.exit(0); // the one outside knows what became of the procedure
      if (this.#serve === null) this.#waiting.push(line);
      else this.#serve(line);
    }
    // The process outside was killed: nobody else removes the directory.
    killEverythingOnBoard();
    rmSync(directory, { recursive: true, force: true });
    process.exit(1);
  }
}

/**
 * Before files are removed nobody may write any more. −1: every process of this namespace but the
 * first, which is this one.
 */
function killEverythingOnBoard(): void {
  // outside a process namespace of its own that would be the user's processes
  if (process.pid !== 1) return;
  try {
    process.kill(-1, "SIGKILL");
  } catch {
    // nobody is left
  }
}

const note = (text: string): void => tell({ kind: "note", text });

function tell(message: RigMessage): void {
  console.log(JSON.stringify(message));
}

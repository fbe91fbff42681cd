/**
 * `wingman-rig aircraft ORDER`: builds the virtual aircraft and runs the acceptance procedure, the
 * rolling update, or the move to another table. It is the first process of the rig's own process
 * namespace: when it ends, for whatever reason, the kernel kills everything on board, and with the
 * last process the networks vanish. It ends with its standard input, so it does not survive the
 * process outside.
 */
import { rmSync } from "node:fs";
import { RuntimeError } from "../command-line/errors.ts";
import { requireConfig } from "../command-line/options.ts";
import { acceptance } from "./acceptance.ts";
import { obey, watch } from "./flight.ts";
import { GapBoard } from "./gap-board.ts";
import { linesOf } from "./line-stream.ts";
import type { StepResult } from "./procedure-step.ts";
import { type AircraftOrder, type RigMessage, STOP_LINE } from "./rig-message.ts";
import { rollingUpdate } from "./rolling-update.ts";
import { ServerSlots } from "./server-slots.ts";
import { moveToTable } from "./table-move.ts";
import { LATE_US } from "./target-record.ts";
import type { UpdateOrder } from "./update-order.ts";
import { VirtualAircraft } from "./virtual-aircraft.ts";

/** How often the seats are asked for what they see, and for gaps that ended at most how long ago. */
const GAPS_MS = 200;
const GAPS_MEMORY_US = 4 * LATE_US;
/** Cheap: no process or file is asked. */
const MACHINES_MS = 50;

export async function aircraftProcess(args: string[]): Promise<number> {
  const order = JSON.parse(args[0] ?? "") as AircraftOrder;
  // The process outside handles signals.
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
  let machines = "";
  setInterval(() => {
    const states = aircraft.servers.map(({ machine }) => machine);
    if (states.join() === machines) return;
    machines = states.join();
    tell({ kind: "machines", states });
  }, MACHINES_MS);
  const board = new GapBoard(config.functions.length, aircraft.targets, aircraft.nowUs);
  if (order.hasPage)
    void sendGaps(aircraft, board).catch((error: unknown) => note(`no gaps: ${error}`));
  const report = (result: StepResult) => tell({ kind: "step", result });
  const passed =
    slots && update
      ? await change(aircraft, slots, update, report)
      : await acceptance(aircraft, report);
  tell({ kind: "concluded", passed });
  const code = passed ? 0 : 1;
  if (order.once) return code;
  aircraft.pace = "resting";
  board.restart(aircraft.nowUs); // what the procedure did on purpose is in its steps
  watch(aircraft, note);
  requests.serve(async (line) => note(await obey(aircraft, line)));
  await requests.end;
  return code;
}

/** Tells what the seats see, for ever. */
async function sendGaps(aircraft: VirtualAircraft, board: GapBoard): Promise<void> {
  let told = "";
  for (;;) {
    const sinceUs = aircraft.nowUs - GAPS_MEMORY_US;
    const seen = await Promise.all(aircraft.seats.map((seat) => seat.gaps(sinceUs)));
    seen.forEach((report, seat) => {
      board.take(seat, report);
    });
    const everyMs = aircraft.probeIntervalMs();
    const message = { functions: board.figures(), sinceUs: board.sinceUs, everyMs };
    const text = JSON.stringify(message);
    if (text !== told) tell({ kind: "gaps", seen: message });
    told = text;
    await Bun.sleep(GAPS_MS);
  }
}

/** The rolling update, or the move to another table. */
async function change(
  aircraft: VirtualAircraft,
  slots: readonly ServerSlots[],
  order: UpdateOrder,
  report: (result: StepResult) => void,
): Promise<boolean> {
  const { otherTable } = order;
  if (otherTable === null) return await rollingUpdate(aircraft, slots, order, report);
  const { config } = requireConfig(otherTable);
  return await moveToTable(aircraft, slots, order, config, otherTable, report);
}

/** Lines from the process outside. They are queued until somebody serves them. */
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
      if (line === STOP_LINE) process.exit(0); // the process outside knows the result of the procedure
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
 * All writers must be gone before files are removed. −1: every process of this namespace but the
 * first, which is this one.
 */
function killEverythingOnBoard(): void {
  // outside its own process namespace these would be the user's processes
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

import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { AIRCRAFT, snapshot, writeSnapshot } from "../../test/harness/status-snapshot.ts";
import { PHASE_DRAINING, PHASE_ISOLATED, PHASE_LISTENING } from "../boundary/phase.ts";
import { SERVER_ALIVE, SERVER_LOST } from "../boundary/server-state.ts";
import { LOG_ACTION, LOG_ACTION_FAILED, LOG_ACTION_REFUSED } from "../catalogue/supervisor-code.ts";
import { parseConfig } from "../config/load.ts";
import { NOTHING_RECEIVED, RecordSocket } from "../io/control-socket.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { RunDirectory } from "../supervisor/run-directory.ts";
import {
  CONTROL_DONE,
  CONTROL_DRAIN,
  CONTROL_MOVE,
  CONTROL_RECORD_BYTES,
  CONTROL_REFUSED,
  CONTROL_RESUME,
  controlArgument,
  controlFunction,
  controlKind,
  encodeControl,
  MOVE_REFUSED_ROOM,
  NO_INDEX,
} from "../wire/control.ts";
import { GroundSignal } from "./ground-input.ts";
import type { LogKeeper } from "./log/log-keeper.ts";
import { MaintenanceError } from "./maintenance.ts";
import { ServerMaintenance } from "./server-maintenance.ts";

const parsed = parseConfig(AIRCRAFT, "test", "/");
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const { config } = parsed;

/** An engine that does, or refuses, what it is asked. */
class Engine {
  readonly asked: [kind: number, index: number, argument: number][] = [];
  refusal = 0;
  readonly #socket: RecordSocket;
  readonly #answer = new NativeMemory(CONTROL_RECORD_BYTES);
  readonly #looking = setInterval(() => this.#look(), 1);

  constructor(path: string) {
    this.#socket = RecordSocket.bound(path);
  }

  #look(): void {
    while (this.#socket.receive() !== NOTHING_RECEIVED) {
      const { view } = this.#socket.received;
      this.asked.push([controlKind(view), controlFunction(view), controlArgument(view, 0)]);
      const answer = this.refusal === 0 ? CONTROL_DONE : CONTROL_REFUSED;
      encodeControl(this.#answer.view, answer, NO_INDEX, controlKind(view), this.refusal, 0);
      this.#socket.reply(this.#answer);
    }
  }

  close(): void {
    clearInterval(this.#looking);
    this.#socket.close();
  }
}

let runDirectory: RunDirectory;
let engine: Engine;
let ground: GroundSignal;
let noted: [code: number, functionIndex: number, detail: string][];
let maintenance: ServerMaintenance;
beforeEach(() => {
  runDirectory = new RunDirectory(scratchDirectory("maintenance"));
  engine = new Engine(runDirectory.engineSocket);
  ground = new GroundSignal();
  noted = [];
  const keeper = {
    note: (...note: (typeof noted)[0]) => noted.push(note),
    clearFaults: () => noted.push([0, 0, "cleared"]),
  } as unknown as LogKeeper;
  maintenance = new ServerMaintenance(config, "left", runDirectory, keeper, ground);
});
afterEach(() => {
  engine.close();
  rmSync(runDirectory.path, { recursive: true });
});

function land(): void {
  ground.take(true);
  ground.take(true);
}

/** Of the other server. */
function writeStatus(state = SERVER_ALIVE, phase = PHASE_LISTENING): void {
  const made = snapshot();
  made.serverState[1] = state;
  made.serverPhase[1] = phase;
  writeSnapshot(runDirectory.status, made);
}

/** The code of the refusal; "" when it was done. */
async function refusalOf(action: Promise<void>): Promise<string> {
  try {
    await action;
    return "";
  } catch (error) {
    if (!(error instanceof MaintenanceError)) throw error;
    return error.code;
  }
}

test("the state is what the engine wrote; null while none runs", () => {
  expect(maintenance.status()).toBe(null);
  writeStatus();
  expect(maintenance.status()?.server).toBe("left");
  const beingWritten = (view: DataView): void => view.setUint32(8, 3, true);
  writeSnapshot(runDirectory.status, snapshot(), beingWritten);
  expect(maintenance.status()).toBe(null);
});

test("a move is refused in the air without asking the engine, and done on ground; both are logged", async () => {
  expect(await refusalOf(maintenance.move("map", "right"))).toBe("GROUND");
  expect(engine.asked).toEqual([]);
  land();
  expect(maintenance.isOnGround()).toBe(true);
  expect(await refusalOf(maintenance.move("map", "right"))).toBe("");
  const index = config.functions.findIndex(({ id }) => id === "map");
  expect(engine.asked).toEqual([[CONTROL_MOVE, index, 1]]);
  expect(noted).toEqual([
    [LOG_ACTION_REFUSED, index, "MOVE TO right"],
    [LOG_ACTION, index, "MOVE TO right"],
  ]);
});

test("what the engine refuses keeps its reason, and is logged as failed", async () => {
  land();
  engine.refusal = MOVE_REFUSED_ROOM;
  expect(await refusalOf(maintenance.move("map", "right"))).toBe("ROOM");
  expect(noted).toEqual([[LOG_ACTION_FAILED, 0, "MOVE TO right"]]);
});

test("names that are unknown never reach the engine", async () => {
  land();
  expect(await refusalOf(maintenance.move("mop", "right"))).toBe("UNKNOWN");
  expect(await refusalOf(maintenance.move("map", "up"))).toBe("UNKNOWN");
  expect(engine.asked).toEqual([]);
});

test("drain is allowed while another server is alive, the last one drains on ground only; resume always", async () => {
  writeStatus();
  expect(await refusalOf(maintenance.drain())).toBe("");
  writeStatus(SERVER_LOST);
  expect(await refusalOf(maintenance.drain())).toBe("GROUND");
  // One that is heard, but has handed everything over itself or is cut off from its clients, takes
  // nothing.
  for (const phase of [PHASE_DRAINING, PHASE_ISOLATED]) {
    writeStatus(SERVER_ALIVE, phase);
    expect(await refusalOf(maintenance.drain())).toBe("GROUND");
  }
  expect(await refusalOf(maintenance.resume())).toBe("");
  land();
  expect(await refusalOf(maintenance.drain())).toBe("");
  expect(engine.asked.map(([kind]) => kind)).toEqual([
    CONTROL_DRAIN,
    CONTROL_RESUME,
    CONTROL_DRAIN,
  ]);
});

test("faults are cleared on ground only", async () => {
  expect(await refusalOf(maintenance.clearFaults())).toBe("GROUND");
  land();
  expect(await refusalOf(maintenance.clearFaults())).toBe("");
  expect(noted.map(([, , detail]) => detail)).toEqual(["CLEAR FAULTS", "cleared", "CLEAR FAULTS"]);
});

test("without an engine nothing is done", async () => {
  engine.close();
  expect(await refusalOf(maintenance.resume())).toBe("ENGINE");
  expect(noted).toEqual([[LOG_ACTION_FAILED, -1, "RESUME"]]);
});

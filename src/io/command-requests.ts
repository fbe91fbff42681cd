/**
 * Requests of the commands that run beside the daemon, and of `wingman manage`: drain, resume,
 * capacity, hold, and manual moves of functions. Each is answered.
 */

import { EVENT_COMMAND, EVENT_MOVE } from "../boundary/event-queue.ts";
import type { Engine } from "../core/engine.ts";
import { FUNCTIONS_MAX, REPORTS_PER_TURN_MAX, WITHHELD_MAX } from "../limits.ts";
import type { FaultBoard } from "../reporting/fault-board.ts";
import {
  CONTROL_CAPACITY,
  CONTROL_DONE,
  CONTROL_DRAIN,
  CONTROL_FAULT,
  CONTROL_HOLD,
  CONTROL_MOVE,
  CONTROL_RECORD_BYTES,
  CONTROL_REFUSED,
  CONTROL_RESUME,
  controlArgument,
  controlFunction,
  controlKind,
  encodeControl,
  MOVE_REFUSED_BUSY,
  NO_INDEX,
} from "../wire/control.ts";
import type { RecordSocket } from "./control-socket.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";
import type { SupervisorRecords } from "./supervisor-records.ts";

export class CommandRequests {
  private readonly answer = new NativeMemory(CONTROL_RECORD_BYTES);

  constructor(
    private readonly socket: RecordSocket,
    private readonly engine: Engine,
    private readonly supervisor: SupervisorRecords,
    private readonly faults: FaultBoard,
  ) {}

  /** Takes the received requests, a bounded number. */
  receive(): void {
    const { socket, answer } = this;
    for (let request = 0; request < REPORTS_PER_TURN_MAX; request++) {
      const length = socket.receive();
      if (length < 0) return;
      const { view } = socket.received;
      const kind = length === CONTROL_RECORD_BYTES ? controlKind(view) : 0;
      if (kind === CONTROL_FAULT) {
        this.takeFault(view);
        continue;
      }
      const isMove = kind === CONTROL_MOVE;
      const refusal = isMove ? this.move(controlFunction(view), controlArgument(view, 0)) : 0;
      const isDone = isMove ? refusal === 0 : this.obey(kind, controlArgument(view, 0));
      encodeControl(
        answer.view,
        isDone ? CONTROL_DONE : CONTROL_REFUSED,
        NO_INDEX,
        kind,
        refusal,
        0,
      );
      socket.reply(answer);
    }
  }

  /** Fault report of `wingman manage`, which expects no answer. */
  private takeFault(view: DataView): void {
    const index = controlFunction(view);
    const placeAndCount = controlArgument(view, 0);
    this.faults.set(
      placeAndCount & 0xff,
      (placeAndCount >> 8) & 0xff,
      controlArgument(view, 1),
      index < FUNCTIONS_MAX ? index + 1 : 0,
      controlArgument(view, 2),
      nowUs(),
    );
  }

  /** @returns 0, or MOVE_REFUSED_*: why the function is not moved */
  private move(index: number, server: number): number {
    const { engine } = this;
    const refusal = engine.moves.refusal(index, server);
    if (refusal !== 0) return refusal;
    return engine.events.push(EVENT_MOVE, index, server) ? 0 : MOVE_REFUSED_BUSY;
  }

  private obey(command: number, argument: number): boolean {
    if (command === CONTROL_CAPACITY || command === CONTROL_HOLD)
      return this.pass(command, argument);
    if (command !== CONTROL_DRAIN && command !== CONTROL_RESUME) return false;
    // The supervisor keeps the command for the next engine, and restarts processes that failed too
    // often.
    if (!this.supervisor.tell(command, NO_INDEX, 0, 0, 0)) return false;
    return this.engine.events.push(EVENT_COMMAND, 0, command);
  }

  /** The supervisor keeps the value and decides how it combines with the input files. */
  private pass(command: number, argument: number): boolean {
    const largest = command === CONTROL_CAPACITY ? WITHHELD_MAX : 1;
    if (argument < 0 || argument > largest) return false;
    return this.supervisor.tell(command, NO_INDEX, argument, 0, 0);
  }
}

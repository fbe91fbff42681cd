/** The functions' processes, as the supervisor reports them and is asked to start and stop them. */

import { type FunctionTable, PROCESS_ALWAYS, PROCESS_NONE } from "../allocation/function-table.ts";
import {
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  type EffectQueue,
} from "../boundary/effect-queue.ts";
import { FUNCTIONS_MAX } from "../limits.ts";
import {
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FIT,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_PROCESS_TRY,
} from "../wire/control.ts";

const ABSENT = 0;
const STARTING = 1;
const RUNNING = 2;
const STOPPING = 3;

/** Whether a function that failed here may run here again: it is fit, or may be tried. */
export function mayRunAgain(kind: number, mayBeTried: boolean): boolean {
  return kind === CONTROL_PROCESS_FIT || (kind === CONTROL_PROCESS_TRY && mayBeTried);
}

export class Processes {
  private readonly state = new Uint8Array(FUNCTIONS_MAX);

  constructor(
    private readonly table: FunctionTable,
    private readonly effects: EffectQueue,
  ) {}

  /** @param reason REASON_* of wire/control */
  begin(index: number, reason: number): void {
    if (this.table.process[index] === PROCESS_NONE) return;
    if (this.state[index] !== RUNNING) this.state[index] = STARTING;
    this.effects.push(EFFECT_PROCESS_START, index, reason, 0);
  }

  end(index: number): void {
    const kind = this.table.process[index];
    if (kind === PROCESS_NONE || kind === PROCESS_ALWAYS) return;
    if (this.state[index] === STOPPING || this.state[index] === ABSENT) return;
    this.state[index] = STOPPING;
    this.effects.push(EFFECT_PROCESS_STOP, index, this.table.stopGraceUs[index] / 1000, 0);
  }

  /** It is gone, or runs always and so takes no room that others could have. */
  isGone(index: number): boolean {
    return this.state[index] === ABSENT || this.table.process[index] === PROCESS_ALWAYS;
  }

  /** Its clients can be served. */
  serves(index: number): boolean {
    return this.table.process[index] === PROCESS_NONE || this.state[index] === RUNNING;
  }

  /** @param kind CONTROL_PROCESS_* of wire/control */
  onReport(index: number, kind: number): void {
    const state = this.state[index];
    if (kind === CONTROL_PROCESS_RUNNING) {
      if (state !== STOPPING) this.state[index] = RUNNING;
    } else if (kind === CONTROL_PROCESS_EXITED) {
      if (state === RUNNING) this.state[index] = STARTING;
    } else if (kind <= CONTROL_PROCESS_STOPPED) this.state[index] = ABSENT;
  }
}

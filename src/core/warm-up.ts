/**
 * Start-up: flies a take-over and a hand-over on scratch engines until the compiler has seen the
 * code, so that the first failure in flight is handled as fast as the hundredth. Nothing of it is
 * seen outside.
 */
import {
  CONTROL_DRAIN,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_RESUME,
} from "../wire/control.ts";
import { decodeKeepAlive, encodeKeepAlive, KEEP_ALIVE_BYTES } from "../wire/keep-alive.ts";
import type { Policy } from "./allocation.ts";
import {
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "./effect-queue.ts";
import { Engine } from "./engine.ts";
import {
  EVENT_COMMAND,
  EVENT_KEEP_ALIVE,
  EVENT_PROCESS,
  EVENT_VIP_DOWN,
  EVENT_VIP_UP,
  type EventQueue,
} from "./event-queue.ts";
import type { FunctionTable } from "./function-table.ts";
import type { Timing } from "./timing.ts";

/** Periods flown; every 40 of them one of two servers is drained or resumed, or falls silent. */
const PERIODS = 400;
const PHASE_PERIODS = 40;

/** @param table the real one: what is warmed is what will fly */
export function warmUp(table: FunctionTable, policy: Policy, timing: Timing): void {
  if (table.serverCount < 2) return;
  const datagram = new DataView(new ArrayBuffer(KEEP_ALIVE_BYTES));
  const engines = [0, 1].map(
    (self) =>
      new Engine(
        table,
        policy,
        { self, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: self + 1, nonce: self },
        { ...timing, recoveredAfter: Math.min(timing.recoveredAfter, PHASE_PERIODS / 4) },
        timing.periodUs,
        0,
      ),
  ) as [Engine, Engine];
  for (let period = 0; period < PERIODS; period++) {
    const silent = Math.floor(period / PHASE_PERIODS) % 4 === 3;
    if (period % (4 * PHASE_PERIODS) === PHASE_PERIODS)
      engines[0].events.push(EVENT_COMMAND, 0, CONTROL_DRAIN);
    if (period % (4 * PHASE_PERIODS) === 2 * PHASE_PERIODS)
      engines[0].events.push(EVENT_COMMAND, 0, CONTROL_RESUME);
    for (let turn = 0; turn < 4; turn++) {
      const nowUs = period * timing.periodUs + turn;
      fly(engines[0], engines[1], silent, nowUs, datagram);
      fly(engines[1], engines[0], silent, nowUs, datagram);
    }
  }
}

function fly(
  engine: Engine,
  peer: Engine,
  silent: boolean,
  nowUs: number,
  datagram: DataView,
): void {
  if (nowUs >= engine.nextSendUs) engine.beginPeriod(nowUs);
  engine.step(nowUs);
  if (engine.sendRequested) {
    engine.compose();
    encodeKeepAlive(engine.outgoing, datagram);
    const { events } = peer;
    if (
      !silent &&
      !events.isFull() &&
      decodeKeepAlive(datagram, KEEP_ALIVE_BYTES, events.message(events.count))
    ) {
      events.push(EVENT_KEEP_ALIVE, 0, 0);
    }
  }
  answer(engine);
}

/** The kernel and the supervisor of a scratch engine: everything succeeds. */
function answer({ effects, events }: { effects: Engine["effects"]; events: EventQueue }): void {
  while (!events.isFull() && effects.take()) {
    const { kind, index } = effects;
    if (kind === EFFECT_VIP_ADD) events.push(EVENT_VIP_UP, index, 0);
    else if (kind === EFFECT_VIP_REMOVE) events.push(EVENT_VIP_DOWN, index, 0);
    else if (kind === EFFECT_PROCESS_START)
      events.push(EVENT_PROCESS, index, CONTROL_PROCESS_RUNNING);
    else if (kind === EFFECT_PROCESS_STOP)
      events.push(EVENT_PROCESS, index, CONTROL_PROCESS_STOPPED);
  }
}

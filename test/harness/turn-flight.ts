/**
 * One server that flies turns over a recording shell, with peers that send what a test wants: the
 * calls show what each turn did.
 */

import { FunctionTable, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import { type Timing, timingOf } from "../../src/boundary/timing.ts";
import { Engine } from "../../src/core/engine.ts";
import { GOES_ON, Turn } from "../../src/core/turn.ts";
import { KeepAliveMessage } from "../../src/wire/keep-alive.ts";
import { RecordingShell } from "./recording-shell.ts";
import { STEP_NAMES } from "./turn-steps.ts";

/** 10 ms × 5: silent for 50 ms is failed; a lease of 35 ms, of which ticks take 8. */
export const TIMING: Timing = timingOf(10, 5, 3, 0, 35, 8, 0);
export const PERIOD_US: number = TIMING.periodUs;

/** The server that flies. */
const SELF = 0;
const SYSTEM = { systemId: 1, digestHigh: 2, digestLow: 3, nonce: 4 };

/** Peers have missed nothing of each other. */
const EVERYTHING = 0xffff_ffff;

/** Server x of the aircraft as the one that flies hears it: it echoes what was sent last. */
class Peer {
  /** Its next message; the echo and the sequence number are filled in. */
  readonly message: KeepAliveMessage;

  constructor(
    readonly server: number,
    servers: number,
    private readonly shell: RecordingShell,
  ) {
    const all = (1 << servers) - 1;
    this.message = new KeepAliveMessage(servers, 1);
    Object.assign(this.message, { ...SYSTEM, sender: server, phase: PHASE_ACTIVE });
    this.message.incarnation = 100 + server;
    this.message.heard = all & ~(1 << server);
    this.message.direct = this.message.heard;
    for (let other = 0; other < servers; other++) {
      this.message.heardIncarnation[other] = 100 + other;
      this.message.heardSequence[other] = EVERYTHING;
    }
  }

  /** It speaks on all networks, and has missed so many of the last messages. */
  say(missed = 0): void {
    const { shell, message } = this;
    message.sequence++;
    message.heardSequence[SELF] = shell.sent.sequence - missed;
    message.assignmentDigest = shell.sent.assignmentDigest;
    for (let network = 0; network < shell.networkCount; network++) shell.deliver(network, message);
  }
}

export interface TurnFlightOptions {
  readonly servers?: number;
  /** All of them run on the server that flies, and on no other. */
  readonly functions?: number;
  readonly networks?: number;
  readonly hasLease?: boolean;
  readonly timing?: Timing;
  /** How long it has flown: long enough for all to be settled. */
  readonly periods?: number;
}

export class TurnFlight {
  readonly timing: Timing;
  readonly engine: Engine;
  readonly shell: RecordingShell;
  readonly turn: Turn;
  readonly peers: readonly Peer[];

  /** In the air and settled, unless it has not flown: all peers are heard, all functions are up. */
  constructor(options: TurnFlightOptions = {}) {
    const { servers = 2, functions = 2, networks = 2, hasLease = true } = options;
    const { timing = TIMING, periods = 30 } = options;
    const row = { required: 1, priority: 5, servers: 1, process: PROCESS_NONE, stopGraceMs: 0 };
    const table = new FunctionTable(
      Array<number>(servers).fill(100),
      Array.from({ length: functions }, () => row),
    );
    const identity = { ...SYSTEM, self: SELF, incarnation: 100 };
    this.timing = timing;
    this.shell = new RecordingShell(networks, hasLease, timing.leaseUs, servers);
    this.engine = new Engine(table, PREEMPT, identity, timing, 60_000_000, this.shell.clockUs);
    this.turn = new Turn(this.engine, this.shell, timing);
    this.peers = Array.from(
      { length: servers - 1 },
      (_, place) => new Peer(place + 1, servers, this.shell),
    );
    this.turn.begin();
    for (let period = 0; period < periods; period++) this.flyPeriod();
    this.shell.takeCalls();
  }

  /** One period: its turn, what the peers say after it, and the turns that this brings. */
  flyPeriod(): void {
    this.toPeriod();
    this.turn.run();
    this.shell.clockUs += 1000;
    this.hear();
    this.settle();
  }

  /** The clock reaches the next period. */
  toPeriod(): void {
    this.shell.clockUs = Math.max(this.shell.clockUs, this.engine.nextSendUs);
  }

  /** All peers speak. */
  hear(): void {
    for (const peer of this.peers) peer.say();
  }

  /** Turns without time, until none is wanted; peers answer each message with an echo. */
  settle(): void {
    const { engine, shell, turn } = this;
    for (let turns = 0; turns < 20; turns++) {
      const { sequence } = shell.sent;
      turn.run();
      if (shell.sent.sequence !== sequence) this.hear();
      else if (turn.wakeUs(shell.clockUs) > shell.clockUs || engine.effects.count === 0) return;
    }
  }

  /**
   * One turn. @returns its steps, each with its calls; `before` is called before each of them, with
   * the name of the step
   */
  steps(before: (step: string) => void = () => {}): string[][] {
    const { turn, shell } = this;
    const steps: string[][] = [];
    shell.takeCalls();
    for (let goesOn = true; goesOn; ) {
      const name = STEP_NAMES[turn.step];
      before(name);
      goesOn = turn.advance();
      steps.push([name, ...shell.takeCalls()]);
    }
    return steps;
  }

  /** One turn. @returns its calls */
  calls(before?: (step: string) => void): string[] {
    return this.steps(before).flatMap(([, ...calls]) => calls);
  }

  get goesOn(): boolean {
    return this.turn.ended === GOES_ON;
  }
}

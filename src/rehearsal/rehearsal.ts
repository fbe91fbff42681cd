/**
 * A shell without outside effects: kernel and supervisor answer at once, datagrams go to the other
 * shells of the same rehearsal. The warm-up flies it at start-up. The proof that a turn makes no
 * garbage flies it for a million turns, so the shell makes none itself.
 */

import {
  EFFECT_PROBE,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../boundary/effect-queue.ts";
import {
  EVENT_PROCESS,
  EVENT_VIP_DOWN,
  EVENT_VIP_UP,
  EVENT_WITNESS,
  type EventQueue,
} from "../boundary/event-queue.ts";
import type { Shell } from "../boundary/shell.ts";
import type { Timing } from "../boundary/timing.ts";
import type { Engine } from "../core/engine.ts";
import { Turn } from "../core/turn.ts";
import { SERVERS_MAX } from "../limits.ts";
import { CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_STOPPED } from "../wire/control.ts";
import { encodeKeepAlive, KEEP_ALIVE_BYTES, type KeepAliveMessage } from "../wire/keep-alive.ts";

/** Datagrams that wait for one server: every other one may send several per turn. */
const INBOX_MAX = 4 * SERVERS_MAX;

/** Turns in a row, so that the others answer a server's message. */
const ROUNDS = 3;

/** The servers of one rehearsal, their clock, and who hears whom. */
export class Rehearsal {
  nowUs = 0;
  /** Turns flown. */
  turnCount = 0;
  readonly engines: Engine[] = [];
  readonly shells: RehearsalShell[] = [];
  private readonly turns: Turn[] = [];
  /** Mask of the servers whose datagrams do not reach each server. */
  readonly deafTo = new Uint16Array(SERVERS_MAX);

  constructor(private readonly timing: Timing) {}

  /** Adds a server; no two are in step. */
  add(engine: Engine, shell: RehearsalShell): void {
    const turn = new Turn(engine, shell, this.timing);
    this.engines.push(engine);
    this.shells.push(shell);
    this.turns.push(turn);
    turn.begin();
    this.nowUs += Math.floor(this.timing.periodUs / 7);
  }

  /** Flies until `untilUs`: whenever one server wants a turn, all take several. */
  fly(untilUs: number): void {
    const { turns } = this;
    while (this.nowUs < untilUs) {
      for (let round = 0; round < ROUNDS; round++) {
        for (let server = 0; server < turns.length; server++) (turns[server] as Turn).run();
        this.turnCount += turns.length;
        this.nowUs++;
      }
      let nextUs = untilUs;
      for (let server = 0; server < turns.length; server++) {
        const wakeUs = (turns[server] as Turn).wakeUs(this.nowUs);
        if (wakeUs < nextUs) nextUs = wakeUs;
      }
      if (nextUs > this.nowUs) this.nowUs = nextUs;
    }
  }

  /** Cuts the server off in both directions, or joins it again. */
  cutOff(server: number, isCut: boolean): void {
    for (let other = 0; other < this.shells.length; other++) {
      if (other !== server) this.cut(server, other, isCut);
    }
  }

  /** Cuts or joins both directions between two servers. */
  cut(one: number, other: number, isCut: boolean): void {
    this.deafTo[one] = isCut ? this.deafTo[one] | (1 << other) : this.deafTo[one] & ~(1 << other);
    this.deafTo[other] = isCut ? this.deafTo[other] | (1 << one) : this.deafTo[other] & ~(1 << one);
  }
}

export class RehearsalShell implements Shell {
  readonly networkCount = 1;
  readonly renewalDueUs = Number.POSITIVE_INFINITY;
  readonly isHeldUp = false;
  /** Last datagram sent. */
  readonly sent = new DataView(new ArrayBuffer(KEEP_ALIVE_BYTES));
  readonly sentBytes = new Uint8Array(this.sent.buffer);
  private readonly inbox = Array.from({ length: INBOX_MAX }, () => new Datagram());
  private head = 0;
  private waiting = 0;
  private taken = this.inbox[0] as Datagram;

  constructor(
    private readonly rehearsal: Rehearsal,
    private readonly self: number,
    readonly hasLease: boolean,
    /** Answers of the kernel and the supervisor, taken in the next turn. */
    private readonly answers: EventQueue,
  ) {}

  nowUs(): number {
    return this.rehearsal.nowUs;
  }

  compose(message: KeepAliveMessage): void {
    encodeKeepAlive(message, this.sent);
  }

  send(): number {
    const { shells, deafTo } = this.rehearsal;
    for (let other = 0; other < shells.length; other++) {
      if (other === this.self || (deafTo[other] & (1 << this.self)) !== 0) continue;
      (shells[other] as RehearsalShell).deliver(this.sentBytes);
    }
    return 0;
  }

  /** Drops the oldest datagram when there is no room. */
  private deliver(bytes: Uint8Array): void {
    if (this.waiting === INBOX_MAX) this.receive();
    (this.inbox[(this.head + this.waiting) % INBOX_MAX] as Datagram).bytes.set(bytes);
    this.waiting++;
  }

  receive(): number {
    if (this.waiting === 0) return -1;
    this.taken = this.inbox[this.head] as Datagram;
    this.head = (this.head + 1) % INBOX_MAX;
    this.waiting--;
    return KEEP_ALIVE_BYTES;
  }

  received(): DataView {
    return this.taken.view;
  }

  /** Content of the last datagram taken, as bytes. */
  get receivedBytes(): Uint8Array<ArrayBuffer> {
    return this.taken.bytes;
  }

  isSealed(): boolean {
    return true;
  }

  dropped(): number {
    return 0;
  }

  beginLease(): void {}

  renewLease(_nowUs: number, _endUs: number): number {
    return 0;
  }

  hasRoom(): boolean {
    return true;
  }

  carryOut(kind: number, index: number, _first: number, _second: number): void {
    const { answers } = this;
    if (kind === EFFECT_VIP_ADD) answers.push(EVENT_VIP_UP, index, 0);
    else if (kind === EFFECT_VIP_REMOVE) answers.push(EVENT_VIP_DOWN, index, 0);
    else if (kind === EFFECT_PROBE) answers.push(EVENT_WITNESS, index, 0);
    else if (kind === EFFECT_PROCESS_START)
      answers.push(EVENT_PROCESS, index, CONTROL_PROCESS_RUNNING);
    else if (kind === EFFECT_PROCESS_STOP)
      answers.push(EVENT_PROCESS, index, CONTROL_PROCESS_STOPPED);
  }

  commit(): void {}
  renewAddresses(): void {}
  letGo(): void {}
  tell(_code: number, _value: number): void {}
  observeNeighbours(): void {}
  observeLinks(): void {}
  observeSupervisor(): boolean {
    return true;
  }
  report(_nowUs: number, _events: EventQueue): void {}
}

class Datagram {
  readonly bytes = new Uint8Array(new ArrayBuffer(KEEP_ALIVE_BYTES));
  readonly view = new DataView(this.bytes.buffer);
}

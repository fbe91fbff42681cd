/**
 * A shell for tests of a turn: it records every call, returns what the test has prepared, and its
 * clock stands still until the test moves it. Its kernel treats a lease realistically: an expired
 * one is not renewed.
 */
import {
  EFFECT_ANNOUNCE,
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PHASE,
  EFFECT_PROBE,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../../src/boundary/effect-queue.ts";
import {
  EVENT_VIP_DOWN,
  EVENT_VIP_FAILED,
  EVENT_VIP_STAYS,
  EVENT_VIP_UP,
  type EventQueue,
} from "../../src/boundary/event-queue.ts";
import type { Shell } from "../../src/boundary/shell.ts";
import {
  encodeKeepAlive,
  FLAG_GOOD_BYE,
  FLAG_RELAYED,
  KEEP_ALIVE_BYTES,
  KeepAliveMessage,
} from "../../src/wire/keep-alive.ts";

/** A lease that ran out: what the kernel answers to its renewal. */
export const RUN_OUT = 2;

/** Effects as the calls name them. */
const EFFECT_NAMES: Readonly<Record<number, string>> = {
  [EFFECT_VIP_REMOVE]: "remove",
  [EFFECT_NOTICE_STOPPING]: "notice of stop",
  [EFFECT_VIP_ADD]: "add",
  [EFFECT_ANNOUNCE]: "announce",
  [EFFECT_PROCESS_START]: "start",
  [EFFECT_PROCESS_STOP]: "stop",
  [EFFECT_NOTICE]: "notice",
  [EFFECT_LOG]: "record",
  [EFFECT_PHASE]: "phase",
  [EFFECT_PROBE]: "probe",
  [EFFECT_LEFT]: "left",
};

/** A datagram that arrives on a network. */
export interface Arrival {
  readonly view: DataView;
  readonly length: number;
  readonly isSealed: boolean;
}

const NOTHING: Arrival = { view: new DataView(new ArrayBuffer(0)), length: -1, isSealed: false };

export class RecordingShell implements Shell {
  /** Calls in their order with their arguments, without the clock. */
  readonly calls: string[] = [];
  clockUs = 1_000_000;
  renewalDueUs = Number.POSITIVE_INFINITY;
  /** Somebody keeps the kernel's lock: no effect has room. */
  isHeldUp = false;
  /** Datagrams that have arrived on each network and were not read yet. */
  readonly arrivals: Arrival[][];
  /** Result of each network for a datagram: 0 or an errno. */
  readonly sendErrors: number[];
  /** The own message that was composed last. */
  readonly sent: KeepAliveMessage;
  /** The kernel's answer to the renewal of a valid lease: 0 or an errno. */
  leaseError = 0;
  leaseEndUs = 0;
  /** The kernel's answer when VIPs are moved: 0 or an errno, and whether that may pass. */
  vipError = 0;
  mayPass = true;
  /** Effects that move a VIP and have room in one turn. */
  room = Number.POSITIVE_INFINITY;
  /** Arguments of the last commit. */
  moreFollow = false;
  isSupervisorThere = true;
  droppedCount = 0;
  /** Datagrams whose seal was looked at. */
  sealsChecked = 0;
  private readonly taken: Arrival[];
  private moved = 0;
  /** Effects and functions of this turn that the kernel answers. */
  private readonly moves: [kind: number, index: number][] = [];

  constructor(
    readonly networkCount: number,
    readonly hasLease: boolean,
    private readonly leaseUs: number,
    servers: number,
  ) {
    this.arrivals = Array.from({ length: networkCount }, () => []);
    this.taken = Array.from({ length: networkCount }, () => NOTHING);
    this.sendErrors = Array.from({ length: networkCount }, () => 0);
    this.sent = new KeepAliveMessage(servers, 1);
  }

  /** The calls since this was asked last. */
  takeCalls(): string[] {
    return this.calls.splice(0);
  }

  /** A message arrives on a network. */
  deliver(network: number, message: KeepAliveMessage): void {
    const view = new DataView(new ArrayBuffer(KEEP_ALIVE_BYTES));
    encodeKeepAlive(message, view);
    this.arrivals[network].push({ view, length: KEEP_ALIVE_BYTES, isSealed: true });
  }

  private write(name: string, ...values: unknown[]): void {
    this.calls.push(`${name}(${values.join(", ")})`);
  }

  nowUs(): number {
    return this.clockUs;
  }

  compose(message: KeepAliveMessage): void {
    const isGoodBye = (message.flags & FLAG_GOOD_BYE) !== 0;
    const isRelayed = (message.flags & FLAG_RELAYED) !== 0;
    if (!isRelayed) this.sent.copy(message);
    const words = `${isGoodBye ? " good-bye" : ""}${isRelayed ? " relayed" : ""}`;
    this.write("compose", `server ${message.sender}${words}`);
  }

  send(network: number): number {
    this.write("send", network);
    return this.sendErrors[network];
  }

  receive(network: number): number {
    this.write("receive", network);
    this.taken[network] = this.arrivals[network].shift() ?? NOTHING;
    return this.taken[network].length;
  }

  received(network: number): DataView {
    return this.taken[network].view;
  }

  isSealed(network: number): boolean {
    this.sealsChecked++;
    return this.taken[network].isSealed;
  }

  dropped(): number {
    this.write("dropped");
    return this.droppedCount;
  }

  beginLease(): void {
    this.write("beginLease");
    this.leaseEndUs = this.clockUs + this.leaseUs;
  }

  /** Written down as its length in ms, which says more than when it ends. */
  renewLease(nowUs: number, endUs: number): number {
    this.write("renewLease", (endUs - nowUs) / 1000);
    if (this.leaseError !== 0) return this.leaseError;
    if (this.clockUs >= this.leaseEndUs) return RUN_OUT;
    this.leaseEndUs = endUs;
    return 0;
  }

  hasRoom(kind: number): boolean {
    return (kind !== EFFECT_VIP_ADD && kind !== EFFECT_VIP_REMOVE) || this.moved < this.room;
  }

  carryOut(kind: number, index: number, first: number, second: number): void {
    this.write("carryOut", EFFECT_NAMES[kind], index, first, second);
    if (kind !== EFFECT_VIP_ADD && kind !== EFFECT_VIP_REMOVE) return;
    this.moved++;
    this.moves.push([kind, index]);
  }

  commit(events: EventQueue, moreFollow: boolean): void {
    this.write("commit");
    this.moreFollow = moreFollow;
    this.moved = 0;
    for (const [kind, index] of this.moves.splice(0)) {
      const isAdded = kind === EFFECT_VIP_ADD;
      if (this.vipError === 0) events.push(isAdded ? EVENT_VIP_UP : EVENT_VIP_DOWN, index, 0);
      else if (!isAdded) events.push(EVENT_VIP_STAYS, index, this.vipError);
      else events.push(EVENT_VIP_FAILED, index, this.vipError, this.mayPass ? 1 : 0);
    }
  }

  renewAddresses(nowUs: number, isIdle: boolean): void {
    this.write("renewAddresses", nowUs, isIdle);
  }

  letGo(): void {
    this.write("letGo");
    this.leaseEndUs = 0;
  }

  tell(code: number, value: number): void {
    this.write("tell", code, value);
  }

  observeNeighbours(): void {
    this.write("observeNeighbours");
  }

  observeLinks(): void {
    this.write("observeLinks");
  }

  observeSupervisor(): boolean {
    this.write("observeSupervisor");
    return this.isSupervisorThere;
  }

  report(nowUs: number): void {
    this.write("report", nowUs);
  }
}

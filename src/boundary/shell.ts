/**
 * What a turn needs of the world outside: a clock, the networks, the VIP lease, the kernel's
 * addresses, the supervisor, and those who look on. A shell does what it is told and reports what
 * it saw as events; it decides nothing. On the aircraft it is io/loop; in the simulator it is a
 * server in virtual time.
 */
import type { KeepAliveMessage } from "../wire/keep-alive.ts";
import type { EventQueue } from "./event-queue.ts";

export interface Shell {
  /** µs of CLOCK_MONOTONIC, a whole number. */
  nowUs(): number;

  // ---- networks

  /** Keep-alive networks, in the order of the configuration. */
  readonly networkCount: number;
  /** The message as a sealed datagram, for the calls of `send` that follow. */
  compose(message: KeepAliveMessage): void;
  /** Sends it on a network. @returns 0 or an errno */
  send(network: number): number;
  /**
   * Takes the next datagram that has arrived on a network. @returns its length, −1 when none has
   */
  receive(network: number): number;
  /** The content of the datagram that `receive` took last on this network. */
  received(network: number): DataView;
  /** One who has the key sealed it. */
  isSealed(network: number): boolean;
  /** Datagrams for which a receive buffer had no room, since the start. */
  dropped(): number;

  // ---- VIP lease

  /** VIPs answer only while a lease runs. */
  readonly hasLease: boolean;
  /** Flight begins, and with it the first lease. A refusal shows at the first renewal. */
  beginLease(): void;
  /** The lease ends at `endUs`, which was granted at `nowUs`. @returns 0 or an errno */
  renewLease(nowUs: number, endUs: number): number;

  // ---- addresses, processes, clients

  /**
   * Whether the effect of this kind and function has room in what is gathered in this turn; none has
   * while somebody keeps the kernel's lock for addresses, where they may wait.
   */
  hasRoom(kind: number, index: number, mayWait: boolean): boolean;
  /** They wait for that lock: its end brings the next turn forward. */
  readonly isHeldUp: boolean;
  /** Does one thing that the core asks for: EFFECT_* and its values. */
  carryOut(kind: number, index: number, first: number, second: number): void;
  /**
   * Addresses that were gathered are moved; what became of each function comes as an event.
   * `moreFollow`: the next turn, which comes at once, moves others.
   */
  commit(events: EventQueue, moreFollow: boolean): void;
  /** When lifetimes of addresses are to be renewed at the latest; Infinity when nothing is up. */
  readonly renewalDueUs: number;
  /** Renews the lifetimes of addresses whose turn it is. `isIdle`: no address is to be moved. */
  renewAddresses(nowUs: number, isIdle: boolean): void;
  /** Lease and addresses go at once: VIPs answer here no more. */
  letGo(): void;
  /** The end, whatever the supervisor's queue holds: a record of why everything was let go. */
  tell(code: number, value: number): void;

  // ---- what others tell

  /** Once a period: who answers for VIPs, and which witness is there. */
  observeNeighbours(events: EventQueue): void;
  /** What the kernel says of interfaces and addresses; not while addresses are being moved. */
  observeLinks(events: EventQueue): void;
  /** The supervisor and commands. @returns false when the supervisor is gone */
  observeSupervisor(events: EventQueue): boolean;

  /** Once a period: status and signs of life. */
  report(nowUs: number, events: EventQueue): void;
}

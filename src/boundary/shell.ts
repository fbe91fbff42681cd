/**
 * What a turn needs from the outside world: a clock, the networks, the VIP lease, the kernel's
 * addresses, the supervisor, and observers. A shell carries out orders and reports its observations
 * as events; it decides nothing. On the aircraft it is io/loop, in the simulator a server in
 * virtual time.
 */
import type { KeepAliveMessage } from "../wire/keep-alive.ts";
import type { EventQueue } from "./event-queue.ts";

export interface Shell {
  /** CLOCK_MONOTONIC in whole µs. */
  nowUs(): number;

  // ---- networks

  /** Keep-alive networks, in the order of the configuration. */
  readonly networkCount: number;
  /** Seals the message as a datagram for the following calls of `send`. */
  compose(message: KeepAliveMessage): void;
  /** Sends it on a network. @returns 0 or an errno */
  send(network: number): number;
  /**
   * Takes the next datagram received on a network.
   * @returns its length, −1 when there is none
   */
  receive(network: number): number;
  /** Content of the datagram that `receive` took last on this network. */
  received(network: number): DataView;
  /** Whether a holder of the key sealed it. */
  isSealed(network: number): boolean;
  /** Datagrams since the start for which a receive buffer had no room. */
  dropped(): number;

  // ---- VIP lease

  /** Whether VIPs answer only while a lease runs. */
  readonly hasLease: boolean;
  /** Begins flight and the first lease. A refusal shows at the first renewal. */
  beginLease(): void;
  /** Extends the lease to `endUs`, as granted at `nowUs`. @returns 0 or an errno */
  renewLease(nowUs: number, endUs: number): number;

  // ---- addresses, processes, clients

  /**
   * Whether this turn's batch has room for the effect of this kind and function. While somebody
   * holds the kernel's lock for addresses, there is no room for effects that may wait.
   */
  hasRoom(kind: number, index: number, mayWait: boolean): boolean;
  /** Whether effects wait for that lock: its release brings the next turn forward. */
  readonly isHeldUp: boolean;
  /** Carries out one effect of the core: EFFECT_* and its values. */
  carryOut(kind: number, index: number, first: number, second: number): void;
  /**
   * Moves the collected addresses; the outcome for each function returns as an event. `moreFollow`:
   * the next turn follows at once and moves more.
   */
  commit(events: EventQueue, moreFollow: boolean): void;
  /** Latest time for the next renewal of address lifetimes; Infinity when nothing is up. */
  readonly renewalDueUs: number;
  /** Renews the lifetimes of addresses that are due. `isIdle`: no address has to be moved. */
  renewAddresses(nowUs: number, isIdle: boolean): void;
  /** Ends the lease and removes the addresses at once: VIPs stop answering here. */
  letGo(): void;
  /**
   * Records why everything was released, even when the supervisor's queue is full; the engine ends.
   */
  tell(code: number, value: number): void;

  // ---- observation

  /** Once per period: reports who answers for VIPs, and which witnesses answer. */
  observeNeighbours(events: EventQueue): void;
  /** Reports the kernel's news of interfaces and addresses; not while addresses are being moved. */
  observeLinks(events: EventQueue): void;
  /**
   * Reports messages of the supervisor and of commands.
   * @returns false when the supervisor is gone
   */
  observeSupervisor(events: EventQueue): boolean;

  /** Once per period: writes the status and the signs of life. */
  report(nowUs: number, events: EventQueue): void;
}

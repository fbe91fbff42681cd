/** What happened since the last step, in the order in which it was seen; preallocated. */
import {
  BITMAP_WORDS,
  EVENTS_MAX,
  NETWORKS_MAX,
  RECEIVES_PER_TURN_MAX,
  SERVERS_MAX,
} from "../limits.ts";
import { KeepAliveMessage } from "../wire/keep-alive.ts";

/**
 * A datagram with a sound layout and MAC; its content is in `message(slot)`, `first` is the
 * network.
 */
export const EVENT_KEEP_ALIVE = 1;
/** All VIPs of function `index` are up. */
export const EVENT_VIP_UP = 2;
/**
 * The VIPs of function `index` could not be brought up; `first` is the errno, `second` 1 where that
 * may pass: for want of memory, or of an answer.
 */
export const EVENT_VIP_FAILED = 3;
/** All VIPs of function `index` are down. */
export const EVENT_VIP_DOWN = 4;
/** Somebody else removed a VIP of function `index`. */
export const EVENT_VIP_REMOVED = 5;
/** The carrier of the client interface is present (`first` = 1) or lost (0). */
export const EVENT_CARRIER = 6;
/**
 * The process of function `index`: see wire/control CONTROL_PROCESS_*; `first` is the record's
 * kind.
 */
export const EVENT_PROCESS = 7;
/** A command; `first` is CONTROL_DRAIN, CONTROL_RESUME or CONTROL_LEAVE. */
export const EVENT_COMMAND = 8;
/** Witness `index` answered a probe. */
export const EVENT_WITNESS = 9;
/**
 * A host other than this one answers for a VIP of function `index`: `first` and `second` are the
 * first 2 and last 4 bytes of its MAC.
 */
export const EVENT_STRANGER = 10;
/** Somebody asks for function `index` to be moved to server `first`. */
export const EVENT_MOVE = 11;
/** The VIPs of function `index` could not be taken down: some may still answer. */
export const EVENT_VIP_STAYS = 12;
/**
 * The Ethernet address of the client interface is `first` (2 bytes) and `second` (4) from now on.
 */
export const EVENT_CLIENT_MAC = 13;
/** Something outside the core is to be recorded: `index` is its code, with its two values. */
export const EVENT_RECORD = 14;

/** Datagrams of one turn. */
const MESSAGES_MAX = RECEIVES_PER_TURN_MAX * NETWORKS_MAX;

export class EventQueue {
  count = 0;
  /** Events that found the queue full. */
  lost = 0;
  readonly kind = new Uint8Array(EVENTS_MAX);
  /** What it is about; of a datagram, which of the messages it is. */
  readonly index = new Uint16Array(EVENTS_MAX);
  readonly first = new Int32Array(EVENTS_MAX);
  readonly second = new Int32Array(EVENTS_MAX);
  private readonly messages: KeepAliveMessage[] = [];
  private messageCount = 0;

  /** Messages of a table of `servers` and of functions in `words` words of a bitmap. */
  constructor(servers: number = SERVERS_MAX, words: number = BITMAP_WORDS) {
    for (let place = 0; place < MESSAGES_MAX; place++)
      this.messages.push(new KeepAliveMessage(servers, words));
  }

  isFull(): boolean {
    return this.count === EVENTS_MAX;
  }

  /** There is room for another datagram. */
  takesMessage(): boolean {
    return this.count < EVENTS_MAX && this.messageCount < MESSAGES_MAX;
  }

  /** The content of the datagram in `slot`. */
  message(slot: number): KeepAliveMessage {
    return this.messages[this.index[slot]] as KeepAliveMessage;
  }

  /** Where the content of the next datagram belongs; only while the queue takes one. */
  nextMessage(): KeepAliveMessage {
    return this.messages[this.messageCount] as KeepAliveMessage;
  }

  /** The datagram whose content is in `nextMessage` has come. */
  pushMessage(network: number): boolean {
    if (!this.push(EVENT_KEEP_ALIVE, this.messageCount, network)) return false;
    this.messageCount++;
    return true;
  }

  /**
   * Gives the content of `slot` away for another message object, whose content is overwritten some
   * time.
   */
  exchange(slot: number, message: KeepAliveMessage): KeepAliveMessage {
    const given = this.message(slot);
    this.messages[this.index[slot]] = message;
    return given;
  }

  /** @returns false when the queue is full and the event was not taken. */
  push(kind: number, index: number, first: number, second = 0): boolean {
    if (this.count === EVENTS_MAX) {
      this.lost++;
      return false;
    }
    this.kind[this.count] = kind;
    this.index[this.count] = index;
    this.first[this.count] = first;
    this.second[this.count] = second;
    this.count++;
    return true;
  }

  clear(): void {
    this.count = 0;
    this.messageCount = 0;
  }
}

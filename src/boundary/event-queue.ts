/** Events since the last step, in the order of observation; preallocated. */
import {
  BITMAP_WORDS,
  EVENTS_MAX,
  NETWORKS_MAX,
  RECEIVES_PER_TURN_MAX,
  SERVERS_MAX,
} from "../limits.ts";
import { KeepAliveMessage } from "../wire/keep-alive.ts";

/**
 * A datagram with valid layout and MAC; its content is in `message(slot)`, `first` is the network.
 */
export const EVENT_KEEP_ALIVE = 1;
/** All VIPs of function `index` are up. */
export const EVENT_VIP_UP = 2;
/**
 * The VIPs of function `index` could not be set; `first` is the errno. `second` is 1 when the cause
 * may pass: lack of memory, or no answer.
 */
export const EVENT_VIP_FAILED = 3;
/** All VIPs of function `index` are down. */
export const EVENT_VIP_DOWN = 4;
/** Somebody else removed a VIP of function `index`. */
export const EVENT_VIP_REMOVED = 5;
/** The carrier of the client interface is present (`first` = 1) or lost (0). */
export const EVENT_CARRIER = 6;
/**
 * Process event of function `index`, see CONTROL_PROCESS_* in wire/control; `first` is the record's
 * kind.
 */
export const EVENT_PROCESS = 7;
/** A command; `first` is CONTROL_DRAIN, CONTROL_RESUME or CONTROL_LEAVE. */
export const EVENT_COMMAND = 8;
/** Witness `index` answered a probe. */
export const EVENT_WITNESS = 9;
/**
 * A foreign host answers for a VIP of function `index`: `first` and `second` are the first 2 and
 * last 4 bytes of its MAC.
 */
export const EVENT_STRANGER = 10;
/** Request to move function `index` to server `first`. */
export const EVENT_MOVE = 11;
/** The VIPs of function `index` could not be removed: some may still answer. */
export const EVENT_VIP_STAYS = 12;
/** The client interface has a new Ethernet address: `first` (2 bytes) and `second` (4). */
export const EVENT_CLIENT_MAC = 13;
/**
 * Request for a maintenance record from outside the core: `index` is its code, with its two values.
 */
export const EVENT_RECORD = 14;

/**
 * This server now withholds `first` per cent of its resource; when `second` is 1, running functions
 * must not be moved on any server.
 */
export const EVENT_INPUTS = 16;

/** The VIPs of function `index` were not set: while they waited, another server took them. */
export const EVENT_VIP_WITHDRAWN = 15;

/** Datagrams per turn. */
const MESSAGES_MAX = RECEIVES_PER_TURN_MAX * NETWORKS_MAX;

export class EventQueue {
  count = 0;
  /** Events lost because the queue was full. */
  lost = 0;
  readonly kind = new Uint8Array(EVENTS_MAX);
  /** Subject of the event; for a datagram, the index of its message. */
  readonly index = new Uint16Array(EVENTS_MAX);
  readonly first = new Int32Array(EVENTS_MAX);
  readonly second = new Int32Array(EVENTS_MAX);
  private readonly messages: KeepAliveMessage[] = [];
  private messageCount = 0;

  /** Sizes the messages for `servers` servers and bitmaps of `words` words. */
  constructor(servers: number = SERVERS_MAX, words: number = BITMAP_WORDS) {
    for (let place = 0; place < MESSAGES_MAX; place++)
      this.messages.push(new KeepAliveMessage(servers, words));
  }

  isFull(): boolean {
    return this.count === EVENTS_MAX;
  }

  /** Whether the queue has room for another datagram. */
  takesMessage(): boolean {
    return this.count < EVENTS_MAX && this.messageCount < MESSAGES_MAX;
  }

  /** The content of the datagram in `slot`. */
  message(slot: number): KeepAliveMessage {
    return this.messages[this.index[slot]] as KeepAliveMessage;
  }

  /** Buffer for the next datagram's content; only while {@link takesMessage}. */
  nextMessage(): KeepAliveMessage {
    return this.messages[this.messageCount] as KeepAliveMessage;
  }

  /** Queues the datagram whose content is in `nextMessage`. */
  pushMessage(network: number): boolean {
    if (!this.push(EVENT_KEEP_ALIVE, this.messageCount, network)) return false;
    this.messageCount++;
    return true;
  }

  /**
   * Hands out the message object of `slot` in exchange for another one, which the queue will
   * overwrite later.
   */
  exchange(slot: number, message: KeepAliveMessage): KeepAliveMessage {
    const given = this.message(slot);
    this.messages[this.index[slot]] = message;
    return given;
  }

  /** @returns false when the queue is full and the event was dropped */
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

/**
 * The keep-alive message 104a, 104b of the patent ([0027]): one UDP datagram of fixed length,
 * multicast once a period on every keep-alive network and at once when the state changes. Network
 * byte order.
 *
 * | offset | length | field                                                                                       |
 * |--------|--------|---------------------------------------------------------------------------------------------|
 * | 0      | 4      | magic "WMKA"                                                                                |
 * | 4      | 1      | layout version: 6, or 5 while a server of the table is not heard to understand 6             |
 * | 5      | 1      | index of the sending server                                                                 |
 * | 6      | 1      | flags: bit 0 draining, bit 1 good-bye, bit 2 passive (listening and held back), bit 3 relayed, bit 4 owns something, bit 5 reaches a witness, bit 6 its VIPs answer under a lease only, bit 7 which the kernel's ticks may end early |
 * | 7      | 1      | phase (PHASE_* of the status snapshot)                                                      |
 * | 8      | 4      | system id: the first 32 bits of the SHA-256 of the system's name                            |
 * | 12     | 4      | incarnation: differs at every start of the sender, never 0                                   |
 * | 16     | 8      | table digest: the first 64 bits of the SHA-256 of the configuration all servers must share   |
 * | 24     | 4      | sequence number, one more with every message of an incarnation                               |
 * | 28     | 4      | digest of the assignment that the sender has worked out (P5)                                 |
 * | 32     | 16 × 4 | per server the incarnation heard, 0 = not heard: the sender's view, and the proof of freshness |
 * | 96     | 16 × 4 | per server the last sequence number heard; in the sender's own place, in version 5 while it hears no other box with its id, what byte 697 of version 6 says, and above it the latest version that the sender understands |
 * | 160    | 128    | functions the sender owns: their VIPs may be up there (bit index mod 32 of word index div 32) |
 * | 288    | 128    | functions the sender claims: assigned to it and not yet owned                                |
 * | 416    | 128    | functions among those claimed for which it has room: the old owner may let go; and among those owned whose process can be used |
 * | 544    | 128    | functions it cannot run: their process failed there                                         |
 * | 672    | 4      | nonce, drawn at every start: tells own datagrams that come back from those of a box with the same id |
 * | 676    | 2      | servers that the sender hears, one bit each: they have proven to be fresh, unlike a mere echo |
 * | 678    | 2      | servers among those whose own datagrams reach the sender, without another server's help      |
 * | 680    | 6      | Ethernet address of the sender's client interface: any other that answers for a VIP is a stranger |
 * | 686    | 2      | function that the sender was asked to have moved, its index + 1; 0 = none (core/moves); from version 6 on, in the upper 5 bits, the index of the server to which it is to move |
 * | 688    | 4      | incarnation of a newcomer that takes the place of one still heard, 0 = none: its proof of freshness |
 * | 692    | 4      | last sequence number heard of it                                                             |
 * | 696    | 1      | its server index; without one the latest version that the sender understands, 0 from 5 only  |
 * | 697    | 1      | from version 6 on: per cent of its resource that the sender withholds, and in bit 7 that what runs is not to be moved; before, the index of the server to which it is to move |
 * | 698    | 1      | active faults in the sender's maintenance log, 255 also for more                              |
 * | 699    | 1      | which of them is told with this message: all are told in turn                                |
 * | 700    | 2      | its code (catalogue/); 0 = none is told                                                      |
 * | 702    | 2      | the function that it is about, its index + 1; 0 = none                                       |
 * | 704    | 4      | how long it has been active, in seconds                                                      |
 * | 702    | 6      | where none is told, from version 6 on: the first 48 bits of the sender's build digest        |
 * | 708    | 16     | HMAC-SHA256 over bytes 0…707, truncated to 16 bytes (RFC 2104, section 5); zeros without a key |
 *
 * A relayed message is another server's, word for word but for the flag: who hears a server sends
 * its newest message on to those whose cable to it is cut (see core/relay).
 */

import { PHASE_DRAINING } from "../boundary/phase.ts";
import { BITMAP_WORDS, FUNCTIONS_MAX, SERVERS_MAX, WITHHELD_MAX } from "../limits.ts";

export const KEEP_ALIVE_MAGIC = 0x574d4b41;
export const KEEP_ALIVE_VERSION = 6;
/** Version of the previous executables: understood, and used towards them. */
export const KEEP_ALIVE_VERSION_BEFORE = 5;
export const KEEP_ALIVE_MAC_AT = 708;
export const KEEP_ALIVE_MAC_BYTES = 16;
export const KEEP_ALIVE_BYTES = KEEP_ALIVE_MAC_AT + KEEP_ALIVE_MAC_BYTES;

export const FLAG_DRAINING = 1;
export const FLAG_GOOD_BYE = 2;
/** The sender listens and takes no part for now: another table, or another box with its id. */
export const FLAG_PASSIVE = 4;
/** Relayed by another server, for those that do not hear the sender. */
export const FLAG_RELAYED = 8;
/** VIPs may be up at the sender: for servers without its table, which do not know its functions. */
export const FLAG_OWNS = 16;
/** A witness of the client network answers the sender (core/isolation). */
export const FLAG_WITNESS = 32;
/** When the sender falls silent, its kernel still answers for its VIPs while their lease runs. */
export const FLAG_LEASE = 64;
/** The kernel's ticks may end that lease early: whoever grants it adds that much. */
export const FLAG_TICKS = 128;

const HEARD_INCARNATION_AT = 32;
const HEARD_SEQUENCE_AT = 96;
const OWNS_AT = 160;
const CLAIMS_AT = 288;
const READY_AT = 416;
const CANNOT_RUN_AT = 544;
const NONCE_AT = 672;
const HEARD_AT = 676;
const DIRECT_AT = 678;
const CLIENT_MAC_AT = 680;
const MOVE_AT = 686;
const SUCCESSOR_AT = 688;
const SUCCESSOR_SERVER_AT = 696;
const INPUTS_AT = 697;
const FAULT_COUNT_AT = 698;
const FAULT_PLACE_AT = 699;
const FAULT_CODE_AT = 700;
const FAULT_FUNCTION_AT = 702;
const FAULT_AGE_AT = 704;

/** Bits of a function in the two bytes that it shares with its server. */
const MOVE_FUNCTION_BITS = 11;
const HOLDS_BIT = 7;
/** In the sender's own place among the sequence numbers, above its withheld and hold bits. */
const OWN_VERSION_SHIFT = 8;

/** The sender's statements about functions: bitmaps, see the layout. */
export interface FunctionSets {
  readonly owns: Uint32Array;
  readonly claims: Uint32Array;
  readonly ready: Uint32Array;
  readonly cannotRun: Uint32Array;
}

/**
 * Content of one keep-alive, preallocated. Bitmaps are read with allocation/function-bitmap. Its
 * columns have `servers` and `words` entries: further ones of the layout are 0 in every message of
 * the same table.
 */
export class KeepAliveMessage implements FunctionSets {
  version = KEEP_ALIVE_VERSION;
  /** Latest version that the sender understands. */
  understands = KEEP_ALIVE_VERSION;
  sender = 0;
  flags = 0;
  phase = 0;
  systemId = 0;
  incarnation = 0;
  digestHigh = 0;
  digestLow = 0;
  sequence = 0;
  assignmentDigest = 0;
  nonce = 0;
  /** Masks of servers. */
  heard = 0;
  direct = 0;
  /** A newcomer that takes the place of a server that is still heard. */
  successorIncarnation = 0;
  successorSequence = 0;
  successorServer = 0;
  /** First two and last four bytes of the Ethernet address. */
  clientMacHigh = 0;
  clientMacLow = 0;
  /**
   * A move requested from the sender: index of the function + 1, 0 = none, and of the target
   * server.
   */
  moveFunction = 0;
  moveServer = 0;
  /** Per cent of its resource that the sender withholds. */
  withheld = 0;
  /** 1: running functions must not be moved. */
  holds = 0;
  /** Number of the sender's active faults, and one of them: see the layout. */
  faultCount = 0;
  faultPlace = 0;
  faultCode = 0;
  faultFunction = 0;
  faultAgeS = 0;
  /** The sender's build, 16 and 32 bits; 0 when not reported. */
  buildHigh = 0;
  buildLow = 0;
  readonly heardIncarnation: Uint32Array;
  readonly heardSequence: Uint32Array;
  readonly owns: Uint32Array;
  readonly claims: Uint32Array;
  readonly ready: Uint32Array;
  readonly cannotRun: Uint32Array;

  constructor(
    readonly servers: number = SERVERS_MAX,
    readonly words: number = BITMAP_WORDS,
  ) {
    this.heardIncarnation = new Uint32Array(servers);
    this.heardSequence = new Uint32Array(servers);
    this.owns = new Uint32Array(words);
    this.claims = new Uint32Array(words);
    this.ready = new Uint32Array(words);
    this.cannotRun = new Uint32Array(words);
  }

  /** Copies all of `other`, a message of the same table. */
  copy(other: KeepAliveMessage): void {
    this.version = other.version;
    this.understands = other.understands;
    this.sender = other.sender;
    this.flags = other.flags;
    this.phase = other.phase;
    this.systemId = other.systemId;
    this.incarnation = other.incarnation;
    this.digestHigh = other.digestHigh;
    this.digestLow = other.digestLow;
    this.sequence = other.sequence;
    this.assignmentDigest = other.assignmentDigest;
    this.nonce = other.nonce;
    this.heard = other.heard;
    this.direct = other.direct;
    this.successorIncarnation = other.successorIncarnation;
    this.successorSequence = other.successorSequence;
    this.successorServer = other.successorServer;
    this.clientMacHigh = other.clientMacHigh;
    this.clientMacLow = other.clientMacLow;
    this.moveFunction = other.moveFunction;
    this.moveServer = other.moveServer;
    this.withheld = other.withheld;
    this.holds = other.holds;
    this.faultCount = other.faultCount;
    this.faultPlace = other.faultPlace;
    this.faultCode = other.faultCode;
    this.faultFunction = other.faultFunction;
    this.faultAgeS = other.faultAgeS;
    this.buildHigh = other.buildHigh;
    this.buildLow = other.buildLow;
    for (let server = 0; server < this.servers; server++) {
      this.heardIncarnation[server] = other.heardIncarnation[server];
      this.heardSequence[server] = other.heardSequence[server];
    }
    this.takeSets(other);
  }

  takeSets(other: FunctionSets): void {
    for (let word = 0; word < this.words; word++) {
      this.owns[word] = other.owns[word];
      this.claims[word] = other.claims[word];
      this.ready[word] = other.ready[word];
      this.cannotRun[word] = other.cannotRun[word];
    }
  }

  /** The requested move, function and server in one number. */
  get move(): number {
    return this.moveFunction | (this.moveServer << MOVE_FUNCTION_BITS);
  }

  /** Withheld per cent and hold bit in one byte. */
  get inputs(): number {
    return this.withheld | (this.holds << HOLDS_BIT);
  }

  /** Whether this message can carry the withheld per cent and the hold bit. */
  get tellsInputs(): boolean {
    return this.version === KEEP_ALIVE_VERSION || this.heardIncarnation[this.sender] === 0;
  }

  /** It counts that incarnation of the server as heard. */
  hears(server: number, incarnation: number): boolean {
    return (this.heard & (1 << server)) !== 0 && this.heardIncarnation[server] === incarnation;
  }

  /** The newest message of that incarnation of the server that it has heard; 0: none. */
  echoOf(server: number, incarnation: number): number {
    return this.heardIncarnation[server] === incarnation
      ? (this.heardSequence[server] as number)
      : 0;
  }

  /** It echoes a message of that incarnation of the server, numbered `since` or later. */
  echoes(server: number, incarnation: number, since: number): boolean {
    return (
      (this.heardIncarnation[server] === incarnation &&
        (this.heardSequence[server] as number) >= since) ||
      (this.successorServer === server &&
        this.successorIncarnation === incarnation &&
        this.successorSequence >= since)
    );
  }

  /**
   * Whether the sender excludes anything: running a function, giving all its resource, or moves.
   */
  saysItCannot(): boolean {
    if (this.inputs !== 0) return true;
    for (let word = 0; word < this.words; word++) if (this.cannotRun[word] !== 0) return true;
    return false;
  }

  /** Whether both state the same about functions; readiness counts where they are claimed. */
  hasSets(other: FunctionSets): boolean {
    for (let word = 0; word < this.words; word++) {
      if (
        this.owns[word] !== other.owns[word] ||
        this.claims[word] !== other.claims[word] ||
        ((this.ready[word] ^ other.ready[word]) & this.claims[word]) !== 0 ||
        this.cannotRun[word] !== other.cannotRun[word]
      )
        return false;
    }
    return true;
  }
}

/** Writes the message to `view`, which was zero before; the sealer adds the MAC. */
export function encodeKeepAlive(message: KeepAliveMessage, view: DataView): void {
  view.setUint32(0, KEEP_ALIVE_MAGIC);
  view.setUint8(4, message.version);
  view.setUint8(5, message.sender);
  view.setUint8(6, message.flags);
  view.setUint8(7, message.phase);
  view.setUint32(8, message.systemId);
  view.setUint32(12, message.incarnation);
  view.setUint32(16, message.digestHigh);
  view.setUint32(20, message.digestLow);
  view.setUint32(24, message.sequence);
  view.setUint32(28, message.assignmentDigest);
  view.setUint32(NONCE_AT, message.nonce);
  view.setUint16(HEARD_AT, message.heard);
  view.setUint16(DIRECT_AT, message.direct);
  view.setUint16(CLIENT_MAC_AT, message.clientMacHigh);
  view.setUint32(CLIENT_MAC_AT + 2, message.clientMacLow);
  const isFormer = message.version === KEEP_ALIVE_VERSION_BEFORE;
  view.setUint16(MOVE_AT, isFormer ? message.moveFunction : message.move);
  view.setUint32(SUCCESSOR_AT, message.successorIncarnation);
  view.setUint32(SUCCESSOR_AT + 4, message.successorSequence);
  const isAboutNobody = message.successorIncarnation === 0;
  view.setUint8(SUCCESSOR_SERVER_AT, isAboutNobody ? message.understands : message.successorServer);
  view.setUint8(INPUTS_AT, isFormer ? message.moveServer : message.inputs);
  view.setUint8(FAULT_COUNT_AT, message.faultCount);
  view.setUint8(FAULT_PLACE_AT, message.faultPlace);
  view.setUint16(FAULT_CODE_AT, message.faultCode);
  const tellsBuild = message.faultCode === 0 && message.version === KEEP_ALIVE_VERSION;
  view.setUint16(FAULT_FUNCTION_AT, tellsBuild ? message.buildHigh : message.faultFunction);
  view.setUint32(FAULT_AGE_AT, tellsBuild ? message.buildLow : message.faultAgeS);
  const { servers, words, heardIncarnation, heardSequence, owns, claims, ready, cannotRun } =
    message;
  for (let server = 0; server < servers; server++) {
    view.setUint32(HEARD_INCARNATION_AT + 4 * server, heardIncarnation[server]);
    view.setUint32(HEARD_SEQUENCE_AT + 4 * server, heardSequence[server]);
  }
  // A receiver that only knows the previous version ignores it: there is no incarnation beside it.
  if (isFormer && message.tellsInputs)
    view.setUint32(
      HEARD_SEQUENCE_AT + 4 * message.sender,
      message.inputs | (message.understands << OWN_VERSION_SHIFT),
    );
  for (let word = 0; word < words; word++) {
    view.setUint32(OWNS_AT + 4 * word, owns[word]);
    view.setUint32(CLAIMS_AT + 4 * word, claims[word]);
    view.setUint32(READY_AT + 4 * word, ready[word]);
    view.setUint32(CANNOT_RUN_AT + 4 * word, cannotRun[word]);
  }
}

/**
 * Reads a datagram of `length` bytes at the start of `view` into `message`.
 * @returns true when the layout is exactly right; otherwise `message` must not be used. Does not
 * check the MAC.
 */
export function decodeKeepAlive(
  view: DataView,
  length: number,
  message: KeepAliveMessage,
): boolean {
  if (length !== KEEP_ALIVE_BYTES) return false;
  message.version = view.getUint8(4);
  if (view.getUint32(0) !== KEEP_ALIVE_MAGIC || !isUnderstood(message.version)) return false;
  message.sender = view.getUint8(5);
  message.flags = view.getUint8(6);
  message.phase = view.getUint8(7);
  message.systemId = view.getUint32(8);
  message.incarnation = view.getUint32(12);
  message.digestHigh = view.getUint32(16);
  message.digestLow = view.getUint32(20);
  message.sequence = view.getUint32(24);
  message.assignmentDigest = view.getUint32(28);
  message.nonce = view.getUint32(NONCE_AT);
  if (message.sender >= SERVERS_MAX || message.phase > PHASE_DRAINING || message.incarnation === 0)
    return false;
  message.successorIncarnation = view.getUint32(SUCCESSOR_AT);
  message.successorSequence = view.getUint32(SUCCESSOR_AT + 4);
  const isAboutNobody = message.successorIncarnation === 0;
  const successorOrVersion = view.getUint8(SUCCESSOR_SERVER_AT);
  const isFormer = message.version === KEEP_ALIVE_VERSION_BEFORE;
  const isOwnFree = isFormer && view.getUint32(HEARD_INCARNATION_AT + 4 * message.sender) === 0;
  const own = isOwnFree ? view.getUint32(HEARD_SEQUENCE_AT + 4 * message.sender) : 0;
  const latest = isOwnFree ? own >>> OWN_VERSION_SHIFT : message.version;
  message.understands = isAboutNobody ? successorOrVersion : latest;
  message.successorServer = isAboutNobody ? 0 : successorOrVersion;
  const move = view.getUint16(MOVE_AT);
  const moveOrInputs = view.getUint8(INPUTS_AT);
  const inputs = isFormer ? own & ((1 << OWN_VERSION_SHIFT) - 1) : moveOrInputs;
  message.moveServer = isFormer ? moveOrInputs : move >>> MOVE_FUNCTION_BITS;
  message.moveFunction = isFormer ? move : move & ((1 << MOVE_FUNCTION_BITS) - 1);
  message.withheld = inputs & ((1 << HOLDS_BIT) - 1);
  message.holds = inputs >>> HOLDS_BIT;
  if (message.withheld > WITHHELD_MAX) return false;
  if (message.successorServer >= SERVERS_MAX) return false;
  if (message.moveFunction > FUNCTIONS_MAX || message.moveServer >= SERVERS_MAX) return false;
  if (message.moveFunction === 0 && message.moveServer !== 0) return false;
  message.faultCount = view.getUint8(FAULT_COUNT_AT);
  message.faultPlace = view.getUint8(FAULT_PLACE_AT);
  message.faultCode = view.getUint16(FAULT_CODE_AT);
  const tellsBuild = message.faultCode === 0 && message.version === KEEP_ALIVE_VERSION;
  message.faultFunction = tellsBuild ? 0 : view.getUint16(FAULT_FUNCTION_AT);
  message.faultAgeS = tellsBuild ? 0 : view.getUint32(FAULT_AGE_AT);
  message.buildHigh = tellsBuild ? view.getUint16(FAULT_FUNCTION_AT) : 0;
  message.buildLow = tellsBuild ? view.getUint32(FAULT_AGE_AT) : 0;
  if (message.faultFunction > FUNCTIONS_MAX) return false;
  if (message.faultCode !== 0 && message.faultPlace >= message.faultCount) return false;
  message.heard = view.getUint16(HEARD_AT);
  message.direct = view.getUint16(DIRECT_AT);
  message.clientMacHigh = view.getUint16(CLIENT_MAC_AT);
  message.clientMacLow = view.getUint32(CLIENT_MAC_AT + 2);
  const { servers, words, heardIncarnation, heardSequence, owns, claims, ready, cannotRun } =
    message;
  for (let server = 0; server < servers; server++) {
    heardIncarnation[server] = view.getUint32(HEARD_INCARNATION_AT + 4 * server);
    heardSequence[server] = view.getUint32(HEARD_SEQUENCE_AT + 4 * server);
  }
  if (isOwnFree && message.sender < servers) heardSequence[message.sender] = 0;
  for (let word = 0; word < words; word++) {
    owns[word] = view.getUint32(OWNS_AT + 4 * word);
    claims[word] = view.getUint32(CLAIMS_AT + 4 * word);
    ready[word] = view.getUint32(READY_AT + 4 * word);
    cannotRun[word] = view.getUint32(CANNOT_RUN_AT + 4 * word);
  }
  return true;
}

function isUnderstood(version: number): boolean {
  return version === KEEP_ALIVE_VERSION || version === KEEP_ALIVE_VERSION_BEFORE;
}

// ---- single fields of a datagram of KEEP_ALIVE_BYTES

export const saidSender = (view: DataView): number => view.getUint8(5);
export const saidFlags = (view: DataView): number => view.getUint8(6);
export const saidSystem = (view: DataView): number => view.getUint32(8);
export const saidIncarnation = (view: DataView): number => view.getUint32(12);

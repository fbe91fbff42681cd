/**
 * The part of the kernel's nf_tables netlink interface (linux/netfilter/nf_tables.h, nfnetlink.h)
 * that the VIP lease needs: tables, chains on the hooks of a network device, sets whose elements
 * may expire, and rules. Message and attribute headers are in native byte order, which is
 * little-endian on every target; the numbers in attributes, and times in ms, are in network order.
 *
 * Every message is `struct nlmsghdr` (16 bytes, wire/rtnetlink), `struct nfgenmsg`, then
 * attributes:
 *
 * | offset | type | field                                                                     |
 * |--------|------|---------------------------------------------------------------------------|
 * | 0      | u32  | length of the message                                                     |
 * | 4      | u16  | type: nf_tables' number 10 in the high byte, NFT_MSG_* in the low one; 16 and 17 begin and end a batch |
 * | 6      | u16  | flags: NLM_F_*                                                            |
 * | 8      | u32  | sequence number; an answer has that of its question                       |
 * | 12     | u32  | port id of the sender; the kernel fills in ours                           |
 * | 16     | u8   | family: 3, ARP, or 5, netdev; 0 in the begin and the end of a batch       |
 * | 17     | u8   | version 0                                                                 |
 * | 18     | u16  | in network order: 10 in the begin and the end of a batch, else 0          |
 * | 20     |      | attributes: u16 length with these 4 bytes, u16 type (bit 15: it holds attributes), value, padding to 4 |
 *
 * Changes are made in batches. A batch takes effect as a whole or not at all, and for passing
 * packets at one instant.
 */
import { assert } from "../assert.ts";
import type { Bytes } from "./bytes.ts";
import { AttributeWriter } from "./netlink-attributes.ts";
import { MESSAGE_HEADER_BYTES, NLM_F_CREATE, NLM_F_EXCL } from "./rtnetlink.ts";

export const NETLINK_NETFILTER = 12;

const SUBSYSTEM = 10;
/** ARP of all interfaces. */
export const FAMILY_ARP = 3;
/** All traffic of the interfaces that a chain names. */
export const FAMILY_NETDEV = 5;
export const GENERIC_HEADER_BYTES = 4;

const BATCH_BEGIN = 16;
const BATCH_END = 17;
const NEW_TABLE = (SUBSYSTEM << 8) | 0;
const DELETE_TABLE = (SUBSYSTEM << 8) | 2;
const NEW_CHAIN = (SUBSYSTEM << 8) | 3;
const NEW_RULE = (SUBSYSTEM << 8) | 6;
const NEW_SET = (SUBSYSTEM << 8) | 9;
export const NEW_ELEMENT = (SUBSYSTEM << 8) | 12;
const GET_ELEMENT = (SUBSYSTEM << 8) | 13;
const DELETE_ELEMENT = (SUBSYSTEM << 8) | 14;

const NLM_F_REQUEST = 0x1;
const NLM_F_APPEND = 0x800;

/** The entries of every list. */
export const LIST_ENTRY = 1;
const DATA_VALUE = 1;
const DATA_VERDICT = 2;

/**
 * While the socket that made the table is open, no other one may change it: `nft flush ruleset`
 * skips it.
 */
export const TABLE_OWNED = 0x2;
/**
 * An owned table stays when its owner is gone, and then belongs to nobody (Linux 6.9). Without this
 * flag it would vanish.
 */
export const TABLE_PERSISTS = 0x4;

// Hooks of the netdev family. Egress: Linux 5.16.
export const HOOK_INGRESS = 0;
export const HOOK_EGRESS = 1;
// Hooks of the ARP family: received packets, and packets sent by this host.
export const HOOK_ARP_INPUT = 0;
export const HOOK_ARP_OUTPUT = 1;
const POLICY_ACCEPT = 1;

/** Elements of the set expire. */
export const SET_EXPIRES = 0x10;

/** Key type of a set, numbered as in the `nft` tool: the kernel only keeps it, for listings. */
export const KEY_IPV4 = 7;
export const KEY_IPV6 = 8;
export const KEY_INTERFACE = 41;

/**
 * In a set's data for the `nft` tool, which the kernel only keeps: u8 type 0, u8 length 4, u32 1:
 * numbers in the key's bytes are native.
 */
const KEYS_ARE_NATIVE = Uint8Array.of(0, 4, 1, 0, 0, 0);

/** An interface name as a key: its characters, then zeros. */
export const INTERFACE_KEY_BYTES = 16;

// Properties for `loadMeta`.
export const META_ETHER_TYPE = 1;
export const META_INPUT_NAME = 6;
export const META_OUTPUT_NAME = 7;
export const META_PROTOCOL = 16;

// Base of an offset in `loadPayload`. The transport header follows IPv6's extension headers.
export const NETWORK_HEADER = 1;
export const TRANSPORT_HEADER = 2;

export const VERDICT_DROP = 0;
export const VERDICT_ACCEPT = 1;

/**
 * A set's elements travel in one attribute with a 16-bit length; each takes its key and 12 bytes.
 */
const ELEMENTS_BYTES_MAX = 60_000;
const ELEMENT_HEAD_BYTES = 12;

/** The only register in use: every value is loaded right before its test. */
const REGISTER = 1;
const VERDICT_REGISTER = 0;

/**
 * Writes consecutive messages into a buffer of the caller. Start-up only, because strings make
 * garbage: batches for flight are written once and sent repeatedly.
 */
export class NftablesBatch extends AttributeWriter {
  /** Family of the messages' tables: FAMILY_*. */
  family = FAMILY_NETDEV;
  /** Messages written so far; message i has the sequence number `firstSequence` + i. */
  count = 0;
  private messageAt = 0;

  constructor(
    view: DataView,
    bytes: Bytes,
    private readonly firstSequence: number,
  ) {
    super(view, bytes);
  }

  /** Begins the batch: messages up to {@link end} take effect together or not at all. */
  begin(): void {
    this.batchMark(BATCH_BEGIN);
  }

  end(): void {
    this.batchMark(BATCH_END);
  }

  private batchMark(type: number): void {
    this.beginMessage(type, 0);
    this.view.setUint8(this.messageAt + MESSAGE_HEADER_BYTES, 0);
    this.view.setUint16(this.messageAt + MESSAGE_HEADER_BYTES + 2, SUBSYSTEM, false);
    this.endMessage();
  }

  /**
   * Makes a table, or does nothing when it exists. `flags` −1: keeps its flags. `comment` is shown
   * in listings.
   */
  newTable(table: string, flags: number, comment: string): void {
    this.beginMessage(NEW_TABLE, NLM_F_CREATE);
    this.text(1, table);
    if (flags >= 0) this.number(2, flags);
    if (comment !== "") this.comment(6, comment);
    this.endMessage();
  }

  /** Deletes a table with its content. */
  deleteTable(table: string): void {
    this.beginMessage(DELETE_TABLE, 0);
    this.text(1, table);
    this.endMessage();
  }

  /**
   * Makes a chain for all packets that come in (HOOK_INGRESS) or go out (HOOK_EGRESS) through the
   * interface; in the ARP family it covers all interfaces, and the name is "".
   */
  newChain(table: string, chain: string, hook: number, interfaceName: string): void {
    this.beginMessage(NEW_CHAIN, NLM_F_CREATE | NLM_F_EXCL);
    this.text(1, table);
    this.text(3, chain);
    const hookAt = this.nest(4);
    this.number(1, hook);
    this.number(2, 0); // priority: customary for filters
    if (interfaceName !== "") this.text(3, interfaceName);
    this.close(hookAt);
    this.number(5, POLICY_ACCEPT);
    this.text(7, "filter");
    this.endMessage();
  }

  /** Makes an empty set. `flags`: 0 or SET_EXPIRES. */
  newSet(table: string, set: string, keyKind: number, keyBytes: number, flags: number): void {
    this.beginMessage(NEW_SET, NLM_F_CREATE | NLM_F_EXCL);
    this.text(1, table);
    this.text(2, set);
    this.number(3, flags);
    this.number(4, keyKind);
    this.number(5, keyBytes);
    // an id within the batch, required by the kernel: the place of the message
    this.number(10, this.count);
    // otherwise `nft` reads it backwards
    if (keyKind === KEY_INTERFACE) this.value(13, KEYS_ARE_NATIVE, 0, KEYS_ARE_NATIVE.length);
    this.endMessage();
  }

  /**
   * Adds `keys`, `keyBytes` each, to a set: in several messages when necessary, in none when there
   * are none.
   */
  newElements(table: string, set: string, keys: Bytes, keyBytes: number): void {
    const batchBytes = Math.floor(ELEMENTS_BYTES_MAX / (ELEMENT_HEAD_BYTES + keyBytes)) * keyBytes;
    for (let from = 0; from < keys.length; from += batchBytes) {
      const listAt = this.beginElements(NEW_ELEMENT, NLM_F_CREATE, table, set);
      for (let at = from; at < Math.min(from + batchBytes, keys.length); at += keyBytes) {
        const elementAt = this.nest(LIST_ENTRY);
        this.key(keys, at, keyBytes);
        this.close(elementAt);
      }
      this.close(listAt);
      this.endMessage();
    }
  }

  /**
   * Adds one element that expires `expirationMs` from now, at most `timeoutMs`, both rounded down
   * to the ticks of the kernel's timer. When it is there already and has not expired, Linux from
   * 6.12 on makes it expire then; older ones change nothing.
   * @returns where `expirationMs` stands, for {@link setExpiration}
   */
  newExpiringElement(
    table: string,
    set: string,
    key: Bytes,
    timeoutMs: number,
    expirationMs: number,
  ): number {
    const listAt = this.beginElements(NEW_ELEMENT, NLM_F_CREATE, table, set);
    const elementAt = this.nest(LIST_ENTRY);
    this.key(key, 0, key.length);
    this.milliseconds(4, timeoutMs);
    this.milliseconds(5, expirationMs);
    const expirationAt = this.length - 8;
    this.close(elementAt);
    this.close(listAt);
    this.endMessage();
    return expirationAt;
  }

  /** Changes the expiration of an element in a complete batch. Makes no garbage. */
  setExpiration(expirationAt: number, expirationMs: number): void {
    this.view.setUint32(expirationAt + 4, expirationMs);
  }

  /**
   * Deletes one element. ENOENT when it does not exist or has expired: then nothing in the batch
   * takes effect.
   */
  deleteElement(table: string, set: string, key: Bytes): void {
    const listAt = this.beginElements(DELETE_ELEMENT, 0, table, set);
    const elementAt = this.nest(LIST_ENTRY);
    this.key(key, 0, key.length);
    this.close(elementAt);
    this.close(listAt);
    this.endMessage();
  }

  /** Deletes all elements; no error when there are none. */
  flushSet(table: string, set: string): void {
    this.beginMessage(DELETE_ELEMENT, 0);
    this.text(1, table);
    this.text(2, set);
    this.endMessage();
  }

  /** Requests all elements of a set. Not in a batch; see elementExpirationMs. */
  dumpElements(table: string, set: string): void {
    this.beginMessage(GET_ELEMENT, 0);
    this.text(1, table);
    this.text(2, set);
    this.endMessage();
  }

  private beginElements(type: number, flags: number, table: string, set: string): number {
    this.beginMessage(type, flags);
    this.text(1, table);
    this.text(2, set);
    return this.nest(3);
  }

  private key(keys: Bytes, at: number, size: number): void {
    const keyAt = this.nest(1);
    this.value(DATA_VALUE, keys, at, size);
    this.close(keyAt);
  }

  // ---- rules: consecutive conditions; the first that does not hold ends the rule
  // -----------------------------------------

  private expressionsAt = 0;
  private expressionAt = 0;
  private parametersAt = 0;

  /** Begins a rule at the end of a chain. */
  beginRule(table: string, chain: string): void {
    this.beginMessage(NEW_RULE, NLM_F_CREATE | NLM_F_APPEND);
    this.text(1, table);
    this.text(2, chain);
    this.expressionsAt = this.nest(4);
  }

  endRule(): void {
    this.close(this.expressionsAt);
    this.endMessage();
  }

  /** Loads a property of the packet, META_*. */
  loadMeta(key: number): void {
    this.beginExpression("meta");
    this.number(1, REGISTER);
    this.number(2, key);
    this.endExpression();
  }

  /** Loads up to 16 bytes of the packet. A shorter packet ends the rule. */
  loadPayload(base: number, offset: number, size: number): void {
    this.beginExpression("payload");
    this.number(1, REGISTER);
    this.number(2, base);
    this.number(3, offset);
    this.number(4, size);
    this.endExpression();
  }

  /** The loaded value must equal `value`. */
  requireValue(value: Bytes): void {
    this.compare(value, 0);
  }

  requireOtherValue(value: Bytes): void {
    this.compare(value, 1);
  }

  private compare(value: Bytes, operation: number): void {
    this.beginExpression("cmp");
    this.number(1, REGISTER);
    this.number(2, operation);
    const dataAt = this.nest(3);
    this.value(DATA_VALUE, value, 0, value.length);
    this.close(dataAt);
    this.endExpression();
  }

  /** The loaded value must be in the set. */
  requireInSet(set: string): void {
    this.lookup(set, 0);
  }

  requireNotInSet(set: string): void {
    this.lookup(set, 1);
  }

  private lookup(set: string, flags: number): void {
    this.beginExpression("lookup");
    this.text(1, set);
    this.number(2, REGISTER);
    if (flags !== 0) this.number(5, flags);
    this.endExpression();
  }

  /** Writes `value` into the packet, which has no checksum over it. */
  writePayload(base: number, offset: number, value: Bytes): void {
    this.beginExpression("immediate");
    this.number(1, REGISTER);
    const dataAt = this.nest(2);
    this.value(DATA_VALUE, value, 0, value.length);
    this.close(dataAt);
    this.endExpression();
    this.beginExpression("payload");
    this.number(2, base);
    this.number(3, offset);
    this.number(4, value.length);
    this.number(5, REGISTER);
    this.endExpression();
  }

  /** VERDICT_DROP, or VERDICT_ACCEPT, which also ends the chain. */
  verdict(code: number): void {
    this.beginExpression("immediate");
    this.number(1, VERDICT_REGISTER);
    const dataAt = this.nest(2);
    const verdictAt = this.nest(DATA_VERDICT);
    this.number(1, code);
    this.close(verdictAt);
    this.close(dataAt);
    this.endExpression();
  }

  private beginExpression(name: string): void {
    this.expressionAt = this.nest(LIST_ENTRY);
    this.text(1, name);
    this.parametersAt = this.nest(2);
  }

  private endExpression(): void {
    this.close(this.parametersAt);
    this.close(this.expressionAt);
  }

  // ---- messages and attributes
  // ----------------------------------------------------------------------------------------

  private beginMessage(type: number, flags: number): void {
    const { view, length: at } = this;
    this.messageAt = at;
    view.setUint16(at + 4, type, true);
    view.setUint16(at + 6, flags | NLM_F_REQUEST, true);
    view.setUint32(at + 8, this.firstSequence + this.count, true);
    view.setUint32(at + 12, 0, true);
    view.setUint8(at + 16, this.family);
    view.setUint8(at + 17, 0);
    view.setUint16(at + 18, 0, true);
    this.length += MESSAGE_HEADER_BYTES + GENERIC_HEADER_BYTES;
  }

  private endMessage(): void {
    assert(this.length <= this.bytes.length, "room for the batch");
    this.view.setUint32(this.messageAt, this.length - this.messageAt, true);
    this.count++;
  }

  /** The `nft` tool's form of a comment: u8 type 0, u8 length, text with its zero. */
  private comment(type: number, text: string): void {
    const at = this.attribute(type, 2 + text.length + 1);
    this.view.setUint8(at, 0);
    this.view.setUint8(at + 1, text.length + 1);
    this.putText(at + 2, text);
  }
}

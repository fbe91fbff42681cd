/**
 * The packet filter of the VIPs as eBPF programs, which the kernel runs on every frame that enters
 * or leaves an interface (program type sched_cls; linux/bpf.h). It matches like nftables
 * (wire/vip-filter), but also knows which VIPs this server owns, and ends a lease to the
 * microsecond: there is no timer, the clock is checked for every packet.
 *
 * A frame is Ethernet with at most one VLAN tag. Checked address, by interface and direction:
 *
 * |               | client interface, in | client interface, out | others, in  | others, out     |
 * |---------------|----------------------|-----------------------|-------------|-----------------|
 * | ARP           | requests: target     | sender                | as clients' | sender          |
 * | IPv4, IPv6    | destination          | source                | nothing     | source          |
 * | discovery     | solicitation: target | advertisement: target | as clients' | advertisement   |
 *
 * If it is a VIP, the frame passes when the VIP's function is owned and the lease runs, and is
 * dropped otherwise; everything else passes. A request of a VIP for a VIP is its new owner's
 * announcement (RFC 5227, section 2.3) and passes. So this server can be a client of other
 * owners: packets to their VIPs and from them are not checked.
 *
 * On the other interfaces no question for a VIP is answered, owned or not, because only the client
 * interface speaks for VIPs. Packets from an owned VIP may leave there, because the route to the
 * seat may lead there; forwarded packets do not come from this server (`ingress_ifindex`). Incoming
 * packets are not checked, because this server may be a router for others.
 *
 * Two maps. `vips`: the address, 16 bytes, IPv4 as ::ffff:a.b.c.d, to the place of its function's
 * word. `words`: 8 bytes each, in memory that the engine writes (BPF_F_MMAPABLE):
 *
 * | word  | content                                                                            |
 * |-------|------------------------------------------------------------------------------------|
 * | 0     | f64: 2^52 + the time in µs of CLOCK_MONOTONIC at which the lease ends               |
 * | 1 + f | u32: 1 when this server owns function f                                            |
 *
 * An f64 of 2^52 + n has the integer n as its lower 52 bits and 0x433 above them, and is written in
 * one piece, where two u32 would tear. The lease runs when `0 < end − now ≤ longest`, in one
 * comparison without sign: NaN, 0, Infinity, and an end too far away are none.
 */
import {
  add,
  call,
  divide,
  exit,
  fromNetwork16,
  jump,
  jumpIfEqual,
  jumpIfNotBelow,
  jumpIfOther,
  type Line,
  label,
  load,
  mapAddress,
  move,
  R0,
  R1,
  R2,
  R3,
  R4,
  R6,
  R7,
  R8,
  STACK,
  set,
  shiftLeft,
  shiftRight,
  store,
  storeRegister,
  subtract,
} from "./bpf-instruction.ts";
import { type Bytes, copyBytes } from "./bytes.ts";

export const INGRESS = 0;
export const EGRESS = 1;

/** Return value TCX_NEXT, equal to TC_ACT_UNSPEC: the next program decides. */
export const VERDICT_PASS = 0xffff_ffff;
/** TCX_DROP, equal to TC_ACT_SHOT. */
export const VERDICT_DROP = 2;

export const VIP_KEY_BYTES = 16;
export const VIP_VALUE_BYTES = 4;
export const WORD_BYTES = 8;
export const LEASE_WORD = 0;
/** Word of function f: this + f. */
export const FUNCTION_WORDS = 1;

/** Bits above the integer in the f64 of a lease's end. */
const INTEGER_EXPONENT = 0x433;
/** 2^52: for n below it, the f64 of this + n has n as its lower bits. */
export const LEASE_WORD_BASE = 2 ** 52;

/**
 * Beyond the longest lease, for clocks that differ between processors; a word that is no end is far
 * beyond.
 */
const LONGEST_EXTRA_US = 1000;

export interface VipProgramShape {
  readonly direction: typeof INGRESS | typeof EGRESS;
  readonly isClientInterface: boolean;
  /** Longest lease; 0 when ownership alone decides. */
  readonly leaseUs: number;
}

export interface VipProgramMaps {
  readonly vips: number;
  readonly words: number;
}

const ETHER_BYTES = 14;
const TAG_BYTES = 4;
const ETHER_TYPE_IPV4 = 0x0800;
const ETHER_TYPE_ARP = 0x0806;
const ETHER_TYPE_IPV6 = 0x86dd;
const ETHER_TYPE_VLAN = 0x8100;
const ETHER_TYPE_SERVICE_VLAN = 0x88a8;
const ARP_REQUEST = 1;
const ICMPV6 = 58;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;

// Offsets behind the Ethernet header, as in wire/vip-filter.
const ARP_OPERATION_AT = 6;
const ARP_SENDER_AT = 14;
const ARP_TARGET_AT = 24;
const IPV4_SOURCE_AT = 12;
const IPV4_DESTINATION_AT = 16;
const IPV6_NEXT_HEADER_AT = 6;
const IPV6_SOURCE_AT = 8;
const IPV6_DESTINATION_AT = 24;
const ICMPV6_TYPE_AT = 40;
const DISCOVERY_TARGET_AT = 48;

/** Field of struct __sk_buff: the interface that received the frame; 0 for a frame of this host. */
const CAME_IN_BY_AT = 36;

// Memory of the program, below the end of the stack: the key of `vips`; the key of `words`; loaded
// parts of a frame other than addresses.
const KEY_AT = -16;
const KEY_IPV4_AT = -4;
const WORD_KEY_AT = -24;
const LOADED_AT = -32;

const FRAME = R6;
const TYPE = R7;
/** Offset of the bytes after the Ethernet header. */
const HEADER = R8;

/** Registers of the final check, when the frame is no longer needed. */
const END = R7;
const EXPONENT = R8;

export function vipProgram(shape: VipProgramShape, maps: VipProgramMaps): Line[] {
  const isIngress = shape.direction === INGRESS;
  return [
    move(FRAME, R1),
    ...(isIngress || shape.isClientInterface
      ? []
      : [load(4, R0, FRAME, CAME_IN_BY_AT), jumpIfOther(R0, 0, "pass")]),
    set(HEADER, ETHER_BYTES),
    ...loadEtherType(),
    jumpIfEqual(TYPE, ETHER_TYPE_VLAN, "tag"),
    jumpIfOther(TYPE, ETHER_TYPE_SERVICE_VLAN, "protocol"),
    label("tag"),
    add(HEADER, TAG_BYTES),
    ...loadEtherType(),
    label("protocol"),
    jumpIfEqual(TYPE, ETHER_TYPE_ARP, "arp"),
    jumpIfEqual(TYPE, ETHER_TYPE_IPV4, "ipv4"),
    jumpIfEqual(TYPE, ETHER_TYPE_IPV6, "ipv6"),
    jump("pass"),
    ...(isIngress ? ingress(shape, maps) : egress(shape, maps)),
    label("pass"),
    set(R0, VERDICT_PASS | 0),
    exit(),
    // Frames received on another interface are not checked.
    ...(isIngress && !shape.isClientInterface ? [] : [label("vip"), ...judge(shape, maps)]),
    label("drop"),
    set(R0, VERDICT_DROP),
    exit(),
  ];
}

function ingress({ isClientInterface }: VipProgramShape, maps: VipProgramMaps): Line[] {
  const found = isClientInterface ? "vip" : "drop";
  return [
    label("arp"),
    ...loadFrame(ARP_OPERATION_AT, LOADED_AT, 2),
    load(2, R0, STACK, LOADED_AT),
    fromNetwork16(R0),
    jumpIfOther(R0, ARP_REQUEST, "pass"),
    ...lookUpIpv4(ARP_SENDER_AT, "pass", maps),
    ...lookUpIpv4(ARP_TARGET_AT, found, maps),
    jump("pass"),
    label("ipv4"),
    ...(isClientInterface ? lookUpIpv4(IPV4_DESTINATION_AT, found, maps) : []),
    jump("pass"),
    label("ipv6"),
    ...(isClientInterface ? lookUpIpv6(IPV6_DESTINATION_AT, found, maps) : []),
    ...lookUpDiscovery(SOLICITATION, found, maps),
  ];
}

function egress({ isClientInterface }: VipProgramShape, maps: VipProgramMaps): Line[] {
  return [
    label("arp"),
    ...lookUpIpv4(ARP_SENDER_AT, "vip", maps),
    jump("pass"),
    label("ipv4"),
    ...lookUpIpv4(IPV4_SOURCE_AT, "vip", maps),
    jump("pass"),
    label("ipv6"),
    ...lookUpDiscovery(ADVERTISEMENT, isClientInterface ? "vip" : "drop", maps, "source"),
    label("source"),
    ...lookUpIpv6(IPV6_SOURCE_AT, "vip", maps),
  ];
}

/** It is right before the bytes after the header, with or without a tag. */
function loadEtherType(): Line[] {
  return [...loadFrame(-2, LOADED_AT, 2), load(2, TYPE, STACK, LOADED_AT), fromNetwork16(TYPE)];
}

/** Copies bytes of the frame into memory; jumps to `short` when the frame ends before. */
function loadFrame(at: number, memoryAt: number, bytes: number, short = "pass"): Line[] {
  return [
    move(R1, FRAME),
    move(R2, HEADER),
    add(R2, at),
    move(R3, STACK),
    add(R3, memoryAt),
    set(R4, bytes),
    call("skb_load_bytes"),
    jumpIfOther(R0, 0, short),
  ];
}

/** Jumps to `found` when the address there is a VIP, with its value's address in r0. */
function lookUpIpv4(at: number, found: string, maps: VipProgramMaps): Line[] {
  return [
    ...loadFrame(at, KEY_IPV4_AT, 4),
    store(8, STACK, KEY_AT, 0),
    store(4, STACK, KEY_AT + 8, 0xffff_0000 | 0),
    ...lookUp(found, maps),
  ];
}

function lookUpIpv6(at: number, found: string, maps: VipProgramMaps): Line[] {
  return [...loadFrame(at, KEY_AT, VIP_KEY_BYTES), ...lookUp(found, maps)];
}

/** `other`: target for anything but a whole message of this type. */
function lookUpDiscovery(
  type: number,
  found: string,
  maps: VipProgramMaps,
  other = "pass",
): Line[] {
  return [
    ...loadFrame(IPV6_NEXT_HEADER_AT, LOADED_AT, 1, other),
    load(1, R0, STACK, LOADED_AT),
    jumpIfOther(R0, ICMPV6, other),
    ...loadFrame(ICMPV6_TYPE_AT, LOADED_AT, 1, other),
    load(1, R0, STACK, LOADED_AT),
    jumpIfOther(R0, type, other),
    ...loadFrame(DISCOVERY_TARGET_AT, KEY_AT, VIP_KEY_BYTES, other),
    ...lookUp(found, maps),
  ];
}

function lookUp(found: string, maps: VipProgramMaps): Line[] {
  return [
    mapAddress(R1, maps.vips, "vips"),
    move(R2, STACK),
    add(R2, KEY_AT),
    call("map_lookup_elem"),
    jumpIfOther(R0, 0, found),
  ];
}

/**
 * r0 holds the address of the VIP's value: checks whether its function is owned and the lease runs.
 */
function judge({ leaseUs }: VipProgramShape, maps: VipProgramMaps): Line[] {
  return [
    load(4, R1, R0, 0),
    storeRegister(STACK, WORD_KEY_AT, R1),
    ...lookUpWord(maps),
    load(4, R1, R0, 0),
    jumpIfOther(R1, 1, "drop"),
    ...(leaseUs === 0 ? [] : judgeLease(leaseUs, maps)),
    jump("pass"),
  ];
}

function judgeLease(leaseUs: number, maps: VipProgramMaps): Line[] {
  return [
    store(4, STACK, WORD_KEY_AT, LEASE_WORD),
    ...lookUpWord(maps),
    load(8, END, R0, 0),
    move(EXPONENT, END),
    shiftRight(EXPONENT, 52),
    jumpIfOther(EXPONENT, INTEGER_EXPONENT, "drop"),
    shiftLeft(END, 12),
    shiftRight(END, 12),
    call("ktime_get_ns"),
    divide(R0, 1000),
    subtract(END, R0),
    add(END, -1), // no time left means no lease
    jumpIfNotBelow(END, leaseUs + LONGEST_EXTRA_US, "drop"),
  ];
}

function lookUpWord(maps: VipProgramMaps): Line[] {
  return [
    mapAddress(R1, maps.words, "words"),
    move(R2, STACK),
    add(R2, WORD_KEY_AT),
    call("map_lookup_elem"),
    jumpIfEqual(R0, 0, "drop"),
  ];
}

/** Writes the key of an address of 4 or 16 bytes. */
export function encodeVipKey(bytes: Bytes, at: number, address: Bytes, family: 4 | 6): void {
  if (family === 6) {
    copyBytes(bytes, at, address, 0, VIP_KEY_BYTES);
    return;
  }
  bytes.fill(0, at, at + 10);
  bytes.fill(0xff, at + 10, at + 12);
  copyBytes(bytes, at + 12, address, 0, 4);
}

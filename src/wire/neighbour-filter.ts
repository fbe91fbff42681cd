/**
 * Which frames a packet socket takes that watches who answers for VIPs: a program of the kernel's classic packet filter
 * (Documentation/networking/filter.rst), run for every frame before it is copied. It takes
 *
 * - ARP replies, and ARP requests whose sender's address lies in the range of the IPv4 VIPs: announcements are requests, and most
 *   questions of seats are not looked at;
 * - ICMPv6 neighbour advertisements without extension headers;
 *
 * and none of these in another VLAN, or for another host (a capture on the same interface makes those visible).
 *
 * An instruction is struct sock_filter: u16 code, u8 jump if true, u8 jump if false (instructions to leave out), u32 operand, in
 * the machine's byte order; the operand of a load counts from the Ethernet header, what the kernel knows beside the frame is at
 * SKF_AD_OFF, −4096, and above.
 */
import { assert } from "../assert.ts";

export const FILTER_INSTRUCTION_BYTES = 8;

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_GREATER_OR_EQUAL = 0x35;
const RETURN = 0x06;

const ANCILLARY = 0x1_0000_0000 - 4096;
const PACKET_TYPE = ANCILLARY + 4;
const VLAN_TAG_PRESENT = ANCILLARY + 48;
/** The last of PACKET_HOST 0, PACKET_BROADCAST 1 and PACKET_MULTICAST 2. */
const PACKET_MULTICAST = 2;

/** Bytes of a frame that are copied: all. */
const WHOLE = 0x4_0000;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

/**
 * Start-up: the program. `ipv4`: the IPv4 VIPs, 4 bytes each in a row, none or more.
 */
export function neighbourFilter(ipv4: Uint8Array): Uint8Array {
  assert(ipv4.length % 4 === 0, "addresses of 4 bytes");
  const view = new DataView(ipv4.buffer, ipv4.byteOffset, ipv4.length);
  let lowest = 0xffff_ffff;
  let highest = 0;
  for (let at = 0; at < ipv4.length; at += 4) {
    lowest = Math.min(lowest, view.getUint32(at));
    highest = Math.max(highest, view.getUint32(at));
  }
  const program: readonly Instruction[] = [
    [LOAD_WORD, 0, 0, VLAN_TAG_PRESENT],
    [JUMP_EQUAL, 0, 15, 0],
    [LOAD_WORD, 0, 0, PACKET_TYPE],
    [JUMP_GREATER, 13, 0, PACKET_MULTICAST],
    [LOAD_HALF, 0, 0, 12], // EtherType
    [JUMP_EQUAL, 5, 0, 0x0806],
    [JUMP_EQUAL, 0, 10, 0x86dd],
    [LOAD_BYTE, 0, 0, 20], // next header
    [JUMP_EQUAL, 0, 8, 58],
    [LOAD_BYTE, 0, 0, 54], // ICMPv6 type
    [JUMP_EQUAL, 5, 6, 136],
    [LOAD_HALF, 0, 0, 20], // ARP operation
    [JUMP_EQUAL, 3, 0, 2],
    [LOAD_WORD, 0, 0, 28], // ARP sender's protocol address
    [JUMP_GREATER_OR_EQUAL, 0, 2, lowest],
    [JUMP_GREATER, 1, 0, highest],
    [RETURN, 0, 0, WHOLE],
    [RETURN, 0, 0, 0],
  ];
  const bytes = new Uint8Array(new ArrayBuffer(program.length * FILTER_INSTRUCTION_BYTES));
  const out = new DataView(bytes.buffer);
  program.forEach(([code, ifTrue, ifFalse, operand], row) => {
    const at = row * FILTER_INSTRUCTION_BYTES;
    out.setUint16(at, code, true);
    out.setUint8(at + 2, ifTrue);
    out.setUint8(at + 3, ifFalse);
    out.setUint32(at + 4, operand, true);
  });
  return bytes;
}

/**
 * ARP on Ethernet for IPv4 (RFC 826), as whole frames: announcements, questions, and received
 * packets.
 *
 * The announcement tells every host of the client network which server answers for an IPv4 VIP now:
 * an Ethernet broadcast with an ARP request in which the sender's and the target's address are both
 * the VIP (RFC 5227, section 2.3: announcements are requests; some hosts ignore unsolicited
 * replies). Other hosts learn from replies only: each announcement goes out in both forms. A
 * question has the asker's own address as its sender and another one as its target; it
 * goes to everybody, or to the one host that had the address last (RFC 1122, section 2.3.2.1:
 * unicast poll).
 *
 * | offset | bytes | field                                          |
 * |--------|-------|------------------------------------------------|
 * | 0      | 6     | Ethernet destination: ff:ff:ff:ff:ff:ff, or one host |
 * | 6      | 6     | Ethernet source: the server's interface        |
 * | 12     | 2     | EtherType 0x0806                               |
 * | 14     | 2     | hardware type 1, Ethernet (RFC 826)            |
 * | 16     | 2     | protocol type 0x0800                           |
 * | 18     | 1     | hardware address length 6                      |
 * | 19     | 1     | protocol address length 4                      |
 * | 20     | 2     | operation: 1 request, 2 reply                  |
 * | 22     | 6     | sender hardware address: the server's interface |
 * | 28     | 4     | sender protocol address: the VIP, or the asker's own |
 * | 32     | 6     | target hardware address: zero; in a reply the asker's |
 * | 38     | 4     | target protocol address: the VIP, or who is asked for |
 *
 * 42 bytes; network order. The driver pads the frame to Ethernet's minimum of 60.
 */
import { type Bytes, copyBytes, fillBytes, sameBytes } from "./bytes.ts";

export const ARP_BYTES = 42;

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;

// Offsets of the fields that a receiver reads.
export const ARP_SENDER_HARDWARE_AT = 22;
export const ARP_SENDER_AT = 28;
export const ARP_TARGET_HARDWARE_AT = 32;

const ETHER_TYPE_AT = 12;
const OPERATION_AT = 20;
const TARGET_AT = 38;
const FIXED = Uint8Array.of(0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, ARP_REQUEST);
/** Fixed bytes before the operation. */
const KIND_BYTES = OPERATION_AT - ETHER_TYPE_AT;
const NOBODY = new Uint8Array(6);
const EVERYBODY = new Uint8Array(6).fill(0xff);

/**
 * Writes the announcement of the 4-byte `address` at `frameAt`; `hardware` holds the 6 bytes of the
 * interface's address.
 */
export function encodeArpAnnouncement(
  frame: Bytes,
  frameAt: number,
  hardware: Bytes,
  address: Bytes,
  addressAt: number,
): void {
  encodeArpRequest(frame, frameAt, hardware, address, addressAt);
  copyBytes(frame, frameAt + ARP_SENDER_AT, address, addressAt, 4);
}

/**
 * Writes the same announcement as an unsolicited reply, for hosts that learn from replies alone
 * (RFC 5227, section 3): its target is the server itself.
 */
export function encodeArpReplyAnnouncement(
  frame: Bytes,
  frameAt: number,
  hardware: Bytes,
  address: Bytes,
  addressAt: number,
): void {
  encodeArpAnnouncement(frame, frameAt, hardware, address, addressAt);
  frame[frameAt + OPERATION_AT + 1] = ARP_REPLY;
  copyBytes(frame, frameAt + ARP_TARGET_HARDWARE_AT, hardware, 0, 6);
}

/**
 * Writes a broadcast question from nobody (0.0.0.0) for the 4-byte `target` at `frameAt`; {@link
 * setArpSender} and {@link setArpDestination} then set the asker and the recipient. `hardware`: the
 * 6 bytes of the interface's address.
 */
export function encodeArpRequest(
  frame: Bytes,
  frameAt: number,
  hardware: Bytes,
  target: Bytes,
  targetAt: number,
): void {
  setArpDestination(frame, frameAt, EVERYBODY, 0);
  copyBytes(frame, frameAt + 6, hardware, 0, 6);
  copyBytes(frame, frameAt + ETHER_TYPE_AT, FIXED, 0, FIXED.length);
  copyBytes(frame, frameAt + ARP_SENDER_HARDWARE_AT, hardware, 0, 6);
  fillBytes(frame, frameAt + ARP_SENDER_AT, 4, 0);
  copyBytes(frame, frameAt + ARP_TARGET_HARDWARE_AT, NOBODY, 0, 6);
  copyBytes(frame, frameAt + TARGET_AT, target, targetAt, 4);
}

/** Sets the asker: the 4-byte `address`. */
export function setArpSender(
  frame: Bytes,
  frameAt: number,
  address: Bytes,
  addressAt: number,
): void {
  copyBytes(frame, frameAt + ARP_SENDER_AT, address, addressAt, 4);
}

/** Sets the recipient of the frame: 6 bytes of a hardware address. */
export function setArpDestination(
  frame: Bytes,
  frameAt: number,
  hardware: Bytes,
  hardwareAt: number,
): void {
  copyBytes(frame, frameAt, hardware, hardwareAt, 6);
}

/**
 * Classifies a received frame of `length` bytes: ARP_REQUEST, ARP_REPLY, or 0 for anything but a
 * whole ARP packet for Ethernet and IPv4. The fields are then at ARP_*_AT; bytes after the packet
 * are padding. No garbage.
 */
export function decodeArp(frame: Bytes, length: number): number {
  if (length < ARP_BYTES || length > frame.length) return 0;
  if (!sameBytes(frame, ETHER_TYPE_AT, FIXED, 0, KIND_BYTES)) return 0;
  const operation = ((frame[OPERATION_AT] as number) << 8) | (frame[OPERATION_AT + 1] as number);
  return operation === ARP_REQUEST || operation === ARP_REPLY ? operation : 0;
}

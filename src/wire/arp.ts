/**
 * The ARP announcement that tells every host of the client network which server answers for an IPv4 VIP now: an Ethernet
 * broadcast with an ARP request in which the sender's and the target's address are both the VIP (RFC 5227, section 2.3:
 * announcements are requests; some hosts do not look at unasked replies).
 *
 * | offset | bytes | field                                          |
 * |--------|-------|------------------------------------------------|
 * | 0      | 6     | Ethernet destination: ff:ff:ff:ff:ff:ff        |
 * | 6      | 6     | Ethernet source: the server's interface        |
 * | 12     | 2     | EtherType 0x0806                               |
 * | 14     | 2     | hardware type 1, Ethernet (RFC 826)            |
 * | 16     | 2     | protocol type 0x0800                           |
 * | 18     | 1     | hardware address length 6                      |
 * | 19     | 1     | protocol address length 4                      |
 * | 20     | 2     | operation 1, request                           |
 * | 22     | 6     | sender hardware address: the server's interface |
 * | 28     | 4     | sender protocol address: the VIP               |
 * | 32     | 6     | target hardware address: zero                  |
 * | 38     | 4     | target protocol address: the VIP               |
 *
 * 42 bytes; network order. The driver pads the frame to Ethernet's minimum of 60.
 */
import { type Bytes, copyBytes, fillBytes } from "./bytes.ts";

export const ARP_ANNOUNCEMENT_BYTES = 42;

const FIXED = Uint8Array.of(0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1);

/** Writes the announcement of the 4-byte `address` at `frameAt`; `hardware` holds the 6 bytes of the interface's address. */
export function encodeArpAnnouncement(
  frame: Bytes,
  frameAt: number,
  hardware: Bytes,
  address: Bytes,
  addressAt: number,
) {
  fillBytes(frame, frameAt, 6, 0xff);
  copyBytes(frame, frameAt + 6, hardware, 0, 6);
  copyBytes(frame, frameAt + 12, FIXED, 0, FIXED.length);
  copyBytes(frame, frameAt + 22, hardware, 0, 6);
  copyBytes(frame, frameAt + 28, address, addressAt, 4);
  fillBytes(frame, frameAt + 32, 6, 0);
  copyBytes(frame, frameAt + 38, address, addressAt, 4);
}

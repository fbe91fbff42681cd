/**
 * A seat's questions to a server, as whole Ethernet frames: who has an address (ARP, RFC 826;
 * neighbour solicitation, RFC 4861), and an echo (ICMP).
 */
import { addChecksum, foldChecksum } from "../../../src/wire/bytes.ts";

const BROADCAST = [255, 255, 255, 255, 255, 255];
const IPV4 = [0x08, 0x00];
const ARP = [0x08, 0x06];
const IPV6 = [0x86, 0xdd];
const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMPV6 = 58;
/** Identifier and sequence number of every echo. */
const ECHO = [0x57, 0x57, 0, 1];

/** A host that asks; addresses as bytes. */
export interface Asker {
  hardware: readonly number[];
  ipv4: readonly number[];
  ipv6: readonly number[];
}

/**
 * The questions for an address that is asked of the server with the address `server`: the first for
 * its hardware address, the second an echo.
 */
export function questionsFor(
  asker: Asker,
  server: readonly number[],
  target: readonly number[],
): [number[], number[]] {
  return target.length === 4
    ? [arpRequest(asker, target, asker.ipv4, server), echo4(asker, server, target)]
    : [solicitation(asker, target), echo6(asker, server, target)];
}

/** ARP request by a host that has the address `sender`. */
export function arpRequest(
  asker: Asker,
  target: readonly number[],
  sender: readonly number[] = asker.ipv4,
  destination: readonly number[] = BROADCAST,
): number[] {
  const fixed = [0, 1, ...IPV4, 6, 4, 0, 1];
  const { hardware } = asker;
  return [
    ...destination,
    ...hardware,
    ...ARP,
    ...fixed,
    ...hardware,
    ...sender,
    0,
    0,
    0,
    0,
    0,
    0,
    ...target,
  ];
}

function echo4(asker: Asker, server: readonly number[], target: readonly number[]): number[] {
  const header = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, PROTOCOL_ICMP, 0, 0, ...asker.ipv4, ...target];
  setChecksum(header, 10, sumOf(header));
  const echo = [8, 0, 0, 0, ...ECHO];
  setChecksum(echo, 2, sumOf(echo));
  return [...server, ...asker.hardware, ...IPV4, ...header, ...echo];
}

function echo6(asker: Asker, server: readonly number[], target: readonly number[]): number[] {
  return icmp6(asker, server, target, [128, 0, 0, 0, ...ECHO]);
}

/** To the group of the target's solicited nodes. */
function solicitation(asker: Asker, target: readonly number[]): number[] {
  const group = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...target.slice(13)];
  const message = [135, 0, 0, 0, 0, 0, 0, 0, ...target, 1, 1, ...asker.hardware];
  return icmp6(asker, [0x33, 0x33, ...group.slice(12)], group, message);
}

function icmp6(
  asker: Asker,
  hardware: readonly number[],
  target: readonly number[],
  message: number[],
): number[] {
  const addresses = [...asker.ipv6, ...target];
  setChecksum(message, 2, sumOf(addresses, sumOf(message, message.length + PROTOCOL_ICMPV6)));
  const header = [0x60, 0, 0, 0, 0, message.length, PROTOCOL_ICMPV6, 255];
  return [...hardware, ...asker.hardware, ...IPV6, ...header, ...addresses, ...message];
}

function sumOf(bytes: readonly number[], sum = 0): number {
  return addChecksum(Uint8Array.from(bytes), 0, bytes.length, sum);
}

function setChecksum(bytes: number[], at: number, sum: number): void {
  const checksum = foldChecksum(sum);
  bytes[at] = checksum >> 8;
  bytes[at + 1] = checksum & 0xff;
}

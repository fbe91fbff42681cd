/**
 * IP addresses of the configuration, decoded for comparison: an IPv6 address has many spellings.
 */
import { isIPv4, isIPv6 } from "node:net";
import type { Vip } from "./model.ts";

export interface Address {
  family: 4 | 6;
  /** 4 or 16 bytes in network order. */
  bytes: Uint8Array;
}

export const PORT_MAX = 65_535;

/**
 * Decodes an IPv4 address in dotted decimals or an IPv6 address of RFC 4291 without zone; null when
 * it is neither.
 */
export function parseAddress(text: string): Address | null {
  const ipv4 = parseIpv4(text);
  if (ipv4 !== null) return { family: 4, bytes: ipv4 };
  if (!isIPv6(text) || text.includes("%")) return null;
  return { family: 6, bytes: parseIpv6(text) };
}

/**
 * Decodes `address/prefix length`; null when invalid. {@link vipObjection} decides whether a host
 * may have that address.
 */
export function parseVip(text: string): Vip | null {
  const slash = text.indexOf("/");
  const prefix = text.slice(slash + 1);
  const address = slash < 0 ? null : parseAddress(text.slice(0, slash));
  if (address === null || !/^(?:[1-9]\d{0,2})$/.test(prefix)) return null;
  const prefixLength = Number(prefix);
  if (prefixLength > address.bytes.length * 8) return null;
  return { text, family: address.family, address: address.bytes, prefixLength };
}

/**
 * Reason why no server can answer for this address, as the words after "found"; null when one can.
 */
export function vipObjection(vip: Vip): string | null {
  const special = specialAddress({ family: vip.family, bytes: vip.address });
  if (special !== null) return special;
  const bits = vip.address.length * 8;
  // With at most one host bit there is no network or broadcast address (RFC 3021, RFC 6164).
  if (bits - vip.prefixLength < 2) return null;
  let hostBitsSet = 0;
  for (let bit = vip.prefixLength; bit < bits; bit++) {
    hostBitsSet += ((vip.address[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
  }
  if (hostBitsSet === 0) return "the address of the network itself";
  if (vip.family === 4 && hostBitsSet === bits - vip.prefixLength)
    return "the broadcast address of its network";
  return null;
}

/**
 * Decodes a listening address, `10.44.0.9:8044` or `[fd44::9]:8044`; null when it is neither. The
 * port may be too large.
 */
export function parseListen(text: string): { address: Address; host: string; port: number } | null {
  const [, ipv6, ipv4, port = ""] =
    /^(?:\[([^[\]]+)\]|([^[\]:]+)):([1-9]\d{0,4})$/.exec(text) ?? [];
  const host = ipv6 ?? ipv4 ?? "";
  const address = parseAddress(host);
  if (address === null || address.family !== (ipv6 === undefined ? 4 : 6)) return null;
  return { address, host, port: Number(port) };
}

/** Whether the address is only reachable from this machine. */
export function isLoopback({ family, bytes }: Address): boolean {
  return family === 4
    ? bytes[0] === 127
    : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

/** Names the kind of an address that no single host can have; null for a unicast address. */
export function specialAddress({ family, bytes }: Address): string | null {
  const first = bytes[0] ?? 0;
  if (family === 4) {
    if (first === 0) return "an unspecified address";
    if (first === 127) return "a loopback address";
    if (first >= 224 && first < 240) return "a multicast address";
    return first >= 240 ? "a reserved address" : null;
  }
  if (first === 0xff) return "a multicast address";
  // Seats could not reach it without naming their own interface.
  if (first === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80) return "a link-local address";
  const leadingZeros = bytes.findIndex((byte) => byte !== 0);
  if (leadingZeros === -1) return "the unspecified address";
  if (leadingZeros === 15 && bytes[15] === 1) return "the loopback address";
  if (leadingZeros === 10 && bytes[10] === 0xff && bytes[11] === 0xff)
    return "an IPv4-mapped address";
  return null;
}

/** The same text for every spelling of an address, for comparisons and digests. */
export function addressKey(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A leading zero means octal to some programs and decimal to others: isIPv4 accepts none. */
function parseIpv4(text: string): Uint8Array | null {
  return isIPv4(text) ? Uint8Array.from(text.split("."), Number) : null;
}

/** `text` is a valid IPv6 address. */
function parseIpv6(text: string): Uint8Array {
  const [head = "", tail] = text.split("::");
  const before = groupBytes(head);
  const after = groupBytes(tail ?? "");
  const bytes = new Uint8Array(16);
  bytes.set(before, 0);
  bytes.set(after, 16 - after.length);
  return bytes;
}

function groupBytes(groups: string): number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    const ipv4 = parseIpv4(group); // the last 32 bits may be written in dotted decimals
    if (ipv4 !== null) return [...ipv4];
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

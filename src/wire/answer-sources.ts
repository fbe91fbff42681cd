/**
 * Routing netlink (see rtnetlink) of what makes a kernel answer for an address beside an address of
 * its own: routes of type local and anycast, and entries of its proxy tables for ARP and neighbour
 * discovery.
 *
 * `struct rtmsg` of a route: u8 family, destination length, source length, tos, table, protocol,
 * scope, type; u32 flags. `struct ndmsg` of an entry: u8 family, three bytes of padding, i32
 * interface index, u16 state, u8 flags, u8 type.
 */
import type { Bytes } from "./bytes.ts";
import {
  addressBytes,
  findAttribute,
  MESSAGE_HEADER_BYTES,
  OUR_MARK,
  RTM_GETROUTE,
  routeInterface,
} from "./rtnetlink.ts";

export const RTM_NEWNEIGH = 28;
const RTM_GETNEIGH = 30;
const NTF_PROXY = 0x08;
const NDA_DST = 1;
const RTA_DST = 1;
const RTN_UNICAST = 1;
const RTN_LOCAL = 2;
const RTN_ANYCAST = 4;
/** The route that comes with an address of the server itself. */
const RTPROT_KERNEL = 2;
const ROUTE_HEADER_BYTES = 12;
const NEIGHBOUR_HEADER_BYTES = 12;

/** How a route or proxy entry affects a host that asks for an address it covers. */
export type AnswerKind =
  /** The server's own address, or a route of ours. */
  | "own"
  | "local route"
  | "anycast route"
  /** No answer: the route leads to the named interface. */
  | "way"
  | "proxy entry";

export interface AnswerSource {
  readonly kind: AnswerKind;
  readonly prefixLength: number;
  /** 4 or 16 bytes in network order; zero when it covers everything. */
  readonly address: Uint8Array;
  /** 0: none, or every one. */
  readonly interfaceIndex: number;
}

/** Writes a request to dump the routes of a family in all tables. Returns its length. */
export function encodeAllRoutesDump(view: DataView, family: number): number {
  return encodeDump(view, RTM_GETROUTE, ROUTE_HEADER_BYTES, family);
}

/** Writes a request to dump the proxy entries of both families. Returns its length. */
export function encodeProxyDump(view: DataView): number {
  const length = encodeDump(view, RTM_GETNEIGH, NEIGHBOUR_HEADER_BYTES, 0);
  view.setUint8(MESSAGE_HEADER_BYTES + 10, NTF_PROXY);
  return length;
}

function encodeDump(view: DataView, type: number, headerBytes: number, family: number): number {
  const length = MESSAGE_HEADER_BYTES + headerBytes;
  for (let at = 0; at < length; at += 4) view.setUint32(at, 0, true);
  view.setUint32(0, length, true);
  view.setUint16(4, type, true);
  view.setUint8(MESSAGE_HEADER_BYTES, family);
  return length;
}

/** Reads an RTM_NEWROUTE message; null for a route of another kind. */
export function routeSource(
  view: DataView,
  bytes: Bytes,
  at: number,
  length: number,
): AnswerSource | null {
  if (length < MESSAGE_HEADER_BYTES + ROUTE_HEADER_BYTES) return null;
  const body = at + MESSAGE_HEADER_BYTES;
  const kind = routeKind(view.getUint8(body + 7), view.getUint8(body + 5));
  if (kind === null) return null;
  const size = addressBytes(view.getUint8(body));
  const found = findAttribute(view, at, length, ROUTE_HEADER_BYTES, RTA_DST, size);
  return {
    kind,
    prefixLength: view.getUint8(body + 1),
    address: found < 0 ? new Uint8Array(size) : bytes.slice(found, found + size),
    interfaceIndex: routeInterface(view, at, length),
  };
}

function routeKind(type: number, protocol: number): AnswerKind | null {
  if (type === RTN_UNICAST) return "way";
  if (type !== RTN_LOCAL && type !== RTN_ANYCAST) return null;
  if (protocol === RTPROT_KERNEL || protocol === OUR_MARK) return "own";
  return type === RTN_LOCAL ? "local route" : "anycast route";
}

/** Reads an RTM_NEWNEIGH message; null for one that is no proxy entry. */
export function proxySource(
  view: DataView,
  bytes: Bytes,
  at: number,
  length: number,
): AnswerSource | null {
  if (length < MESSAGE_HEADER_BYTES + NEIGHBOUR_HEADER_BYTES) return null;
  const body = at + MESSAGE_HEADER_BYTES;
  if ((view.getUint8(body + 10) & NTF_PROXY) === 0) return null;
  const size = addressBytes(view.getUint8(body));
  const found = findAttribute(view, at, length, NEIGHBOUR_HEADER_BYTES, NDA_DST, size);
  if (found < 0) return null;
  return {
    kind: "proxy entry",
    prefixLength: 8 * size,
    address: bytes.slice(found, found + size),
    interfaceIndex: view.getInt32(body + 4, true),
  };
}

/** Whether the source covers the address, which has 4 or 16 bytes. */
export function covers({ prefixLength, address }: AnswerSource, other: Uint8Array): boolean {
  if (other.length !== address.length) return false;
  for (let bit = 0; bit < prefixLength; bit += 8) {
    const mask = (0xff00 >> Math.min(8, prefixLength - bit)) & 0xff;
    if ((((address[bit >> 3] ?? 0) ^ (other[bit >> 3] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

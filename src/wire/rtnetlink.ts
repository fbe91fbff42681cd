/**
 * The part of the kernel's routing netlink (rtnetlink(7), RFC 3549) that moves VIPs: messages to
 * add and delete an address and a route, requests for dumps, and reading of what comes back. Native
 * byte order, which is little-endian on every target; addresses in network order.
 *
 * Every message begins with `struct nlmsghdr`:
 *
 * | offset | type | field                                               |
 * |--------|------|-----------------------------------------------------|
 * | 0      | u32  | length of the message with this header              |
 * | 4      | u16  | type: RTM_*, or NLMSG_* of the answers              |
 * | 6      | u16  | flags: NLM_F_*                                      |
 * | 8      | u32  | sequence number; an answer has that of its question |
 * | 12     | u32  | port id of the sender; the kernel fills in ours     |
 *
 * then the fixed structure of its type, then attributes (u16 length with these 4 bytes, u16 type,
 * value), everything on multiples of 4.
 */
import { type Bytes, copyBytes } from "./bytes.ts";

export const NETLINK_ROUTE = 0;

// Subscribed groups, as the bit mask of sockaddr_nl.
export const GROUP_LINK = 1 << 0;
export const GROUP_IPV4_ADDRESS = 1 << 4;
export const GROUP_IPV4_ROUTE = 1 << 6;
export const GROUP_IPV6_ADDRESS = 1 << 8;
export const GROUP_IPV6_ROUTE = 1 << 10;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
/** Types from here on belong to the protocol, here RTM_*; smaller ones are netlink's own. */
export const NLMSG_MIN_TYPE = 16;
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
/** In an answer to a dump: something changed meanwhile; repeat the request. */
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;

export const MESSAGE_HEADER_BYTES = 16;
const FLAGS_AT = 6;
const SEQUENCE_AT = 8;

// struct ifaddrmsg: u8 family, u8 prefix length, u8 flags, u8 scope, u32 interface index.
export const ADDRESS_HEADER_BYTES = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_CACHEINFO = 6;
const IFA_FLAGS = 8;
const IFA_PROTO = 11;
const IFA_F_NODAD = 0x02;
/** A valid lifetime that never ends. */
export const LIFETIME_INFINITE = 0xffffffff;

// struct ifinfomsg: u8 family, u8 padding, u16 type, i32 interface index, u32 flags, u32 change
// mask.
export const LINK_HEADER_BYTES = 16;
export const IFLA_IFNAME = 3;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_CARRIER_CHANGES = 35;
const IFLA_LINK_NETNSID = 37;
const ARPHRD_ETHER = 1;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const IFF_LOWER_UP = 0x10000;
const CARRIER_FLAGS = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;

// struct rtmsg: u8 family, destination length, source length, tos, table, protocol, scope, type;
// u32 flags.
const ROUTE_HEADER_BYTES = 12;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_PRIORITY = 6;
const RT_TABLE_MAIN = 254;
const RTN_UNICAST = 1;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_HOST = 254;

const AF_INET = 2;
const AF_INET6 = 10;

/**
 * Marks what Wingman set: the protocol of our addresses (IFA_PROTO, Linux 5.18) and of our routes.
 * 0x57 is "W"; the kernel leaves its range to user space, and its list assigns it to nobody.
 */
export const OUR_MARK = 0x57;

/**
 * Metric that ranks subnet routes behind every other route to the same destination: the greater,
 * the later.
 */
const SUBNET_ROUTE_METRIC = 1_000_000;

/** Longest message made here. */
export const MESSAGE_BYTES_MAX = 100;

// ---- making messages
// --------------------------------------------------------------------------------------------------

function putHeader(view: DataView, at: number, length: number, type: number, flags: number): void {
  view.setUint32(at, length, true);
  view.setUint16(at + 4, type, true);
  view.setUint16(at + FLAGS_AT, flags, true);
  view.setUint32(at + SEQUENCE_AT, 0, true);
  view.setUint32(at + 12, 0, true);
}

/** Writes the head of an attribute and returns the offset of its value. */
function putAttribute(view: DataView, at: number, type: number, valueBytes: number): number {
  view.setUint16(at, 4 + valueBytes, true);
  view.setUint16(at + 2, type, true);
  return at + 4;
}

/**
 * Prefix length of a VIP in the kernel. IPv4: 32, whatever is configured. The kernel makes a second
 * IPv4 address of the same subnet a "secondary" and deletes it together with the first one; with
 * its own subnet each VIP is independent. IPv6 has no such rule and keeps the configured length.
 * The kernel then maintains the subnet's route itself: as long as the VIPs live, or for ever when
 * an address without a lifetime shares the subnet.
 */
export const installedPrefixLength = (family: number, configured: number): number =>
  family === AF_INET ? 32 : configured;

/** Bytes of an address: 4 or 16. `family` is AF_INET or AF_INET6. */
export const addressBytes = (family: number): number => (family === AF_INET ? 4 : 16);

/**
 * Writes RTM_NEWADDR or RTM_DELADDR for a VIP; {@link setRequest} sets its sequence number and
 * flags before it is sent. Returns its length.
 *
 * The server must never use a VIP as the source of its own traffic. For IPv4, scope host ensures
 * that: such an address is local like any other, but no candidate for a source address, in whatever
 * order addresses came. For IPv6, a preferred lifetime of 0 does (RFC 6724, rule 3); IPv4 gets it
 * too, for uniform listings. NODAD: the VIP must answer at once, and the protocol excludes
 * duplicates (RFC 4862, section 5.4, allows it to be off). `lifetimeS`: the kernel deletes the
 * address after this long, unless it is written again with NLM_F_REPLACE.
 */
export function encodeAddress(
  view: DataView,
  bytes: Bytes,
  at: number,
  type: number,
  family: number,
  prefixLength: number,
  interfaceIndex: number,
  address: Bytes,
  addressAt: number,
  lifetimeS = LIFETIME_INFINITE,
): number {
  const size = addressBytes(family);
  let end = at + MESSAGE_HEADER_BYTES;
  view.setUint8(end, family);
  view.setUint8(end + 1, prefixLength);
  view.setUint8(end + 2, 0);
  view.setUint8(end + 3, family === AF_INET ? RT_SCOPE_HOST : 0);
  view.setUint32(end + 4, interfaceIndex, true);
  end += ADDRESS_HEADER_BYTES;
  copyBytes(bytes, putAttribute(view, end, IFA_LOCAL, size), address, addressAt, size);
  end += 4 + size;
  copyBytes(bytes, putAttribute(view, end, IFA_ADDRESS, size), address, addressAt, size);
  end += 4 + size;
  if (type === RTM_NEWADDR) {
    view.setUint32(
      putAttribute(view, end, IFA_FLAGS, 4),
      family === AF_INET ? 0 : IFA_F_NODAD,
      true,
    );
    end += 8;
    // struct ifa_cacheinfo: preferred and valid lifetime in s, two time stamps that the kernel
    // fills in.
    const lifetimesAt = putAttribute(view, end, IFA_CACHEINFO, 16);
    view.setUint32(lifetimesAt, 0, true);
    view.setUint32(lifetimesAt + 4, lifetimeS, true);
    view.setUint32(lifetimesAt + 8, 0, true);
    view.setUint32(lifetimesAt + 12, 0, true);
    end += 20;
    // one byte and its padding
    view.setUint32(putAttribute(view, end, IFA_PROTO, 1), OUR_MARK, true);
    end += 8;
  }
  putHeader(view, at, end - at, type, 0);
  return end - at;
}

/**
 * Writes RTM_NEWROUTE or RTM_DELROUTE for an IPv4 subnet that is reached directly over the
 * interface, with our mark. The host bits of `network` are zero. Returns the length of the message.
 */
export function encodeSubnetRoute(
  view: DataView,
  bytes: Bytes,
  at: number,
  type: number,
  prefixLength: number,
  interfaceIndex: number,
  network: Bytes,
  networkAt: number,
): number {
  let end = at + MESSAGE_HEADER_BYTES;
  view.setUint8(end, AF_INET);
  view.setUint8(end + 1, prefixLength);
  view.setUint8(end + 2, 0);
  view.setUint8(end + 3, 0);
  view.setUint8(end + 4, RT_TABLE_MAIN);
  view.setUint8(end + 5, OUR_MARK);
  view.setUint8(end + 6, RT_SCOPE_LINK);
  view.setUint8(end + 7, RTN_UNICAST);
  view.setUint32(end + 8, 0, true);
  end += ROUTE_HEADER_BYTES;
  copyBytes(bytes, putAttribute(view, end, RTA_DST, 4), network, networkAt, 4);
  end += 8;
  view.setUint32(putAttribute(view, end, RTA_OIF, 4), interfaceIndex, true);
  end += 8;
  view.setUint32(putAttribute(view, end, RTA_PRIORITY, 4), SUBNET_ROUTE_METRIC, true);
  end += 8;
  putHeader(view, at, end - at, type, 0);
  return end - at;
}

/** Writes a request to dump all links. Returns its length. */
export function encodeLinkDump(view: DataView, at: number): number {
  const length = MESSAGE_HEADER_BYTES + LINK_HEADER_BYTES;
  for (let i = MESSAGE_HEADER_BYTES; i < length; i += 4) view.setUint32(at + i, 0, true);
  putHeader(view, at, length, RTM_GETLINK, 0);
  return length;
}

/**
 * Writes a request to dump the addresses of both families on all interfaces. Linux can leave out
 * other interfaces. But then (seen with 6.18) it does not set NLM_F_DUMP_INTR, and an address that
 * goes during the dump hides another one. Returns its length.
 */
export function encodeAddressDump(view: DataView, at: number): number {
  const length = MESSAGE_HEADER_BYTES + ADDRESS_HEADER_BYTES;
  view.setUint32(at + MESSAGE_HEADER_BYTES, 0, true);
  view.setUint32(at + MESSAGE_HEADER_BYTES + 4, 0, true);
  putHeader(view, at, length, RTM_GETADDR, 0);
  return length;
}

/** Writes a request to dump the IPv4 routes of the main table. Returns its length. */
export function encodeRouteDump(view: DataView, at: number): number {
  const length = MESSAGE_HEADER_BYTES + ROUTE_HEADER_BYTES;
  for (let i = MESSAGE_HEADER_BYTES; i < length; i += 4) view.setUint32(at + i, 0, true);
  view.setUint8(at + MESSAGE_HEADER_BYTES, AF_INET);
  view.setUint8(at + MESSAGE_HEADER_BYTES + 4, RT_TABLE_MAIN);
  putHeader(view, at, length, RTM_GETROUTE, 0);
  return length;
}

/** Completes a message for sending: NLM_F_* (NLM_F_REQUEST is added) and its sequence number. */
export function setRequest(view: DataView, at: number, flags: number, sequence: number): void {
  view.setUint16(at + FLAGS_AT, flags | NLM_F_REQUEST, true);
  view.setUint32(at + SEQUENCE_AT, sequence, true);
}

// ---- reading messages
// -------------------------------------------------------------------------------------------------

/**
 * Length of the message at `at`, or 0 when no whole message is there (`end`: end of what was
 * received).
 */
export function messageLength(view: DataView, at: number, end: number): number {
  if (at + MESSAGE_HEADER_BYTES > end) return 0;
  const length = view.getUint32(at, true);
  return length < MESSAGE_HEADER_BYTES || length > end - at ? 0 : length;
}

/** Offset of the message after one of `length` bytes at `at`. */
export const nextMessage = (at: number, length: number): number => at + ((length + 3) & ~3);

export const messageType = (view: DataView, at: number): number => view.getUint16(at + 4, true);
export const messageFlags = (view: DataView, at: number): number =>
  view.getUint16(at + FLAGS_AT, true);
export const messageSequence = (view: DataView, at: number): number =>
  view.getUint32(at + SEQUENCE_AT, true);

/**
 * errno of an NLMSG_ERROR or NLMSG_DONE message, 0 for an acknowledgement or a message that is too
 * short.
 */
export function messageErrno(view: DataView, at: number, length: number): number {
  return length < MESSAGE_HEADER_BYTES + 4 ? 0 : 0 - view.getInt32(at + MESSAGE_HEADER_BYTES, true);
}

/**
 * Offset of the value of attribute `type` in the message at `at`, whose fixed structure has
 * `headerBytes`; −1 when it is absent or shorter than `valueBytesMin`.
 */
export function findAttribute(
  view: DataView,
  at: number,
  length: number,
  headerBytes: number,
  type: number,
  valueBytesMin: number,
): number {
  const end = at + length;
  let attribute = at + MESSAGE_HEADER_BYTES + headerBytes;
  while (attribute + 4 <= end) {
    const attributeBytes = view.getUint16(attribute, true);
    if (attributeBytes < 4 || attribute + attributeBytes > end) return -1;
    if ((view.getUint16(attribute + 2, true) & 0x3fff) === type) {
      return attributeBytes - 4 >= valueBytesMin ? attribute + 4 : -1;
    }
    attribute += (attributeBytes + 3) & ~3;
  }
  return -1;
}

export const addressFamily = (view: DataView, at: number): number =>
  view.getUint8(at + MESSAGE_HEADER_BYTES);
export const addressPrefixLength = (view: DataView, at: number): number =>
  view.getUint8(at + MESSAGE_HEADER_BYTES + 1);
export const addressInterface = (view: DataView, at: number): number =>
  view.getUint32(at + MESSAGE_HEADER_BYTES + 4, true);

/**
 * Offset of the address in an RTM_NEWADDR or RTM_DELADDR message; −1 when it has no IPv4 or IPv6
 * address or is cut short. The other readers of address messages require a result here. Uses
 * IFA_LOCAL where present: on a point-to-point link IFA_ADDRESS is the other end. IPv6 omits
 * IFA_LOCAL unless there is another end.
 */
export function findAddress(view: DataView, at: number, length: number): number {
  if (length < MESSAGE_HEADER_BYTES + ADDRESS_HEADER_BYTES) return -1;
  const family = addressFamily(view, at);
  if (family !== AF_INET && family !== AF_INET6) return -1;
  const size = addressBytes(family);
  const local = findAttribute(view, at, length, ADDRESS_HEADER_BYTES, IFA_LOCAL, size);
  return local >= 0
    ? local
    : findAttribute(view, at, length, ADDRESS_HEADER_BYTES, IFA_ADDRESS, size);
}

/** Whether the address of an RTM_NEWADDR or RTM_DELADDR message has our mark. */
export function hasOurMark(view: DataView, at: number, length: number): boolean {
  const mark = findAttribute(view, at, length, ADDRESS_HEADER_BYTES, IFA_PROTO, 1);
  return mark >= 0 && view.getUint8(mark) === OUR_MARK;
}

/**
 * The same. On kernels before 5.18, which keep no mark: whether the address is made as only we make
 * them, for a limited time and never preferred.
 */
export function looksLikeOurs(view: DataView, at: number, length: number): boolean {
  const mark = findAttribute(view, at, length, ADDRESS_HEADER_BYTES, IFA_PROTO, 1);
  if (mark >= 0) return view.getUint8(mark) === OUR_MARK;
  const lifetimes = findAttribute(view, at, length, ADDRESS_HEADER_BYTES, IFA_CACHEINFO, 16);
  if (lifetimes < 0) return false;
  const isPreferred = view.getUint32(lifetimes, true) !== 0;
  return !isPreferred && view.getUint32(lifetimes + 4, true) !== LIFETIME_INFINITE;
}

/**
 * Offset of the destination of an IPv4 route with our mark in an RTM_NEWROUTE message; −1 for any
 * other route.
 */
export function ourRouteDestination(view: DataView, at: number, length: number): number {
  if (length < MESSAGE_HEADER_BYTES + ROUTE_HEADER_BYTES) return -1;
  const body = at + MESSAGE_HEADER_BYTES;
  if (view.getUint8(body) !== AF_INET || view.getUint8(body + 5) !== OUR_MARK) return -1;
  return findAttribute(view, at, length, ROUTE_HEADER_BYTES, RTA_DST, 4);
}

/** Offset of the destination in a route message of this family, −1 when it has none. */
export function routeDestination(
  view: DataView,
  at: number,
  length: number,
  family: number,
): number {
  if (length < MESSAGE_HEADER_BYTES + ROUTE_HEADER_BYTES) return -1;
  if (view.getUint8(at + MESSAGE_HEADER_BYTES) !== family) return -1;
  return findAttribute(view, at, length, ROUTE_HEADER_BYTES, RTA_DST, addressBytes(family));
}

export const routePrefixLength = (view: DataView, at: number): number =>
  view.getUint8(at + MESSAGE_HEADER_BYTES + 1);

/** Index of the interface of a route, 0 when it has none. */
export function routeInterface(view: DataView, at: number, length: number): number {
  const oif = findAttribute(view, at, length, ROUTE_HEADER_BYTES, RTA_OIF, 4);
  return oif < 0 ? 0 : view.getUint32(oif, true);
}

/** Index of the interface of a link message; 0 for another kind of link message (bridge ports). */
export function linkInterface(view: DataView, at: number, length: number): number {
  if (length < MESSAGE_HEADER_BYTES + LINK_HEADER_BYTES) return 0;
  return view.getUint8(at + MESSAGE_HEADER_BYTES) === 0
    ? view.getInt32(at + MESSAGE_HEADER_BYTES + 4, true)
    : 0;
}

/** Index of the interface of this namespace below the one of a link message; 0: none. */
export function linkLower(view: DataView, at: number, length: number): number {
  if (findAttribute(view, at, length, LINK_HEADER_BYTES, IFLA_LINK_NETNSID, 4) >= 0) return 0;
  const lower = findAttribute(view, at, length, LINK_HEADER_BYTES, IFLA_LINK, 4);
  return lower < 0 ? 0 : view.getUint32(lower, true);
}

/** Whether a link message describes an Ethernet interface in no bridge or bond. */
export function isEthernetAlone(view: DataView, at: number, length: number): boolean {
  const isEthernet = view.getUint16(at + MESSAGE_HEADER_BYTES + 2, true) === ARPHRD_ETHER;
  return isEthernet && findAttribute(view, at, length, LINK_HEADER_BYTES, IFLA_MASTER, 4) < 0;
}

/**
 * Whether the interface of a link message is up and has a carrier: switched on, plugged in,
 * operational.
 */
export function linkHasCarrier(view: DataView, at: number): boolean {
  return (view.getUint32(at + MESSAGE_HEADER_BYTES + 8, true) & CARRIER_FLAGS) === CARRIER_FLAGS;
}

/** Count of carrier changes at the time of a link message; −1 when it does not say. */
export function linkCarrierChanges(view: DataView, at: number, length: number): number {
  const changes = findAttribute(view, at, length, LINK_HEADER_BYTES, IFLA_CARRIER_CHANGES, 4);
  return changes < 0 ? -1 : view.getUint32(changes, true);
}

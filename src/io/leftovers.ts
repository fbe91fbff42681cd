import {
  addressFamily,
  addressInterface,
  addressPrefixLength,
  encodeAddress,
  encodeAddressDump,
  encodeRouteDump,
  encodeSubnetRoute,
  findAddress,
  hasOurMark,
  MESSAGE_BYTES_MAX,
  messageType,
  ourRouteDestination,
  RTM_DELADDR,
  RTM_DELROUTE,
  RTM_NEWADDR,
  RTM_NEWROUTE,
  routeInterface,
  routePrefixLength,
} from "../wire/rtnetlink.ts";
import { EADDRNOTAVAIL, ESRCH, SystemError } from "./errno.ts";
import { NativeMemory } from "./native-memory.ts";
import type { DumpReader, NetlinkSocket } from "./netlink-socket.ts";

/** An address or route with our mark, left by an earlier run. */
interface Leftover {
  interfaceIndex: number;
  family: number;
  prefixLength: number;
  address: Uint8Array;
}

/** Start-up only: makes garbage. */
class MarkedAddresses implements DumpReader {
  found: Leftover[] = [];

  begin(): void {
    this.found = [];
  }

  message(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    if (messageType(view, at) !== RTM_NEWADDR) return;
    const addressAt = findAddress(view, at, length);
    if (addressAt < 0 || !hasOurMark(view, at, length)) return;
    this.found.push({
      interfaceIndex: addressInterface(view, at),
      family: addressFamily(view, at),
      prefixLength: addressPrefixLength(view, at),
      // longer than an IPv4 address; the user knows the length
      address: bytes.slice(addressAt, addressAt + 16),
    });
  }
}

/** Start-up only: makes garbage. */
class MarkedRoutes implements DumpReader {
  found: Leftover[] = [];

  begin(): void {
    this.found = [];
  }

  message(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    if (messageType(view, at) !== RTM_NEWROUTE) return;
    const destinationAt = ourRouteDestination(view, at, length);
    if (destinationAt < 0) return;
    this.found.push({
      interfaceIndex: routeInterface(view, at, length),
      family: 0,
      prefixLength: routePrefixLength(view, at),
      address: bytes.slice(destinationAt, destinationAt + 4),
    });
  }
}

/**
 * Deletes every address with our mark on every interface. Returns their number; throws a
 * SystemError when the kernel refuses.
 */
export function removeMarkedAddresses(netlink: NetlinkSocket): number {
  const request = new NativeMemory(MESSAGE_BYTES_MAX);
  const marked = new MarkedAddresses();
  const refused = netlink.dump(request, encodeAddressDump(request.view, 0), marked);
  if (refused !== 0) throw new SystemError("netlink dump of addresses", refused);
  for (const { interfaceIndex, family, prefixLength, address } of marked.found) {
    const { view, bytes } = request;
    const length = encodeAddress(
      view,
      bytes,
      0,
      RTM_DELADDR,
      family,
      prefixLength,
      interfaceIndex,
      address,
      0,
    );
    const errno = netlink.ask(request, length, 0);
    if (errno !== 0 && errno !== EADDRNOTAVAIL)
      throw new SystemError("netlink delete of an address", errno);
  }
  return marked.found.length;
}

/** Deletes every IPv4 route with our mark. Throws a SystemError when the kernel refuses. */
export function removeMarkedRoutes(netlink: NetlinkSocket): void {
  const request = new NativeMemory(MESSAGE_BYTES_MAX);
  const marked = new MarkedRoutes();
  const refused = netlink.dump(request, encodeRouteDump(request.view, 0), marked);
  if (refused !== 0) throw new SystemError("netlink dump of routes", refused);
  for (const { interfaceIndex, prefixLength, address } of marked.found) {
    const { view, bytes } = request;
    const length = encodeSubnetRoute(
      view,
      bytes,
      0,
      RTM_DELROUTE,
      prefixLength,
      interfaceIndex,
      address,
      0,
    );
    const errno = netlink.ask(request, length, 0);
    if (errno !== 0 && errno !== ESRCH) throw new SystemError("netlink delete of a route", errno);
  }
}

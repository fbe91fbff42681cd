/** Filter for the route notifications that the watch of our own routes needs. */
import {
  DROP,
  encodeProgram,
  JUMP_IF_EQUAL,
  KEEP_ALL,
  LOAD_BYTE,
  LOAD_HALF,
  RETURN,
} from "./packet-program.ts";
import { MESSAGE_HEADER_BYTES, OUR_MARK, RTM_DELROUTE } from "./rtnetlink.ts";

// struct rtmsg after the header: family first, protocol at 5.
const FAMILY_AT = MESSAGE_HEADER_BYTES;
const PROTOCOL_AT = MESSAGE_HEADER_BYTES + 5;
const AF_INET6 = 10;
/** RTPROT_KERNEL: the route that comes with an address. */
const KERNEL = 2;
/** Netlink numbers are little-endian; the filter loads big-endian. */
const DELETED = (RTM_DELROUTE & 0xff) << 8;

/**
 * Accepts notifications that a route with our mark is gone, or an IPv6 route that came with an
 * address, but not the thousands that a router's daemon may change.
 */
export function routeFilter(): Uint8Array<ArrayBuffer> {
  return encodeProgram([
    [LOAD_HALF, 0, 0, 4],
    [JUMP_IF_EQUAL, 0, 6, DELETED],
    [LOAD_BYTE, 0, 0, PROTOCOL_AT],
    [JUMP_IF_EQUAL, 3, 0, OUR_MARK],
    [JUMP_IF_EQUAL, 0, 3, KERNEL],
    [LOAD_BYTE, 0, 0, FAMILY_AT],
    [JUMP_IF_EQUAL, 0, 1, AF_INET6],
    [RETURN, 0, 0, KEEP_ALL],
    [RETURN, 0, 0, DROP],
  ]);
}

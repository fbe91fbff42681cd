/**
 * The service behind the VIPs, a separate process on each server: `responder.ts NUMBER` answers
 * every probe from the address that was asked (IP_PKTINFO), with the number of the server. It is
 * bound to all addresses, so that only the move of an address is measured. The same program for
 * every system.
 */
import { errno, SystemError } from "../../src/io/errno.ts";
import { AF_INET, libc, SOCK_DGRAM } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { becomeRealtime, lockMemory } from "../../src/io/realtime.ts";
import { MEASURING_PRIORITY } from "../../test/harness/measuring-priority.ts";
import { PROBE_BYTES, PROBE_MAGIC, PROBE_PORT } from "./probe-record.ts";

const SOL_IP = 0;
const IP_PKTINFO = 8;

// One block: struct msghdr, the sender's sockaddr_in, the iovec, the datagram, and struct
// in_pktinfo as ancillary data.
const NAME_AT = 56;
const NAME_BYTES = 16;
const VECTOR_AT = 72;
const DATA_AT = 88;
const ANCILLARY_AT = 104;
const ANCILLARY_BYTES = 32;
// struct cmsghdr (length u64, level i32, type i32), then struct in_pktinfo: interface i32, source,
// destination.
const PACKET_INTERFACE_AT = ANCILLARY_AT + 16;
const PACKET_SOURCE_AT = ANCILLARY_AT + 20;
const PACKET_DESTINATION_AT = ANCILLARY_AT + 24;

const server = Number(process.argv[2]);
const fd = libc.socket(AF_INET, SOCK_DGRAM, 0);
if (fd < 0) throw new SystemError("socket", errno());
const one = new NativeMemory(4);
one.view.setInt32(0, 1, true);
if (libc.setsockopt(fd, SOL_IP, IP_PKTINFO, one.address, 4) < 0)
  throw new SystemError("setsockopt", errno());
const any = new NativeMemory(NAME_BYTES);
any.view.setUint16(0, AF_INET, true);
any.view.setUint16(2, PROBE_PORT);
if (libc.bind(fd, any.address, NAME_BYTES) < 0) throw new SystemError("bind", errno());

const message = new NativeMemory(ANCILLARY_AT + ANCILLARY_BYTES);
message.setPointer(0, NAME_AT);
message.setPointer(16, VECTOR_AT);
message.view.setUint32(24, 1, true); // one element
message.setPointer(32, ANCILLARY_AT);
message.setPointer(VECTOR_AT, DATA_AT);
message.view.setUint32(VECTOR_AT + 8, PROBE_BYTES, true);

lockMemory();
becomeRealtime(MEASURING_PRIORITY); // refused for one, refused for all: the prober reports it

while (true) {
  message.view.setUint32(8, NAME_BYTES, true);
  message.view.setUint32(40, ANCILLARY_BYTES, true);
  const length = libc.recvmsg(fd, message.address, 0);
  if (length !== PROBE_BYTES || message.view.getUint32(DATA_AT, true) !== PROBE_MAGIC) continue;
  message.view.setUint32(DATA_AT + 12, server, true);
  message.view.setInt32(PACKET_INTERFACE_AT, 0, true);
  message.view.setUint32(
    PACKET_SOURCE_AT,
    message.view.getUint32(PACKET_DESTINATION_AT, true),
    true,
  );
  // an answer that cannot be sent is lost: the prober notices
  libc.sendmsg(fd, message.address, 0);
}

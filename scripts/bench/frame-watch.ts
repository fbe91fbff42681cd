/**
 * A separate process on the client: `frame-watch.ts VIP DEADLINE_MS` prints `ready`, watches the
 * wire, and prints {@link FrameTimes} once it has seen a keep-alive of either system and an ARP
 * packet that announces the VIP.
 */
import { errno, SystemError } from "../../src/io/errno.ts";
import { AF_PACKET, libc, SOCK_NONBLOCK, SOCK_RAW } from "../../src/io/libc.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory, nativeString } from "../../src/io/native-memory.ts";
import { interfaceIndexOf } from "../../src/io/network-interface.ts";
import { Poller } from "../../src/io/poller.ts";
import { becomeRealtime } from "../../src/io/realtime.ts";
import { MEASURING_PRIORITY } from "../../test/harness/measuring-priority.ts";
import { INTERFACE } from "./bench-network.ts";
import type { FrameTimes } from "./boot.ts";

const ETH_P_ALL = 3;
const ETHERTYPE_AT = 12;
const ETHERTYPE_IP = 0x0800;
const ETHERTYPE_ARP = 0x0806;
const IP_PROTOCOL_AT = 23;
const UDP_PORT_AT = 36;
const ARP_SENDER_AT = 28;
const PROTOCOL_UDP = 17;
const PROTOCOL_VRRP = 112;
/** Wingman's default. */
const KEEP_ALIVE_PORT = 44100;
const FRAME_BYTES = 2048;
const NOT_YET = -1;

const [vip = "", deadlineMs = ""] = process.argv.slice(2);
const wanted = new DataView(Uint8Array.from(vip.split(".").map(Number)).buffer).getUint32(0);

const fd = libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, ETH_P_ALL << 8);
if (fd < 0) throw new SystemError("socket", errno());
// struct sockaddr_ll: family u16, protocol u16 (big-endian), interface i32, …
const address = new NativeMemory(20);
address.view.setUint16(0, AF_PACKET, true);
address.view.setUint16(2, ETH_P_ALL);
address.view.setInt32(4, interfaceIndexOf(nativeString(INTERFACE)), true);
if (libc.bind(fd, address.address, 20) < 0) throw new SystemError("bind", errno());
const frame = new NativeMemory(FRAME_BYTES);
const poller = new Poller();
poller.add(fd);
becomeRealtime(MEASURING_PRIORITY);
await Bun.write(Bun.stdout, "ready\n");

const times: FrameTimes = { keepAliveUs: NOT_YET, announcementUs: NOT_YET };
const endUs = nowUs() + Number(deadlineMs) * 1000;
while (times.keepAliveUs === NOT_YET || times.announcementUs === NOT_YET) {
  if (nowUs() > endUs) process.exit(1);
  poller.wait(endUs);
  const length = libc.recv(fd, frame.address, FRAME_BYTES, 0);
  if (length > 0) judge(length, nowUs());
}
await Bun.write(Bun.stdout, JSON.stringify(times));

function judge(length: number, atUs: number): void {
  const { view } = frame;
  if (times.keepAliveUs === NOT_YET && isKeepAlive(view, length)) times.keepAliveUs = atUs;
  const announces = length >= ARP_SENDER_AT + 4 && view.getUint16(ETHERTYPE_AT) === ETHERTYPE_ARP;
  if (times.announcementUs === NOT_YET && announces && view.getUint32(ARP_SENDER_AT) === wanted) {
    times.announcementUs = atUs;
  }
}

function isKeepAlive(view: DataView, length: number): boolean {
  if (length < UDP_PORT_AT + 2 || view.getUint16(ETHERTYPE_AT) !== ETHERTYPE_IP) return false;
  const protocol = view.getUint8(IP_PROTOCOL_AT);
  if (protocol === PROTOCOL_VRRP) return true;
  return protocol === PROTOCOL_UDP && view.getUint16(UDP_PORT_AT) === KEEP_ALIVE_PORT;
}

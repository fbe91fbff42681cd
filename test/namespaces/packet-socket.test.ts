/** Requirements on an interface for whole frames. Needs root and `ip`. */
import { type Pointer, toArrayBuffer } from "bun:ffi";
import { afterAll, expect, spyOn, test } from "bun:test";
import { ENODEV } from "../../src/io/errno.ts";
import { libc } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import { descriptors, opened } from "../harness/descriptors.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork } from "../harness/virtual-network.ts";

const network = new VirtualNetwork();
afterAll(() => network.close());
const host = network.addHost();

const SIOCGIFHWADDR = 0x8927;
/** Offset of the kind of the hardware address in struct ifreq. */
const KIND_AT = 16;
const ARPHRD_NONE = 0xfffe;

test("an interface that is no Ethernet is refused, and nothing is left open", () => {
  const real = libc.ioctl;
  const ioctl = spyOn(libc, "ioctl").mockImplementation(((
    fd: number,
    request: number,
    address: number,
  ) => {
    const result = real(fd, request, address);
    if (request !== SIOCGIFHWADDR) return result;
    const answer = toArrayBuffer(address as Pointer, KIND_AT, 2); // as of a tunnel
    new DataView(answer).setUint16(0, ARPHRD_NONE, true);
    return result;
  }) as unknown as typeof libc.ioctl);
  const before = descriptors();
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(() => host.inside(() => new PacketSocket("eth0", 0))).toThrow(/EAFNOSUPPORT.*eth0/);
    }
  } finally {
    ioctl.mockRestore();
  }
  expect(opened(before)).toEqual([]);
  host.inside(() => new PacketSocket("eth0", 0)).close();
});

const LOCAL_EXPERIMENTS = 0x88b5; // IEEE 802
const FRAME_BYTES = 60;
const frame = new NativeMemory(FRAME_BYTES);
frame.bytes.fill(0xff, 0, 6); // to everybody
frame.bytes[6] = 2; // from an address of nobody's
frame.view.setUint16(12, LOCAL_EXPERIMENTS);

/** Sent again and again until one arrives. */
const goes = (from: PacketSocket, to: PacketSocket): Promise<boolean> =>
  until("a frame arrives", () => {
    if (from.send(frame, 0, FRAME_BYTES) !== 0) return false;
    while (to.receive() >= 0) if (to.received.view.getUint16(12) === LOCAL_EXPERIMENTS) return true;
    return false;
  });

/** The kernel silently unbinds a socket from an interface that goes away. */
test.each([
  ["looked for while it was away", true],
  ["away between two looks", false],
])(
  "an interface that was %s, and comes again with the same index, is bound again",
  async (...row) => {
    const [, isLookedFor] = row;
    const inside = (at: Host) => at.inside(() => new PacketSocket("eth0", ETHER_TYPE_ALL));
    const other = network.addHost();
    const [socket, peer] = [inside(host), inside(other)];
    for (let round = 0; round < 2; round++) {
      await goes(socket, peer);
      await goes(peer, socket);
      network.takeOut(host);
      if (isLookedFor) expect(socket.refresh()).toBe(-ENODEV);
      network.putIn(host);
      expect(socket.refresh()).toBe(1);
    }
    await goes(socket, peer);
    await goes(peer, socket);
    socket.close();
    peer.close();
  },
);

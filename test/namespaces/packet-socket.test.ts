/** What an interface must be for whole frames. Needs root and `ip`. */
import { type Pointer, toArrayBuffer } from "bun:ffi";
import { afterAll, expect, spyOn, test } from "bun:test";
import { libc } from "../../src/io/libc.ts";
import { PacketSocket } from "../../src/io/packet-socket.ts";
import { descriptors, opened } from "../harness/descriptors.ts";
import { VirtualNetwork } from "../harness/virtual-network.ts";

const network = new VirtualNetwork();
afterAll(() => network.close());
const host = network.addHost();

const SIOCGIFHWADDR = 0x8927;
/** Where struct ifreq has the kind of the hardware address. */
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

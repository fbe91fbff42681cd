import { afterAll, describe, expect, test } from "bun:test";
import {
  encodeAddress,
  encodeAddressDump,
  encodeLinkDump,
  linkInterface,
  NETLINK_ROUTE,
  RTM_DELADDR,
} from "../wire/rtnetlink.ts";
import { EAGAIN, EINVAL, ENODEV, EOPNOTSUPP, ETIMEDOUT } from "./errno.ts";
import { AF_INET, AF_NETLINK, libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { type DumpReader, NetlinkSocket } from "./netlink-socket.ts";

const socket = new NetlinkSocket(NETLINK_ROUTE, 0, 65_536);
afterAll(() => socket.close());
const request = new NativeMemory(96);

class Collector implements DumpReader {
  indexes: number[] = [];
  begun = 0;
  begin(): void {
    this.begun++;
    this.indexes = [];
  }
  message(view: DataView, _: Uint8Array, at: number, length: number): void {
    this.indexes.push(linkInterface(view, at, length));
  }
}

describe("dump", () => {
  test("gives every link, the loopback interface first, again and again", () => {
    for (let i = 0; i < 3; i++) {
      const links = new Collector();
      expect(socket.dump(request, encodeLinkDump(request.view, 0), links)).toBe(0);
      expect(links.begun).toBe(1);
      expect(links.indexes[0]).toBe(1);
    }
  });

  test("gives the kernel's errno when it refuses: an interface that does not exist", () => {
    const length = encodeAddressDump(request.view, 0);
    request.view.setUint32(20, 0x7fffff00, true); // of one interface
    expect(socket.dump(request, length, new Collector())).toBe(ENODEV);
  });

  test("gives the kernel's errno when it does not even begin: of a kind that there is not", () => {
    const length = encodeAddressDump(request.view, 0);
    request.view.setUint16(4, 0xffff, true);
    expect(socket.dump(request, length, new Collector())).toBe(EOPNOTSUPP);
  });
});

describe("ask", () => {
  test("gives the kernel's errno", () => {
    const { view, bytes } = request;
    const length = encodeAddress(
      view,
      bytes,
      0,
      RTM_DELADDR,
      AF_INET,
      32,
      0x7fffff00,
      Uint8Array.of(10, 9, 8, 7),
      0,
    );
    expect(socket.ask(request, length, 0)).toBe(ENODEV);
    view.setUint16(4, 0xffff, true); // no such type
    expect([EINVAL, EOPNOTSUPP]).toContain(socket.ask(request, length, 0));
  });
});

describe("reading never hangs", () => {
  test("nothing there: at once, or after the time-out", () => {
    expect(socket.receive(false)).toBe(-EAGAIN);
    expect(socket.receive(true)).toBe(-EAGAIN);
    expect(socket.readAnswers(1, 1, new Int32Array(1))).toBe(ETIMEDOUT);
  });

  test("answers of another request, and those of other processes, are passed over", () => {
    encodeLinkDump(request.view, 0);
    request.view.setUint16(4, 0xffff, true);
    request.view.setUint16(6, 5, true); // REQUEST|ACK
    request.view.setUint32(8, 0x7fffffff, true);
    expect(socket.send(request, 0, 32)).toBe(0);
    expect(socket.readAnswers(1, 2, new Int32Array(2))).toBe(ETIMEDOUT);

    const peer = new NativeMemory(16);
    peer.view.setUint32(8, 16, true);
    expect(libc.getsockname(socket.fd, peer.address + 0, lengthOf(12).address)).toBe(0);
    expect(peer.view.getUint16(0, true)).toBe(AF_NETLINK);
    const stranger = new NetlinkSocket(NETLINK_ROUTE, 0, 65_536);
    const sent = libc.sendto(stranger.fd, request.address, 32, 0, peer.address, 12);
    // an unprivileged process may not even send
    if (sent === 32) expect(socket.receive(true)).toBe(0);
    expect(socket.receive(false)).toBe(-EAGAIN);
    stranger.close();
  });
});

function lengthOf(bytes: number): NativeMemory {
  const memory = new NativeMemory(8);
  memory.view.setUint32(0, bytes, true);
  return memory;
}

test("sequence numbers never repeat in use and stay positive", () => {
  const first = socket.takeSequence(64);
  expect(socket.takeSequence(1)).toBe(first + 64);
  // after ten thousand hours of flight
  expect(Reflect.set(socket, "sequence", 0x3fff_ffff)).toBe(true);
  expect(socket.takeSequence(64)).toBe(0x3fff_ffff);
  expect(socket.takeSequence(1)).toBe(1);
  expect(socket.takeSequence(1)).toBe(2);
});

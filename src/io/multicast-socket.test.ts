import { describe, expect, test } from "bun:test";
import { descriptors, opened } from "../../test/harness/descriptors.ts";
import { RECEIVE_BUFFER_BYTES, RECEIVES_PER_TURN_MAX, UNREAD_TURNS_MAX } from "../limits.ts";
import { missingCapabilities } from "../supervisor/privileges.ts";
import { KEEP_ALIVE_BYTES } from "../wire/keep-alive.ts";
import { nothingFilter } from "../wire/packet-program.ts";
import { ENODEV, SystemError } from "./errno.ts";
import { libc, SO_BINDTODEVICE, SO_PRIORITY, SO_RCVBUF, SOL_SOCKET } from "./libc.ts";
import { MulticastSocket } from "./multicast-socket.ts";
import { NativeMemory } from "./native-memory.ts";

/**
 * On the loopback interface, which sends everything back by itself; between machines:
 * test/namespaces/multicast-socket.test.ts.
 */
const LOOPBACK = { interfaceName: "lo", group: "239.192.44.63", port: 44163 };
const IPPROTO_IP = 0;
const datagram = new NativeMemory(4096);

function option(socket: MulticastSocket, level: number, number: number): number {
  // 16 bytes for the longest, an interface's name, then the length
  const memory = new NativeMemory(24);
  memory.view.setUint32(16, 16, true);
  expect(libc.getsockopt(socket.fd, level, number, memory.address, memory.address + 16)).toBe(0);
  return memory.view.getInt32(0, true);
}

describe("MulticastSocket", () => {
  test("sets what the keep-alive relies on", () => {
    const socket = new MulticastSocket(LOOPBACK);
    expect(option(socket, IPPROTO_IP, 33)).toBe(1); // IP_MULTICAST_TTL
    expect(option(socket, IPPROTO_IP, 34)).toBe(0); // IP_MULTICAST_LOOP
    expect(option(socket, IPPROTO_IP, 49)).toBe(0); // IP_MULTICAST_ALL
    expect(option(socket, SOL_SOCKET, SO_PRIORITY)).toBe(6);
    expect(option(socket, SOL_SOCKET, SO_BINDTODEVICE)).toBe(
      "l".charCodeAt(0) | ("o".charCodeAt(0) << 8),
    );
    // the kernel doubles it; only the privileged may go beyond the system's limit
    const isPrivileged = missingCapabilities().length === 0;
    expect(option(socket, SOL_SOCKET, SO_RCVBUF)).toBeGreaterThanOrEqual(
      isPrivileged ? 2 * RECEIVE_BUFFER_BYTES : 212_992,
    );
    socket.close();
    const other = new MulticastSocket({ ...LOOPBACK, priority: 2, loop: true });
    expect(option(other, SOL_SOCKET, SO_PRIORITY)).toBe(2);
    expect(option(other, IPPROTO_IP, 34)).toBe(1);
    other.close();
  });

  test("sends the bytes asked for, receives them whole, one datagram at a time", () => {
    const socket = new MulticastSocket(LOOPBACK);
    expect(socket.receive()).toBe(-1);
    for (let i = 0; i < datagram.bytes.length; i++) datagram.bytes[i] = i % 251;
    expect(socket.send(datagram, 100, 300)).toBe(0);
    expect(socket.send(datagram, 0, 0)).toBe(0);
    expect(socket.send(datagram, 0, 4096)).toBe(0);
    expect(socket.receive()).toBe(300);
    expect(socket.received.bytes.slice(0, 300)).toEqual(datagram.bytes.slice(100, 400));
    expect(socket.receive()).toBe(0);
    expect(socket.receive()).toBe(4096); // cut: only 2,048 of them are there
    expect(socket.received.bytes).toEqual(datagram.bytes.slice(0, 2048));
    expect(socket.receive()).toBe(-1);
    socket.close();
  });

  test("with a filter for nothing hears nothing and still sends", () => {
    const deaf = new MulticastSocket({ ...LOOPBACK, loop: true, filter: nothingFilter() });
    const hearing = new MulticastSocket(LOOPBACK);
    expect(deaf.send(datagram, 0, 8)).toBe(0);
    expect(deaf.receive()).toBe(-1);
    expect(deaf.dropped()).toBe(1);
    expect(hearing.receive()).toBe(8);
    deaf.close();
    hearing.close();
  });

  test("refuses to be made with a filter that the kernel does not take", () => {
    const before = descriptors();
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(() => new MulticastSocket({ ...LOOPBACK, filter: new Uint8Array(8) })).toThrow(
        "SO_ATTACH_FILTER on lo",
      );
    }
    expect(opened(before)).toEqual([]);
  });

  test("counts what the receive buffer has no room for", () => {
    const socket = new MulticastSocket({ ...LOOPBACK, loop: true });
    let sent = 0;
    for (; socket.dropped() === 0 && sent < 100_000; sent++)
      socket.send(datagram, 0, KEEP_ALIVE_BYTES);
    const room = UNREAD_TURNS_MAX * RECEIVES_PER_TURN_MAX;
    expect(sent).toBeGreaterThan(200);
    expect(sent).toBeLessThan(room);
    let read = 0;
    while (socket.receive() >= 0) read++;
    expect(read).toBe(sent - 1);
    socket.close();
  });

  test("a missing interface is reported with the existing ones", () => {
    let error: unknown;
    try {
      new MulticastSocket({ ...LOOPBACK, interfaceName: "eth77" });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SystemError);
    expect(error).toMatchObject({ errno: ENODEV });
    expect(String(error)).toMatch(/"eth77".*\blo\b/);
  });

  test("refuses what the configuration should have refused", () => {
    for (const group of ["10.0.0.1", "240.0.0.1", "239.192.44", "ff02::1"]) {
      expect(() => new MulticastSocket({ ...LOOPBACK, group })).toThrow("group");
    }
    for (const port of [0, 65536, 1.5])
      expect(() => new MulticastSocket({ ...LOOPBACK, port })).toThrow("port");
    const socket = new MulticastSocket(LOOPBACK);
    expect(() => socket.send(datagram, 4000, 97)).toThrow("inside");
    expect(() => socket.send(datagram, -1, 8)).toThrow("inside");
    socket.close();
  });
});

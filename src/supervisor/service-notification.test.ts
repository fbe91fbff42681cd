import { expect, test } from "bun:test";
import { AF_UNIX, libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { ServiceNotification } from "./service-notification.ts";

test("a name in the abstract name space", () => {
  const name = `wingman-test-${process.pid}`;
  const address = new NativeMemory(3 + name.length);
  address.view.setUint16(0, AF_UNIX, true);
  address.bytes.set(new TextEncoder().encode(name), 3);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  expect(libc.bind(fd, address.address, address.bytes.length)).toBe(0);
  const notification = new ServiceNotification(`@${name}`);
  notification.ready("active");
  notification.stopping();
  const received = new NativeMemory(256);
  const next = (): string => {
    const length = libc.recv(fd, received.address, 256, MSG_DONTWAIT);
    return new TextDecoder().decode(received.bytes.slice(0, Math.max(0, length)));
  };
  expect([next(), next(), next()]).toEqual(["READY=1\nSTATUS=active", "STOPPING=1\nSTATUS=leaving", ""]);
  libc.close(fd);
});

test("nobody listens, or nobody asked: nothing happens", () => {
  new ServiceNotification(`@wingman-nobody-${process.pid}`).ready("active");
  new ServiceNotification(undefined).ready("active");
  new ServiceNotification("").status("active");
});

test("what is no address is refused", () => {
  expect(() => new ServiceNotification("relative/path")).toThrow("expected an absolute path or @name");
  expect(() => new ServiceNotification(`/${"x".repeat(200)}`)).toThrow("longer than");
});

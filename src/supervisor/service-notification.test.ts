import { expect, test } from "bun:test";
import { AF_UNIX, libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { ServiceNotification } from "./service-notification.ts";

const PID = 77;

test("a name in the abstract name space", () => {
  const name = `wingman-test-${process.pid}`;
  const address = new NativeMemory(3 + name.length);
  address.view.setUint16(0, AF_UNIX, true);
  address.bytes.set(new TextEncoder().encode(name), 3);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  expect(libc.bind(fd, address.address, address.bytes.length)).toBe(0);
  const notification = new ServiceNotification({ NOTIFY_SOCKET: `@${name}` }, PID);
  notification.noEngine("no engine: starting it again");
  notification.stopping();
  const received = new NativeMemory(256);
  const next = (): string => {
    const length = libc.recv(fd, received.address, 256, MSG_DONTWAIT);
    return new TextDecoder().decode(received.bytes.slice(0, Math.max(0, length)));
  };
  expect([next(), next(), next()]).toEqual([
    "STATUS=no engine: starting it again",
    "STOPPING=1",
    "",
  ]);
  libc.close(fd);
});

test("without a listener or a request nothing happens", () => {
  new ServiceNotification({ NOTIFY_SOCKET: `@wingman-nobody-${process.pid}` }, PID).stopping();
  new ServiceNotification({}, PID).stopping();
  new ServiceNotification({ NOTIFY_SOCKET: "" }, PID).stopping();
});

test("an invalid address is refused", () => {
  const made = (socket: string) => (): ServiceNotification =>
    new ServiceNotification({ NOTIFY_SOCKET: socket }, PID);
  expect(made("relative/path")).toThrow("expected an absolute path or @name");
  expect(made(`/${"x".repeat(200)}`)).toThrow("longer than");
});

test.each([
  ["nothing asked for", {}, {}],
  ["no watchdog", { NOTIFY_SOCKET: "/n" }, { NOTIFY_SOCKET: "/n" }],
  [
    "a watchdog for whoever it starts",
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "3000000" },
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "3000000" },
  ],
  [
    "a watchdog for this process",
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "3000000", WATCHDOG_PID: "77" },
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "3000000" },
  ],
  [
    "a watchdog for another process",
    { NOTIFY_SOCKET: "/n", WATCHDOG_USEC: "3000000", WATCHDOG_PID: "78" },
    { NOTIFY_SOCKET: "/n" },
  ],
  ["a watchdog and nobody to tell", { WATCHDOG_USEC: "3000000" }, {}],
])("the engine gets what it needs: %s", (_, environment, expected) => {
  const notification = new ServiceNotification(environment, PID);
  expect(notification.engineEnvironment).toEqual(expected);
  expect(notification.watchdogUs).toBe("WATCHDOG_USEC" in expected ? 3_000_000 : null);
});

test.each(["", "0", "-1", "1e6", "3 s"])("WATCHDOG_USEC %j is refused", (text) => {
  expect(() => new ServiceNotification({ NOTIFY_SOCKET: "/n", WATCHDOG_USEC: text }, PID)).toThrow(
    `WATCHDOG_USEC: found ${JSON.stringify(text)}, expected a number of microseconds`,
  );
});

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { RecordSocket, socketPair } from "./control-socket.ts";
import { AF_INET, libc, MSG_DONTWAIT, SOCK_DGRAM } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";
import { POLLED_MAX, Poller } from "./poller.ts";

const SIGNALLED = join(import.meta.dir, "../../test/children/poller-signal.ts");
const record = new NativeMemory(16);
const far = () => nowUs() + 60_000_000;

function pair(): { one: RecordSocket; two: RecordSocket; close(): void } {
  const [one, two] = socketPair().map(RecordSocket.inherited);
  return {
    one,
    two,
    close() {
      one.close();
      two.close();
    },
  };
}

describe("Poller", () => {
  test("never returns before its time when nothing arrives", () => {
    const poller = new Poller();
    for (const leftUs of [0, 1, 999, 1000, 1001, 5000, 1_000_001]) {
      const untilUs = nowUs() + leftUs;
      expect(poller.wait(untilUs)).toBe(0);
      expect(nowUs()).toBeGreaterThanOrEqual(untilUs);
    }
  });

  test("only looks when its time has passed", () => {
    const { one, two, close } = pair();
    const poller = new Poller();
    const slot = poller.add(two.fd);
    expect(poller.wait(0)).toBe(0);
    one.send(record);
    expect(poller.wait(nowUs() - 1_000_000)).toBe(1);
    expect(poller.isReadable(slot)).toBe(true);
    close();
  });

  test("reports which descriptors are ready, once", () => {
    const pairs = [pair(), pair(), pair()];
    const poller = new Poller();
    const slots = pairs.map(({ two }) => poller.add(two.fd));
    const readable = () => slots.map((slot) => poller.isReadable(slot));

    pairs[1].one.send(record);
    expect(poller.wait(far())).toBe(1);
    expect(readable()).toEqual([false, true, false]);
    pairs[0].one.send(record);
    expect(poller.wait(far())).toBe(2);
    expect(readable()).toEqual([true, true, false]);
    pairs[0].two.receive();
    pairs[1].two.receive();
    expect(poller.wait(0)).toBe(0);
    expect(readable()).toEqual([false, false, false]);
    for (const { close } of pairs) close();
  });

  test("a descriptor that is not watched for a while ends no wait, and what came meanwhile is there afterwards", () => {
    const { one, two } = pair();
    const poller = new Poller();
    const slot = poller.add(two.fd);
    one.send(record);
    poller.watch(slot, false);
    const beganUs = nowUs();
    expect(poller.wait(beganUs + 20_000)).toBe(0);
    expect(nowUs() - beganUs).toBeGreaterThanOrEqual(20_000);
    expect(poller.isReadable(slot)).toBe(false);
    poller.watch(slot, true);
    expect(poller.wait(far())).toBe(1);
    expect(poller.isReadable(slot)).toBe(true);
    one.close();
    two.close();
  });

  test("a side that is gone is ready until it is removed", () => {
    const { one, two } = pair();
    const poller = new Poller();
    const slot = poller.add(two.fd);
    one.close();
    expect(poller.wait(far())).toBe(1);
    expect(poller.isReadable(slot)).toBe(true);
    expect(two.receive()).toBe(0);
    poller.remove(slot);
    expect(poller.isReadable(slot)).toBe(false);
    expect(poller.wait(0)).toBe(0);
    two.close();
  });

  test("an error ends a wait though there is nothing to read", () => {
    // port 9 of this machine, where nobody listens: the kernel says so of the next call
    const address = new NativeMemory(16);
    address.view.setUint16(0, AF_INET, true);
    address.view.setUint16(2, 9, false);
    address.bytes.set([127, 0, 0, 1], 4);
    const fd = libc.socket(AF_INET, SOCK_DGRAM, 0);
    expect(libc.connect(fd, address.address, 16)).toBe(0);
    const poller = new Poller();
    const slot = poller.add(fd);
    expect(libc.send(fd, record.address, 16, 0)).toBe(16);
    expect(poller.wait(far())).toBe(1);
    expect(poller.isReadable(slot)).toBe(true);
    expect(libc.recv(fd, record.address, 16, MSG_DONTWAIT)).toBe(-1);
    expect(poller.wait(0)).toBe(0);
    libc.close(fd);
  });

  test("a descriptor that was closed while watched is a programmer's error", () => {
    const { one, two } = pair();
    const poller = new Poller();
    const slot = poller.add(two.fd);
    one.close();
    two.close();
    poller.wait(0);
    expect(() => poller.isReadable(slot)).toThrow("stays open");
  });

  test("has a limit", () => {
    const poller = new Poller();
    for (let slot = 0; slot < POLLED_MAX; slot++) expect(poller.add(0)).toBe(slot);
    expect(() => poller.add(0)).toThrow("slot");
    expect(() => new Poller().add(-1)).toThrow("open");
  });

  test("a signal ends the wait with 0 and no descriptor ready", async () => {
    const child = Bun.spawn([process.execPath, SIGNALLED], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const output = child.stdout.getReader();
    await output.read(); // "waiting": from here on it is in wait, or about to be
    const nudge = setInterval(() => libc.kill(child.pid, 10), 20);
    const result = new TextDecoder().decode((await output.read()).value);
    clearInterval(nudge);
    await child.exited;
    expect(result).toBe("0 false early\n");
  }, 90_000);
});

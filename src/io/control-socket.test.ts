import { afterAll, describe, expect, spyOn, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { descriptors, opened } from "../../test/harness/descriptors.ts";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { NOTHING_RECEIVED, RecordSocket, socketPair } from "./control-socket.ts";
import {
  EADDRINUSE,
  EAGAIN,
  ECONNREFUSED,
  ENAMETOOLONG,
  ENOENT,
  EPIPE,
  SystemError,
} from "./errno.ts";
import { F_GETFD, FD_CLOEXEC, libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const directory = scratchDirectory("control");
afterAll(() => rmSync(directory, { recursive: true }));

const record = new NativeMemory(16);
function numbered(number: number): NativeMemory {
  record.view.setUint32(0, number, true);
  return record;
}
const numberIn = (socket: RecordSocket): number => socket.received.view.getUint32(0, true);

function errnoOf(action: () => unknown): number {
  try {
    action();
  } catch (error) {
    if (error instanceof SystemError) return error.errno;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("an inherited RecordSocket", () => {
  test("keeps records apart, in order, both ways", () => {
    const [one, two] = socketPair().map(RecordSocket.inherited);
    expect(two.receive()).toBe(NOTHING_RECEIVED);
    for (let i = 0; i < 2000; i++) expect(one.send(numbered(i))).toBe(0);
    expect(two.send(numbered(9))).toBe(0);
    for (let i = 0; i < 2000; i++) {
      expect(two.receive()).toBe(16);
      expect(numberIn(two)).toBe(i);
    }
    expect(two.receive()).toBe(NOTHING_RECEIVED);
    expect(one.receive()).toBe(16);
    one.close();
    two.close();
  });

  test("reports that the other end is gone, after its last records", () => {
    const [one, two] = socketPair().map(RecordSocket.inherited);
    two.send(numbered(1)); // never read: ECONNRESET
    one.send(numbered(2));
    one.close();
    expect(two.receive()).toBe(16);
    expect(numberIn(two)).toBe(2);
    expect(two.receive()).toBe(0);
    expect(two.receive()).toBe(0);
    expect(two.send(numbered(3))).toBe(EPIPE);
    two.close();
  });

  test("reports a full queue, and continues when it is read", () => {
    const [one, two] = socketPair().map(RecordSocket.inherited);
    let sent = 0;
    while (one.send(numbered(sent)) === 0) sent++;
    expect(one.send(record)).toBe(EAGAIN);
    for (let i = 0; i < sent; i++) {
      two.receive();
      expect(numberIn(two)).toBe(i);
    }
    expect(one.send(record)).toBe(0);
    one.close();
    two.close();
  });

  test("shows a record that is too long by its length", () => {
    const [one, two] = socketPair().map(RecordSocket.inherited);
    one.send(new NativeMemory(1000));
    expect(two.receive()).toBe(1000);
    expect(two.received.bytes.length).toBeLessThan(1000);
    one.close();
    two.close();
  });

  test("refuses a descriptor that is no such socket", () => {
    expect(() => RecordSocket.inherited(977)).toThrow(
      "getsockopt: Bad file descriptor (EBADF): descriptor 977",
    );
  });

  test("its pair is closed in children that it is not handed to", () => {
    for (const fd of socketPair()) {
      expect(libc.fcntl(fd, F_GETFD, 0) & FD_CLOEXEC).toBe(FD_CLOEXEC);
      libc.close(fd);
    }
  });
});

describe("a bound RecordSocket", () => {
  const path = join(directory, "engine.sock");

  test("answers each of those who ask", () => {
    const engine = RecordSocket.bound(path);
    const [drain, resume] = [RecordSocket.connected(path), RecordSocket.connected(path)];
    expect(engine.receive()).toBe(NOTHING_RECEIVED);
    for (const [command, number] of [
      [drain, 32],
      [resume, 33],
      [drain, 34],
    ] as const) {
      expect(command.send(numbered(number))).toBe(0);
      expect(engine.receive()).toBe(16);
      expect(numberIn(engine)).toBe(number);
      // the answer may come much later: the sender stays known
      expect(engine.receive()).toBe(NOTHING_RECEIVED);
      expect(engine.reply(numbered(number + 100))).toBe(0);
      expect(command.receive()).toBe(16);
      expect(numberIn(command)).toBe(number + 100);
    }
    drain.send(numbered(1));
    drain.close();
    expect(engine.receive()).toBe(16);
    expect(engine.reply(record)).toBe(ENOENT); // it did not wait for the answer
    resume.close();
    engine.close();
  });

  test("is asked even if a killed command of the same number left its path", () => {
    const engine = RecordSocket.bound(path);
    const ownPath = (): string =>
      readdirSync(directory).find((name) => /^r\d/.test(name)) ?? "none";
    const earlier = RecordSocket.connected(path);
    const [number, question] = ownPath().split(".");
    earlier.close();
    expect(ownPath()).toBe("none");
    const left = `${number}.${Number(question) + 1}`; // that of the next question
    RecordSocket.bound(join(directory, left)).close();
    const command = RecordSocket.connected(path);
    expect(ownPath()).toBe(left);
    expect(command.send(numbered(35))).toBe(0);
    expect(engine.receive()).toBe(16);
    expect(engine.reply(numbered(135))).toBe(0);
    expect(command.receive()).toBe(16);
    expect(numberIn(command)).toBe(135);
    command.close();
    engine.close();
  });

  test("is the owner's alone from its first instant, whatever the umask", () => {
    const before = process.umask(0);
    const engine = RecordSocket.bound(path);
    process.umask(before);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    engine.close();
  });

  test("replaces what an earlier process left, but no other file and none behind a link", () => {
    RecordSocket.bound(path).close();
    RecordSocket.bound(path).close();
    const file = join(directory, "file");
    writeFileSync(file, "keep me");
    expect(errnoOf(() => RecordSocket.bound(file))).toBe(EADDRINUSE);
    expect(readFileSync(file, "utf8")).toBe("keep me");
    const link = join(directory, "link");
    symlinkSync(file, link);
    expect(errnoOf(() => RecordSocket.bound(link))).toBe(EADDRINUSE);
  });

  test("reports why it cannot", () => {
    expect(errnoOf(() => RecordSocket.bound(join(directory, "missing/engine.sock")))).toBe(ENOENT);
    expect(errnoOf(() => RecordSocket.bound(`/tmp/${"x".repeat(103)}`))).toBe(ENAMETOOLONG);
    expect(errnoOf(() => RecordSocket.connected(join(directory, "nobody.sock")))).toBe(ENOENT);
    RecordSocket.bound(path).close();
    expect(errnoOf(() => RecordSocket.connected(path))).toBe(ECONNREFUSED);
  });

  test("a path of the greatest length works", () => {
    const long = join(directory, "x".repeat(107 - directory.length - 1));
    expect(long.length).toBe(107);
    const engine = RecordSocket.bound(long);
    RecordSocket.connected(long).close();
    engine.close();
  });

  test("leaks no descriptor when it fails", () => {
    const engine = RecordSocket.bound(path);
    const before = descriptors();
    for (let i = 0; i < 20; i++) {
      errnoOf(() => RecordSocket.connected(join(directory, "nobody.sock")));
      errnoOf(() => RecordSocket.bound(join(directory, "missing/engine.sock")));
      const bind = spyOn(libc, "bind").mockReturnValue(-1);
      expect(() => RecordSocket.connected(path)).toThrow("bind");
      bind.mockRestore();
    }
    expect(opened(before)).toEqual([]);
    engine.close();
  });
});

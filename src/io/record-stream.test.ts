import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../test/harness/until.ts";
import { CONTROL_RECORD_BYTES, controlArgument, encodeControl } from "../wire/control.ts";
import { RecordSocket, socketPair } from "./control-socket.ts";
import { EAGAIN, EPIPE } from "./errno.ts";
import { libc, O_CLOEXEC, O_RDWR } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";
import { RecordStream } from "./record-stream.ts";

const CHILD = join(import.meta.dir, "../../test/children/control-socket-child.ts");

/** What a stream delivered: the first argument of each record, then "end". */
function collect(stream: RecordStream): { seen: (number | string)[]; ended: Promise<void> } {
  const seen: (number | string)[] = [];
  stream.onRecord((record, length) =>
    seen.push(length === CONTROL_RECORD_BYTES ? controlArgument(record, 0) : `${length} bytes`),
  );
  const ended = new Promise<void>((resolve) =>
    stream.onEnd(() => {
      seen.push("end");
      resolve();
    }),
  );
  return { seen, ended };
}

const record = new NativeMemory(CONTROL_RECORD_BYTES);

function numbered(number: number): NativeMemory {
  encodeControl(record.view, 3, 7, number, 0, 0);
  return record;
}

const started: Bun.Subprocess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** Starts the child with the other end as descriptor 3, as the supervisor starts the engine. */
function startChild(theirs: number, mode: string): Bun.Subprocess {
  const child = Bun.spawn([process.execPath, CHILD, mode], {
    stdio: ["ignore", "ignore", "inherit", theirs],
  });
  libc.close(theirs);
  started.push(child);
  return child;
}

describe("RecordStream", () => {
  test("keeps the records of a burst apart, in order, and reports the end", async () => {
    const [ours, theirs] = socketPair();
    const { seen, ended } = collect(new RecordStream(ours));
    const other = RecordSocket.inherited(theirs);
    const expected: (number | string)[] = [];
    for (let i = 0; i < 3000; i++) {
      expect(other.send(numbered(i))).toBe(0);
      expected.push(i);
    }
    other.close();
    await ended;
    expect(seen).toEqual([...expected, "end"]);
  });

  test("serves a child that has the other end as descriptor 3", async () => {
    const [ours, theirs] = socketPair();
    const stream = new RecordStream(ours);
    const { seen, ended } = collect(stream);
    const child = startChild(theirs, "echo");
    expect(stream.send(numbered(41))).toBe(0);
    expect(stream.send(numbered(42))).toBe(0);
    await until("both records", () => seen.length === 2);
    child.kill("SIGTERM");
    await ended;
    expect(seen).toEqual([41, 42, "end"]);
    expect(stream.send(numbered(43))).toBe(EPIPE);
  });

  test("delivers what a killed process sent last, even when it left records unread", async () => {
    const [ours, theirs] = socketPair();
    const stream = new RecordStream(ours);
    const { seen, ended } = collect(stream);
    const child = startChild(theirs, "greet-and-die");
    await until("its first record", () => seen.length === 1); // the stream is at work
    expect(stream.send(numbered(2))).toBe(0); // what the child waits for
    expect(stream.send(numbered(3))).toBe(0); // never read: the kernel answers with ECONNRESET
    // it dies before we look
    while (!/State:\s+Z/.test(readFileSync(`/proc/${child.pid}/status`, "utf8"))) Bun.sleepSync(1);
    await ended;
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    expect(seen).toEqual([99, 100, 101, 102, "end"]);
  });

  test("needs no thread: many streams wait, and files can still be read", async () => {
    const pairs = Array.from({ length: 16 }, socketPair);
    const streams = pairs.map(([ours]) => new RecordStream(ours));
    expect(await Bun.file(import.meta.path).text()).toContain("needs no thread");
    for (const stream of streams) stream.close();
    for (const [, theirs] of pairs) libc.close(theirs);
  });

  test("reports a full queue instead of waiting", () => {
    const [ours, theirs] = socketPair();
    const stream = new RecordStream(ours);
    let sent = 0;
    let result = 0;
    while (result === 0 && sent < 1_000_000) {
      result = stream.send(numbered(sent));
      sent++;
    }
    expect(result).toBe(EAGAIN);
    stream.close();
    libc.close(theirs);
  });

  test("closed by the last record left by an error: the end is not reported", async () => {
    const [ours, theirs] = socketPair();
    const stream = new RecordStream(ours);
    const seen: (number | string)[] = [];
    stream.onRecord((record) => {
      seen.push(controlArgument(record, 0));
      if (seen.length === 3) stream.close();
    });
    stream.onEnd(() => seen.push("end"));
    const other = RecordSocket.inherited(theirs);
    stream.send(numbered(99)); // never read
    for (let number = 0; number < 5; number++) other.send(numbered(number));
    other.close();
    await until("the last of them", () => seen.length >= 3);
    await Bun.sleep(20);
    expect(seen).toEqual([0, 1, 2]);
  });

  test("over what cannot be waited for ends at once", async () => {
    const file = libc.open(nativeString("/dev/null").address, O_RDWR | O_CLOEXEC, 0);
    const { seen, ended } = collect(new RecordStream(file));
    await ended;
    expect(seen).toEqual(["end"]);
  });

  test("closes its descriptors and calls nothing afterwards", async () => {
    const [ours, theirs] = socketPair();
    const stream = new RecordStream(ours);
    const { seen } = collect(stream);
    const other = RecordSocket.inherited(theirs);
    other.send(numbered(1));
    stream.close();
    stream.close();
    expect(stream.send(numbered(2))).toBe(EPIPE);
    await until("nobody to hold the other end", () => other.receive() === 0);
    other.close();
    expect(seen).toEqual([]);
  });
});

import { beforeEach, expect, test } from "bun:test";
import { BenchServer } from "../../../test/harness/bench-server.ts";
import { SERIAL_HUNG_UP, SERIAL_NOTHING } from "../../io/serial-port.ts";
import {
  CONSOLE_POLL_IDLE_MS,
  CONSOLE_POLL_MS,
  CONSOLE_QUEUE_MS,
  CONSOLE_REOPEN_MS,
  CONSOLE_REOPEN_MS_MAX,
} from "../../limits.ts";
import { ConsoleSession } from "./console-session.ts";
import { SerialConsole, type SerialLine } from "./serial-console.ts";

const ENOENT = 2;

/** A line with a queue, as a UART has one. */
class Line implements SerialLine {
  isOpen = false;
  openError = 0;
  opened = 0;
  isHungUp = false;
  typed: number[] = [];
  waiting = 0;
  /** What one `write` takes at most. */
  takes = 1_000_000;
  sent = "";
  readonly received = { bytes: new Uint8Array(4096) };

  open(): number {
    this.opened++;
    this.isOpen = this.openError === 0;
    return this.openError;
  }

  read(): number {
    if (this.isHungUp) return SERIAL_HUNG_UP;
    const length = Math.min(this.typed.length, 4096);
    this.received.bytes.set(this.typed.splice(0, length));
    return length === 0 ? SERIAL_NOTHING : length;
  }

  write(bytes: Uint8Array): number {
    if (this.isHungUp) return SERIAL_HUNG_UP;
    const length = Math.min(bytes.length, this.takes);
    this.sent += Buffer.from(bytes.subarray(0, length)).toString("latin1");
    this.waiting += length;
    return length;
  }

  queued(): number {
    return this.waiting;
  }

  close(): void {
    this.isOpen = false;
  }

  usedBy(): string | null {
    return null;
  }
}

let line: Line;
let sessions: number;
let subject: SerialConsole;
const BAUD = 9600;
beforeEach(() => {
  line = new Line();
  sessions = 0;
  const server = new BenchServer();
  subject = new SerialConsole({
    line,
    baud: BAUD,
    newSession: (nowMs) => {
      sessions++;
      return new ConsoleSession(server, { kind: "line", nowMs });
    },
    onClosed: () => {},
  });
});

test("looks often while something moves, seldom otherwise", () => {
  expect(subject.turn(0)).toBe(CONSOLE_POLL_MS);
  expect(line.sent).toContain("PRESS ENTER");
  line.waiting = 0;
  expect(subject.turn(5000)).toBe(CONSOLE_POLL_IDLE_MS);
  line.typed.push(13);
  expect(subject.turn(5100)).toBe(CONSOLE_POLL_MS);
});

test("never more waits in the kernel than a fraction of a second of the line", async () => {
  const most = (BAUD / 10) * (CONSOLE_QUEUE_MS / 1000);
  subject.turn(0);
  line.typed.push(...Buffer.from("\rshow log\r"));
  for (let turn = 1; turn < 100; turn++) {
    subject.turn(turn * 10);
    await Bun.sleep(0);
    expect(line.waiting).toBeLessThanOrEqual(most);
  }
  expect(line.sent.length).toBe(most);
  for (let turn = 0; turn < 100; turn++) {
    line.waiting = 0;
    subject.turn(1000);
  }
  expect(line.sent).toEndWith("\r\nOK\r\nwingman left> ");
});

test("what the line does not take is sent later, in order and whole", async () => {
  line.takes = 7;
  subject.turn(0);
  line.typed.push(...Buffer.from("\rshow dataload\r"));
  for (let turn = 0; turn < 200; turn++) {
    line.waiting = 0;
    if (turn % 3 === 0) line.takes = 0;
    else line.takes = 7;
    subject.turn(turn);
    await Bun.sleep(0);
  }
  expect(line.sent).toEndWith(
    "wingman left> show dataload\r\nNO DATA LOAD: maintenance.dataLoad IS NOT CONFIGURED\r\nOK\r\nwingman left> ",
  );
});

test("a line that is hung up is opened again after a pause, with a new session; some time later it is given up", () => {
  subject.turn(0);
  line.isHungUp = true;
  expect(subject.turn(1)).toBe(CONSOLE_REOPEN_MS);
  expect(line.isOpen).toBe(false);
  line.openError = ENOENT;
  expect(subject.turn(500)).toBe(2 * CONSOLE_REOPEN_MS);
  line.openError = 0;
  line.isHungUp = false;
  line.waiting = 0;
  line.sent = "";
  subject.turn(2000);
  expect(sessions).toBe(2);
  expect(line.sent).toBe("\r\nWINGMAN left: PRESS ENTER\r\n");

  line.isHungUp = true;
  line.openError = ENOENT;
  const pauses = [subject.turn(3000)];
  while (pauses.at(-1) !== null) pauses.push(subject.turn(4000));
  expect(pauses[1]).toBe(2 * CONSOLE_REOPEN_MS);
  expect(Math.max(...pauses.map(Number))).toBeLessThanOrEqual(CONSOLE_REOPEN_MS_MAX);
});

test("a line that cannot be opened at first is left to the caller", () => {
  line.openError = ENOENT;
  expect(() => subject.start()).toThrow("ENOENT");
});

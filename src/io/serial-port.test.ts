/** On a pseudo-terminal, which has no parity, no break and no speed of its own. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, constants, openSync } from "node:fs";
import { descriptors, opened } from "../../test/harness/descriptors.ts";
import { PseudoTerminal } from "../../test/harness/pseudo-terminal.ts";
import { until } from "../../test/harness/until.ts";
import { CONSOLE_READ_BYTES } from "../limits.ts";
import { EAGAIN, ENOENT } from "./errno.ts";
import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { SERIAL_HUNG_UP, SERIAL_NOTHING, SerialPort } from "./serial-port.ts";

const ENOTTY = 25;
const FIONREAD = 0x541b;
const BAUD = 9600;

let terminal: PseudoTerminal;
let port: SerialPort;
beforeEach(() => {
  terminal = new PseudoTerminal();
  port = new SerialPort(terminal.path);
});
afterEach(() => {
  port.close();
  terminal.close();
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Everything that arrives, until it is as long as this. */
async function read(length: number): Promise<string> {
  let text = "";
  await until("all of it", () => {
    const count = port.read();
    if (count > 0) text += Buffer.from(port.received.bytes.slice(0, count)).toString("latin1");
    return text.length >= length;
  });
  return text;
}

test("every byte goes through as it is, both ways, and nothing is echoed", async () => {
  expect(port.open(BAUD)).toBe(0);
  expect(port.read()).toBe(SERIAL_NOTHING);
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
  terminal.write(Uint8Array.from(all, (letter) => letter.charCodeAt(0)));
  expect(await read(256)).toBe(all);
  expect(terminal.read()).toBeNull();
  expect(port.write(bytes("one\ntwo\r\n"))).toBe(9);
  expect(await until("it", () => terminal.read())).toEqual(bytes("one\ntwo\r\n"));
  expect(port.write(new Uint8Array(CONSOLE_READ_BYTES + 1))).toBeLessThanOrEqual(
    CONSOLE_READ_BYTES,
  );
});

test("input from before it was opened is discarded", async () => {
  const other = new SerialPort(terminal.path);
  expect(other.open(BAUD)).toBe(0); // raw from now on
  const looker = openSync(terminal.path, constants.O_RDWR | constants.O_NOCTTY);
  other.close();
  terminal.write(bytes("before"));
  const waiting = new NativeMemory(4);
  await until("it has come", () => {
    libc.ioctl(looker, FIONREAD, waiting.address);
    return waiting.view.getInt32(0, true) === 6;
  });
  expect(port.open(BAUD)).toBe(0);
  closeSync(looker);
  terminal.write(bytes("after"));
  expect(await read(5)).toBe("after");
});

test("one program at a time has it; closed, it is the next one's", () => {
  const other = new SerialPort(terminal.path);
  expect([port.open(BAUD), port.isOpen]).toEqual([0, true]);
  expect([other.open(BAUD), other.isOpen]).toEqual([EAGAIN, false]);
  port.close();
  port.close();
  expect(port.isOpen).toBe(false);
  expect([other.open(BAUD), other.isOpen]).toEqual([0, true]);
  other.close();
});

test("a line that accepts no more is not waited for; one that is hung up is reported", () => {
  expect(port.open(BAUD)).toBe(0);
  let written = 1;
  while (written > 0) written = port.write(new Uint8Array(CONSOLE_READ_BYTES));
  expect(written).toBe(SERIAL_NOTHING);
  terminal.close();
  expect([port.read(), port.write(bytes("x"))]).toEqual([SERIAL_HUNG_UP, SERIAL_HUNG_UP]);
});

test("what cannot be opened leaves nothing open", () => {
  const before = descriptors();
  for (let attempt = 0; attempt < 3; attempt++) {
    expect(new SerialPort("/dev/null").open(BAUD)).toBe(ENOTTY);
    expect(new SerialPort("/dev/none").open(BAUD)).toBe(ENOENT);
  }
  expect(opened(before)).toEqual([]);
});

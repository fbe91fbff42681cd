import { expect, test } from "bun:test";
import { closeSync, constants, openSync } from "node:fs";
import { PseudoTerminal } from "../../test/harness/pseudo-terminal.ts";
import { lineUser, type ProcessTable } from "./line-user.ts";

const DEVICE = "/dev/ttyS0";
/** Character device 4:64 with its node in the file system 0:5. */
const STATUS = { rdev: 0x440, dev: 5, ino: 89 };

const TABLE: ProcessTable = {
  pids: () => [1, 7, 812, 900],
  file: (pid, name) => (name === "comm" ? `program${pid}\n` : `${pid} (a) b) S 1 1 1 0 -1`),
  open: () => [],
  locks: () => "1: FLOCK  ADVISORY  WRITE 900 00:05:90 0 EOF\n",
};
const user = (changes: Partial<ProcessTable>): string | null =>
  lineUser(DEVICE, { ...TABLE, ...changes }, STATUS, 7);

test("nobody", () => {
  expect(user({})).toBeNull();
});

test("the owner of its controlling terminal", () => {
  const file: ProcessTable["file"] = (pid, name) =>
    name === "stat" && pid === 812
      ? "812 (getty) S 1 812 812 1088 -1 4194560"
      : TABLE.file(pid, name);
  expect(user({ file })).toBe("program812 (pid 812)");
});

test("a process that has locked it, or has it open", () => {
  expect(user({ locks: () => "1: FLOCK  ADVISORY  WRITE 900 00:05:89 0 EOF\n" })).toBe(
    "program900 (pid 900)",
  );
  expect(user({ open: (pid, path) => (pid === 1 && path === DEVICE ? [STATUS] : []) })).toBe(
    "program1 (pid 1)",
  );
});

test("not a process with another line of the same name open, in its own mount namespace", () => {
  expect(user({ open: () => [{ ...STATUS, ino: 90 }] })).toBeNull();
  expect(user({ open: () => [{ ...STATUS, dev: 6 }] })).toBeNull();
});

test("not this process itself", () => {
  expect(user({ open: (pid) => (pid === 7 ? [STATUS] : []) })).toBeNull();
  const locks = (): string => "1: FLOCK  ADVISORY  WRITE 7 00:05:89 0 EOF\n";
  expect(user({ locks })).toBeNull();
  expect(user({ locks, open: (pid, path) => (pid === 1 && path === DEVICE ? [STATUS] : []) })).toBe(
    "program1 (pid 1)",
  );
});

test("a line of this machine that only this process uses", () => {
  const terminal = new PseudoTerminal(); // made for this test: nobody else knows its name
  const descriptor = openSync(terminal.path, constants.O_RDWR | constants.O_NOCTTY);
  expect(lineUser(terminal.path)).toBeNull();
  closeSync(descriptor);
  terminal.close();
});

import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import {
  STATUS_BYTES,
  STATUS_FUNCTIONS_AT,
  STATUS_MAGIC,
  STATUS_SEQUENCE_AT,
  STATUS_SERVER_BYTES,
  STATUS_SERVERS_AT,
  STATUS_VERSION,
} from "../wire/status-snapshot.ts";
import { readServerView } from "./status-file.ts";

const directory = scratchDirectory("rig-test");
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, "status");

function snapshot(sequence: number): Uint8Array {
  const bytes = new Uint8Array(STATUS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, STATUS_MAGIC, true);
  view.setUint32(4, STATUS_VERSION, true);
  view.setUint32(STATUS_SEQUENCE_AT, sequence, true);
  view.setUint32(32, 77, true); // incarnation
  view.setUint8(37, 1); // active
  view.setUint8(38, 2); // servers
  view.setUint32(40, 2, true); // functions
  view.setUint8(STATUS_SERVERS_AT + 16, 1); // self
  view.setUint8(STATUS_SERVERS_AT + STATUS_SERVER_BYTES + 16, 5); // lost
  view.setInt8(STATUS_FUNCTIONS_AT, 0);
  view.setUint8(STATUS_FUNCTIONS_AT + 1, 2); // running
  view.setInt8(STATUS_FUNCTIONS_AT + 2, -1);
  return bytes;
}

test("a whole snapshot is read", () => {
  writeFileSync(file, snapshot(4));
  expect(readServerView(file)).toEqual({
    incarnation: 77,
    phase: "active",
    servers: ["self", "lost"],
    functions: [
      { owner: 0, state: "running" },
      { owner: -1, state: "stopped" },
    ],
  });
});

test("nothing is read of a file that is not there, too short, foreign, or being written", () => {
  expect(readServerView(join(directory, "none"))).toBeNull();
  writeFileSync(file, snapshot(5));
  expect(readServerView(file)).toBeNull();
  writeFileSync(file, snapshot(4).subarray(0, 100));
  expect(readServerView(file)).toBeNull();
  writeFileSync(file, new Uint8Array(STATUS_BYTES));
  expect(readServerView(file)).toBeNull();
});

import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { FUNCTION_RUNNING } from "../boundary/function-state.ts";
import { PHASE_ACTIVE } from "../boundary/phase.ts";
import { SERVER_LOST, SERVER_SELF } from "../boundary/server-state.ts";
import { encodeStatusSnapshot, STATUS_BYTES, StatusSnapshot } from "../wire/status-snapshot.ts";
import { readServerView } from "./status-file.ts";

const directory = scratchDirectory("rig-test");
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, "status");

function snapshot(sequence: number): Uint8Array {
  const made = new StatusSnapshot();
  made.incarnation = 77;
  made.startedUs = 123_456;
  made.latenessMaxUs = 789;
  made.phase = PHASE_ACTIVE;
  made.serverCount = 2;
  made.serverState.set([SERVER_SELF, SERVER_LOST]);
  made.functionCount = 2;
  made.owner.set([0, -1]);
  made.functionState.set([FUNCTION_RUNNING]);
  const view = new DataView(new ArrayBuffer(STATUS_BYTES));
  encodeStatusSnapshot(made, view);
  view.setUint32(8, sequence, true);
  return new Uint8Array(view.buffer);
}

test("a whole snapshot is read", () => {
  writeFileSync(file, snapshot(4));
  expect(readServerView(file)).toEqual({
    incarnation: 77,
    startedUs: 123_456,
    latenessUsMax: 789,
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

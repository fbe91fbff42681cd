/**
 * The state of the whole virtual aircraft, from each server's own report and the rig's knowledge of
 * the machines.
 */
import { afterAll, beforeEach, expect, test } from "bun:test";

import { mkdirSync, rmSync } from "node:fs";

import { join } from "node:path";
import { PHASE_DRAINING } from "../../src/boundary/phase.ts";
import { parseConfig } from "../../src/config/load.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import type { FunctionGaps } from "../../src/rig/gap-board.ts";
import { RigPage } from "../../src/rig/rig-page.ts";
import type { MachineState } from "../../src/rig/virtual-server.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { type SnapshotValues, snapshot, writeSnapshot } from "../harness/status-snapshot.ts";

const directory = scratchDirectory("rig-page");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const TEXT = JSON.stringify({
  system: "test",
  servers: [
    { id: "a", resource: 100 },
    { id: "b", resource: 50 },
  ],
  functions: [
    { id: "f", required: 30, priority: 9, vips: ["10.44.1.1/16"] },
    { id: "g", required: 50, priority: 1, vips: ["10.44.1.2/16"] },
  ],
});

let page: RigPage;
beforeEach(() => {
  const result = parseConfig(TEXT, "test", "/");
  if (!result.ok) throw new Error("the configuration is wrong");
  page = new RigPage(result.config, directory);
});

/** A server's last snapshot; index 0 in its own snapshot is server a. */
function says(server: "a" | "b", values: SnapshotValues): void {
  const folder = join(directory, "servers", server, "run");
  mkdirSync(folder, { recursive: true });
  const made = snapshot(values);
  made.self = server === "a" ? 0 : 1;
  writeSnapshot(join(folder, "status"), made);
}
const machines = (...states: MachineState[]): void => page.take({ kind: "machines", states });
const owners = (): (string | null)[] => page.state().functions.map(({ owner }) => owner);
const words = (): string[] => page.state().servers.map(({ word }) => word);

test("every server counts with the functions that it reports as its own", () => {
  says("a", { owners: [0, 1] });
  says("b", { owners: [0, 1] });
  machines("on", "on");
  expect(owners()).toEqual(["a", "b"]);
  expect(words()).toEqual(["RUNNING", "RUNNING"]);
  expect(page.state().servers.map(({ remaining }) => remaining)).toEqual([70, 0]);
  // A state that only the other server still believes does not count.
  says("b", { owners: [0, -1] });
  expect(owners()).toEqual(["a", null]);
  expect(page.state().functions[1]?.why).toBe("goes to a with the next change");
});

test("of two servers that claim a function, the one that wrote last counts: the other may be dead already", () => {
  says("a", { owners: [0, 0], ageMs: 300 });
  says("b", { owners: [1, 0], ageMs: 5 });
  machines("on", "on");
  expect(owners()).toEqual(["b", "a"]);
});

test("a machine that is off, stopped or paused runs nothing, whatever its last snapshot shows", () => {
  says("a", { owners: [0, 0] });
  says("b", { owners: [0, 0] });
  for (const [state, word] of [
    ["off", "OFF"],
    ["stopped", "STOPPED"],
    ["paused", "PAUSED"],
  ] as const) {
    machines(state, "on");
    expect(owners()).toEqual([null, null]);
    expect(words()).toEqual([word, "RUNNING"]);
    expect(page.state().verdict.level).toBe("bad");
  }
});

test("an engine that writes no more is starting at best", () => {
  says("a", { owners: [0, 0], ageMs: 5000 });
  says("b", { owners: [0, 0], phase: PHASE_DRAINING, flags: 7 });
  machines("on", "on");
  expect(words()).toEqual(["STARTING", "DRAINED"]);
  expect(owners()).toEqual([null, null]);
});

test("buttons wait for the end of the procedure; notes and steps are the timeline, newest first", () => {
  expect(page.state().actionsWait).toContain("acceptance procedure");
  const result = { number: 1, title: "All servers up", actions: [], checks: [], passed: true };
  page.take({ kind: "step", result });
  page.take({ kind: "note", text: "server a: off" });
  page.take({ kind: "concluded", passed: true });
  expect(page.state().actionsWait).toBe("");
  expect(page.state().timeline.map(({ label, text }) => `${label} ${text}`)).toEqual([
    "NOTE server a: off",
    "STEP 1 All servers up: passed",
  ]);
});

test("what the seats see, by the clock that people know, of the functions that had a gap", () => {
  expect(page.state().gaps).toBeNull();
  const endedUs = nowUs() - 3_000_000;
  const gap = { ms: 61.5, endedUs };
  const functions: FunctionGaps[] = [
    { openMs: null, last: gap, worst: gap },
    { openMs: null, last: null, worst: null },
  ];
  page.take({ kind: "gaps", seen: { functions, sinceUs: endedUs - 1_000_000, everyMs: 12 } });
  const { gaps } = page.state();
  expect(gaps?.everyMs).toBe(12);
  expect(gaps?.functions.map(({ id, openMs, worst }) => [id, openMs, worst?.ms])).toEqual([
    ["f", null, 61.5],
  ]);
  const agoMs = Date.now() - (gaps?.functions[0]?.last?.endedUtcMs ?? 0);
  expect(Math.abs(agoMs - 3000)).toBeLessThan(500);
  functions[1] = { openMs: 120, last: null, worst: null };
  page.take({ kind: "gaps", seen: { functions, sinceUs: endedUs, everyMs: 12 } });
  expect(page.state().gaps?.functions[1]).toEqual({
    id: "g",
    openMs: 120,
    last: null,
    worst: null,
  });
});

import { expect, test } from "bun:test";
import { join } from "node:path";
import { namespacePrefix } from "../../src/rig/requirements.ts";
import { cleanEnvironment } from "../../src/supervisor/own-executable.ts";
import { runEnvironment } from "../harness/run-mark.ts";

const DEADLINE_MS = 120_000;

interface Outcome {
  nobody: { answered: number; gaps: unknown[] }[];
  first: { server: number; isSteady: boolean; changes: unknown[]; foreign: number }[];
  call: string;
  moved: { gapsMs: number[]; changes: number[][]; overlaps: number }[];
  overlaps: boolean[];
  exitCodes: number[];
  serverLinks: string[];
}

test(
  "seats and services see addresses that are moved by hand, over IPv4 and IPv6",
  async () => {
    const prefix = await namespacePrefix([process.execPath]);
    const child = Bun.spawn(
      [...prefix, process.execPath, join(import.meta.dir, "seat-scenario.ts")],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...cleanEnvironment(), ...runEnvironment() },
      },
    );
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(stderr).toBe("");
    const outcome = JSON.parse(stdout) as Outcome;

    // No answer at all: that is no gap.
    expect(outcome.nobody).toEqual(Array(2).fill({ answered: 0, gaps: [] }));
    // On a busy machine some questions stay without an answer.
    const steady = { server: 0, isSteady: true, changes: [], foreign: 0 };
    expect(outcome.first).toEqual([steady, steady]);
    expect(outcome.call).toMatch(/^10\.44\.1\.1 map a \d+\nfd44::1 map a \d+\n$/);
    for (const { gapsMs, changes, overlaps } of outcome.moved) {
      expect(changes).toEqual([[0, 1]]);
      // The addresses were gone for 100 ms, whatever else took time; under load there may be small
      // gaps besides.
      expect(Math.max(...gapsMs)).toBeGreaterThan(100);
      expect(overlaps).toBe(0);
    }
    expect(outcome.overlaps).toEqual([true, true]);
    expect(outcome.exitCodes).toEqual([0, 0]);
    expect(outcome.serverLinks).toEqual([]);
  },
  DEADLINE_MS,
);

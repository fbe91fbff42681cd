import { afterAll, afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rigCommand } from "../../src/rig/executables.ts";
import type { StepResult } from "../../src/rig/procedure-step.ts";
import { argumentsOf } from "../../src/rig/process-table.ts";
import { type RigOwner, rigDirectory } from "../../src/rig/rig-directory.ts";
import { processIds } from "../../src/supervisor/process-stat.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";

const DEADLINE_MS = 400_000;
const STEP_DEADLINE_MS = 180_000;

type Rig = Bun.Subprocess<"pipe", "pipe", "pipe">;
const directory = scratchDirectory("ground-rig");
afterAll(() => rmSync(directory, { recursive: true }));
let rig: Rig | null = null;
afterEach(async () => {
  rig?.kill("SIGKILL");
  await rig?.exited;
  rig = null;
});

function startRig(...options: string[]): Rig {
  rig = Bun.spawn([...rigCommand(), ...options], { stdio: ["pipe", "pipe", "pipe"] });
  return rig;
}

const directoryOf = (child: Rig): string => rigDirectory(child.pid);

/**
 * Processes that name the rig's directory among their arguments: the daemons, their engines, and
 * the process inside.
 */
function processesOf(child: Rig): number[] {
  return processIds().filter((pid) =>
    argumentsOf(pid).some((argument) => argument.includes(directoryOf(child))),
  );
}

/** The process inside, once the one outside has noted it. */
function aircraftPidOf(child: Rig): number | null {
  const text = readFileSync(join(directoryOf(child), "owner.json"), "utf8");
  return text === "" ? null : (JSON.parse(text) as RigOwner).aircraftPid;
}

async function expectNothingLeft(child: Rig): Promise<void> {
  await until(
    () => `nothing of it: processes ${processesOf(child)}, ${directoryOf(child)}`,
    () => processesOf(child).length === 0 && !existsSync(directoryOf(child)),
    STEP_DEADLINE_MS,
  );
}

async function expectFlying(child: Rig): Promise<void> {
  // Two supervisors and two engines at least.
  await until("five processes", () => processesOf(child).length >= 5, STEP_DEADLINE_MS);
}

/**
 * The embedded aircraft with a detection time of 500 ms: a machine that stalls for 30 ms is no
 * failed server here.
 */
function patientAircraft(): string {
  const aircraft = JSON.parse(readFileSync("firmware-config/single-aisle-180.json", "utf8"));
  aircraft.keepAlive = { ...aircraft.keepAlive, lostAfterPeriods: 50 };
  const file = join(directory, "patient.json");
  writeFileSync(file, JSON.stringify(aircraft));
  return file;
}

test(
  "the acceptance procedure passes on the embedded aircraft, whatever the machine's speed, and nothing is left",
  async () => {
    const child = startRig("--once", "--json", "--config", patientAircraft());
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    const document = JSON.parse(stdout) as {
      passed: boolean;
      failure: string | null;
      steps: StepResult[];
    };
    expect(stderr).toBe("");
    expect(document.failure).toBeNull();
    // How long gaps are is not for a test that must pass on a busy machine: the rig itself judges
    // them.
    const failed = document.steps.flatMap(({ checks }) =>
      checks.filter(({ what, passed }) => !passed && !/\bgap\b/.test(what)),
    );
    expect(failed).toEqual([]);
    expect(document.steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(document.passed).toBe(document.steps.every(({ passed }) => passed));
    expect(await child.exited).toBe(document.passed ? 0 : 1);
    await expectNothingLeft(child);
  },
  DEADLINE_MS,
);

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(
    `${signal} ends the aircraft in order`,
    async () => {
      const child = startRig();
      await expectFlying(child);
      child.kill(signal);
      expect(await child.stdout.text()).toContain("step 10: Nothing left behind");
      expect(await child.exited).toBe(1);
      await expectNothingLeft(child);
    },
    DEADLINE_MS,
  );
}

test(
  "a rig that is killed leaves nothing",
  async () => {
    const child = startRig();
    await expectFlying(child);
    child.kill("SIGKILL");
    await child.exited;
    await expectNothingLeft(child);
  },
  DEADLINE_MS,
);

test(
  "an aircraft that is killed ends the rig with a message, and leaves nothing",
  async () => {
    const child = startRig();
    await expectFlying(child);
    const inside = await until("its note", () => aircraftPidOf(child), STEP_DEADLINE_MS);
    signal(inside, "SIGKILL");
    expect(await child.stderr.text()).toContain(
      "wingman-rig: the virtual aircraft ended too early",
    );
    expect(await child.exited).toBe(1);
    await expectNothingLeft(child);
  },
  DEADLINE_MS,
);

test("wrong input is reported in words, with exit code 2, and nothing is started", async () => {
  for (const options of [
    ["--bogus"],
    ["extra"],
    ["--page", "127.0.0.1:99999"],
    ["--config", "/nonexistent/aircraft.json"],
    ["enter"],
  ]) {
    const child = startRig(...options);
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(await child.exited).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toStartWith("wingman-rig: ");
    expect(stderr).not.toContain("    at ");
    expect(existsSync(directoryOf(child))).toBe(false);
  }
});

test("a flight executable that is not there, and programs that are missing, are one line each", async () => {
  const missing = startRig("--wingman", "/nonexistent/wingman");
  expect((await missing.stderr.text()).trim().split("\n")).toHaveLength(1);
  expect(await missing.exited).toBe(1);
  const [command = "", ...rest] = rigCommand();
  const bare = Bun.spawn([command, ...rest, "--once"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/nonexistent" },
  });
  expect((await bare.stderr.text()).trim()).toBe(
    "wingman-rig: missing on this machine: ip (package iproute2), unshare (package util-linux), nsenter (package util-linux)",
  );
  expect(await bare.exited).toBe(1);
});

/** firmware-config/wingman@.service against what the daemon does. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { SERVICE_CAPABILITIES } from "../config/capability-names.ts";
import { SERVICE_FEEDINGS, STOP_GRACE_MS_MAX } from "../limits.ts";
import { PAUSE_MS_MAX } from "./back-off.ts";
import { START_UP_MS } from "./engine-restarts.ts";
import { MANAGE_LEAVE_MS } from "./maintenance-link.ts";
import { KILL_EXTRA_MS, LEAVE_EXTRA_MS } from "./supervisor.ts";

const unit = readFileSync(
  new URL("../../firmware-config/wingman@.service", import.meta.url),
  "utf8",
);
const settings = new Map(
  unit.split("\n").flatMap((line) => {
    const [, key = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return key === "" ? [] : [[key, value] as const];
  }),
);
const ms = (key: string): number => Number(settings.get(key)) * 1000;

test("systemd listens to the engine and sends signals to the supervisor alone", () => {
  expect(["Type", "NotifyAccess", "KillMode"].map((key) => settings.get(key))).toEqual([
    "notify",
    "all",
    "mixed",
  ]);
});

test("an engine that died just before it fed the watchdog is replaced in time", () => {
  expect(ms("WatchdogSec") * (1 - 1 / SERVICE_FEEDINGS)).toBeGreaterThan(
    PAUSE_MS_MAX + START_UP_MS,
  );
});

test("an orderly stop has the time it may take", () => {
  expect(ms("TimeoutStopSec")).toBeGreaterThan(
    2 * STOP_GRACE_MS_MAX + LEAVE_EXTRA_MS + KILL_EXTRA_MS + MANAGE_LEAVE_MS,
  );
});

const names = [...unit.matchAll(/^CapabilityBoundingSet=(.*)$/gm)].flatMap(([, list = ""]) =>
  list.split(" "),
);

test("the daemon can do what it must", () => {
  for (const name of ["NET_ADMIN", "NET_RAW", "BPF", "SYS_NICE", "IPC_LOCK"])
    expect(names).toContain(`CAP_${name}`);
});

test("functions can do what services do, and not what the daemon does", () => {
  expect(SERVICE_CAPABILITIES).not.toContain("CAP_BPF");
  for (const name of SERVICE_CAPABILITIES) expect(names).toContain(name);
});

test("nothing that the executable's compiler cannot live with", () => {
  for (const key of ["MemoryDenyWriteExecute", "LimitAS"]) expect(settings.has(key)).toBe(false);
});

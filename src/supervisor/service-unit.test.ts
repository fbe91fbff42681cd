/** firmware-config/wingman@.service and what lies beside it against what the daemon does. */
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { SERVICE_CAPABILITIES } from "../config/capability-names.ts";
import { FLIGHT_PRIORITY } from "../io/realtime.ts";
import { SERVICE_FEEDINGS, STOP_GRACE_MS_MAX } from "../limits.ts";
import { PAUSE_MS_MAX } from "./back-off.ts";
import { START_UP_MS } from "./engine-restarts.ts";
import { MANAGE_LEAVE_MS } from "./maintenance-link.ts";
import { RUN_DIRECTORY_DEFAULT, STATE_DIRECTORY_DEFAULT } from "./run-directory.ts";
import { KILL_EXTRA_MS, LEAVE_EXTRA_MS } from "./supervisor.ts";

/** Where parts.slots is by default. */
const SLOTS = "/var/lib/wingman/slots";
const FIRMWARE_CONFIG = fileURLToPath(new URL("../../firmware-config", import.meta.url));
const UNIT_FILE = join(FIRMWARE_CONFIG, "wingman@.service");
const beside = (name: string): string => readFileSync(join(FIRMWARE_CONFIG, name), "utf8");
const unit = beside("wingman@.service");
const dropIn = beside("functions-need-root.conf");
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

/** All that a setting names on all its lines. */
const listed = (text: string, key: string): string[] =>
  [...text.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].flatMap(([, list = ""]) =>
    list.split(" ").filter((name) => name !== ""),
  );

const DAEMON = ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_BPF"];

test("the daemon can do what it must, and no more", () => {
  expect(listed(unit, "CapabilityBoundingSet")).toEqual(DAEMON);
  expect(listed(unit, "AmbientCapabilities")).toEqual(DAEMON);
  // In place of CAP_SYS_NICE and CAP_IPC_LOCK.
  expect([settings.get("LimitRTPRIO"), settings.get("LimitMEMLOCK")]).toEqual(["99", "infinity"]);
  expect(Number(settings.get("LimitRTPRIO"))).toBeGreaterThanOrEqual(FLIGHT_PRIORITY);
});

test("with the drop-in functions can do what services do, and not what the daemon does", () => {
  expect(SERVICE_CAPABILITIES).not.toContain("CAP_BPF");
  const names = [
    ...listed(unit, "CapabilityBoundingSet"),
    ...listed(dropIn, "CapabilityBoundingSet"),
  ];
  for (const name of SERVICE_CAPABILITIES) expect(names).toContain(name);
  expect(dropIn).toMatch(/^User=root$/m);
});

/** What `systemd-analyze security` prints of the unit. */
function analyzed(...options: string[]): { code: number; out: string } {
  const command = ["systemd-analyze", "security", "--offline=true", "--no-pager", ...options];
  const { exitCode, stdout } = Bun.spawnSync([...command, UNIT_FILE]);
  return { code: exitCode, out: stdout.toString() };
}

test("systemd-analyze: an exposure of 2.5 of 10 at most", () => {
  const { code, out } = analyzed("--threshold=25");
  const exposure = Number(/exposure level for .*: (\d+\.\d)/.exec(out)?.[1]);
  expect(exposure).toBeLessThanOrEqual(2.5);
  expect(code).toBe(0);
  expect(analyzed("--threshold=5").code).not.toBe(0);
});

test("systemd-analyze: nothing in it that systemd does not understand", () => {
  const directory = scratchDirectory("unit");
  try {
    const place = join(directory, "wingman@.service");
    writeFileSync(place, unit.replace("/usr/bin/wingman", "/bin/true"));
    mkdirSync(`${place}.d`);
    writeFileSync(join(`${place}.d`, "functions-need-root.conf"), dropIn);
    const slots = beside("slots.conf").replaceAll(/=\/\S+\/wingman /g, "=/bin/true ");
    writeFileSync(join(`${place}.d`, "slots.conf"), slots);
    const { exitCode, stderr } = Bun.spawnSync(["systemd-analyze", "verify", "--man=no", place]);
    const about = stderr
      .toString()
      .split("\n")
      .filter((line) => line.includes("wingman@"));
    expect(about).toEqual([]);
    expect(exitCode).toBe(0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("from slots: looked after by /usr/bin/wingman, started by the link", () => {
  const slots = beside("slots.conf");
  expect(listed(slots, "ExecStartPre").slice(0, 3)).toEqual(["/usr/bin/wingman", "part", "boot"]);
  const starts = /^ExecStart=(\S+) run --server %i --config (\S+)$/m.exec(slots);
  const current = `${SLOTS}/current`;
  expect(starts?.slice(1)).toEqual([`${current}/wingman`, `${current}/aircraft.json`]);
  expect(slots).toContain("\nExecStart=\n"); // systemd would start both
});

test("nothing holds it up at boot that waits for a cable; it is stopped before the network", () => {
  const order = ["After", "Wants", "Requires", "BindsTo"].flatMap((key) => listed(unit, key));
  expect(order).toEqual(["network-pre.target", "network.target"]);
});

test("it writes only to the state directory and the run directory", () => {
  expect(
    ["ProtectSystem", "StateDirectory", "RuntimeDirectory"].map((key) => settings.get(key)),
  ).toEqual(["strict", "wingman", "wingman"]);
  expect(settings.has("ReadWritePaths")).toBe(false);
  for (const directory of [STATE_DIRECTORY_DEFAULT, RUN_DIRECTORY_DEFAULT])
    expect(directory).toEndWith("/wingman");
});

test("its user, and the devices that only root could open, are made by files beside it", () => {
  const user = settings.get("User") as string;
  expect(beside("wingman.sysusers")).toMatch(new RegExp(`^u ${user} - `, "m"));
  const rules = beside("90-wingman.rules")
    .split("\n")
    .filter((line) => line.startsWith("SUBSYSTEM"));
  expect(rules).toHaveLength(3);
  for (const rule of rules) expect(rule).toContain(`GROUP="${user}", MODE="0660"`);
  for (const device of ["watchdog", "cpu_dma_latency"]) {
    expect(listed(unit, "BindPaths")).toContain(`-/dev/${device}`);
    expect(rules.join()).toContain(`KERNEL=="${device}"`);
  }
});

test("nothing that the executable's compiler cannot live with", () => {
  for (const key of ["MemoryDenyWriteExecute", "LimitAS"]) expect(settings.has(key)).toBe(false);
});

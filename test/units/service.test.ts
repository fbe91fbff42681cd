/**
 * firmware-config/wingman@.service under a real systemd: start, watchdog, stop, the rights of
 * functions, and a missing cable. Needs root and systemd, which runs as process 1 of a namespace.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusDocument } from "../../src/supervisor/status-document.ts";
import { FIELD_TABLE } from "../field/field.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork } from "../harness/virtual-network.ts";
import { canBoot, FIRMWARE_CONFIG, SystemdMachine } from "./systemd-machine.ts";

const UNIT = "wingman@a.service";
const DROP_IN = "functions-need-root.conf";

const flies = test.skipIf(!canBoot());
let network: VirtualNetwork;
let host: Host;
let machine: SystemdMachine;
beforeEach(async () => {
  if (!canBoot()) return;
  network = new VirtualNetwork();
  host = network.addHost("10.44.0.1/16");
  machine = new SystemdMachine(host);
  await machine.booted();
});
afterEach(async () => {
  if (!canBoot()) return;
  await machine.close();
  network.close();
});

/** A configuration without a serial line: the machine's is not the test's. */
function configure(functions: readonly object[] = FIELD_TABLE.functions): void {
  const config = { ...FIELD_TABLE, functions, maintenance: { console: { device: null } } };
  machine.write("/etc/wingman/aircraft.json", JSON.stringify(config));
}

function addDropIn(name: string, text: string): void {
  machine.write(`/etc/systemd/system/wingman@.service.d/${name}`, text);
  machine.run("systemctl", "daemon-reload");
}

const state = (): StatusDocument => JSON.parse(machine.run("wingman", "status", "--json"));
const journal = (): string => machine.run("journalctl", "--no-pager", "-o", "cat", "-u", UNIT);

/** Fields of /proc/PID/status of the process whose command line has this in it. */
function statusOf(words: string): Map<string, string> {
  const pid = machine.run("pgrep", "-f", words).trim();
  const lines = machine.run("cat", `/proc/${pid}/status`).split("\n");
  return new Map(lines.map((line) => line.split(":\t") as [string, string]));
}

/** A function with a process that only waits. */
const sleeps = (place: number, settings: object = {}): object => ({
  ...{ id: `f${place}`, required: 10, priority: 9, vips: [`10.44.1.${place}/16`] },
  ...{ command: ["/bin/sleep", `100${place}`], ...settings },
});

flies("it starts, is ready when the server is active, and stops in good order", async () => {
  configure();
  machine.run("systemctl", "start", UNIT); // returns when it is ready
  expect(machine.property(UNIT, "ActiveState")).toBe("active");
  expect(state().phase).toBe("active");
  await until("its VIPs are up", () => host.addresses().includes("10.44.1.2/32"));
  expect(machine.property(UNIT, "StatusText")).toMatch(/^active; functions up here: \d/);
  // Nothing that it needs is refused: eBPF, the files of the run, the processors' wake-ups.
  expect(state().leaseKind).toBe("tcx");
  expect(journal()).not.toMatch(/EPERM|EACCES|EROFS|cannot/);
  const engine = machine.run("pgrep", "-f", "wingman engine").trim();
  expect(machine.run("ls", "-l", `/proc/${engine}/fd`)).toContain("/dev/cpu_dma_latency");
  expect(statusOf("wingman run").get("Uid")).not.toContain("\t0\t");
  machine.run("systemctl", "stop", UNIT);
  expect(machine.property(UNIT, "Result")).toBe("success");
  expect(host.addresses()).toEqual(["10.44.0.1/16"]);
  expect(machine.run("ls", "/var/lib/wingman")).toContain("maintenance.log");
});

flies("a flight loop that hangs is killed by the watchdog, and flies again", async () => {
  configure();
  addDropIn("short.conf", "[Service]\nWatchdogSec=2\n");
  machine.run("systemctl", "start", UNIT);
  const main = machine.property(UNIT, "MainPID");
  machine.run("pkill", "--signal", "STOP", "-f", "wingman engine");
  await until("it was started again", () => machine.property(UNIT, "NRestarts") !== "0");
  await until("it is ready", () => machine.property(UNIT, "ActiveState") === "active");
  expect(machine.property(UNIT, "MainPID")).not.toBe(main);
  expect(journal()).toContain("Watchdog timeout (limit 2s)");
  expect(journal()).not.toMatch(/crash/i);
  await until("it serves", () => host.addresses().includes("10.44.1.2/32"));
});

flies(
  "functions have nothing of what the daemon may; what they ask for beyond that is named",
  async () => {
    configure([
      ...[sleeps(1), sleeps(2, { user: "wingman", capabilities: [] })],
      ...[sleeps(3, { user: "nobody" }), sleeps(4, { capabilities: ["CAP_NET_BIND_SERVICE"] })],
    ]);
    machine.run("systemctl", "start", UNIT);
    await until("two run", () => machine.try("pgrep", "-c", "-x", "sleep").out.trim() === "2");
    for (const words of ["sleep 1001", "sleep 1002"]) {
      const status = statusOf(words);
      expect([status.get("CapPrm"), status.get("CapAmb")]).toEqual(Array(2).fill("0".repeat(16)));
      expect(status.get("NoNewPrivs")).toBe("1");
    }
    const said = journal();
    expect(said).toContain("functions that name no user run as wingman, not as root");
    expect(said).toContain("function f3 cannot have CAP_KILL, CAP_SETGID, CAP_SETUID");
    expect(said).toContain("function f4 cannot have CAP_NET_BIND_SERVICE");
    machine.run("systemctl", "stop", UNIT);
  },
);

/** Opens devices by name, and prints what came of each. */
const OPENS = `import errno, os, sys, time
for name in sys.argv[1:]:
  try: os.open(name, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY); found = "opened"
  except OSError as error: found = errno.errorcode[error.errno]
  print(name, found, flush=True)
time.sleep(1000)`;

flies("under the unit the serial line can be opened, and no other device is there", async () => {
  const devices = ["/dev/ttyS0", "/dev/tty", "/dev/kmsg", "/dev/mem", "/dev/sda"];
  configure([sleeps(1, { command: ["/usr/bin/env", "python3", "-c", OPENS, ...devices] })]);
  machine.run("systemctl", "start", UNIT);
  await until("it has tried", () => journal().includes("/dev/sda"));
  // Without hardware behind it the kernel reports it (EIO, ENXIO).
  expect(journal()).toMatch(/\/dev\/ttyS0 (opened|EIO|ENXIO|ENODEV)$/m);
  for (const hidden of ["kmsg", "mem", "sda"]) expect(journal()).toContain(`/dev/${hidden} ENOENT`);
});

flies("with the drop-in they get what they ask for", async () => {
  configure([
    ...[sleeps(1), sleeps(3, { user: "nobody" })],
    sleeps(4, { user: "nobody", capabilities: ["CAP_NET_BIND_SERVICE"] }),
  ]);
  addDropIn("functions.conf", readFileSync(join(FIRMWARE_CONFIG, DROP_IN), "utf8"));
  machine.run("systemctl", "start", UNIT);
  await until("all run", () => machine.try("pgrep", "-c", "-x", "sleep").out.trim() === "3");
  const uid = (words: string) => statusOf(words).get("Uid")?.split("\t")[0];
  expect(["sleep 1001", "sleep 1003", "sleep 1004"].map(uid)).toEqual(["0", "65534", "65534"]);
  expect(statusOf("sleep 1003").get("CapEff")).toBe("0".repeat(16));
  expect(BigInt(`0x${statusOf("sleep 1004").get("CapEff")}`)).toBe(1n << 10n);
  expect(journal()).not.toContain("cannot have");
  machine.run("systemctl", "stop", UNIT); // those of other users, too
  expect(machine.try("pgrep", "-x", "sleep").out).toBe("");
  expect(machine.property(UNIT, "Result")).toBe("success");
});

flies(
  "without a cable the start is not held up, and the server serves when it is plugged in",
  async () => {
    host.plug(false);
    configure();
    machine.run("systemctl", "start", UNIT); // returns when it is ready
    expect(state().functions.every(({ owner }) => owner === null)).toBe(true);
    host.plug(true);
    await until("it serves", () => host.addresses().includes("10.44.1.2/32"));
    expect(machine.property(UNIT, "NRestarts")).toBe("0");
  },
);

flies("without its interface it says so, waits, and serves when it is there", async () => {
  network.takeOut(host);
  configure();
  machine.run("systemctl", "start", "--no-block", UNIT);
  await until("it says what it waits for", () =>
    machine.property(UNIT, "StatusText").includes("no interface eth0"),
  );
  network.putIn(host, "10.44.0.1/16");
  await until("it serves", () => host.addresses().includes("10.44.1.2/32"));
  await until("it is ready", () => machine.property(UNIT, "ActiveState") === "active");
  expect(machine.property(UNIT, "NRestarts")).toBe("0");
});

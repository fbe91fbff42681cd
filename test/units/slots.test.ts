/**
 * firmware-config/slots.conf under a real systemd: a server that flies from slots takes a new part
 * with a restart of its unit, and returns to the old one with another restart. Needs root and
 * systemd, which runs as process 1 of a namespace.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusDocument } from "../../src/supervisor/status-document.ts";
import { FIELD_TABLE } from "../field/field.ts";
import { until } from "../harness/until.ts";
import { VirtualNetwork } from "../harness/virtual-network.ts";
import { SlotsDirectory } from "../slots/slots-directory.ts";
import { canBoot, FIRMWARE_CONFIG, SystemdMachine } from "./systemd-machine.ts";

const UNIT = "wingman@a.service";
const SLOTS = "/var/lib/wingman/slots";
const DROP_IN = "/etc/systemd/system/wingman@.service.d/slots.conf";
const CONFIG = "/etc/wingman/aircraft.json";
const KEY = "/etc/wingman/key.pub.pem";

const flies = test.skipIf(!canBoot());
let directory: SlotsDirectory;
let medium: string;
let network: VirtualNetwork;
let machine: SystemdMachine;
beforeAll(async () => {
  if (!canBoot()) return;
  directory = new SlotsDirectory();
  directory.configure("aircraft.json", {
    ...FIELD_TABLE,
    parts: { trust: ["key.pub.pem"], slots: SLOTS },
    maintenance: { console: { device: null } },
  });
  medium = directory.packReal("part");
  network = new VirtualNetwork();
  machine = new SystemdMachine(network.addHost("10.44.0.1/16"));
  await machine.booted();
  machine.write(CONFIG, readFileSync(directory.file("aircraft.json"), "utf8"));
  machine.write(KEY, readFileSync(directory.file("key.pub.pem"), "utf8"));
  machine.write(DROP_IN, readFileSync(join(FIRMWARE_CONFIG, "slots.conf"), "utf8"));
  machine.run("systemctl", "daemon-reload");
  machine.run("mkdir", "-p", "/run/wingman");
  machine.write("/run/wingman/on-ground", "1");
});
afterEach(() => machine?.try("systemctl", "stop", UNIT));
afterAll(async () => {
  await machine?.close();
  network?.close();
  directory?.close();
});

const part = (...args: string[]): string =>
  machine.run("wingman", "part", ...args, "--config", CONFIG);
const state = (): StatusDocument => JSON.parse(machine.run("wingman", "status", "--json"));
const journal = (): string => machine.run("journalctl", "--no-pager", "-o", "cat", "-u", UNIT);
/** The file that the daemon runs. */
const executable = (): string =>
  machine.run("readlink", `/proc/${machine.property(UNIT, "MainPID")}/exe`).trim();

flies(
  "from slots/current; activate and restart: the new slot; rollback and restart: the old one",
  async () => {
    for (const command of [["install", medium], ["activate"], ["good"]]) part(...command);
    machine.run("systemctl", "start", UNIT);
    expect(executable()).toEndWith(`${SLOTS}/a/wingman`);
    expect(state().phase).toBe("active");

    part("install", medium);
    part("activate");
    expect(executable()).toEndWith(`${SLOTS}/a/wingman`); // until it is started again
    machine.run("systemctl", "restart", UNIT);
    expect(executable()).toEndWith(`${SLOTS}/b/wingman`);
    expect(state().phase).toBe("active");
    await until("it is kept", () => journal().includes("the part in slot b is good"));

    expect(part("rollback")).toContain("slot a is started next");
    machine.run("systemctl", "restart", UNIT);
    expect(executable()).toEndWith(`${SLOTS}/a/wingman`);
    expect(state().phase).toBe("active");
    expect(machine.property(UNIT, "NRestarts")).toBe("0");
  },
);

/** Kills what it starts when the first file is copied. */
const CUT = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:signal=KILL:when=1"];
const inSlots = (): string[] => machine.run("ls", "-A", SLOTS).trim().split("\n");

flies(
  "an installation by root that was killed half-way: the service clears it and flies",
  async () => {
    machine.try(...CUT, "wingman", "part", "install", medium, "--config", CONFIG);
    expect(inSlots()).toContain(".incoming");
    machine.run("systemctl", "start", UNIT);
    expect(state().phase).toBe("active");
    expect(inSlots()).toEqual(["a", "b", "current", "state.json"]);
  },
);

flies("what the service cannot remove keeps it from no start", async () => {
  machine.run("mkdir", `${SLOTS}/.incoming`);
  machine.write(`${SLOTS}/.incoming/wingman`, "half of it");
  machine.run("systemctl", "start", UNIT);
  expect(state().phase).toBe("active");
  expect(journal()).toMatch(/wingman: part boot: EACCES: .*\.incoming/);
});

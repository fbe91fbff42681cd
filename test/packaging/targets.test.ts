/**
 * The executables for each target, built here and run as far as this machine can: those for musl
 * with musl's own loader, those for arm64 in QEMU's user-mode emulation, which knows neither eBPF
 * nor all that is asked of packet sockets: no server for arm64 flies here.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { run } from "../harness/command.ts";
import { MuslArm64Libraries } from "../harness/musl-arm64-libraries.ts";
import { MuslLibraries } from "../harness/musl-libraries.ts";
import { Flight, TABLE, WINGMAN } from "../harness/real-servers.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { until } from "../harness/until.ts";
import { VirtualNetwork } from "../harness/virtual-network.ts";

const ROOT = join(import.meta.dir, "../..");
/** The libraries and emulators below are Debian's for this processor. */
const isHere = process.arch === "x64";
const folder = scratchDirectory("targets");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const executableOf = (target: string): string => join(folder, target, "wingman");

/** Prefix that runs an executable for the target. */
function runnerOf(target: string): readonly string[] {
  if (target === "linux-x64") return [];
  if (target === "linux-arm64") return ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"];
  if (target === "linux-arm64-musl")
    return new MuslArm64Libraries(join(folder, "arm64-musl")).launcher;
  return new MuslLibraries(join(folder, "lib")).launcher;
}

/** The head of an ELF file: its processor and its loader. */
function elf(file: string): { machine: number; loader: string } {
  const head = Buffer.alloc(4096);
  const fd = openSync(file, "r");
  readSync(fd, head, 0, head.length, 0);
  closeSync(fd);
  const loader = /\/lib\/ld-[\w.-]+|\/lib64\/ld-[\w.-]+/.exec(head.toString("latin1"))?.[0] ?? "";
  return { machine: head.readUInt16LE(18), loader };
}

const EM_X86_64 = 62;
const EM_AARCH64 = 183;
const ELF = {
  "linux-x64": { machine: EM_X86_64, loader: "/lib64/ld-linux-x86-64.so.2" },
  "linux-arm64": { machine: EM_AARCH64, loader: "/lib/ld-linux-aarch64.so.1" },
  "linux-x64-musl": { machine: EM_X86_64, loader: "/lib/ld-musl-x86_64.so.1" },
  "linux-arm64-musl": { machine: EM_AARCH64, loader: "/lib/ld-musl-aarch64.so.1" },
};

describe.skipIf(!isHere).each(Object.keys(ELF))("for %s", (target) => {
  beforeAll(() => {
    mkdirSync(join(folder, target));
    const options = ["--target", target, "--outdir", join(folder, target)];
    run(process.execPath, join(ROOT, "scripts/build.ts"), ...options);
  }, 300_000);

  test("both executables are for that processor and C library", () => {
    for (const name of ["wingman", "wingman-rig"])
      expect(elf(join(folder, target, name))).toEqual(ELF[target as keyof typeof ELF]);
  });

  test("`version` names the target, `check` and `plan` answer as everywhere", () => {
    const version = JSON.parse(run(...runnerOf(target), executableOf(target), "version", "--json"));
    const here = JSON.parse(run(WINGMAN, "version", "--json"));
    expect(version).toEqual({ ...here, target });
    for (const command of [
      ["check", "--json"],
      ["plan", "--json", "--down", "a"],
    ])
      expect(run(...runnerOf(target), executableOf(target), ...command)).toBe(
        run(WINGMAN, ...command),
      );
  }, 120_000);

  test("`check --here` finds the kernel and its interfaces by way of the C library", () => {
    const network = new VirtualNetwork();
    try {
      const { enter } = network.addHost("10.44.0.1/16");
      const config = join(folder, "aircraft.json");
      writeFileSync(config, JSON.stringify(TABLE));
      const program = [...enter, ...runnerOf(target), executableOf(target)];
      const options = ["--here", "--json", "--config", config];
      const { stdout } = Bun.spawnSync([...program, "check", ...options]);
      const { here } = JSON.parse(stdout.toString());
      const found = (subject: string): string =>
        here.find((finding: { subject: string }) => finding.subject === subject)?.found;
      expect(found("kernel")).toStartWith(`Linux ${release()}, `);
      expect(found("interface eth0")).toStartWith("up, 10.44.0.1/16");
    } finally {
      network.close();
    }
  }, 120_000);
});

describe.skipIf(!isHere)("the executable for musl", () => {
  test("flies beside one for glibc: both join, agree, and hand over", async () => {
    const flight = new Flight();
    try {
      const { launcher } = new MuslLibraries(join(folder, "lib"));
      flight.b.executable = executableOf("linux-x64-musl");
      flight.b.launcher = launcher;
      flight.a.start(TABLE);
      flight.b.start(TABLE);
      const [a, b] = await flight.settled();
      expect(a.servers.map(({ state }) => state)).toEqual(["self", "alive"]);
      expect(b.servers.map(({ state }) => state)).toEqual(["alive", "self"]);
      expect(flight.b.vips().length).toBeGreaterThan(0);
      // The kernel treats a process of musl like one of glibc.
      expect(b.leaseKind).toBe(a.leaseKind);
      expect(schedulingOf(flight.b.enginePid)).toBe(schedulingOf(flight.a.enginePid));
      expect(await flight.a.stop()).toBe(0);
      await until("b serves alone", () =>
        ["announcements", "safety-video"].every(
          (id) => flight.b.state()?.functions.find((one) => one.id === id)?.owner === "b",
        ),
      );
      expect(await flight.b.stop()).toBe(0);
    } finally {
      await flight.close();
    }
  });
});

/** Policy and priority as chrt prints them. */
function schedulingOf(pid: number): string {
  return run("chrt", "-p", String(pid)).replaceAll(String(pid), "PID");
}

/** The environment of a function's process: user, limits, capabilities, and permissions. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../harness/command.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
beforeEach(() => {
  field = new Field();
});
afterEach(() => field.close());

/** The environment of a Python process; written to the file in its first argument. */
const LOOK = `import json, os, resource, sys, time
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
mask = os.umask(0)
found = dict(nofile=resource.getrlimit(resource.RLIMIT_NOFILE), rtprio=resource.getrlimit(resource.RLIMIT_RTPRIO), nice=os.nice(0), umask=oct(mask),
  oom=int(open("/proc/self/oom_score_adj").read()), uid=os.getuid(), groups=os.getgroups(),
  cwd=os.getcwd(), bounding=status["CapBnd"], effective=status["CapEff"],
  permitted=status["CapPrm"], ambient=status["CapAmb"], env=dict(os.environ))
os.umask(0o022)
open(sys.argv[1] + ".new", "w").write(json.dumps(found)); os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(1000)`;

interface Found {
  nofile: [number, number];
  rtprio: [number, number];
  nice: number;
  umask: string;
  oom: number;
  uid: number;
  groups: number[];
  cwd: string;
  bounding: string;
  effective: string;
  permitted: string;
  ambient: string;
  env: Record<string, string>;
}

/** Flies server a alone with one function `map`, started by `launcher`. */
function fly(launcher: readonly string[], command: readonly string[], settings: object = {}): void {
  const map = { id: "map", required: 10, priority: 9, vips: ["10.44.1.1/16"], stopGraceMs: 100 };
  field.a.launcher = launcher;
  field.a.start({ ...FIELD_TABLE, functions: [{ ...map, command, ...settings }] });
}

async function look(launcher: readonly string[], settings: object = {}): Promise<Found> {
  const directory = join(field.directory, "open");
  mkdirSync(directory);
  chmodSync(field.directory, 0o755);
  chmodSync(directory, 0o777);
  const file = join(directory, "found");
  fly(launcher, ["/usr/bin/env", "python3", "-c", LOOK, file], settings);
  await until(`the process has looked; ${field.a.log}`, () => existsSync(file));
  return JSON.parse(readFileSync(file, "utf8")) as Found;
}

/** A daemon as a unit starts it that spares it, by a shell with a low limit. */
const SPARED = [
  ...["/bin/bash", "-c"],
  'ulimit -Sn 1024; ulimit -r 99; umask 077; echo -900 > /proc/self/oom_score_adj; exec nice -n -5 "$@"',
  "sh",
];

test("defaults: 1,024 open files, no favours of the daemon's, and the capabilities of services", async () => {
  const found = await look(SPARED);
  expect(found.nofile[0]).toBe(1024);
  expect(found.nofile[1]).toBeGreaterThanOrEqual(1024);
  expect(found.rtprio).toEqual([0, 0]);
  expect([found.nice, found.umask, found.oom, found.uid, found.cwd]).toEqual([
    0,
    "0o22",
    0,
    0,
    "/",
  ]);
  const bounding = BigInt(`0x${found.bounding}`);
  expect((bounding >> 10n) & 1n).toBe(1n); // CAP_NET_BIND_SERVICE
  expect((bounding >> 12n) & 1n).toBe(0n); // CAP_NET_ADMIN
  expect((bounding >> 21n) & 1n).toBe(0n); // CAP_SYS_ADMIN
});

test("as configured: another user with one capability, limits, directory, environment", async () => {
  const found = await look([], {
    user: "nobody",
    capabilities: ["CAP_NET_BIND_SERVICE"],
    limits: { nofile: 300, core: 0 },
    workingDirectory: "/usr",
    environment: ["LANG=C.UTF-8", "MAP=a=b"],
    nice: 7,
    oomScoreAdjust: 250,
    umask: "027",
  });
  expect([found.uid, found.nofile[0], found.cwd]).toEqual([65_534, 300, "/usr"]);
  expect([found.nice, found.oom, found.umask]).toEqual([7, 250, "0o27"]);
  expect(BigInt(`0x${found.effective}`)).toBe(1n << 10n);
  expect(found.env).toMatchObject({ LANG: "C.UTF-8", MAP: "a=b", USER: "nobody" });
  // It still dies with the daemon, and is stopped by it.
  expect(await field.a.stop()).toBe(0);
});

/** A daemon as the shipped unit starts it: not root, with ambient capabilities. */
const UNPRIVILEGED = [
  ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"],
  ...["--inh-caps=+net_admin,+net_raw,+bpf", "--ambient-caps=+net_admin,+net_raw,+bpf"],
];

test.each([
  ["by default", {}],
  ["with its user named", { user: "nobody" }],
])("a daemon that is not root keeps its capabilities from functions, %s", async (_, settings) => {
  run("chown", "-R", "65534:65534", field.directory);
  const found = await look(UNPRIVILEGED, settings);
  expect(found.uid).toBe(65_534);
  expect([found.effective, found.permitted, found.ambient]).toEqual(Array(3).fill("0".repeat(16)));
  expect(found.nofile[0]).toBe(1024);
});

test("a daemon that is not root grants a capability of its own that a function requests", async () => {
  run("chown", "-R", "65534:65534", field.directory);
  const found = await look(UNPRIVILEGED, { capabilities: ["CAP_NET_RAW"] });
  expect(BigInt(`0x${found.ambient}`)).toBe(1n << 13n);
  expect(BigInt(`0x${found.permitted}`)).toBe(1n << 13n);
});

test("what the system refuses is a fault that names function and errno", async () => {
  fly([], ["/bin/sleep", "1000"], { user: "nobody-of-that-name" });
  const shown = await field.fault(field.a, "WNG-0485");
  expect(shown).toMatch(/WNG-0485 .*\n {2}ACTIVE/);
  expect(shown).toContain("errno 2");
  expect(field.a.log).toContain("find user nobody-of-that-name in /etc/passwd");
});

/** The capabilities to which the shipped unit bounds the daemon and all that it starts. */
function boundingSet(): string {
  const files = ["wingman@.service", "functions-need-root.conf"];
  const names = files.flatMap((file) => {
    const unit = readFileSync(new URL(`../../firmware-config/${file}`, import.meta.url), "utf8");
    return [...unit.matchAll(/^CapabilityBoundingSet=(.*)$/gm)].flatMap(([, list = ""]) =>
      list.split(" ").map((name) => `+${name.replace("CAP_", "").toLowerCase()}`),
    );
  });
  return ["-all", ...names].join(",");
}

/** As a service: binds a low port, owns a file, becomes another user. */
const SERVES = `import os, socket, sys, time
s = socket.socket(); s.bind((os.environ["WINGMAN_VIPS"], 80)); s.listen()
open(sys.argv[1], "w"); os.chown(sys.argv[1], 65534, 65534)
os.setgroups([]); os.setgid(65534); os.setuid(65534)
os.rename(sys.argv[1], sys.argv[1] + ".done")
time.sleep(1000)`;

test("under the shipped unit with its drop-in a function binds port 80, owns a file, becomes another user, and is stopped", async () => {
  const directory = join(field.directory, "open");
  mkdirSync(directory);
  chmodSync(field.directory, 0o755);
  chmodSync(directory, 0o777);
  const file = join(directory, "served");
  const launcher = ["setpriv", `--bounding-set=${boundingSet()}`];
  fly(launcher, ["/usr/bin/env", "python3", "-c", SERVES, file]);
  await until(`it serves; ${field.a.log}`, () => existsSync(`${file}.done`));
  expect(await field.a.stop()).toBe(0);
  expect(field.a.log).not.toContain("cannot be stopped");
});

test("a daemon with a smaller bounding set reports it", async () => {
  fly(["setpriv", "--bounding-set=-net_bind_service"], ["/bin/sleep", "1000"]);
  expect(await field.fault(field.a, "WNG-0486")).toContain("10");
});

import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import { NOTHING_RECEIVED, RecordSocket } from "../../src/io/control-socket.ts";
import { INCARNATIONS_RESERVED } from "../../src/limits.ts";
import { REALTIME_COMPILERS } from "../../src/supervisor/own-executable.ts";
import {
  CONTROL_LEAVE,
  CONTROL_LEFT,
  CONTROL_LOG,
  CONTROL_PHASE,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_RUNNING,
  CONTROL_START_PROCESS,
  CONTROL_STOP_PROCESS,
  NO_INDEX,
  REASON_START,
} from "../../src/wire/control.ts";
import { isRunning } from "../harness/processes.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { Daemon } from "./daemon.ts";

let daemon: Daemon;
beforeEach(() => {
  daemon = new Daemon();
});
afterEach(() => daemon.remove());

const LIMIT_MS = 60_000;

/** Runs `ip` in the daemon's network namespace; gives what it printed. */
function ip(...args: string[]): string {
  const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
  const result = Bun.spawnSync([
    "nsenter",
    "--target",
    String(daemon.pid),
    ...user,
    "--net",
    "ip",
    ...args,
  ]);
  expect(result.stderr.toString()).toBe("");
  return result.stdout.toString();
}

test(
  "the engine gets what it needs and nothing of the shell",
  async () => {
    const before = Math.floor(Date.now() / 1000);
    daemon.start([{ id: "map" }], { BUN_OPTIONS: "--smol" });
    const hello = await daemon.engine();
    expect(hello.environment).toEqual({ PATH: process.env.PATH ?? "", ...REALTIME_COMPILERS });
    expect(hello.workingDirectory).toBe("/");
    const { incarnation, ...args } = hello.args;
    expect(args).toEqual({
      server: "a",
      config: join(daemon.runDirectory, "config.json"),
      directory: daemon.directory,
      "run-dir": daemon.runDirectory,
      inputs: "0",
      "control-fd": "3",
      parent: String(daemon.pid),
    });
    expect(Number(incarnation)).toBeGreaterThanOrEqual(before);
    expect(readFileSync(join(daemon.stateDirectory, "incarnation"), "utf8")).toBe(
      `${Number(incarnation) + INCARNATIONS_RESERVED - 1}\n`,
    );
    // In a session of its own: field 6 of proc(5) stat.
    const stat = readFileSync(`/proc/${hello.pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
    expect(stat[3]).toBe(String(hello.pid));
    const config = JSON.parse(readFileSync(join(daemon.runDirectory, "config.json"), "utf8"));
    expect(config.functions[0].id).toBe("map");
  },
  LIMIT_MS,
);

test(
  "an engine that is killed: its VIPs go, processes stop, the next one is a new incarnation and learns what failed",
  async () => {
    const map = daemon.script(
      "map",
      `echo $$ > ${daemon.directory}/pid; while :; do sleep 0.02; done`,
    );
    const crash = daemon.script("crash", "exit 1");
    const always = daemon.script(
      "always",
      `echo $$ >> ${daemon.directory}/always.pid; while :; do sleep 0.02; done`,
    );
    daemon.start([
      { id: "map", command: [map] },
      { id: "crash", command: [crash] },
      { id: "always", command: [always], start: "always" },
    ]);
    const first = await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    daemon.send(CONTROL_START_PROCESS, 1, REASON_START);
    const pid = await until("pid", () => Number(daemon.written("pid") ?? 0) || undefined);
    expect((await daemon.recordsAtLeast(1, 6)).at(-1)).toBe(CONTROL_PROCESS_FAILED);
    const failures = daemon.records(1).length;
    ip("link", "set", "lo", "up");
    ip("address", "add", "10.9.0.99/32", "dev", "lo");
    daemon.order({ vip: "10.9.0.1/24" });
    await until("the VIP", () => ip("address", "show", "dev", "lo").includes("10.9.0.1/"));

    signal(first.pid, "SIGKILL");
    const second = await daemon.engine();
    expect(Number(second.args.incarnation)).toBeGreaterThan(Number(first.args.incarnation));
    await until("the end of the process", () => !isRunning(pid));
    const addresses = ip("address", "show", "dev", "lo");
    expect(addresses).not.toContain("10.9.0.1/");
    expect(addresses).toContain("10.9.0.99/32");
    expect(daemon.errors).toContain("removed 1 VIPs that the engine left");
    expect(daemon.errors).toContain("the engine ended unexpectedly: SIGKILL; starting it again");
    // The new engine gets no answers to what it never asked, but hears of the failure.
    expect((await daemon.recordsAtLeast(1, failures + 1)).slice(failures)).toEqual([
      CONTROL_PROCESS_FAILED,
    ]);
    expect(daemon.records(0)).toEqual([CONTROL_PROCESS_RUNNING]);
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    expect(await daemon.recordsAtLeast(0, 2)).toEqual([
      CONTROL_PROCESS_RUNNING,
      CONTROL_PROCESS_RUNNING,
    ]);
    expect(daemon.written("always.pid")?.split("\n").length).toBe(2); // one start, one empty rest
  },
  LIMIT_MS,
);

test(
  "an engine that fails after its good-bye, and the next one that ends well without any: both times its VIPs go",
  async () => {
    daemon.start([{ id: "map" }]);
    for (const [round, exitCode] of [1, 0].entries()) {
      await daemon.engine();
      ip("link", "set", "lo", "up");
      daemon.order({ vip: "10.9.0.1/24" });
      await until("the VIP", () => ip("address", "show", "dev", "lo").includes("10.9.0.1/"));
      if (round === 0) daemon.send(CONTROL_LEFT, NO_INDEX);
      daemon.order({ exitCode });
      await until("its end", () => daemon.errors.split("ended unexpectedly").length === round + 2);
      expect(ip("address", "show", "dev", "lo")).not.toContain("10.9.0.1/");
    }
  },
  LIMIT_MS,
);

test(
  "an engine that is ready only when the daemon leaves: nothing is started any more",
  async () => {
    const always = daemon.script(
      "always",
      `echo $$ > ${daemon.directory}/always.pid; while :; do sleep 0.02; done`,
    );
    daemon.setManner({ stays: true, isQuiet: true });
    daemon.start([{ id: "always", command: [always], start: "always" }]);
    await daemon.engine();
    daemon.signal("SIGTERM");
    expect(await daemon.recordsAtLeast(NO_INDEX, 1)).toEqual([CONTROL_LEAVE]);
    daemon.send(CONTROL_PHASE, NO_INDEX, PHASE_ACTIVE);
    await Bun.sleep(300); // were it started, it would have said so
    daemon.send(CONTROL_LEFT, NO_INDEX);
    daemon.order({ exitCode: 0 });
    expect(await daemon.exitCode).toBe(0);
    expect(daemon.written("always.pid")).toBeUndefined();
    expect(daemon.records(0)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  "a stop that a dead engine requested is carried out, but not answered",
  async () => {
    const slow = daemon.script(
      "slow",
      `trap '' TERM; echo $$ >> ${daemon.directory}/pid; while :; do sleep 0.05; done`,
    );
    daemon.start([{ id: "slow", command: [slow], stopGraceMs: 1500 }]);
    const first = await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    const pid = await until("pid", () => Number(daemon.written("pid") ?? 0) || undefined);
    daemon.send(CONTROL_STOP_PROCESS, 0, 1500);
    // comes after the stop: once it is printed, the stop was taken
    daemon.send(CONTROL_LOG, NO_INDEX, 111, 1, 0);
    await until("the line", () => daemon.errors.includes("SERVER LOST"));
    signal(first.pid, "SIGKILL");
    await daemon.engine();
    expect(isRunning(pid)).toBe(true);
    await until("its end", () => !isRunning(pid));
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    expect(await daemon.recordsAtLeast(0, 2)).toEqual([
      CONTROL_PROCESS_RUNNING,
      CONTROL_PROCESS_RUNNING,
    ]);
  },
  LIMIT_MS,
);

test(
  "an engine whose last words are an error is quoted; SIGTERM during the pause ends in good order",
  async () => {
    daemon.start([{ id: "map" }]);
    await daemon.engine();
    daemon.setManner({ exitCode: 3, message: "interface eth9 does not exist" });
    daemon.order({ exitCode: 1 });
    // It flew once, so it is tried for ever.
    await until("four ends", () => daemon.errors.split("ended unexpectedly").length > 4);
    expect(daemon.errors).toContain(
      "exit code 3; again in 200 ms. It said: interface eth9 does not exist",
    );
    const lines = daemon.errors.split("\n");
    const at = (place: number): number => Date.parse((lines[place] ?? "").split(" ")[0] ?? "");
    for (const pauseMs of [100, 200]) {
      const end = lines.findIndex((line) => line.includes(`again in ${pauseMs} ms`));
      const next = lines.findIndex((line, place) => place > end && /engine started/.test(line));
      expect(at(next) - at(end)).toBeGreaterThan(pauseMs / 2);
    }
    daemon.signal("SIGTERM");
    expect([0, 1]).toContain(await daemon.exitCode); // 1 when it hit an engine that was just ending
  },
  LIMIT_MS,
);

test(
  "three failed starts in a row: exit code 1 with the engine's message",
  async () => {
    daemon.setManner({ exitCode: 1, message: "interface eth9 does not exist; there are lo" });
    daemon.start([{ id: "map" }]);
    expect(await daemon.exitCode).toBe(1);
    expect(daemon.errors.split("ended unexpectedly").length - 1).toBe(3);
    expect(daemon.errors).toContain(
      "not started again. It said: interface eth9 does not exist; there are lo",
    );
  },
  LIMIT_MS,
);

test(
  "exit code 2 of the first engine is not tried again",
  async () => {
    daemon.setManner({ exitCode: 2, message: "the key file is too short" });
    daemon.start([{ id: "map" }]);
    expect(await daemon.exitCode).toBe(1);
    expect(daemon.errors.split("ended unexpectedly").length - 1).toBe(1);
    expect(daemon.errors).toContain("It said: the key file is too short");
  },
  LIMIT_MS,
);

test(
  "SIGTERM: the engine is asked to leave, the run files are removed, exit code 0",
  async () => {
    daemon.start([{ id: "map" }]);
    const { pid } = await daemon.engine();
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(0);
    expect(await daemon.recordsAtLeast(NO_INDEX, 1)).toEqual([CONTROL_LEAVE]);
    expect(isRunning(pid)).toBe(false);
    const left = readdirSync(daemon.runDirectory).filter((name) => name !== "stand-in.sock");
    expect(left.sort()).toEqual(["incarnation", "lock"]);
  },
  LIMIT_MS,
);

test(
  "SIGHUP is the same; an engine that crashes while it leaves makes the exit code 1",
  async () => {
    daemon.setManner({ stays: true });
    daemon.start([{ id: "map" }]);
    await daemon.engine();
    daemon.signal("SIGHUP");
    await daemon.recordsAtLeast(NO_INDEX, 1);
    daemon.order({ exitCode: 0 }); // without good-bye
    expect(await daemon.exitCode).toBe(1);
    expect(daemon.errors).toContain("the engine ended without saying good-bye: exit code 0");
  },
  LIMIT_MS,
);

test(
  "a second SIGTERM kills the engine and what runs, exit code 1",
  async () => {
    const stubborn = daemon.script(
      "stubborn",
      `trap '' TERM; echo $$ > ${daemon.directory}/pid; while :; do sleep 1; done`,
    );
    daemon.setManner({ stays: true });
    daemon.start([{ id: "stubborn", command: [stubborn], stopGraceMs: 50_000 }]);
    const engine = await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    const pid = await until("pid", () => Number(daemon.written("pid") ?? 0) || undefined);
    daemon.signal("SIGTERM");
    await daemon.recordsAtLeast(NO_INDEX, 1);
    await Bun.sleep(200); // signals within 100 ms are one wish
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(1);
    expect([isRunning(engine.pid), isRunning(pid)]).toEqual([false, false]);
  },
  LIMIT_MS,
);

test(
  "an engine that does not leave is killed when its time is over",
  async () => {
    daemon.setManner({ stays: true });
    daemon.start([{ id: "map", stopGraceMs: 0 }]);
    const { pid } = await daemon.engine();
    daemon.signal("SIGINT");
    expect(await daemon.exitCode).toBe(1);
    expect(daemon.errors).toContain("the engine does not leave: killing it");
    expect(isRunning(pid)).toBe(false);
  },
  LIMIT_MS,
);

test(
  "a process that needs its grace time to end well has it, though the engine is gone long since",
  async () => {
    const slow = daemon.script(
      "slow",
      `trap 'sleep 6; echo well > ${daemon.directory}/end; exit 0' TERM
       echo $$ > ${daemon.directory}/pid; while :; do sleep 0.02; done`,
    );
    daemon.start([
      { id: "quick", stopGraceMs: 0 },
      { id: "slow", command: [slow], stopGraceMs: 50_000 },
    ]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 1, REASON_START);
    await until("its start", () => daemon.written("pid"));
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(0);
    expect(daemon.written("end")).toBe("well\n");
    expect(daemon.errors).not.toContain("do not end: killing them");
  },
  LIMIT_MS,
);

test(
  "maintenance events become lines of UTC time, code and text",
  async () => {
    daemon.start([{ id: "map" }]);
    await daemon.engine();
    daemon.send(CONTROL_LOG, NO_INDEX, 111, 1, 0);
    await until("the line", () =>
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WNG-0111 SERVER LOST: b$/m.test(daemon.errors),
    );
  },
  LIMIT_MS,
);

test(
  "the supervisor sends STOPPING, and that there is no engine; only the engine itself can report that it lives",
  async () => {
    const path = join(daemon.directory, "notify.sock");
    const manager = RecordSocket.bound(path);
    const heard: string[] = [];
    const listen = (): boolean => {
      for (
        let length = manager.receive();
        length !== NOTHING_RECEIVED;
        length = manager.receive()
      ) {
        heard.push(new TextDecoder().decode(manager.received.bytes.slice(0, length)));
      }
      return true;
    };
    const service = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "3000000" };
    const environment = daemon.script(
      "environment",
      `env > ${join(daemon.directory, "of-function")}; exec sleep 1000`,
    );
    daemon.start([{ id: "map", command: [environment], start: "always" }], service);
    const { pid, environment: ofEngine } = await daemon.engine();
    expect(ofEngine).toEqual({
      PATH: process.env.PATH ?? "",
      ...REALTIME_COMPILERS,
      ...service,
    });
    daemon.send(CONTROL_PHASE, NO_INDEX, PHASE_ACTIVE);
    const ofFunction = await until("the function's environment", () =>
      daemon.written("of-function"),
    );
    expect(ofFunction).toContain("WINGMAN_FUNCTION=map");
    expect(ofFunction).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
    signal(pid, "SIGKILL");
    await until("the loss", () => listen() && heard.length >= 1);
    await daemon.engine();
    daemon.signal("SIGTERM");
    await daemon.exitCode;
    listen();
    manager.close();
    expect(heard).toEqual(["STATUS=no engine: starting it again", "STOPPING=1"]);
  },
  LIMIT_MS,
);

test(
  "a second start is refused by the lock; a third one after the end is not",
  async () => {
    daemon.start([{ id: "map" }]);
    await daemon.engine();
    const file = join(daemon.directory, "aircraft.json");
    const second = daemon.spawn(file, ["--server", "b"]);
    expect(await second.exited).toBe(1);
    expect(daemon.errors).toContain(
      `wingman: run: already running as pid ${daemon.pid} in ${daemon.runDirectory}\n`,
    );
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(0);
    daemon.start([{ id: "map" }]);
    await daemon.engine();
  },
  LIMIT_MS,
);

test(
  "an incarnation that cannot be stored is a warning: the server flies",
  async () => {
    writeFileSync(daemon.stateDirectory, "a file where a directory should be");
    daemon.start([{ id: "map" }]);
    const first = await daemon.engine();
    expect(daemon.errors).toContain("the incarnation cannot be stored, going on without");
    signal(first.pid, "SIGKILL");
    const second = await daemon.engine();
    expect(Number(second.args.incarnation)).toBeGreaterThan(Number(first.args.incarnation));
  },
  LIMIT_MS,
);

/** Exit code and standard error of a `run` that is expected to end on its own. */
async function refusal(config: string, args: string[]): Promise<[number, string]> {
  const file = join(daemon.directory, "refused.json");
  writeFileSync(file, config);
  const code = await daemon.spawn(file, args).exited;
  return [code, daemon.errors];
}

const SMALL = JSON.stringify({
  system: "test",
  keepAlive: { interfaces: ["lo"] },
  servers: [
    { id: "left", resource: 10 },
    { id: "right", resource: 10 },
  ],
  functions: [{ id: "map", required: 1, priority: 5, vips: ["10.9.0.1/24"] }],
});

test("a wrong configuration: every problem, exit code 2, nothing started", async () => {
  const [code, errors] = await refusal(`{"system":"","servers":[],"functions":[],"colour":1}`, [
    "--server",
    "a",
  ]);
  expect(code).toBe(2);
  expect(errors).toContain("problems in ");
  expect(errors).toContain("colour");
  expect(existsSync(daemon.runDirectory)).toBe(false);
});

test("an unknown or missing --server names the configured ones, exit code 2", async () => {
  expect(await refusal(SMALL, [])).toEqual([
    2,
    "wingman: run: --server is missing, expected one of left, right\n",
  ]);
  expect(await refusal(SMALL, ["--server", "up"])).toEqual([
    2,
    'wingman: run: --server: found "up", expected one of left, right\n',
  ]);
  expect(existsSync(daemon.runDirectory)).toBe(false);
});

test("a run directory that cannot be made is one clear line, exit code 1", async () => {
  writeFileSync(daemon.runDirectory, "a file where a directory should be");
  const [code, errors] = await refusal(SMALL, ["--server", "left"]);
  expect(code).toBe(1);
  expect(errors).toMatch(/^wingman: run: the run directory cannot be used: .*EEXIST.*\n$/);
});

test("without privileges: one clear line, exit code 1", async () => {
  const file = join(daemon.directory, "aircraft.json");
  writeFileSync(file, SMALL);
  chmodSync(daemon.directory, 0o755);
  const executable = join(import.meta.dir, "stand-in-executable.ts");
  const result = Bun.spawnSync([
    // In its own user namespace, so that it may drop capabilities wherever the tests run.
    ...[
      "unshare",
      "--user",
      "--map-root-user",
      "setpriv",
      "--bounding-set=-net_raw",
      process.execPath,
      executable,
    ],
    ...["run", "--server", "left", "--config", file, "--run-dir", daemon.runDirectory],
  ]);
  expect(result.exitCode).toBe(1);
  expect(result.stderr.toString()).toMatch(/^wingman: run: this process lacks CAP_NET_RAW: .*\n$/);
  expect(existsSync(daemon.runDirectory)).toBe(false);
});

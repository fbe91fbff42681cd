import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, constants, openSync } from "node:fs";
import {
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_FIT,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_RESUME,
  CONTROL_START_PROCESS,
  CONTROL_STOP_PROCESS,
  NO_INDEX,
  REASON_FAILOVER,
  REASON_START,
} from "../../src/wire/control.ts";
import { isRunning } from "../harness/processes.ts";
import { until } from "../harness/until.ts";
import { Daemon } from "./daemon.ts";

let daemon: Daemon;
beforeEach(() => {
  daemon = new Daemon();
});
afterEach(() => daemon.remove());

const LIMIT_MS = 60_000;

/** The process id that a script wrote. */
const pidIn = (file: string): Promise<number> =>
  until(`pid in ${file}`, () => Number(daemon.written(file) ?? 0) || undefined);

test(
  "a function's process starts with its environment, and only that; it is stopped by SIGTERM",
  async () => {
    const map = daemon.script(
      "map",
      `trap 'echo stopped > ${daemon.directory}/stopped; exit 0' TERM
       env > ${daemon.directory}/env.new; pwd >> ${daemon.directory}/env.new; mv ${daemon.directory}/env.new ${daemon.directory}/env
       echo hello from the map; echo "and an error" >/dev/stderr || echo "and an error" >&2
       while :; do sleep 0.02; done`,
    );
    daemon.start([{ id: "map", command: [map, "argument"], stopGraceMs: 15_000 }]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_FAILOVER);
    expect(await daemon.recordsAtLeast(0, 1)).toEqual([CONTROL_PROCESS_RUNNING]);
    const lines = (await until("environment", () => daemon.written("env"))).trim().split("\n");
    const own = lines.filter((line) => !/^(PWD|OLDPWD|_|SHLVL)=/.test(line)).sort();
    expect(own).toEqual([
      "/",
      `PATH=${process.env.PATH}`,
      "WINGMAN_FUNCTION=map",
      "WINGMAN_REASON=failover",
      "WINGMAN_SERVER=a",
      "WINGMAN_VIPS=10.9.0.1,fd00:9::1",
    ]);
    await until("its output in the log", () => /\[map\] hello from the map\n/.test(daemon.errors));
    daemon.send(CONTROL_STOP_PROCESS, 0, 15_000);
    expect(await daemon.recordsAtLeast(0, 2)).toEqual([
      CONTROL_PROCESS_RUNNING,
      CONTROL_PROCESS_STOPPED,
    ]);
    expect(daemon.written("stopped")).toBe("stopped\n");
  },
  LIMIT_MS,
);

test(
  "what ignores SIGTERM is killed after the grace time, with its grandchild, before it is reported as stopped",
  async () => {
    const stubborn = daemon.script(
      "stubborn",
      `trap '' TERM
       sleep 1000 & echo $! > ${daemon.directory}/grandchild
       echo $$ > ${daemon.directory}/leader
       while :; do sleep 1; done`,
    );
    daemon.start([{ id: "stubborn", command: [stubborn] }]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    const [leader, grandchild] = [await pidIn("leader"), await pidIn("grandchild")];
    expect([isRunning(leader), isRunning(grandchild)]).toEqual([true, true]);
    daemon.send(CONTROL_STOP_PROCESS, 0, 100);
    expect(await daemon.recordsAtLeast(0, 2)).toEqual([
      CONTROL_PROCESS_RUNNING,
      CONTROL_PROCESS_STOPPED,
    ]);
    expect([isRunning(leader), isRunning(grandchild)]).toEqual([false, false]);
  },
  LIMIT_MS,
);

test(
  "a leader that obeys SIGTERM takes a grandchild with it that does not",
  async () => {
    const leader = daemon.script(
      "leader",
      `trap 'exit 0' TERM
       (trap '' TERM; exec sleep 1000) & echo $! > ${daemon.directory}/grandchild
       while :; do sleep 0.02; done`,
    );
    daemon.start([{ id: "leader", command: [leader] }]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    const grandchild = await pidIn("grandchild");
    await daemon.recordsAtLeast(0, 1);
    daemon.send(CONTROL_STOP_PROCESS, 0, 15_000);
    expect(await daemon.recordsAtLeast(0, 2)).toEqual([
      CONTROL_PROCESS_RUNNING,
      CONTROL_PROCESS_STOPPED,
    ]);
    expect(isRunning(grandchild)).toBe(false);
  },
  LIMIT_MS,
);

test(
  "a process that crashes at once is restarted twice, then failed; resume lets it be tried again",
  async () => {
    const crash = daemon.script(
      "crash",
      `echo $WINGMAN_REASON >> ${daemon.directory}/reasons; exit 7`,
    );
    daemon.start([{ id: "crash", command: [crash] }]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_FAILOVER);
    const round = [
      ...[CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_EXITED],
      ...[CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_EXITED],
      ...[CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_FAILED],
    ];
    expect(await daemon.recordsAtLeast(0, 6)).toEqual(round);
    expect(daemon.written("reasons")).toBe("failover\nrestart\nrestart\n");
    expect(daemon.errors).toContain("function crash: process ");
    expect(daemon.errors).toContain("exit code 7");

    // Failed means failed: another start is refused, a stop is answered.
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    daemon.send(CONTROL_STOP_PROCESS, 0, 100);
    expect((await daemon.recordsAtLeast(0, 8)).slice(6)).toEqual([
      CONTROL_PROCESS_FAILED,
      CONTROL_PROCESS_STOPPED,
    ]);
    expect(daemon.written("reasons")).toBe("failover\nrestart\nrestart\n");

    daemon.send(CONTROL_RESUME, NO_INDEX);
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    expect((await daemon.recordsAtLeast(0, 15)).slice(8)).toEqual([CONTROL_PROCESS_FIT, ...round]);
  },
  LIMIT_MS,
);

test(
  "a resume of one function is none of the others",
  async () => {
    const crash = daemon.script("crash", "exit 7");
    daemon.start([
      { id: "one", command: [crash] },
      { id: "other", command: [crash] },
    ]);
    await daemon.engine();
    for (const index of [0, 1]) daemon.send(CONTROL_START_PROCESS, index, REASON_START);
    for (const index of [0, 1])
      expect((await daemon.recordsAtLeast(index, 6)).at(-1)).toBe(CONTROL_PROCESS_FAILED);
    daemon.send(CONTROL_RESUME, 1);
    for (const index of [0, 1]) daemon.send(CONTROL_START_PROCESS, index, REASON_START);
    expect((await daemon.recordsAtLeast(1, 7))[6]).not.toBe(CONTROL_PROCESS_FAILED);
    expect((await daemon.recordsAtLeast(0, 7))[6]).toBe(CONTROL_PROCESS_FAILED);
  },
  LIMIT_MS,
);

test(
  "a program that does not exist, or is no program, counts as a failure and is named in the log",
  async () => {
    const missing = `${daemon.directory}/missing`;
    daemon.start([
      { id: "missing", command: [missing] },
      { id: "directory", command: [daemon.directory] },
    ]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    daemon.send(CONTROL_START_PROCESS, 1, REASON_START);
    const failed = [CONTROL_PROCESS_EXITED, CONTROL_PROCESS_EXITED, CONTROL_PROCESS_FAILED];
    expect(await daemon.recordsAtLeast(0, 3)).toEqual(failed);
    expect(await daemon.recordsAtLeast(1, 3)).toEqual(failed);
    expect(daemon.errors).toMatch(
      /function missing: cannot execute \S+\/missing: No such file or directory \(ENOENT\)/,
    );
    expect(daemon.errors).toMatch(
      /function directory: cannot execute \S+: Permission denied \(EACCES\)/,
    );
  },
  LIMIT_MS,
);

test(
  "the grandchild of a process that ended by itself is gone before the next one starts",
  async () => {
    const crash = daemon.script(
      "crash",
      `if [ -e ${daemon.directory}/grandchild ]; then
         kill -0 $(cat ${daemon.directory}/grandchild) 2>/dev/null && grep -q '^State:.[^ZX]' /proc/$(cat ${daemon.directory}/grandchild)/status && echo alive > ${daemon.directory}/alive
         echo done > ${daemon.directory}/second; while :; do sleep 1; done
       fi
       sleep 1000 & echo $! > ${daemon.directory}/grandchild; exit 1`,
    );
    daemon.start([{ id: "crash", command: [crash] }]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    await until("the second process", () => daemon.written("second"));
    expect(daemon.written("alive")).toBeUndefined();
    expect(isRunning(await pidIn("grandchild"))).toBe(false);
  },
  LIMIT_MS,
);

test(
  "always: runs from the first phase on, whatever the VIP does, until the daemon leaves",
  async () => {
    const always = daemon.script(
      "always",
      `echo $$ >> ${daemon.directory}/pids; while :; do sleep 0.02; done`,
    );
    daemon.start([
      { id: "always", command: [always], start: "always" },
      { id: "elsewhere", command: [always], start: "always", servers: ["b"] },
    ]);
    await daemon.engine();
    expect(await daemon.recordsAtLeast(0, 1)).toEqual([CONTROL_PROCESS_RUNNING]);
    const pid = await pidIn("pids");
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    daemon.send(CONTROL_STOP_PROCESS, 0, 100);
    daemon.send(CONTROL_STOP_PROCESS, 1, 100); // never runs here: answered all the same
    expect((await daemon.recordsAtLeast(0, 3)).slice(1)).toEqual([
      CONTROL_PROCESS_RUNNING,
      CONTROL_PROCESS_STOPPED,
    ]);
    expect(await daemon.recordsAtLeast(1, 1)).toEqual([CONTROL_PROCESS_STOPPED]);
    expect(isRunning(pid)).toBe(true);
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(daemon.written("pids")).toBe(`${pid}\n`);
  },
  LIMIT_MS,
);

test(
  "a start during a stop: the stop is answered, then it runs again",
  async () => {
    const slow = daemon.script(
      "slow",
      `trap 'sleep 0.3; exit 0' TERM; echo $WINGMAN_REASON >> ${daemon.directory}/reasons; while :; do sleep 0.02; done`,
    );
    daemon.start([{ id: "slow", command: [slow] }]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    await until("the first process", () => daemon.written("reasons"));
    daemon.send(CONTROL_STOP_PROCESS, 0, 15_000);
    daemon.send(CONTROL_START_PROCESS, 0, REASON_FAILOVER);
    expect(await daemon.recordsAtLeast(0, 3)).toEqual([
      CONTROL_PROCESS_RUNNING,
      CONTROL_PROCESS_STOPPED,
      CONTROL_PROCESS_RUNNING,
    ]);
    await until("the second process", () => daemon.written("reasons") === "start\nfailover\n");
  },
  LIMIT_MS,
);

test(
  "a function that prints without end neither blocks nor fills the log",
  async () => {
    const noisy = daemon.script(
      "noisy",
      `i=0; while [ $i -lt 20000 ]; do echo "line $i of a function that prints a great deal"; i=$((i+1)); done
       echo done > ${daemon.directory}/done; while :; do sleep 1; done`,
    );
    daemon.start([{ id: "noisy", command: [noisy] }]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    await until("its end", () => daemon.written("done"));
    const printed = daemon.errors.split("\n").filter((line) => line.includes("[noisy]")).length;
    expect(printed).toBeGreaterThan(0);
    expect(printed).toBeLessThan(10_000);
  },
  LIMIT_MS,
);

test(
  "a supervisor whose standard error nobody reads goes on stopping and starting",
  async () => {
    const noisy = daemon.script(
      "noisy",
      `line=$(head -c 1900 /dev/zero | tr '\\0' x)
       i=0; while [ $i -lt 200 ]; do echo $line; i=$((i+1)); done
       echo done >> ${daemon.directory}/done; while :; do sleep 0.05; done`,
    );
    const fifo = `${daemon.directory}/fifo`;
    Bun.spawnSync(["mkfifo", fifo]);
    const reader = openSync(fifo, constants.O_RDWR); // held open, never read: full after 64 KiB
    try {
      daemon.start([{ id: "noisy", command: [noisy] }], {}, fifo);
      await daemon.engine();
      for (let round = 0; round < 3; round++) {
        daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
        await until(
          `round ${round}`,
          () => (daemon.written("done") ?? "").length === 5 * (round + 1),
        );
        daemon.send(CONTROL_STOP_PROCESS, 0, 15_000);
        expect((await daemon.recordsAtLeast(0, 2 * round + 2)).at(-1)).toBe(
          CONTROL_PROCESS_STOPPED,
        );
      }
      daemon.signal("SIGTERM");
      expect(await daemon.exitCode).toBe(0);
    } finally {
      closeSync(reader);
    }
  },
  LIMIT_MS,
);

test(
  "many functions at once: all run, and one that is stopped before its turn never ran",
  async () => {
    const count = 24;
    const map = daemon.script(
      "map",
      `echo $WINGMAN_FUNCTION >> ${daemon.directory}/started; while :; do sleep 0.5; done`,
    );
    daemon.start(
      Array.from({ length: count }, (_, index) => ({ id: `f${index}`, command: [map] })),
    );
    await daemon.engine();
    for (let index = 0; index < count; index++)
      daemon.send(CONTROL_START_PROCESS, index, REASON_START);
    daemon.send(CONTROL_STOP_PROCESS, count - 1, 15_000);
    expect(await daemon.recordsAtLeast(count - 1, 1)).toEqual([CONTROL_PROCESS_STOPPED]);
    for (let index = 0; index < count - 1; index++) {
      expect(await daemon.recordsAtLeast(index, 1)).toEqual([CONTROL_PROCESS_RUNNING]);
    }
    const started = await until("all", () => {
      const names = (daemon.written("started") ?? "").trim().split("\n");
      return names.length >= count - 1 && names;
    });
    expect(started).not.toContain(`f${count - 1}`);
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(0);
  },
  LIMIT_MS,
);

test(
  "processes die with a supervisor that is killed",
  async () => {
    const map = daemon.script(
      "map",
      `echo $$ > ${daemon.directory}/pid; while :; do sleep 0.05; done`,
    );
    daemon.start([{ id: "map", command: [map] }]);
    await daemon.engine();
    daemon.send(CONTROL_START_PROCESS, 0, REASON_START);
    const pid = await pidIn("pid");
    daemon.signal("SIGKILL");
    await until("its end", () => !isRunning(pid));
  },
  LIMIT_MS,
);

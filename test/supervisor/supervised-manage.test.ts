/** The real `manage` under the real supervisor, with records from the stand-in engine. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  LOG_SERVER_LOST,
  LOG_STRANGER,
  LOG_VIP_REMOVED,
} from "../../src/boundary/maintenance-code.ts";
import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import {
  LOG_ENGINE_ENDED,
  LOG_ENGINE_STARTED,
  LOG_MANAGE_ENDED,
  LOG_PROCESS_ENDED,
  LOG_RECORDS_LOST,
  LOG_RUN_KILLED,
  LOG_STOPPED,
  LOG_VIPS_SWEPT,
} from "../../src/catalogue/supervisor-code.ts";
import { RECORD_QUEUE_MAX } from "../../src/limits.ts";
import {
  CONTROL_LOG,
  CONTROL_PHASE,
  CONTROL_START_PROCESS,
  CONTROL_STOP_PROCESS,
  NO_INDEX,
  REASON_START,
} from "../../src/wire/control.ts";
import { recordsOf } from "../harness/log-records.ts";
import { isRunning } from "../harness/processes.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { Daemon } from "./daemon.ts";

let daemon: Daemon;
beforeEach(() => {
  daemon = new Daemon();
});
afterEach(() => daemon.remove());

const LIMIT_MS = 120_000;

/**
 * A stranger is told apart by its MAC: no rule of the log holds one back because another came
 * before.
 */
const CODE = LOG_STRANGER;

/** Process id of the maintenance process; undefined while there is none. */
function managePid(): number | undefined {
  const children = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, "latin1")
    .trim()
    .split(" ");
  return children.map(Number).find((pid) => argumentsOf(pid).includes("manage"));
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
  } catch {
    return []; // it has ended
  }
}

async function started(): Promise<void> {
  daemon.start([{ id: "map" }]);
  await daemon.engine();
  daemon.send(CONTROL_PHASE, NO_INDEX, PHASE_ACTIVE);
}

/** Numbers of the events of CODE in the log, in its order: the last four bytes of their MACs. */
function stored(): number[] {
  return recordsOf(daemon.stateDirectory).flatMap(({ code, detail }) =>
    code === CODE ? [Number.parseInt(detail.replaceAll(":", ""), 16)] : [],
  );
}

/** The supervisor's line about the event with this number. */
const lineOf = (number: number): string =>
  `ANOTHER HOST ANSWERS FOR A VIP: map 00:00:${number
    .toString(16)
    .padStart(8, "0")
    .replace(/..(?!$)/g, "$&:")}\n`;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test(
  "killed again and again while records come: each is in the log exactly once, in order",
  async () => {
    await started();
    const kills = 20;
    const perKill = 40;
    let last = 0;
    for (let kill = 0; kill < kills; kill++) {
      const pid = await until("a new maintenance process", () => {
        const found = managePid();
        return found !== last && found;
      });
      last = pid;
      // At any moment: before it has started, when it has taken some and not stored them, after it
      // has answered.
      daemon.order({ events: { code: CODE, from: kill * perKill, count: perKill / 2 } });
      await Bun.sleep((kill * 370) % 1000);
      daemon.order({
        events: { code: CODE, from: kill * perKill + perKill / 2, count: perKill / 2 },
      });
      await Bun.sleep((kill * 30) % 100);
      signal(pid, "SIGKILL");
    }
    await until(`all records; so far ${stored().length}`, () => stored().length >= kills * perKill);
    expect(stored()).toEqual(upTo(kills * perKill));
    expect(daemon.errors.split("the maintenance process ended: SIGKILL").length - 1).toBe(kills);
    const ends = recordsOf(daemon.stateDirectory).filter(({ code }) => code === LOG_MANAGE_ENDED);
    expect(ends[0]?.detail).toBe("signal 9");
  },
  LIMIT_MS,
);

test(
  "stopped while more records come than the queue holds: lost ones are counted",
  async () => {
    await started();
    const pid = await until("the maintenance process", managePid);
    daemon.order({ events: { code: CODE, from: 0, count: 1 } });
    await until("the first record", () => stored().length === 1);
    signal(pid, "SIGSTOP");
    // One code about one function: all but a few of them are counted in the log, and not written.
    const count = RECORD_QUEUE_MAX + 1000;
    daemon.order({ events: { code: LOG_VIP_REMOVED, from: 0, count } });
    daemon.order({ events: { code: CODE, from: 1, count: 1 } });
    await until("the end of the flood", () => daemon.errors.includes(lineOf(1)));
    signal(pid, "SIGCONT");
    const lost = await until("the count", () =>
      recordsOf(daemon.stateDirectory).find(({ code }) => code === LOG_RECORDS_LOST),
    );
    // Some were on their way when it was stopped, or not acknowledged yet.
    expect(Math.abs(Number(lost.detail) - 1001)).toBeLessThan(10);
    daemon.order({ events: { code: CODE, from: 2, count: 1 } });
    await until("a record after it", () => stored().at(-1) === 2);
    expect(stored()).toEqual([0, 2]);
  },
  LIMIT_MS,
);

test(
  "an orderly end stores the last records, and takes the process and its files along",
  async () => {
    await started();
    const pid = await until("the maintenance process", managePid);
    daemon.order({ events: { code: CODE, from: 0, count: 500 } });
    daemon.order({ record: [CONTROL_PHASE, NO_INDEX, PHASE_ACTIVE, 0, 0] });
    await until("the records", () => daemon.errors.includes(lineOf(499)));
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(stored()).toEqual(upTo(500));
    expect(recordsOf(daemon.stateDirectory).at(-1)?.code).toBe(LOG_STOPPED);
    expect(daemon.errors).not.toContain("were not stored");
    expect(daemon.errors).not.toContain("killing it");
    const left = readdirSync(daemon.runDirectory).filter((name) => name !== "stand-in.sock");
    expect(left.sort()).toEqual(["incarnation", "lock"]);
  },
  LIMIT_MS,
);

test(
  "engines that start and end, VIPs that one left, and a run that was killed are in the log",
  async () => {
    daemon.start([{ id: "map" }]);
    const first = await daemon.engine();
    daemon.send(CONTROL_PHASE, NO_INDEX, PHASE_ACTIVE);
    daemon.order({ vip: "10.9.0.1/24" });
    // Once this is reported, the VIP is there.
    daemon.order({ events: { code: CODE, from: 0, count: 1 } });
    await until("the VIP", () => daemon.errors.includes(lineOf(0)));
    signal(first.pid, "SIGKILL");
    await daemon.engine();
    const seen = (): string[] =>
      recordsOf(daemon.stateDirectory).flatMap(({ code, detail }) =>
        code >= LOG_RUN_KILLED && code <= LOG_VIPS_SWEPT ? [`${code} ${detail}`] : [],
      );
    const flown = [
      `${LOG_ENGINE_STARTED} 1`,
      `${LOG_VIPS_SWEPT} 1`,
      `${LOG_ENGINE_ENDED} signal 9`,
      `${LOG_ENGINE_STARTED} 2`,
    ];
    await until(
      () => `the second engine in ${seen()}`,
      () => seen().length >= flown.length,
    );
    expect(seen()).toEqual(flown);
    daemon.signal("SIGKILL");
    await daemon.exitCode;
    daemon.setManner({ stays: true });
    daemon.start([{ id: "map" }]);
    await daemon.engine();
    daemon.signal("SIGTERM");
    await daemon.recordsAtLeast(NO_INDEX, 1);
    daemon.order({ exitCode: 5 }); // without a good-bye
    expect(await daemon.exitCode).toBe(1);
    expect(seen().slice(flown.length)).toEqual([
      `${LOG_RUN_KILLED} `,
      `${LOG_ENGINE_STARTED} 1`,
      `${LOG_ENGINE_ENDED} exit code 5`,
    ]);
  },
  LIMIT_MS,
);

test(
  "a function's process that ends by itself is in the log, and one that is stopped is not",
  async () => {
    const crash = daemon.script("crash", "sleep 0.2; exit 1");
    const sleeps = daemon.script("sleeps", "exec sleep 1000");
    daemon.start([
      { id: "sleeps", command: [sleeps] },
      { id: "crash", command: [crash] },
    ]);
    await daemon.engine();
    for (const index of [0, 1]) daemon.send(CONTROL_START_PROCESS, index, REASON_START);
    await daemon.recordsAtLeast(1, 2);
    await daemon.recordsAtLeast(0, 1); // it runs: one that is stopped before tells only its end
    daemon.send(CONTROL_STOP_PROCESS, 0, 0);
    await daemon.recordsAtLeast(0, 2);
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(0);
    const ends = recordsOf(daemon.stateDirectory).filter(({ code }) => code === LOG_PROCESS_ENDED);
    expect(ends.length).toBeGreaterThan(0);
    for (const end of ends) expect(end.function).toBe("crash");
  },
  LIMIT_MS,
);

test(
  "a maintenance process that hangs delays the end, and no longer than it may",
  async () => {
    await started();
    const pid = await until("the maintenance process", managePid);
    await until("the first record", () => recordsOf(daemon.stateDirectory).length > 0);
    signal(pid, "SIGSTOP");
    daemon.send(CONTROL_LOG, NO_INDEX, LOG_SERVER_LOST, 1, 0); // one that it cannot store any more
    await until("the record", () => daemon.errors.includes("SERVER LOST"));
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(0);
    expect(isRunning(pid)).toBe(false);
    expect(daemon.errors).toContain("the maintenance process does not end: killing it");
    expect(daemon.errors).toMatch(/\d maintenance records were not stored/);
  },
  LIMIT_MS,
);

test(
  "a second SIGTERM does not wait for one that hangs",
  async () => {
    await started();
    const pid = await until("the maintenance process", managePid);
    await until("the first record", () => recordsOf(daemon.stateDirectory).length > 0);
    signal(pid, "SIGSTOP");
    daemon.signal("SIGTERM");
    await until("the first wish", () => daemon.errors.includes("supervisor: leaving"));
    await Bun.sleep(200); // signals within 100 ms are one wish
    daemon.signal("SIGTERM");
    expect(await daemon.exitCode).toBe(1);
    expect(isRunning(pid)).toBe(false);
    expect(daemon.errors).toContain("killing everything");
    expect(daemon.errors).not.toContain("the maintenance process does not end");
  },
  LIMIT_MS,
);

test(
  "it dies with its supervisor, even when it hangs",
  async () => {
    await started();
    const pid = await until("the maintenance process", managePid);
    await until("the first record", () => recordsOf(daemon.stateDirectory).length > 0);
    signal(pid, "SIGSTOP"); // it does not see that its socket ends
    daemon.signal("SIGKILL");
    await until("its end", () => !isRunning(pid));
  },
  LIMIT_MS,
);

test(
  "it has no capability and no way to one, in any thread",
  async () => {
    await started();
    const pid = await until("the maintenance process", managePid);
    await until("the first record", () => recordsOf(daemon.stateDirectory).length > 0);
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/status`, "latin1"),
    );
    expect(threads.length).toBeGreaterThan(1);
    for (const status of threads) {
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
        expect(new RegExp(`^${set}:\\s*(\\S+)$`, "m").exec(status)?.[1]).toBe("0".repeat(16));
      }
      expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
    }
    expect(argumentsOf(daemon.pid)).not.toContain("manage");
    const own = readFileSync(`/proc/${daemon.pid}/status`, "latin1");
    expect(own).not.toMatch(/^CapEff:\s*0+$/m);
  },
  LIMIT_MS,
);

test(
  "a state directory that cannot be used: it stays, and the next one that can use it stores everything",
  async () => {
    writeFileSync(daemon.stateDirectory, "a file where a directory should be");
    await started();
    daemon.order({ events: { code: CODE, from: 0, count: 300 } });
    const errors = join(daemon.runDirectory, "manage.stderr");
    await until(
      "the complaint",
      () => existsSync(errors) && /maintenance log/.test(readFileSync(errors, "utf8")),
    );
    const pid = await until("the maintenance process", managePid);
    await Bun.sleep(1500);
    expect(managePid()).toBe(pid);
    expect(readFileSync(errors, "utf8").split("\n").length).toBe(2);
    rmSync(daemon.stateDirectory);
    mkdirSync(daemon.stateDirectory);
    signal(pid, "SIGKILL");
    await until("the records", () => stored().length === 300);
    expect(stored()).toEqual(upTo(300));
  },
  LIMIT_MS,
);

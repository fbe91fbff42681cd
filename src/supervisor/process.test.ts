import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { signal, signalAll } from "../../test/harness/signals.ts";
import { until as untilFound } from "../../test/harness/until.ts";
import {
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  REASON_START,
} from "../wire/control.ts";
import { LaunchGate } from "./launch-gate.ts";
import { FunctionProcess } from "./process.ts";

const LIMIT_MS = 30_000;

let directory: string;
let gate: LaunchGate;
let reports: number[];
let log: string[];
let onReport: (kind: number) => void;
let functionProcess: FunctionProcess;
/** Processes outside every group that Wingman knows. */
let strangers: number[];

beforeEach(() => {
  directory = scratchDirectory("process");
  gate = new LaunchGate(1);
  reports = [];
  log = [];
  onReport = () => {};
  strangers = [];
});
afterEach(async () => {
  functionProcess.kill();
  await functionProcess.leave();
  signalAll(strangers, "SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

/**
 * A function whose launcher is `script`; descriptor 3 tells that it was executed, when the last
 * process has closed it.
 */
function launchedBy(script: string, always = false): FunctionProcess {
  const file = join(directory, "launcher");
  writeFileSync(file, `#!/bin/sh\ncd ${directory}\n${script}\n`);
  chmodSync(file, 0o755);
  return new FunctionProcess(
    {
      functionId: "map",
      serverId: "a",
      command: ["/bin/map"],
      always,
      stopGraceMs: 100,
      addresses: [],
    },
    {
      ownCommand: [file],
      launchGate: gate,
      report: (kind) => {
        reports.push(kind);
        onReport(kind);
      },
      log: (text) => log.push(text),
    },
  );
}

/** With what is known when it is waited for in vain. */
async function until(what: string, condition: () => boolean): Promise<void> {
  await untilFound(() => `${what}; reports ${reports}; ${log.join("\n")}`, condition);
}

/**
 * The first launch ends and leaves its descriptor 3 in a process that no group contains; the second
 * executes its program.
 */
const LEAVES_DESCRIPTOR = `
  if [ -e stranger ]; then exec 3>&-; exec sleep 1000; fi
  setsid sh -c 'echo $$ > stranger.new; mv stranger.new stranger; exec sleep 1000' >/dev/null 2>&1 &
  until [ -e stranger ]; do sleep 0.01; done
  exit 1`;

function adoptStranger(): number {
  const pid = Number(readFileSync(join(directory, "stranger"), "utf8"));
  strangers.push(pid);
  return pid;
}

test(
  "a launch that ended gives its place back, though its descriptor is held open elsewhere",
  async () => {
    functionProcess = launchedBy(LEAVES_DESCRIPTOR);
    functionProcess.start(REASON_START);
    await until("the first launch", () => existsSync(join(directory, "stranger")));
    adoptStranger();
    await until("the second", () => reports.includes(CONTROL_PROCESS_RUNNING));
  },
  LIMIT_MS,
);

test(
  "the late end of one launch takes nothing from the next, which waits for its turn",
  async () => {
    functionProcess = launchedBy(LEAVES_DESCRIPTOR);
    functionProcess.start(REASON_START);
    await until("the first launch", () => existsSync(join(directory, "stranger")));
    const stranger = adoptStranger();
    let hasTurn = false;
    const other = gate.request(() => {
      hasTurn = true;
    });
    await until("the turn of another function", () => hasTurn);
    await until("the pause", () => log.some((text) => text.includes("starts again in 100 ms")));
    // the second launch waits in the queue now; were it later, this test would prove less, not fail
    await Bun.sleep(300);
    signal(stranger, "SIGKILL");
    strangers.pop();
    await Bun.sleep(100); // likewise
    other.release();
    await until("the second launch", () => reports.includes(CONTROL_PROCESS_RUNNING));
  },
  LIMIT_MS,
);

test(
  "a launch that cannot be started gives its place back",
  async () => {
    functionProcess = launchedBy("exit 1");
    rmSync(join(directory, "launcher"));
    functionProcess.start(REASON_START);
    await until("three attempts", () => reports.includes(CONTROL_PROCESS_FAILED));
    let hasTurn = false;
    gate.request(() => {
      hasTurn = true;
    });
    await until("the turn of another function", () => hasTurn);
  },
  LIMIT_MS,
);

test(
  "always: a resume while the last failure is still being cleared away starts it again",
  async () => {
    const succeedsAt = 4; // after three failures
    functionProcess = launchedBy(
      `echo >> launches; [ $(wc -l < launches) -ge ${succeedsAt} ] && exec 3>&- && exec sleep 1000; exit 1`,
      true,
    );
    onReport = (kind) => {
      if (kind === CONTROL_PROCESS_FAILED) queueMicrotask(() => functionProcess.resume());
    };
    functionProcess.begin();
    await until("its third failure", () => reports.includes(CONTROL_PROCESS_FAILED));
    const before = reports.length;
    await until("its start", () => reports.includes(CONTROL_PROCESS_RUNNING, before));
    expect(functionProcess.failed).toBe(false);
    expect(log.join("\n")).not.toContain("unexpected");
  },
  LIMIT_MS,
);

test(
  "a resume makes a failed process ready to be tried again, and starts none that is not wanted here",
  async () => {
    functionProcess = launchedBy("echo >> launches; exit 1");
    functionProcess.start(REASON_START);
    await until("its third failure", () => reports.includes(CONTROL_PROCESS_FAILED));
    await Bun.sleep(100); // all is cleared away; were it not, this test would prove less, not fail
    functionProcess.resume();
    expect(functionProcess.failed).toBe(false);
    let hasTurn = false;
    gate.request(() => {
      hasTurn = true;
    });
    // behind its launch, if there were one
    await until("the turn of another function", () => hasTurn);
    expect(readFileSync(join(directory, "launches"), "latin1")).toBe("\n".repeat(3));
  },
  LIMIT_MS,
);

test(
  "always: a stop is answered and noted, and does not stop it",
  async () => {
    functionProcess = launchedBy("exec 3>&-; exec sleep 1000", true);
    functionProcess.begin();
    await until("its start", () => reports.includes(CONTROL_PROCESS_RUNNING));
    functionProcess.stop(0);
    expect(reports).toEqual([CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_STOPPED]);
    expect(log.join("\n")).toContain("unexpected: stop");
    functionProcess.start(REASON_START);
    expect(reports.at(-1)).toBe(CONTROL_PROCESS_RUNNING);
  },
  LIMIT_MS,
);

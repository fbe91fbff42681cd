import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DESCRIPTION } from "../../test/harness/function-description.ts";
import { isRunning } from "../../test/harness/processes.ts";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { signal, signalAll } from "../../test/harness/signals.ts";
import { until as untilFound } from "../../test/harness/until.ts";
import { LOG_FUNCTION_WORKS, LOG_NOT_READY } from "../catalogue/supervisor-code.ts";
import {
  CONTROL_PROCESS_EXITED,
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_PROCESS_TRY,
  REASON_START,
} from "../wire/control.ts";
import type { ProcessDescription } from "./function-launch.ts";
import { LaunchGate } from "./launch-gate.ts";
import { FunctionProcess } from "./process.ts";

const LIMIT_MS = 30_000;

let directory: string;
let gate: LaunchGate;
let reports: number[];
let log: string[];
let records: number[];
let onReport: (kind: number) => void;
let functionProcess: FunctionProcess;
/** Processes outside every group that Wingman knows. */
let strangers: number[];

beforeEach(() => {
  directory = scratchDirectory("process");
  gate = new LaunchGate(1);
  reports = [];
  log = [];
  records = [];
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
function launchedBy(
  script: string,
  always = false,
  usable: Partial<Pick<ProcessDescription, "vips" | "ready">> = {},
): FunctionProcess {
  const file = join(directory, "launcher");
  writeFileSync(file, `#!/bin/sh\ncd ${directory}\n${script}\n`);
  chmodSync(file, 0o755);
  return new FunctionProcess(
    { ...DESCRIPTION, always, ...usable },
    {
      ownCommand: [file],
      launchGate: gate,
      report: (kind) => {
        reports.push(kind);
        onReport(kind);
      },
      record: (code) => records.push(code),
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
  "the late end of one launch is not the execution of the next",
  async () => {
    functionProcess = launchedBy(
      LEAVES_DESCRIPTOR.replace("exec 3>&-", "until [ -e go ]; do sleep 0.01; done; exec 3>&-"),
    );
    functionProcess.start(REASON_START);
    await until("the first launch", () => existsSync(join(directory, "stranger")));
    const stranger = adoptStranger();
    await until("the pause", () => log.some((text) => text.includes("starts again in 100 ms")));
    // the second launcher is at work now; were it later, this test would prove less, not fail
    await Bun.sleep(400);
    signal(stranger, "SIGKILL");
    strangers.pop();
    await Bun.sleep(100);
    expect(reports).toEqual([CONTROL_PROCESS_EXITED]);
    writeFileSync(join(directory, "go"), "");
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
  "a failed process is offered again and again after a pause, and one failure of a try is enough",
  async () => {
    functionProcess = launchedBy("exit 1");
    functionProcess.start(REASON_START);
    await until("its third failure", () => reports.includes(CONTROL_PROCESS_FAILED));
    // An engine that does not know yet what it may do is told again that it failed.
    functionProcess.start(REASON_START);
    expect(reports.at(-1)).toBe(CONTROL_PROCESS_FAILED);
    const tries = () => reports.filter((kind) => kind === CONTROL_PROCESS_TRY).length;
    await until("it is offered twice", () => tries() === 2);
    expect(functionProcess.failed).toBe(true);
    const before = reports.length;
    functionProcess.start(REASON_START);
    const said = () => reports.slice(before).filter((kind) => kind !== CONTROL_PROCESS_RUNNING);
    await until("its failure in the try", () => said().length > 0);
    expect(said()).toEqual([CONTROL_PROCESS_FAILED]);
    expect(records).toEqual([]);
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

test(
  "always: it survives its engine, and neither a resume nor anything else starts it while it leaves",
  async () => {
    functionProcess = launchedBy(
      "echo >> launches; [ -e bad ] && exit 1; exec 3>&-; exec sleep 1000",
      true,
    );
    functionProcess.begin();
    await until("its start", () => reports.includes(CONTROL_PROCESS_RUNNING));
    functionProcess.engineLost();
    await Bun.sleep(200); // longer than its grace time
    functionProcess.start(REASON_START);
    expect(reports).toEqual([CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_RUNNING]);
    await functionProcess.leave();

    writeFileSync(join(directory, "bad"), "");
    functionProcess = launchedBy("echo >> launches; exit 1", true);
    functionProcess.begin();
    await until("its last failure", () => reports.includes(CONTROL_PROCESS_FAILED));
    const left = functionProcess.leave();
    functionProcess.resume();
    await left;
    await Bun.sleep(200); // longer than the pause before a start
    expect(readFileSync(join(directory, "launches"), "utf8")).toHaveLength(1 + 3);
  },
  LIMIT_MS,
);

test(
  "each delay of readiness is reported, with its end",
  async () => {
    const hostname = "127.0.0.1";
    const listen = (port: number): Bun.TCPSocketListener =>
      Bun.listen({ hostname, port, socket: { data() {} } });
    let listener = listen(0); // whatever port is free
    const { port } = listener;
    listener.stop(true);
    functionProcess = launchedBy("exec 3>&-; exec sleep 1000", false, {
      vips: [{ text: `${hostname}/32`, address: Uint8Array.of(127, 0, 0, 1) }],
      ready: { port, timeoutMs: 50 },
    });
    for (let round = 1; round <= 2; round++) {
      functionProcess.start(REASON_START);
      await until("it is late", () => records.at(-1) === LOG_NOT_READY);
      listener = listen(port);
      await until("it is ready", () => records.at(-1) === LOG_FUNCTION_WORKS);
      listener.stop(true);
      expect(reports).toHaveLength(2 * round);
    }
    expect(records).toEqual([
      ...[LOG_NOT_READY, LOG_FUNCTION_WORKS],
      ...[LOG_NOT_READY, LOG_FUNCTION_WORKS],
    ]);
  },
  LIMIT_MS,
);

describe("a leader that is gone, and left processes of its group behind", () => {
  /** Those that it has started so far. */
  function children(): number[] {
    const file = join(directory, "children");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
  }
  const alive = (): number[] => children().filter(isRunning);

  /**
   * Starts two children, one of which goes on and writes it down when it is asked to end, says so
   * when one of an earlier launch still runs, and goes on as `then` says.
   */
  const withChildren = (then: string): FunctionProcess =>
    launchedBy(`
      for pid in $(cat children 2>/dev/null); do
        grep -q '^State:.[^ZX]' /proc/$pid/status 2>/dev/null && echo $pid >> beside
      done
      (trap 'echo >> asked' HUP INT TERM; while :; do sleep 1000 & wait; done) 3>&- &
      echo $! >> children
      sleep 1000 3>&- & echo $! >> children
      exec 3>&-
      sleep 0.1
      ${then}`);

  test(
    "its end is seen as it was; they are ended before the next start, and with the last one",
    async () => {
      functionProcess = withChildren("exit 0");
      functionProcess.start(REASON_START);
      await until("three ends", () => reports.includes(CONTROL_PROCESS_FAILED));
      expect(reports).toEqual([
        ...[CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_EXITED],
        ...[CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_EXITED],
        ...[CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_FAILED],
      ]);
      expect(log.filter((text) => text.endsWith("ended by itself: exit code 0"))).toHaveLength(3);
      expect(children()).toHaveLength(6);
      await until("they are gone", () => alive().length === 0);
      expect(existsSync(join(directory, "beside"))).toBe(false);
    },
    LIMIT_MS,
  );

  test(
    "a signal that ended it is named",
    async () => {
      functionProcess = withChildren("kill -SEGV $$");
      functionProcess.start(REASON_START);
      await until("its end", () => reports.includes(CONTROL_PROCESS_EXITED));
      expect(log.some((text) => text.endsWith("ended by itself: SIGSEGV"))).toBe(true);
    },
    LIMIT_MS,
  );

  for (const [when, then, endsBy] of [
    ["because it was asked to stop", "trap 'exit 0' TERM; while :; do sleep 0.02; done", "stop"],
    ["by itself, just before it is asked to stop", "exit 0", "itself"],
  ] as const) {
    test(
      `${when}: stopped means that all of them are gone`,
      async () => {
        functionProcess = withChildren(then);
        let aliveWhenStopped: number[] | null = null;
        onReport = (kind) => {
          if (kind === CONTROL_PROCESS_STOPPED) aliveWhenStopped = alive();
          if (kind === CONTROL_PROCESS_EXITED && endsBy === "itself")
            queueMicrotask(() => functionProcess.stop(60_000));
        };
        functionProcess.start(REASON_START);
        await until("its start", () => children().length === 2);
        await until("it runs", () => reports.includes(CONTROL_PROCESS_RUNNING));
        if (endsBy === "stop") functionProcess.stop(60_000);
        await until("the stop", () => aliveWhenStopped !== null);
        expect(aliveWhenStopped as number[] | null).toEqual([]);
        // the leader alone is asked to end: what becomes of the others is its business
        expect(existsSync(join(directory, "asked"))).toBe(false);
        await Bun.sleep(200); // longer than the pause before a start
        expect(children()).toHaveLength(2);
        expect(reports.at(-1)).toBe(CONTROL_PROCESS_STOPPED);
      },
      LIMIT_MS,
    );
  }

  test(
    "that take a while to die of SIGKILL: stopped is reported only afterwards",
    async () => {
      // On a processor that somebody with a real-time priority has for himself for a while they get
      // no time to end. Where nobody may have that priority this test proves less.
      const hog = join(directory, "hog");
      writeFileSync(hog, "i=0; while [ $i -lt 500000 ]; do i=$((i+1)); done; echo > hogged\n");
      functionProcess = launchedBy(`
        taskset -c 0 sleep 1000 3>&- & echo $! >> children
        exec 3>&-
        trap "setsid taskset -c 0 chrt -f 1 sh ${hog} & sleep 0.02; exit 0" TERM
        while :; do sleep 0.02; done`);
      let aliveWhenStopped: number[] | null = null;
      onReport = (kind) => {
        if (kind === CONTROL_PROCESS_STOPPED) aliveWhenStopped = alive();
      };
      functionProcess.start(REASON_START);
      await until("it runs", () => reports.includes(CONTROL_PROCESS_RUNNING));
      functionProcess.stop(60_000);
      await until("the stop", () => aliveWhenStopped !== null);
      expect(aliveWhenStopped as number[] | null).toEqual([]);
      await until("the processor is free", () => existsSync(join(directory, "hogged")));
    },
    LIMIT_MS,
  );

  test(
    "started again during the stop: the new one meets none of the old, and there is one",
    async () => {
      functionProcess = withChildren("trap 'exit 0' TERM; while :; do sleep 0.02; done");
      functionProcess.start(REASON_START);
      await until("it runs", () => reports.includes(CONTROL_PROCESS_RUNNING));
      functionProcess.stop(60_000);
      for (let times = 0; times < 3; times++) functionProcess.start(REASON_START);
      await until("it runs again", () => reports.length === 3);
      expect(reports[1]).toBe(CONTROL_PROCESS_STOPPED);
      await until("its children", () => children().length === 4);
      expect(alive()).toEqual(children().slice(2));
      expect(existsSync(join(directory, "beside"))).toBe(false);
    },
    LIMIT_MS,
  );

  test(
    "and that fork on and on: no link of the chain survives",
    async () => {
      // Each link starts the next one and ends. Without its directory it ends in any case.
      const link = join(directory, "link");
      writeFileSync(link, "#!/bin/sh\n./link & echo $$ > last.$$; mv last.$$ last; exit 0\n");
      chmodSync(link, 0o755);
      functionProcess = launchedBy("./link 3>&- & exec 3>&-; sleep 0.1; echo > left; exit 0");
      const last = (): string => readFileSync(join(directory, "last"), "utf8");
      functionProcess.start(REASON_START);
      await until("the first end", () => reports.includes(CONTROL_PROCESS_EXITED));
      functionProcess.stop(0);
      await until("the stop", () => reports.includes(CONTROL_PROCESS_STOPPED));
      const before = last();
      await Bun.sleep(200);
      expect(last()).toBe(before);
    },
    LIMIT_MS,
  );

  test(
    "the daemon leaves: it waits until they are gone",
    async () => {
      functionProcess = withChildren("trap 'exit 0' TERM; while :; do sleep 0.02; done");
      functionProcess.start(REASON_START);
      await until("it runs", () => children().length === 2);
      await functionProcess.leave();
      expect(alive()).toEqual([]);
    },
    LIMIT_MS,
  );
});

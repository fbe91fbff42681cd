import { describe, expect, test } from "bun:test";
import {
  PROCESS_FAILURE_WINDOW_MS,
  PROCESS_RETRY_MS_MAX,
  PROCESS_RETRY_MS_MIN,
  PROCESS_STABLE_MS,
} from "../limits.ts";
import { type Action, type Input, ProcessState, rowOf, type State } from "./process-state.ts";

const FAILS: Input[] = [
  ...["start", "ended", "gone", "deadline", "ended", "gone", "deadline", "ended"],
] as Input[];

/**
 * Brings a fresh state machine into `state` by the way it would get there; the time is 1000
 * afterwards at most.
 */
function stateOf(state: State): ProcessState {
  const ways: Record<State, Input[]> = {
    idle: [],
    starting: ["start"],
    running: ["start", "executed"],
    clearing: ["start", "executed", "ended"],
    pausing: ["start", "executed", "ended", "gone"],
    stopping: ["start", "executed", "stop"],
    "stopping-to-start": ["start", "executed", "stop", "start"],
    killing: ["start", "executed", "stop", "ended"],
    "killing-to-start": ["start", "executed", "stop", "start", "ended"],
    "failed-clearing": FAILS,
    failed: [...FAILS, "gone"],
    offered: [...FAILS, "gone", "deadline"],
    stuck: ["start", "executed", "stop", "ended", "hangs"],
  };
  const machine = new ProcessState();
  let nowMs = 0;
  for (const input of ways[state]) {
    if (input === "deadline") nowMs = machine.deadlineMs;
    machine.handle(input, nowMs, 100);
  }
  expect(machine.state).toBe(state);
  return machine;
}

/**
 * Every pair of state and input: what is done (reports shortened), and where it leads. "-" is a
 * pair that cannot happen.
 */
const EXPECTED: Record<State, Partial<Record<Input, [Action[], State] | "-">>> = {
  idle: {
    arrived: [["spawn"], "starting"],
    hangs: "-",
    start: [["spawn"], "starting"],
    stop: [["report-stopped"], "idle"],
    executed: "-",
    ended: "-",
    gone: "-",
    deadline: "-",
    resume: [["forget"], "idle"],
  },
  starting: {
    arrived: [[], "starting"],
    "ended-in-vain": [["kill", "report-ended"], "clearing"],
    start: [[], "starting"],
    stop: [["terminate"], "stopping"],
    executed: [["report-running"], "running"],
    ended: [["kill", "report-ended"], "clearing"],
    gone: "-",
    deadline: "-",
    resume: [["forget"], "starting"],
  },
  running: {
    "ended-in-vain": [["kill", "report-ended"], "clearing"],
    start: [["report-running"], "running"],
    stop: [["terminate"], "stopping"],
    executed: "-",
    ended: [["kill", "report-ended"], "clearing"],
    gone: "-",
    deadline: [["prove"], "running"],
    resume: [["forget"], "running"],
  },
  clearing: {
    arrived: [[], "clearing"],
    hangs: [["report-failed"], "stuck"],
    start: [[], "clearing"],
    stop: [[], "killing"],
    executed: "-",
    ended: "-",
    gone: [["pause"], "pausing"],
    deadline: "-",
    resume: [["forget"], "clearing"],
  },
  pausing: {
    arrived: [["spawn"], "starting"],
    start: [[], "pausing"],
    stop: [["report-stopped"], "idle"],
    executed: "-",
    ended: "-",
    gone: "-",
    deadline: [["spawn"], "starting"],
    resume: [["forget", "spawn"], "starting"],
  },
  stopping: {
    start: [[], "stopping-to-start"],
    stop: [["hasten"], "stopping"],
    executed: [[], "stopping"],
    ended: [["kill"], "killing"],
    gone: "-",
    deadline: [["kill"], "killing"],
    resume: [["forget"], "stopping"],
  },
  "stopping-to-start": {
    start: [[], "stopping-to-start"],
    stop: [["hasten"], "stopping"],
    executed: [[], "stopping-to-start"],
    ended: [["kill"], "killing-to-start"],
    gone: "-",
    deadline: [["kill"], "killing-to-start"],
    resume: [["forget"], "stopping-to-start"],
  },
  killing: {
    hangs: [["report-failed"], "stuck"],
    start: [[], "killing-to-start"],
    stop: [[], "killing"],
    executed: [[], "killing"],
    ended: [[], "killing"],
    gone: [["report-stopped"], "idle"],
    deadline: "-",
    resume: [["forget"], "killing"],
  },
  "killing-to-start": {
    hangs: [["report-failed"], "stuck"],
    start: [[], "killing-to-start"],
    stop: [[], "killing"],
    executed: [[], "killing-to-start"],
    ended: [[], "killing-to-start"],
    gone: [["report-stopped", "spawn"], "starting"],
    deadline: "-",
    resume: [["forget"], "killing-to-start"],
  },
  "failed-clearing": {
    hangs: [[], "stuck"],
    start: [["report-failed"], "failed-clearing"],
    stop: [["report-stopped"], "failed-clearing"],
    executed: "-",
    ended: "-",
    gone: [[], "failed"],
    deadline: "-",
    resume: [["forget"], "killing"],
  },
  failed: {
    try: [["spawn"], "starting"],
    start: [["report-failed"], "failed"],
    stop: [["report-stopped"], "failed"],
    executed: "-",
    ended: "-",
    gone: "-",
    deadline: [["offer"], "offered"],
    resume: [["forget"], "idle"],
  },
  offered: {
    start: [["spawn"], "starting"],
    arrived: [["spawn"], "starting"],
    stop: [["report-stopped"], "offered"],
    ended: "-",
    deadline: [["offer"], "offered"],
    forgiven: [[], "idle"],
    resume: [["forget"], "idle"],
  },
  stuck: {
    start: [["report-failed"], "stuck"],
    stop: [["report-stopped"], "stuck"],
    ended: [[], "stuck"],
    gone: [[], "failed"],
    resume: [[], "stuck"],
  },
};

describe("every row", () => {
  for (const [state, inputs] of Object.entries(EXPECTED) as [State, (typeof EXPECTED)[State]][]) {
    for (const [input, expected] of Object.entries(inputs) as [Input, [Action[], State] | "-"][]) {
      test(`${state} + ${input}`, () => {
        const machine = stateOf(state);
        const unexpected = machine.unexpected;
        const nowMs = Number.isFinite(machine.deadlineMs) ? machine.deadlineMs : 1000;
        const actions = machine.handle(input, nowMs, 100);
        if (expected === "-") {
          expect([...actions]).toEqual([]);
          expect(machine.state).toBe(state);
          // A deadline that is not set is never reached, so it is ignored before the table is
          // asked.
          const isTime = input === "deadline" || input === "try";
          expect(machine.unexpected).toBe(isTime ? unexpected : unexpected + 1);
        } else {
          expect([[...actions], machine.state]).toEqual(expected);
          expect(machine.unexpected).toBe(unexpected);
        }
      });
    }
  }
});

describe("failures", () => {
  /** Lets the process live `lifeMs`, end, and be cleared. Returns the actions of its end. */
  function live(
    machine: ProcessState,
    clock: { nowMs: number },
    lifeMs: number,
  ): readonly Action[] {
    if (machine.state === "pausing") {
      clock.nowMs = machine.deadlineMs;
      machine.handle("deadline", clock.nowMs);
    }
    machine.handle("executed", clock.nowMs);
    clock.nowMs += lifeMs;
    const actions = machine.handle("ended", clock.nowMs);
    machine.handle("gone", clock.nowMs);
    return actions;
  }

  test("the third failure within the window is the last", () => {
    const machine = new ProcessState();
    const clock = { nowMs: 0 };
    machine.handle("start", 0);
    expect([...live(machine, clock, 1)]).toEqual(["kill", "report-ended"]);
    expect(machine.deadlineMs - clock.nowMs).toBe(100);
    expect([...live(machine, clock, 1)]).toEqual(["kill", "report-ended"]);
    expect(machine.deadlineMs - clock.nowMs).toBe(200);
    expect([...live(machine, clock, 1)]).toEqual(["kill", "report-failed"]);
    expect(machine.state).toBe("failed");
  });

  test("failures further apart than the window never add up, and a long life resets the pause", () => {
    const machine = new ProcessState();
    const clock = { nowMs: 0 };
    machine.handle("start", 0);
    for (let failure = 0; failure < 20; failure++) {
      expect([...live(machine, clock, PROCESS_FAILURE_WINDOW_MS / 2)]).toEqual([
        "kill",
        "report-ended",
      ]);
      expect(machine.deadlineMs - clock.nowMs).toBe(100);
    }
  });

  test("the window includes its last millisecond", () => {
    for (const [late, last] of [
      [0, "report-failed"],
      [1, "report-ended"],
    ] as const) {
      const machine = new ProcessState();
      machine.handle("start", 0);
      machine.handle("ended", 1000);
      machine.handle("gone", 1000);
      machine.handle("deadline", 2000);
      machine.handle("ended", 2000);
      machine.handle("gone", 2000);
      machine.handle("deadline", 3000);
      const actions = machine.handle("ended", 1000 + PROCESS_FAILURE_WINDOW_MS + late);
      expect(actions[1]).toBe(last);
    }
  });

  test("resume makes a failed process startable again with a clean slate", () => {
    const machine = stateOf("failed");
    machine.handle("resume", 5000);
    expect([...machine.handle("start", 5000)]).toEqual(["spawn"]);
    expect([...machine.handle("ended", 5001)]).toEqual(["kill", "report-ended"]);
    expect(machine.pauseMs).toBe(100);
  });

  test("resume while something of a failed process is left: the next start waits until that is gone", () => {
    const machine = stateOf("failed-clearing");
    machine.handle("resume", 5000);
    expect([...machine.handle("start", 5000)]).toEqual([]);
    // and no answer to a stop that nobody asked for
    expect([...machine.handle("gone", 5001)]).toEqual(["spawn"]);
    expect(machine.state).toBe("starting");
  });

  test("resume while an unwanted failed process is still ending: it is idle afterwards", () => {
    const machine = stateOf("failed-clearing");
    machine.handle("resume", 5000);
    expect([...machine.handle("gone", 5001)]).toEqual([]);
    expect(machine.state).toBe("idle");
  });

  test("an end during a stop is no failure", () => {
    const machine = new ProcessState();
    for (let round = 0; round < 5; round++) {
      machine.handle("start", round);
      machine.handle("executed", round);
      machine.handle("stop", round, 100);
      machine.handle("ended", round);
      expect([...machine.handle("gone", round)]).toEqual(["report-stopped"]);
    }
    expect(machine.state).toBe("idle");
  });
});

describe("a failed one is tried again", () => {
  /** Fails in the retry that begins at `atMs`; gives the pause after it. */
  function failAgain(machine: ProcessState, lifeMs = 1): number {
    machine.handle("deadline", machine.deadlineMs);
    const startMs = machine.deadlineMs;
    machine.handle("start", startMs);
    machine.handle("executed", startMs);
    expect([...machine.handle("ended", startMs + lifeMs)]).toEqual(["kill", "report-failed"]);
    machine.handle("gone", startMs + lifeMs);
    return machine.deadlineMs - startMs - lifeMs;
  }

  test("with growing pauses of a minute at most, and one failure is enough each time", () => {
    const machine = stateOf("failed");
    const pauses = Array.from({ length: 7 }, () => failAgain(machine));
    expect(pauses).toEqual([4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test("a long life resets the state; a short one ends the probation", () => {
    const machine = stateOf("failed");
    failAgain(machine);
    failAgain(machine);
    machine.handle("deadline", machine.deadlineMs);
    const startMs = machine.deadlineMs;
    machine.handle("start", startMs);
    machine.handle("executed", startMs);
    expect(machine.onParole).toBe(true);
    expect([...machine.handle("deadline", startMs + PROCESS_STABLE_MS - 1)]).toEqual([]);
    expect([...machine.handle("deadline", startMs + PROCESS_STABLE_MS)]).toEqual(["prove"]);
    expect(machine.onParole).toBe(false);
    expect([...machine.handle("ended", startMs + PROCESS_RETRY_MS_MAX)]).toEqual([
      "kill",
      "report-ended",
    ]);
  });

  test("its failure is forgotten after a minute, and not before", () => {
    const machine = stateOf("failed");
    const failedAtMs = machine.deadlineMs - PROCESS_RETRY_MS_MIN;
    expect(machine.isForgivable(failedAtMs + PROCESS_RETRY_MS_MAX - 1)).toBe(false);
    expect(machine.isForgivable(failedAtMs + PROCESS_RETRY_MS_MAX)).toBe(true);
  });
});

test("what ends for want of its VIPs never fails, waits longer and longer, and starts when they arrive", () => {
  const machine = new ProcessState();
  machine.handle("start", 0);
  let nowMs = 0;
  const pauses = Array.from({ length: 12 }, () => {
    machine.handle("executed", nowMs);
    expect([...machine.handle("ended-in-vain", nowMs)]).toEqual(["kill", "report-ended"]);
    machine.handle("gone", nowMs);
    const pauseMs = machine.deadlineMs - nowMs;
    nowMs = machine.deadlineMs;
    machine.handle("deadline", nowMs);
    return pauseMs;
  });
  expect(pauses.slice(0, 3)).toEqual([100, 200, 400]);
  expect(pauses.at(-1)).toBe(PROCESS_RETRY_MS_MAX);
  machine.handle("ended-in-vain", nowMs);
  machine.handle("arrived", nowMs);
  machine.handle("gone", nowMs);
  expect(machine.deadlineMs - nowMs).toBe(100);
  expect([...machine.handle("arrived", nowMs)]).toEqual(["spawn"]);
  // with its VIPs a failure counts as ever
  expect([...machine.handle("ended", nowMs)]).toEqual(["kill", "report-ended"]);
});

test("what ends for want of its VIPs is counted in a row: a life that proved itself ends the row", () => {
  const machine = new ProcessState();
  machine.handle("start", 0);
  let nowMs = 0;
  const endWithoutVips = (): void => {
    machine.handle("executed", nowMs);
    machine.handle("ended-in-vain", nowMs);
    machine.handle("gone", nowMs);
    nowMs = machine.deadlineMs;
    machine.handle("deadline", nowMs);
  };
  for (let times = 0; times < 3; times++) endWithoutVips();
  expect(machine.endsWithoutVips).toBe(3);
  machine.handle("executed", nowMs);
  nowMs = machine.deadlineMs;
  expect([...machine.handle("deadline", nowMs)]).toEqual(["prove"]);
  expect(machine.endsWithoutVips).toBe(0);
  endWithoutVips();
  expect(machine.endsWithoutVips).toBe(1);
});

describe("deadlines", () => {
  test("the grace time ends exactly then, not when a timer fires early", () => {
    const machine = new ProcessState();
    machine.handle("start", 0);
    machine.handle("executed", 0);
    machine.handle("stop", 10, 500);
    expect(machine.deadlineMs).toBe(510);
    expect([...machine.handle("deadline", 509)]).toEqual([]);
    expect(machine.unexpected).toBe(0);
    expect([...machine.handle("deadline", 510)]).toEqual(["kill"]);
    expect(machine.deadlineMs).toBe(Number.POSITIVE_INFINITY);
  });

  test("of two stops the earlier deadline counts, also with a start in between", () => {
    const machine = new ProcessState();
    machine.handle("start", 0);
    machine.handle("executed", 0);
    machine.handle("stop", 0, 500);
    machine.handle("start", 100);
    expect(machine.deadlineMs).toBe(500);
    machine.handle("stop", 100, 50);
    expect(machine.deadlineMs).toBe(150);
    machine.handle("stop", 100, 5000);
    expect(machine.deadlineMs).toBe(150);
  });
});

describe("answers", () => {
  test("two stops get one answer; a stop that needs no answer gets none", () => {
    const machine = stateOf("stopping");
    machine.handle("stop", 0, 100);
    machine.handle("ended", 1);
    expect([...machine.handle("gone", 1)]).toEqual(["report-stopped"]);
    expect([...machine.handle("stop", 2, 100, false)]).toEqual([]);
    expect([...machine.handle("stop", 2, 100, true)]).toEqual(["report-stopped"]);
  });

  test("the engine that asked is dead: the next one gets no answer to its request", () => {
    const machine = stateOf("stopping");
    machine.releaseAnswer();
    machine.handle("start", 0);
    machine.handle("ended", 1);
    expect([...machine.handle("gone", 1)]).toEqual(["spawn"]);
  });
});

test("a pair without a row does nothing and reports that it was unexpected", () => {
  expect(rowOf("idle", "executed")).toEqual({ actions: [], next: "idle", expected: false });
});

test("a life without readiness proves nothing, however long it is", () => {
  let isAwaited = true;
  const machine = new ProcessState(() => isAwaited);
  machine.handle("start", 0);
  machine.handle("executed", 0);
  for (let times = 0; times < 3; times++)
    expect([...machine.handle("deadline", machine.deadlineMs)]).toEqual(["wait"]);
  isAwaited = false;
  const readyMs = machine.deadlineMs - PROCESS_STABLE_MS;
  expect([...machine.handle("deadline", readyMs + PROCESS_STABLE_MS)]).toEqual(["prove"]);
});

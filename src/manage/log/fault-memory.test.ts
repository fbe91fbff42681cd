import { beforeEach, describe, expect, test } from "bun:test";
import {
  LOG_DECISION,
  LOG_DECISION_OWNERS,
  LOG_FUNCTION_UP,
  LOG_ISOLATED,
  LOG_NO_LEASE,
  LOG_PHASE,
  LOG_SERVER_ALIVE,
  LOG_SERVER_LOST,
  LOG_SERVER_UNREACHABLE,
  LOG_STALLED,
  LOG_STRANGER,
  LOG_VIP_FAILED,
} from "../../boundary/maintenance-code.ts";
import { LOG_ACTION } from "../../catalogue/supervisor-code.ts";
import { LOG_SUBJECTS_MAX } from "../../limits.ts";
import { KIND_FAULT_SET, KIND_NAMES } from "../maintenance.ts";
import { FaultMemory } from "./fault-memory.ts";
import type { RecordDraft } from "./record-draft.ts";

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;

let written: RecordDraft[];
let memory: FaultMemory;
beforeEach(() => {
  written = [];
  memory = new FaultMemory(0, (draft) => written.push(draft));
});

/** What was written since it was asked last: `set 111 b x1`. */
function lines(): string[] {
  return written
    .splice(0)
    .map(({ kind, code, functionId, detail, count, nature }) =>
      [
        KIND_NAMES[kind],
        code,
        functionId,
        detail,
        `x${count}`,
        ["", "HARD", "INTERMITTENT"][nature],
      ]
        .filter((part) => part !== "")
        .join(" "),
    );
}

const at = (bootUs: number) => ({ bootUs, utcMs: null });

function server(code: number, id: string, bootUs: number): void {
  memory.take({ code, first: 0, second: 0, functionId: "", detail: id }, at(bootUs));
}

test("records that belong together are all written, however often they come", () => {
  for (let time = 1; time <= 10; time++) {
    for (const code of [LOG_DECISION_OWNERS, LOG_DECISION])
      memory.take({ code, first: 0, second: 0, functionId: "", detail: "" }, at(time));
  }
  expect(lines()).toEqual(
    Array.from({ length: 10 }, () => ["event 251 x1", "event 254 x1"]).flat(),
  );
});

describe("a fault", () => {
  test("is set, and cleared by what ends it for the same server", () => {
    server(LOG_SERVER_LOST, "b", 1);
    server(LOG_SERVER_LOST, "c", 2);
    server(LOG_SERVER_ALIVE, "b", 3);
    expect(lines()).toEqual(["set 111 b x1", "set 111 c x1", "event 110 b x1", "cleared 111 b x1"]);
    expect(memory.activeCount).toBe(1);
  });

  test("takes the place of another one that cannot be there with it", () => {
    server(LOG_SERVER_LOST, "b", 1);
    server(LOG_SERVER_UNREACHABLE, "b", 2);
    expect(lines()).toEqual(["set 111 b x1", "set 112 b x1", "cleared 111 b x1"]);
  });

  test("of this server alone is cleared by a phase, by the right one only", () => {
    memory.take({ code: LOG_ISOLATED, first: 0, second: 0, functionId: "", detail: "" }, at(1));
    memory.take(
      { code: LOG_PHASE, first: 0, second: 0, functionId: "", detail: "LISTENING" },
      at(2),
    );
    expect(memory.activeCount).toBe(1);
    memory.take({ code: LOG_PHASE, first: 1, second: 0, functionId: "", detail: "ACTIVE" }, at(3));
    expect(lines()).toEqual([
      "set 125 x1",
      "event 100 LISTENING x1",
      "event 100 ACTIVE x1",
      "cleared 125 x1",
    ]);
  });

  test("of a function is cleared for this function", () => {
    const of = (code: number, functionId: string) => ({
      code,
      first: 0,
      second: 0,
      functionId,
      detail: "",
    });
    memory.take({ ...of(LOG_VIP_FAILED, "map"), detail: "errno 13" }, at(1));
    memory.take(of(LOG_FUNCTION_UP, "pa"), at(2));
    memory.take(of(LOG_FUNCTION_UP, "map"), at(3));
    expect(lines()).toEqual([
      ...["set 210 map errno 13 x1", "event 200 pa x1", "event 200 map x1"],
      "cleared 210 map errno 13 x1",
    ]);
  });

  test("that nothing can clear is over at once, and INTERMITTENT at the end of the leg", () => {
    memory.beginLeg(at(0));
    memory.take({ code: LOG_STALLED, first: 300, second: 0, functionId: "", detail: "300" }, at(1));
    expect(memory.activeCount).toBe(0);
    expect(memory.endLeg(at(2))).toBe(1);
    expect(lines()).toEqual(["set 301 300 x1", "summary 301 300 x1 INTERMITTENT"]);
  });

  test("found by an earlier daemon ends with the start of the next one, which keeps its own", () => {
    const past = (code: number, functionId: string) =>
      memory.restore(
        {
          ...{ kind: KIND_FAULT_SET, nature: 0, code, class: 1, functionId, detail: "" },
          ...{ first: 0, second: 0, count: 1, time: at(1), firstTime: null, lastTime: null },
        },
        true,
      );
    memory.take(
      { code: LOG_NO_LEASE, first: 95, second: 0, functionId: "", detail: "errno 95" },
      at(2),
    );
    server(LOG_SERVER_LOST, "b", 2);
    past(LOG_VIP_FAILED, "map");
    past(LOG_VIP_FAILED, "games");
    expect(memory.activeCount).toBe(4);
    memory.take(
      { code: LOG_VIP_FAILED, first: 0, second: 0, functionId: "map", detail: "" },
      at(3),
    );
    lines();
    memory.clear(at(4), "past");
    expect(lines()).toEqual(["cleared 210 games x1"]);
    memory.clear(at(5));
    expect(memory.activeCount).toBe(0);
  });
});

describe("a leg", () => {
  test("ends with active faults as HARD and others as INTERMITTENT, with first and last time and count", () => {
    memory.beginLeg(at(10));
    server(LOG_SERVER_LOST, "b", 20);
    server(LOG_SERVER_ALIVE, "b", 30);
    server(LOG_SERVER_LOST, "b", 40);
    server(LOG_SERVER_ALIVE, "b", 50);
    server(LOG_SERVER_LOST, "c", 60);
    lines();
    expect(memory.endLeg(at(70))).toBe(2);
    const [b, c] = written;
    expect([b?.firstTime?.bootUs, b?.lastTime?.bootUs, b?.time.bootUs]).toEqual([20, 40, 70]);
    expect([c?.firstTime?.bootUs, c?.lastTime?.bootUs]).toEqual([60, 60]);
    expect(lines()).toEqual(["summary 111 b x2 INTERMITTENT", "summary 111 c x1 HARD"]);
  });

  test("begins and ends with the faults that are already active", () => {
    server(LOG_SERVER_LOST, "b", 1);
    server(LOG_SERVER_LOST, "c", 2);
    server(LOG_SERVER_ALIVE, "c", 3);
    lines();
    memory.beginLeg(at(4));
    memory.endLeg(at(5));
    memory.beginLeg(at(6));
    server(LOG_SERVER_ALIVE, "b", 7);
    expect(memory.endLeg(at(8))).toBe(1);
    memory.beginLeg(at(9));
    expect(memory.endLeg(at(10))).toBe(0);
    expect(lines()).toEqual([
      ...["set 111 b x0", "summary 111 b x0 HARD", "set 111 b x0"],
      ...["event 110 b x1", "cleared 111 b x1", "summary 111 b x0 INTERMITTENT"],
    ]);
  });
});

describe("records that come too often", () => {
  test("different actions are told apart", () => {
    const act = (functionId: string, detail: string) =>
      memory.take({ code: LOG_ACTION, first: 0, second: 0, functionId, detail }, at(0));
    for (let times = 0; times < 4; times++) act("", "RESUME");
    act("", "DRAIN");
    act("map", "MOVE TO b");
    act("games", "MOVE TO b");
    const [resume, ...others] = [`event ${LOG_ACTION} RESUME x1`, `event ${LOG_ACTION} DRAIN x1`];
    const moves = ["map", "games"].map((id) => `event ${LOG_ACTION} ${id} MOVE TO b x1`);
    expect(lines()).toEqual([resume, resume, resume, ...others, ...moves] as string[]);
  });

  test("is written three times in an hour for each subject, then counted, and the count is written when the hour is over", () => {
    for (let i = 0; i < 10; i++) {
      server(LOG_SERVER_LOST, "b", i * MINUTE_US);
      server(LOG_SERVER_ALIVE, "b", i * MINUTE_US + 1);
    }
    server(LOG_SERVER_LOST, "c", 10 * MINUTE_US);
    const first = ["set 111 b x1", "event 110 b x1", "cleared 111 b x1"];
    expect(lines()).toEqual([...first, ...first, ...first, "set 111 c x1"]);
    memory.tick(at(HOUR_US - 1));
    expect(lines()).toEqual([]);
    memory.tick(at(HOUR_US + 1));
    // It is over by now, and so it is cleared in the same breath.
    expect(lines()).toEqual(["set 111 b x7", "cleared 111 b x1", "event 110 b x7"]);
    memory.tick(at(3 * HOUR_US));
    expect(lines()).toEqual([]);
  });

  test("is still there when it is counted: then it is set and not cleared", () => {
    for (let i = 0; i < 4; i++) {
      server(LOG_SERVER_LOST, "b", i);
      if (i < 3) server(LOG_SERVER_ALIVE, "b", i);
    }
    lines();
    memory.tick(at(HOUR_US + 10));
    expect(lines()).toEqual(["set 111 b x1"]);
    server(LOG_SERVER_ALIVE, "b", HOUR_US + 20);
    expect(lines()).toEqual(["event 110 b x1", "cleared 111 b x1"]);
  });

  test("is written with its count at the end of the leg, before its summary", () => {
    memory.beginLeg(at(0));
    for (let i = 1; i <= 100; i++) {
      memory.take(
        { code: LOG_STALLED, first: i, second: 0, functionId: "", detail: String(i) },
        at(i),
      );
    }
    expect(lines()).toEqual(["set 301 1 x1", "set 301 2 x1", "set 301 3 x1"]);
    memory.endLeg(at(200));
    expect(lines()).toEqual(["set 301 100 x97", "summary 301 100 x100 INTERMITTENT"]);
  });

  test("goes on counting over a start in the same hour, and not over a power-on", () => {
    for (const [isThisBoot, expected] of [
      [true, []],
      [false, ["set 301 9 x1"]],
    ] as const) {
      memory = new FaultMemory(0, (draft) => written.push(draft));
      const draft = {
        kind: 1,
        class: 2,
        nature: 0,
        count: 1,
        firstTime: at(1),
        lastTime: at(1),
      } as const;
      const what = { code: LOG_STALLED, first: 9, second: 0, functionId: "", detail: "9" };
      for (let i = 0; i < 3; i++) memory.restore({ ...draft, ...what, time: at(i) }, isThisBoot);
      memory.take(what, at(10));
      expect(lines()).toEqual([...expected]);
    }
  });

  test("from ever new strangers fills no memory", () => {
    for (let i = 0; i < LOG_SUBJECTS_MAX + 1000; i++) {
      const detail = `02:00:00:00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}`;
      memory.take({ code: LOG_STRANGER, first: 0, second: i, functionId: "map", detail }, at(i));
    }
    expect(memory.activeCount).toBe(LOG_SUBJECTS_MAX);
  });
});

describe("after a common power-up", () => {
  beforeEach(() => {
    memory = new FaultMemory(60_000_000, (draft) => written.push(draft));
  });

  test("a server that comes later than the others is no fault", () => {
    server(LOG_SERVER_LOST, "b", 20_000_000);
    expect(written[0]?.class).toBe(0);
    server(LOG_SERVER_ALIVE, "b", 40_000_000);
    memory.tick(at(61_000_000));
    expect(lines()).toEqual(["event 111 b x1", "event 110 b x1"]);
    expect(memory.activeCount).toBe(0);
  });

  test("a condition that persists after the time is set then, with the time when it began", () => {
    server(LOG_SERVER_LOST, "b", 20_000_000);
    memory.tick(at(59_999_999));
    expect(memory.activeCount).toBe(0);
    lines();
    memory.tick(at(60_000_000));
    expect(written[0]?.firstTime?.bootUs).toBe(20_000_000);
    expect(lines()).toEqual(["set 111 b x1"]);
    memory.tick(at(61_000_000));
    expect(lines()).toEqual([]);
  });

  test("a fault that has nothing to do with the others is one at once", () => {
    memory.take(
      { code: LOG_NO_LEASE, first: 95, second: 0, functionId: "", detail: "errno 95" },
      at(1),
    );
    expect(lines()).toEqual(["set 304 errno 95 x1"]);
  });
});

test("a code of another release is recorded as no fault", () => {
  memory.take({ code: 9999, first: 1, second: 2, functionId: "", detail: "1 2" }, at(1));
  expect(lines()).toEqual(["event 9999 1 2 x1"]);
});

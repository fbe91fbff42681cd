import { beforeEach, describe, expect, test } from "bun:test";
import { addFunction, hasFunction, removeFunction } from "../allocation/function-bitmap.ts";
import {
  FunctionTable,
  NONE,
  PROCESS_NONE,
  PROCESS_ON_ACTIVATE,
} from "../allocation/function-table.ts";
import {
  EFFECT_ANNOUNCE,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
  EffectQueue,
} from "../boundary/effect-queue.ts";
import { SERVER_ALIVE, SERVER_LOST } from "../boundary/server-state.ts";
import { timingOf } from "../boundary/timing.ts";
import { NOTICE_PREEMPTED } from "../wire/client-notice.ts";
import {
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
} from "../wire/control.ts";
import { Changes } from "./changes.ts";
import { Handover } from "./handover.ts";
import {
  ADDING,
  CLAIMED,
  ENDING,
  IDLE,
  REMOVING,
  RESTORING,
  STOPPING,
  UP,
} from "./handover-rows.ts";
import { Membership } from "./membership.ts";

const SELF = 1;
/** Functions 0 (60 units) and 1 (60 units, with a process); a server has 100. */
const table = new FunctionTable(
  [100, 100, 100],
  [PROCESS_NONE, PROCESS_ON_ACTIVATE].map((process, index) => ({
    required: 60,
    priority: 9 - index,
    servers: 7,
    process,
    stopGraceMs: 100,
  })),
);
const timing = timingOf(10, 3, 3, 100);
let changes: Changes;
let membership: Membership;
let effects: EffectQueue;
let handover: Handover;
let nowUs: number;
let sequence: number;

beforeEach(() => {
  const identity = {
    self: SELF,
    systemId: 1,
    digestHigh: 1,
    digestLow: 1,
    incarnation: 1,
    nonce: 0,
  };
  changes = new Changes();
  membership = new Membership(table, identity, timing, changes);
  effects = new EffectQueue();
  handover = new Handover(table, changes, membership, effects, timing, SELF, 1_000_000);
  // Nobody has to be waited for.
  for (const server of [0, 2]) {
    membership.setState(server, SERVER_ALIVE);
    membership.echoedSequence[server] = 1000;
  }
  nowUs = 0;
  sequence = 10;
});

const STEP_US = 1000;

/** One step. @returns the kinds of the effects it left, but for the log */
function advance(mayServe = true): number[] {
  nowUs += STEP_US;
  handover.advance(nowUs, mayServe, ++sequence);
  const kinds: number[] = [];
  while (effects.take()) if (effects.kind !== EFFECT_LOG) kinds.push(effects.kind);
  return kinds;
}

function owns(server: number, index: number): void {
  addFunction(membership.latest(server).owns, 0, index);
}

function bringUp(index: number): void {
  handover.assigned[index] = SELF;
  advance();
  handover.vips.onUp(index);
  advance();
  if (table.process[index] !== PROCESS_NONE) handover.onProcess(index, CONTROL_PROCESS_RUNNING);
  expect(handover.state[index]).toBe(UP);
}

describe("taking a function", () => {
  test("alone: claimed and set in one step, served when the address is up", () => {
    handover.assigned[1] = SELF;
    expect(advance()).toEqual([EFFECT_VIP_ADD]);
    expect(handover.state[1]).toBe(ADDING);
    expect(hasFunction(handover.sets.owns, 0, 1)).toBe(true); // told before the address can answer
    expect(advance()).toEqual([]);
    handover.vips.onUp(1);
    expect(advance()).toEqual([EFFECT_PROCESS_START, EFFECT_NOTICE]);
    expect(handover.isServing(1)).toBe(false);
    handover.onProcess(1, CONTROL_PROCESS_RUNNING);
    expect(handover.isServing(1)).toBe(true);
    expect(handover.room.load[0]).toBe(60);
  });

  test("a waiting function that another server owns by then gives its room back and is claimed again", () => {
    handover.assigned[1] = SELF;
    advance();
    expect([handover.state[1], handover.room.load[0]]).toEqual([ADDING, 60]);
    expect(handover.rivals.mayAdd(1, ADDING, nowUs)).toBe(true);
    for (const server of [0, 2]) membership.echoedSequence[server] = 1000;
    membership.setState(2, SERVER_ALIVE);
    owns(2, 1);
    expect(handover.rivals.mayAdd(1, ADDING, nowUs)).toBe(false);
    expect(handover.rivals.mayAdd(1, RESTORING, nowUs)).toBe(true); // it has to yield to us
    membership.setState(0, SERVER_ALIVE);
    owns(0, 1);
    expect(handover.rivals.mayAdd(1, RESTORING, nowUs)).toBe(false);
    handover.vips.onWithdrawn(1);
    expect(advance()).toEqual([EFFECT_VIP_REMOVE]); // the answer to an earlier try may be lost
    handover.vips.onDown(1);
    expect(advance()).toEqual([]);
    expect([handover.state[1], handover.room.load[0]]).toEqual([CLAIMED, 0]);
    removeFunction(membership.latest(0).owns, 0, 1);
    removeFunction(membership.latest(2).owns, 0, 1);
    expect(advance()).toEqual([EFFECT_VIP_ADD]);
    expect(handover.room.load[0]).toBe(60);
  });

  test("not before every living server has echoed the claim", () => {
    membership.setState(2, SERVER_ALIVE);
    membership.echoedSequence[2] = sequence;
    handover.assigned[0] = SELF;
    expect(advance()).toEqual([]);
    expect(handover.state[0]).toBe(CLAIMED);
    expect(hasFunction(handover.sets.claims, 0, 0)).toBe(true);
    membership.echoedSequence[2] = sequence;
    expect(advance()).toEqual([EFFECT_VIP_ADD]);
  });

  describe("who cannot echo the claim has had the time to hear it:", () => {
    const LATER_US = 5000;

    beforeEach(() => {
      handover.assigned[0] = SELF;
      for (const server of [0, 2]) {
        membership.incarnation[server] = 7;
        membership.setState(server, SERVER_ALIVE);
        membership.echoedSequence[server] = sequence;
      }
    });
    const claim = () => {
      expect(advance()).toEqual([]);
      expect(handover.state[0]).toBe(CLAIMED);
    };
    /** It is taken `us` after `sinceUs`, and not before. */
    const expectTaken = (sinceUs: number, us: number) => {
      nowUs = sinceUs + us - STEP_US - 1;
      expect(advance()).toEqual([]);
      nowUs -= STEP_US - 1;
      expect(advance()).toEqual([EFFECT_VIP_ADD]);
    };

    test("a server that is heard and does not hear us, from the claim and from its deafness on", () => {
      // Simulator, seed 500022017: the others had let go, and two servers took the function.
      membership.echoedSequence[2] = 0;
      claim();
      membership.echoedSequence[0] = sequence;
      expectTaken(nowUs, timing.takeOverUs);
    });

    test("the same, however long we have claimed what another server owned (simulator, seed 950006851)", () => {
      membership.echoedSequence[2] = 0;
      owns(0, 0);
      claim();
      membership.echoedSequence[0] = sequence;
      nowUs += 2 * timing.takeOverUs;
      expect(advance()).toEqual([]);
      const ownedUs = nowUs;
      removeFunction(membership.latest(0).owns, 0, 0);
      expectTaken(ownedUs, timing.takeOverUs);
    });

    test("the same where it becomes deaf after the claim", () => {
      claim();
      nowUs += LATER_US;
      membership.echoedSequence[0] = sequence;
      membership.echoedSequence[2] = 0;
      membership.deafSinceUs[2] = nowUs;
      expectTaken(nowUs, timing.takeOverUs);
    });

    test("a server that is not heard, where nobody has owned the function", () => {
      membership.setState(2, SERVER_LOST);
      claim();
      const claimedUs = nowUs;
      membership.echoedSequence[0] = sequence;
      expectTaken(claimedUs, timing.takeOverUs);
    });

    test("but not one of which nothing is known", () => {
      membership.setState(2, SERVER_LOST);
      membership.incarnation[2] = 0;
      claim();
      membership.echoedSequence[0] = sequence;
      expect(advance()).toEqual([EFFECT_VIP_ADD]);
    });

    test("and not while the loop stood still", () => {
      membership.setState(2, SERVER_LOST);
      claim();
      const claimedUs = nowUs;
      membership.echoedSequence[0] = sequence;
      handover.excuse(LATER_US);
      expectTaken(claimedUs, timing.takeOverUs + LATER_US);
    });

    test("but what a lost server owned is taken at once", () => {
      addFunction(membership.latest(2).owns, 0, 0);
      handover.assigned[0] = 2;
      expect(advance()).toEqual([]);
      membership.setState(2, SERVER_LOST);
      handover.assigned[0] = SELF;
      claim();
      membership.echoedSequence[0] = sequence;
      expect(advance()).toEqual([EFFECT_VIP_ADD]);
    });
  });

  test("not while another server owns it, or one with a lower index claims it; a higher one waits for us", () => {
    for (const server of [0, 2]) {
      membership.setState(server, SERVER_ALIVE);
      membership.echoedSequence[server] = 1000;
    }
    owns(2, 0);
    handover.assigned[0] = SELF;
    advance();
    expect(handover.state[0]).toBe(CLAIMED);
    removeFunction(membership.latest(2).owns, 0, 0);
    addFunction(membership.latest(0).claims, 0, 0);
    advance();
    expect(handover.state[0]).toBe(CLAIMED);
    removeFunction(membership.latest(0).claims, 0, 0);
    addFunction(membership.latest(2).claims, 0, 0);
    advance();
    expect(handover.state[0]).toBe(ADDING);
  });

  test("not without room; room is kept for the more important one, and reported as ready", () => {
    handover.assigned[0] = SELF;
    handover.assigned[1] = SELF;
    membership.setState(2, SERVER_ALIVE);
    membership.echoedSequence[2] = 1000;
    owns(2, 0);
    expect(advance()).toEqual([]);
    expect([handover.state[0], handover.state[1]]).toEqual([CLAIMED, CLAIMED]);
    expect([
      hasFunction(handover.sets.ready, 0, 0),
      hasFunction(handover.sets.ready, 0, 1),
    ]).toEqual([true, false]);
  });

  test("an address that is refused marks the function as failed here", () => {
    handover.assigned[0] = SELF;
    advance();
    handover.vips.onFailed(0, 13, false);
    expect(advance()).toEqual([EFFECT_VIP_REMOVE]);
    handover.vips.onDown(0);
    advance();
    expect(handover.state[0]).toBe(IDLE);
    expect([handover.failed[0], changes.cannotRun, handover.room.load[0]]).toEqual([1, 1, 0]);
    expect(hasFunction(handover.sets.cannotRun, 0, 0)).toBe(true);
  });
});

describe("letting go of a function", () => {
  test("preempted: clients are told, the process ends, then the address goes, then the room is free", () => {
    bringUp(1);
    handover.assigned[1] = NONE;
    handover.stopReason[1] = NOTICE_PREEMPTED;
    handover.advance(++nowUs, true, ++sequence);
    expect(handover.state[1]).toBe(STOPPING);
    effects.take();
    expect([effects.kind, effects.index, effects.first]).toEqual([
      EFFECT_NOTICE_STOPPING,
      1,
      NOTICE_PREEMPTED,
    ]);
    expect(advance()).toEqual([EFFECT_PROCESS_STOP]);
    handover.onProcess(1, CONTROL_PROCESS_STOPPED);
    expect(advance()).toEqual([EFFECT_VIP_REMOVE]);
    expect(handover.room.load[0]).toBe(60);
    handover.vips.onDown(1);
    advance();
    expect([handover.state[1], handover.room.load[0], handover.busy]).toEqual([IDLE, 0, 0]);
  });

  test("moved: not before the new owner is ready, then the address first and the process after it", () => {
    bringUp(1);
    membership.setState(2, SERVER_ALIVE);
    handover.assigned[1] = 2;
    handover.assignedSinceUs[1] = nowUs;
    expect(advance()).toEqual([]);
    addFunction(membership.latest(2).ready, 0, 1);
    expect(advance()).toEqual([EFFECT_VIP_REMOVE]);
    expect(hasFunction(handover.sets.owns, 0, 1)).toBe(true);
    handover.vips.onDown(1);
    expect(advance()).toEqual([EFFECT_PROCESS_STOP]);
    expect(handover.state[1]).toBe(ENDING);
    // the new owner need not wait for the process
    expect(hasFunction(handover.sets.owns, 0, 1)).toBe(false);
    handover.onProcess(1, CONTROL_PROCESS_STOPPED);
    advance();
    expect(handover.state[1]).toBe(IDLE);
  });

  test("moved to one that never gets ready: after the hand-over time in any case", () => {
    bringUp(0);
    membership.setState(2, SERVER_ALIVE);
    handover.assigned[0] = 2;
    handover.assignedSinceUs[0] = nowUs;
    const untilUs = nowUs + timing.handoverUs;
    nowUs = untilUs - 1001;
    expect(advance()).toEqual([]);
    expect(nowUs).toBe(untilUs - 1);
    nowUs = untilUs - 1000;
    expect(advance()).toEqual([EFFECT_VIP_REMOVE]);
  });

  test("isolated: at once, from every state", () => {
    bringUp(1);
    expect(advance(false)).toEqual([EFFECT_VIP_REMOVE]);
    handover.vips.onDown(1);
    expect(advance(false)).toEqual([EFFECT_PROCESS_STOP]);
    handover.assigned[0] = SELF;
    expect(advance(false)).toEqual([]);
    expect(handover.state[0]).toBe(IDLE);
  });

  test("its process failed: at once", () => {
    bringUp(1);
    handover.onProcess(1, CONTROL_PROCESS_FAILED);
    expect(advance()).toEqual([EFFECT_VIP_REMOVE]);
    expect(handover.state[1]).toBe(REMOVING);
    expect(handover.failed[1]).toBe(1);
    handover.clearFailed();
    expect(handover.failed[1]).toBe(0);
  });
});

describe("owned twice", () => {
  test("the higher index lets go", () => {
    bringUp(0);
    membership.setState(0, SERVER_ALIVE);
    owns(0, 0);
    expect(advance()).toEqual([EFFECT_VIP_REMOVE]);
  });

  test("the lower index stays, and announces again when it sees the rival and when it has gone", () => {
    bringUp(0);
    membership.setState(2, SERVER_ALIVE);
    membership.echoedSequence[2] = 1000;
    owns(2, 0);
    expect(advance()).toEqual([EFFECT_ANNOUNCE]);
    expect(advance()).toEqual([]);
    removeFunction(membership.latest(2).owns, 0, 0);
    expect(advance()).toEqual([EFFECT_ANNOUNCE]);
  });

  test("one that lost us before anything was up here waits for no lease of ours: we yield to its claim", () => {
    bringUp(0);
    membership.setState(2, SERVER_ALIVE);
    addFunction(membership.latest(2).claims, 0, 0);
    membership.echoedSequence[2] = 1000;
    expect(advance()).toEqual([]); // it hears us, and waits
    membership.echoedSequence[2] = 0;
    membership.lastEchoed[2] = 1000;
    expect(advance()).toEqual([]); // our lease ends before it takes over
    membership.lastEchoed[2] = 0;
    expect(advance()).toEqual([EFFECT_VIP_REMOVE]);
  });

  test("a server that is lost owns nothing", () => {
    bringUp(0);
    membership.setState(0, SERVER_ALIVE);
    membership.setState(0, SERVER_LOST);
    owns(0, 0);
    expect(advance()).toEqual([]);
  });
});

test("an address is announced again one announcement time after it came up, once", () => {
  bringUp(0);
  nowUs += 999_000;
  expect(advance()).toEqual([EFFECT_ANNOUNCE]);
  nowUs += 5_000_000;
  expect(advance()).toEqual([]);
});

test("an address removed by somebody else is put back while it should be up, and left alone otherwise", () => {
  handover.onVipRemoved(0);
  expect(advance()).toEqual([]);
  bringUp(0);
  handover.onVipRemoved(0);
  expect(advance()).toEqual([EFFECT_VIP_ADD]);
  handover.vips.onUp(0);
  advance(false);
  handover.onVipRemoved(0);
  expect(advance(false)).toEqual([]);
});

test("our sets match the state, and nothing else", () => {
  bringUp(0);
  const before = handover.sets.owns[0];
  advance();
  expect(handover.sets.owns[0]).toBe(before);
  handover.assigned[0] = NONE;
  advance();
  handover.vips.onDown(0);
  advance();
  expect([before, handover.sets.owns[0]]).toEqual([1, 0]);
});

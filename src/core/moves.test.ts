import { beforeEach, describe, expect, test } from "bun:test";
import { Allocation, type Policy } from "../allocation/allocation.ts";
import { addFunction, removeFunction } from "../allocation/function-bitmap.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "../allocation/function-table.ts";
import { PREEMPT } from "../allocation/preempt.ts";
import { RESET } from "../allocation/reset.ts";
import { EFFECT_LOG, EffectQueue } from "../boundary/effect-queue.ts";
import { LOG_MOVE_BEGUN, LOG_MOVE_DONE, LOG_MOVE_GIVEN_UP } from "../boundary/maintenance-code.ts";
import { SERVER_ALIVE, SERVER_UNREACHABLE } from "../boundary/server-state.ts";
import { timingOf } from "../boundary/timing.ts";
import { MOVE_SHARE_OF_HANDOVER, MOVE_TOLD_PERIODS } from "../limits.ts";
import * as control from "../wire/control.ts";
import { Changes } from "./changes.ts";
import { Handover } from "./handover.ts";
import { Membership } from "./membership.ts";
import { Moves } from "./moves.ts";

const ALL = 0b1111;
const timing = timingOf(10, 5, 3, 0);
const row = (required: number, servers = ALL) => ({
  required,
  priority: 5,
  servers,
  process: PROCESS_NONE,
  stopGraceMs: 0,
});
/** f is on 0, g on 1, h on 2, and k, which may run on 0 and 1 alone, nowhere. Server 3 is empty. */
const table = new FunctionTable(
  [100, 100, 100, 50],
  [row(40), row(70), row(60, 0b0111), row(90, 0b0011)],
);
const [F, G, H, K] = [0, 1, 2, 3];
let changes: Changes;
let membership: Membership;
let handover: Handover;
let effects: EffectQueue;
let moves: Moves;

beforeEach(() => begin());

function begin(policy: Policy = PREEMPT): void {
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 };
  effects = new EffectQueue();
  changes = new Changes();
  membership = new Membership(table, identity, timing, changes);
  handover = new Handover(table, changes, membership, effects, timing, 0, 1_000_000);
  moves = new Moves(table, policy, changes, membership, handover, effects, timing, 0);
  for (const server of [1, 2, 3]) membership.setState(server, SERVER_ALIVE);
  for (const [index, owner] of [
    [F, 0],
    [G, 1],
    [H, 2],
  ] as const) {
    handover.assigned[index] = owner;
    addFunction(owner === 0 ? handover.sets.owns : membership.latest(owner).owns, 0, index);
  }
  moves.update(0, ALL);
}

/** Codes of the maintenance events since the last look. */
function logged(): number[] {
  const codes: number[] = [];
  while (effects.take()) if (effects.kind === EFFECT_LOG) codes.push(effects.index);
  return codes;
}

/** What runs where, as an allocation gets it once the moves are applied. */
function applied(change: (allocation: Allocation) => void = () => {}): number[] {
  const allocation = new Allocation();
  allocation.operable = ALL;
  [0, 1, 2, NONE].forEach((owner, index) => {
    allocation.current[index] = owner;
  });
  change(allocation);
  moves.apply(allocation);
  return [...allocation.current.slice(0, 4)];
}

describe("what is refused", () => {
  test.each([
    ["a function that there is not", 4, 3, control.MOVE_REFUSED_FUNCTION],
    ["no function", -1, 3, control.MOVE_REFUSED_FUNCTION],
    ["a server that there is not", F, 4, control.MOVE_REFUSED_SERVER],
    ["no server", F, -1, control.MOVE_REFUSED_SERVER],
    ["a function that runs nowhere", K, 0, control.MOVE_REFUSED_NOT_RUNNING],
    ["where it is", F, 0, control.MOVE_REFUSED_ALREADY_THERE],
    ["where the configuration does not let it", H, 3, control.MOVE_REFUSED_NOT_ELIGIBLE],
    ["where there is no room", F, 1, control.MOVE_REFUSED_ROOM],
    ["where there is room for exactly it", F, 2, 0],
    ["where there is room", F, 3, 0],
  ] as const)("%s", (_, index, server, expected) => {
    expect(moves.refusal(index, server)).toBe(expected);
  });

  test("with FIG. 3, whatever is asked for", () => {
    begin(RESET);
    expect(moves.refusal(F, 3)).toBe(control.MOVE_REFUSED_POLICY);
  });

  test("by a server that does not serve", () => {
    moves.update(1, 0);
    expect(moves.refusal(F, 3)).toBe(control.MOVE_REFUSED_NOT_SERVING);
  });

  test("from or to a server that is not operable", () => {
    moves.update(1, ALL & ~0b1000);
    expect(moves.refusal(F, 3)).toBe(control.MOVE_REFUSED_NOT_OPERABLE);
    moves.update(1, ALL & ~0b0100);
    expect(moves.refusal(H, 1)).toBe(control.MOVE_REFUSED_NOT_OPERABLE);
  });

  test("where it has failed, here and elsewhere", () => {
    addFunction(membership.latest(3).cannotRun, 0, F);
    expect(moves.refusal(F, 3)).toBe(control.MOVE_REFUSED_CANNOT_RUN);
    handover.failed[H] = 1;
    expect(moves.refusal(H, 0)).toBe(control.MOVE_REFUSED_CANNOT_RUN);
  });

  test("while functions are held", () => {
    const allocation = new Allocation();
    allocation.holds = true;
    moves.apply(allocation);
    expect(moves.refusal(F, 3)).toBe(control.MOVE_REFUSED_HELD);
    allocation.holds = false;
    moves.apply(allocation);
    expect(moves.refusal(F, 3)).toBe(0);
  });

  test("while it is under way, and while any server announces a move", () => {
    removeFunction(handover.sets.owns, 0, F);
    expect(moves.refusal(F, 3)).toBe(control.MOVE_REFUSED_UNDER_WAY);
    addFunction(handover.sets.owns, 0, F);
    membership.latest(2).moveFunction = G + 1;
    expect(moves.refusal(F, 3)).toBe(control.MOVE_REFUSED_UNDER_WAY);
    membership.latest(2).moveFunction = 0;
    moves.ask(F, 3, 1);
    expect(moves.refusal(F, 2)).toBe(control.MOVE_REFUSED_UNDER_WAY);
  });
});

describe("a move that was asked for here", () => {
  test("counts at once, is announced for some periods after the target owns the function, and ends", () => {
    moves.ask(F, 3, 1000);
    expect(logged()).toEqual([LOG_MOVE_BEGUN]);
    expect(moves.isPending).toBe(true);
    expect(moves.update(1000, ALL)).toBe(true);
    expect(applied()).toEqual([3, 1, 2, NONE]);
    expect(moves.update(2000, ALL)).toBe(false);
    addFunction(membership.latest(3).owns, 0, F);
    moves.update(3000, ALL);
    expect(logged()).toEqual([LOG_MOVE_DONE]);
    const endUs = 3000 + MOVE_TOLD_PERIODS * timing.periodUs;
    moves.update(endUs - 1, ALL);
    expect([moves.index, moves.server]).toEqual([F, 3]);
    expect(moves.update(endUs, ALL)).toBe(true);
    expect([moves.index, moves.server, moves.isPending]).toEqual([NONE, NONE, false]);
    expect(logged()).toEqual([]);
  });

  test("is given up after its part of a hand-over's time, and not tried again", () => {
    moves.ask(F, 3, 1000);
    const endUs = 1000 + timing.handoverUs / MOVE_SHARE_OF_HANDOVER;
    moves.update(endUs - 1, ALL);
    expect(moves.index).toBe(F);
    expect(moves.update(endUs, ALL)).toBe(true);
    expect(logged()).toEqual([LOG_MOVE_BEGUN, LOG_MOVE_GIVEN_UP]);
    expect(applied()).toEqual([0, 1, 2, NONE]);
    expect(moves.update(10 * endUs, ALL)).toBe(false);
    expect(moves.index).toBe(NONE);
  });

  test.each([
    ["the target", ALL & ~0b1000],
    ["the owner", ALL & ~0b0001],
    ["every server, since this one stops serving", 0],
  ] as const)("is given up when %s is not operable any more", (_, operable) => {
    moves.ask(F, 3, 1000);
    logged();
    expect(moves.update(2000, operable)).toBe(true);
    expect(logged()).toEqual([LOG_MOVE_GIVEN_UP]);
    expect(moves.index).toBe(NONE);
  });

  test("that has become impossible since the answer is given up before it begins", () => {
    handover.failed[H] = 1;
    moves.ask(H, 0, 1000);
    expect(logged()).toEqual([LOG_MOVE_GIVEN_UP]);
    expect([moves.index, moves.isPending]).toEqual([NONE, false]);
  });
});

describe("moves that others were asked for", () => {
  const told = (asking: number, index: number, server: number): void => {
    membership.latest(asking).moveFunction = index + 1;
    membership.latest(asking).moveServer = server;
  };

  test("count while the server that was asked is alive", () => {
    told(2, F, 3);
    expect(applied()).toEqual([3, 1, 2, NONE]);
    membership.setState(2, SERVER_UNREACHABLE);
    expect(moves.update(1000, ALL)).toBe(true); // whether it counts has changed
    expect(applied()).toEqual([0, 1, 2, NONE]);
  });

  test("of the same function: the lowest server that was asked goes first, and one that is there is left there", () => {
    told(1, F, 3);
    told(3, F, 2);
    expect(applied()).toEqual([2, 1, 2, NONE]);
    told(3, F, 3);
    expect(applied()).toEqual([3, 1, 2, NONE]);
  });

  test.each([
    ["a function that there is not", 4, 3, () => {}],
    ["a server that there is not", F, 9, () => {}],
    ["a function that runs nowhere", K, 0, () => {}],
    ["where it may not run", H, 3, () => {}],
    ["where there is no room", F, 1, () => {}],
    [
      "where it cannot run",
      F,
      3,
      (allocation: Allocation) => {
        allocation.cannotRun[F] = 0b1000;
      },
    ],
    [
      "to a server that is not operable",
      F,
      3,
      (allocation: Allocation) => {
        allocation.operable = 0b0111;
      },
    ],
    [
      "from a server that drains: the policy finds a place for it",
      F,
      3,
      (allocation: Allocation) => {
        allocation.operable = 0b1110;
      },
    ],
  ] as const)("are left out: %s", (_, index, server, change) => {
    told(2, index, server);
    expect(applied(change)).toEqual([0, 1, 2, NONE]);
  });
});

import { beforeEach, describe, expect, test } from "bun:test";
import { FunctionTable, PROCESS_NONE } from "../allocation/function-table.ts";
import { EFFECT_ANNOUNCE, EFFECT_LOG, EffectQueue } from "../boundary/effect-queue.ts";
import { timingOf } from "../boundary/timing.ts";
import { formatRecord } from "../catalogue/record-text.ts";
import { FUNCTIONS_MAX } from "../limits.ts";
import { Changes } from "./changes.ts";
import { Handover } from "./handover.ts";
import { IDLE, UP } from "./handover-rows.ts";
import { Membership } from "./membership.ts";
import { Strangers } from "./strangers.ts";

const BEGAN_US = 5_000_000;
const MS = 1000;
const SECOND = 1_000_000;
const timing = timingOf(20, 10, 5, 0); // listening time 240 ms
const GRACE_MS = 240;
const names = { servers: ["a", "b"], functions: ["pa", "map"], networks: [] };
/** 02:00:00:00:00:bb is server b's, 02:66:66:66:66:66 nobody's. */
const PEER = [0x0200, 0x0000_00bb] as const;
const HOST = [0x0266, 0x6666_6666] as const;
const OTHER_HOST = [0xfe77, 0xf777_7777] as const;

let effects: EffectQueue;
let membership: Membership;
let handover: Handover;
let strangers: Strangers;

beforeEach(() => {
  const row = { required: 1, priority: 5, servers: 3, process: PROCESS_NONE, stopGraceMs: 0 };
  const table = new FunctionTable([10, 10], [row, row]);
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 5, nonce: 0 };
  effects = new EffectQueue();
  membership = new Membership(table, identity, timing, new Changes());
  handover = new Handover(table, new Changes(), membership, effects, timing, 0, SECOND);
  handover.state[0] = UP;
  strangers = new Strangers(table, membership, handover, effects, timing.listenUs);
});

/** Server b is heard, and its keep-alive gives its MAC. */
function hearPeer(): void {
  [membership.newest[1].clientMacHigh, membership.newest[1].clientMacLow] = PEER;
}

/** What was done: `announce 0`, or a line of the log. */
function done(atUs: number): string[] {
  strangers.advance(atUs);
  const lines: string[] = [];
  while (effects.take()) {
    if (effects.kind === EFFECT_ANNOUNCE) lines.push(`announce ${effects.index}`);
    else if (effects.kind === EFFECT_LOG)
      lines.push(formatRecord(effects.index, effects.first, effects.second, names));
    else throw new Error(`effect ${effects.kind}`);
  }
  return lines;
}

const NAMED = "WNG-0215 ANOTHER HOST ANSWERS FOR A VIP: pa 02:66:66:66:66:66";
const GONE = "WNG-0216 STRANGER GONE: pa 02:66:66:66:66:66";

describe("hosts that are strangers", () => {
  test("an unknown MAC, after the listening time, once: named, and the VIP is announced", () => {
    hearPeer();
    strangers.onSighting(0, ...HOST, BEGAN_US);
    expect(done(BEGAN_US)).toEqual([]);
    expect(done(BEGAN_US + GRACE_MS * MS - 1)).toEqual([]);
    expect(done(BEGAN_US + GRACE_MS * MS)).toEqual(["announce 0", NAMED]);
    expect(done(BEGAN_US + 20 * SECOND)).toEqual([]);
    expect(strangers.sightings).toBe(1);
  });

  test("a MAC is the same with its lower half signed", () => {
    strangers.onSighting(0, OTHER_HOST[0], OTHER_HOST[1] | 0, BEGAN_US);
    strangers.onSighting(0, ...OTHER_HOST, BEGAN_US + 29 * SECOND);
    expect(done(BEGAN_US + 31 * SECOND)).toEqual([
      "announce 0",
      "WNG-0215 ANOTHER HOST ANSWERS FOR A VIP: pa fe:77:f7:77:77:77",
    ]);
  });

  test("no server that was ever heard: in a hand-over, lost, or back after a partition", () => {
    hearPeer();
    for (let second = 0; second < 100; second++) {
      strangers.onSighting(0, ...PEER, BEGAN_US + second * SECOND);
      expect(done(BEGAN_US + second * SECOND)).toEqual([]);
    }
    expect(strangers.sightings).toBe(0);
  });

  test("no server that is heard for the first time within the listening time after its announcement", () => {
    strangers.onSighting(0, ...PEER, BEGAN_US);
    expect(done(BEGAN_US + (GRACE_MS - 20) * MS)).toEqual([]);
    hearPeer();
    for (let ms = GRACE_MS; ms < 60_000; ms += 20) expect(done(BEGAN_US + ms * MS)).toEqual([]);
    strangers.onSighting(0, ...HOST, BEGAN_US + 60 * SECOND); // and its row is free again
    expect(done(BEGAN_US + 61 * SECOND)).toEqual(["announce 0", NAMED]);
  });

  test("none while the VIP is not up here: before, and when it moves away within the listening time", () => {
    strangers.onSighting(1, ...HOST, BEGAN_US);
    strangers.onSighting(0, ...HOST, BEGAN_US);
    handover.state[0] = IDLE;
    expect(done(BEGAN_US + SECOND)).toEqual([]);
    handover.state[0] = UP;
    handover.state[1] = UP;
    expect(done(BEGAN_US + 2 * SECOND)).toEqual([]);
  });

  test("no function that is not in the table", () => {
    for (const index of [2, FUNCTIONS_MAX - 1, FUNCTIONS_MAX, 65_535])
      strangers.onSighting(index, ...HOST, BEGAN_US);
    expect(strangers.sightings).toBe(0);
  });
});

describe("reaction to one that stays", () => {
  /**
   * The times in ms after the first at which `line` comes, while `mac` is seen every 100 ms for
   * `seconds`.
   */
  function timesOf(line: string, seconds: number): number[] {
    const times: number[] = [];
    for (let ms = 0; ms <= seconds * 1000; ms += 20) {
      if (ms % 100 === 0) strangers.onSighting(0, ...HOST, BEGAN_US + ms * MS);
      for (const did of done(BEGAN_US + ms * MS)) if (did === line) times.push(ms - GRACE_MS);
    }
    return times;
  }

  test("the VIP is announced after 0, 1, 3, 7, 15, 25, 35 s and so on: no endless fight", () => {
    expect(timesOf("announce 0", 60)).toEqual([
      0, 1000, 3000, 7000, 15_000, 25_000, 35_000, 45_000, 55_000,
    ]);
  });

  test("it is named again every minute", () => {
    expect(timesOf(NAMED, 150)).toEqual([0, 60_000, 120_000]);
    expect(strangers.sightings).toBe(1501);
  });

  test("30 s after it was last seen it is gone, reported once; the next time counts as new, except for the rate of defences", () => {
    strangers.onSighting(0, ...HOST, BEGAN_US);
    expect(done(BEGAN_US + SECOND)).toEqual(["announce 0", NAMED]);
    strangers.onSighting(0, ...HOST, BEGAN_US + 3 * SECOND);
    expect(done(BEGAN_US + 3 * SECOND)).toEqual(["announce 0"]);
    expect(done(BEGAN_US + 33 * SECOND - 1)).toEqual([]);
    expect(done(BEGAN_US + 33 * SECOND)).toEqual([GONE]);
    expect(done(BEGAN_US + 34 * SECOND)).toEqual([]);
    strangers.onSighting(0, ...HOST, BEGAN_US + 100 * SECOND);
    expect(done(BEGAN_US + 101 * SECOND)).toEqual(["announce 0", NAMED]);
    strangers.onSighting(0, ...HOST, BEGAN_US + 101 * SECOND);
    expect(done(BEGAN_US + 102 * SECOND - 1)).toEqual([]);
    expect(done(BEGAN_US + 102 * SECOND)).toEqual(["announce 0"]);
  });

  test("a sighting within the interval is answered at its end, and no more when the stranger is silent", () => {
    strangers.onSighting(0, ...HOST, BEGAN_US);
    expect(done(BEGAN_US + SECOND)).toHaveLength(2);
    strangers.onSighting(0, ...HOST, BEGAN_US + SECOND + 100 * MS);
    expect(done(BEGAN_US + 2 * SECOND - 1)).toEqual([]);
    expect(done(BEGAN_US + 2 * SECOND)).toEqual(["announce 0"]);
    expect(done(BEGAN_US + 20 * SECOND)).toEqual([]);
  });

  test("when the function moves away it is called gone: the next owner looks at it", () => {
    strangers.onSighting(0, ...HOST, BEGAN_US);
    expect(done(BEGAN_US + SECOND)).toHaveLength(2);
    handover.state[0] = IDLE;
    expect(done(BEGAN_US + 2 * SECOND)).toEqual([GONE]);
  });

  test("a second host for the same function is answered within the same rate, and named when the first is gone", () => {
    strangers.onSighting(0, ...HOST, BEGAN_US);
    expect(done(BEGAN_US + SECOND)).toHaveLength(2);
    const lines: string[] = [];
    for (let second = 2; second < 40; second++) {
      strangers.onSighting(0, ...OTHER_HOST, BEGAN_US + second * SECOND);
      lines.push(...done(BEGAN_US + second * SECOND).map((line) => `${second} s: ${line}`));
    }
    expect(lines).toEqual([
      ...[2, 4, 8, 16, 26].map((second) => `${second} s: announce 0`),
      `30 s: ${GONE}`,
      "32 s: WNG-0215 ANOTHER HOST ANSWERS FOR A VIP: pa fe:77:f7:77:77:77",
      ...[36, 37, 39].map((second) => `${second} s: announce 0`),
    ]);
  });

  test("functions are answered each for itself", () => {
    handover.state[1] = UP;
    strangers.onSighting(0, ...HOST, BEGAN_US);
    strangers.onSighting(1, ...OTHER_HOST, BEGAN_US);
    expect(done(BEGAN_US + SECOND).sort()).toEqual(
      [
        "announce 0",
        "announce 1",
        NAMED,
        "WNG-0215 ANOTHER HOST ANSWERS FOR A VIP: map fe:77:f7:77:77:77",
      ].sort(),
    );
  });
});

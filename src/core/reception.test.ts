import { beforeEach, describe, expect, test } from "bun:test";
import { RecordingShell } from "../../test/harness/recording-shell.ts";
import { TIMING } from "../../test/harness/turn-flight.ts";
import { FunctionTable } from "../allocation/function-table.ts";
import { PREEMPT } from "../allocation/preempt.ts";
import { COUNTER_AUTHENTICATION, COUNTER_MALFORMED } from "../boundary/counters.ts";
import { EVENT_KEEP_ALIVE, EVENT_RECORD } from "../boundary/event-queue.ts";
import {
  EVENTS_MAX,
  RECEIVES_AT_ONCE_MAX,
  RECEIVES_PER_TURN_MAX,
  UNREAD_TURNS_MAX,
} from "../limits.ts";
import { KEEP_ALIVE_BYTES, KeepAliveMessage } from "../wire/keep-alive.ts";
import { Engine } from "./engine.ts";
import { Reception } from "./reception.ts";

let shell: RecordingShell;
let engine: Engine;
let reception: Reception;
const message = new KeepAliveMessage(2, 1);

beforeEach(() => {
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 };
  const row = { required: 1, priority: 1, servers: 3, process: 0, stopGraceMs: 0 };
  shell = new RecordingShell(2, false, 0, 2);
  engine = new Engine(new FunctionTable([1, 1], [row]), PREEMPT, identity, TIMING, 1_000_000, 0);
  reception = new Reception(engine, shell);
});

/** Sound keep-alives of server 1 arrive, numbered. */
function keepAlives(network: number, count: number): void {
  for (let sequence = 1; sequence <= count; sequence++) {
    Object.assign(message, { sender: 1, incarnation: 9, sequence });
    shell.deliver(network, message);
  }
}

/** Something else arrives: of this length, with a seal or without, its bytes all the same. */
function rubbish(network: number, length: number, isSealed: boolean, count = 1): void {
  const view = new DataView(new Uint8Array(KEEP_ALIVE_BYTES).fill(0x57).buffer);
  for (let datagram = 0; datagram < count; datagram++)
    shell.arrivals[network].push({ view, length, isSealed });
}

/** One turn's reading. @returns events that it brought: network and sequence number of each */
function receive(): [network: number, sequence: number][] {
  const { events } = engine;
  const first = events.count;
  reception.receive();
  const taken: [number, number][] = [];
  for (let slot = first; slot < events.count; slot++) {
    expect(events.kind[slot]).toBe(EVENT_KEEP_ALIVE);
    taken.push([events.first[slot], events.message(slot).sequence]);
  }
  return taken;
}

function left(): number[] {
  return shell.arrivals.map(({ length }) => length);
}

test("what arrives on each network is taken with its content and its network, in its order", () => {
  keepAlives(1, 2);
  keepAlives(0, 1);
  expect(receive()).toEqual([
    [0, 1],
    [1, 1],
    [1, 2],
  ]);
  expect(receive()).toEqual([]);
  expect([reception.mayJudgeSilence, reception.arrivalsWake]).toEqual([true, true]);
});

describe("datagrams that are no keep-alives", () => {
  test.each([
    ["too short", KEEP_ALIVE_BYTES - 1, true, COUNTER_MALFORMED, 0],
    ["too long", KEEP_ALIVE_BYTES + 1, true, COUNTER_MALFORMED, 0],
    ["empty", 0, true, COUNTER_MALFORMED, 0],
    ["sealed by nobody, and not looked into", KEEP_ALIVE_BYTES, false, COUNTER_AUTHENTICATION, 1],
    ["sealed, with another content", KEEP_ALIVE_BYTES, true, COUNTER_MALFORMED, 1],
  ])("%s: counted, and nothing else", (_, length, isSealed, counter, sealsChecked) => {
    const counters = [...engine.counters];
    rubbish(0, length, isSealed);
    rubbish(1, length, isSealed);
    expect(receive()).toEqual([]);
    counters[counter] += 2;
    expect([...engine.counters]).toEqual(counters);
    expect(shell.sealsChecked).toBe(2 * sealsChecked);
    expect(engine.events.lost).toBe(0);
  });

  test("do not block keep-alives", () => {
    rubbish(0, 1, true);
    rubbish(0, KEEP_ALIVE_BYTES, false);
    rubbish(0, KEEP_ALIVE_BYTES, true);
    keepAlives(0, 1);
    expect(receive()).toEqual([[0, 1]]);
  });
});

describe("the share of a network in a turn", () => {
  test("a flood on one does not silence the other, whichever it is", () => {
    for (const flooded of [0, 1]) {
      rubbish(flooded, KEEP_ALIVE_BYTES, false, 3 * RECEIVES_PER_TURN_MAX);
      keepAlives(1 - flooded, 2);
      expect(receive().map(([network]) => network)).toEqual([1 - flooded, 1 - flooded]);
      expect(left()[flooded]).toBe(2 * RECEIVES_PER_TURN_MAX);
      expect(left()[1 - flooded]).toBe(0);
      shell.arrivals[flooded].length = 0;
      engine.events.clear();
    }
  });

  test("two floods of sound ones fit the events, and leave room for the rest of the turn", () => {
    for (const network of [0, 1]) keepAlives(network, RECEIVES_PER_TURN_MAX + 1);
    expect(receive()).toHaveLength(2 * RECEIVES_PER_TURN_MAX);
    expect(left()).toEqual([1, 1]);
    expect(engine.events.count).toBeLessThan(EVENTS_MAX);
  });

  test("full events: datagrams without room stay in the socket and are not lost", () => {
    const { events } = engine;
    while (events.count < EVENTS_MAX - 1) events.push(EVENT_RECORD, 1, 0);
    keepAlives(0, 2);
    keepAlives(1, 1);
    expect(receive()).toEqual([[0, 1]]);
    expect(left()).toEqual([1, 1]);
    expect(reception.mayJudgeSilence).toBe(false);
    expect(receive()).toEqual([]);
    expect(events.lost).toBe(0);
    events.clear();
    expect(receive()).toEqual([
      [0, 2],
      [1, 1],
    ]);
    expect(reception.mayJudgeSilence).toBe(true);
  });
});

describe("whether silence may be judged", () => {
  /** This much waits on one network. @returns whether silence may be judged after one turn */
  function judges(network: number, count: number): boolean {
    rubbish(network, 1, false, count);
    reception.receive();
    return reception.mayJudgeSilence;
  }

  test("at first, and as long as all is read", () => {
    expect(reception.mayJudgeSilence).toBe(true);
    expect(judges(0, RECEIVES_PER_TURN_MAX - 1)).toBe(true);
    expect(judges(1, RECEIVES_PER_TURN_MAX - 1)).toBe(true);
  });

  test("not while either network may hold more, and again when it is read", () => {
    for (const network of [0, 1]) {
      expect(judges(network, RECEIVES_PER_TURN_MAX)).toBe(false);
      expect(judges(network, 0)).toBe(true);
    }
  });

  test("also after enough turns that nothing older can be waiting; a pause restarts the count", () => {
    for (let round = 0; round < 2; round++) {
      for (let turn = 1; turn <= UNREAD_TURNS_MAX; turn++)
        expect(judges(1, RECEIVES_PER_TURN_MAX)).toBe(false);
      expect(judges(1, RECEIVES_PER_TURN_MAX)).toBe(true);
      expect(judges(1, RECEIVES_PER_TURN_MAX)).toBe(true);
      expect(judges(1, 0)).toBe(true);
    }
  });
});

test("arrivals wake the loop up to a limit per period, over all networks; then in the next one", () => {
  for (let period = 0; period < 2; period++) {
    rubbish(0, 1, false, RECEIVES_AT_ONCE_MAX / 2);
    rubbish(1, KEEP_ALIVE_BYTES, false, RECEIVES_AT_ONCE_MAX / 2 - 1);
    receive();
    expect(reception.arrivalsWake).toBe(true);
    keepAlives(0, 1);
    receive();
    expect(reception.arrivalsWake).toBe(false);
    receive();
    expect(reception.arrivalsWake).toBe(false);
    reception.beginPeriod();
    expect(reception.arrivalsWake).toBe(true);
  }
});

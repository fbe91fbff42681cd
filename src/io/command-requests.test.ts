import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { EVENT_COMMAND, EVENT_MOVE, EVENT_RECORD, EventQueue } from "../boundary/event-queue.ts";
import type { Engine } from "../core/engine.ts";
import { EVENTS_MAX, REPORTS_PER_TURN_MAX } from "../limits.ts";
import { FaultBoard } from "../reporting/fault-board.ts";
import {
  CONTROL_CAPACITY,
  CONTROL_DONE,
  CONTROL_DRAIN,
  CONTROL_FAULT,
  CONTROL_HOLD,
  CONTROL_LEAVE,
  CONTROL_MOVE,
  CONTROL_PROCESS_FAILED,
  CONTROL_RECORD_BYTES,
  CONTROL_REFUSED,
  CONTROL_RESUME,
  controlArgument,
  controlKind,
  encodeControl,
  faultPlaceAndCount,
  MOVE_REFUSED_BUSY,
  MOVE_REFUSED_ROOM,
  NO_INDEX,
} from "../wire/control.ts";
import { CommandRequests } from "./command-requests.ts";
import { RecordSocket } from "./control-socket.ts";
import { NativeMemory } from "./native-memory.ts";
import type { SupervisorRecords } from "./supervisor-records.ts";

let directory: string;
let server: RecordSocket;
let asker: RecordSocket;
let events: EventQueue;
let requests: CommandRequests;
/** Why a move is refused; which one was asked about. */
let refusal: number;
let askedAbout: number[];
/** Kinds that the supervisor was told, and whether it has room. */
let told: number[];
let hasRoom: boolean;

beforeEach(() => {
  directory = scratchDirectory("requests");
  server = RecordSocket.bound(join(directory, "control"));
  asker = RecordSocket.connected(join(directory, "control"));
  events = new EventQueue(1, 1);
  [refusal, askedAbout, told, hasRoom] = [0, [], [], true];
  requests = requestsOf(server);
});
afterEach(() => {
  for (const socket of [server, asker]) socket.close();
  rmSync(directory, { recursive: true });
});

/** Over a core and a supervisor that are stand-ins. */
function requestsOf(socket: RecordSocket): CommandRequests {
  const moves = {
    refusal(index: number, target: number): number {
      askedAbout = [index, target];
      return refusal;
    },
  };
  const supervisor = {
    tell(kind: number): boolean {
      told.push(kind);
      return hasRoom;
    },
  };
  const core = { events, moves } as unknown as Engine;
  board = new FaultBoard(2, 0);
  return new CommandRequests(socket, core, supervisor as unknown as SupervisorRecords, board);
}

/** What of the faults of this server is told on. */
let board: FaultBoard;

test("faults of the maintenance process are accepted without an answer", () => {
  ask(CONTROL_FAULT, 3, faultPlaceAndCount(1, 2));
  requests.receive();
  expect(answers()).toEqual([]);
  expect([board.count[0], board.functionNumber[1]]).toEqual([2, 0]); // code 0: none is told
  expect(pushed()).toEqual([]);
});

function ask(kind: number, index = NO_INDEX, argument = 0, length = CONTROL_RECORD_BYTES): void {
  const record = new NativeMemory(Math.max(length, CONTROL_RECORD_BYTES));
  encodeControl(record.view, kind, index, argument, 0, 0);
  const shorter = new NativeMemory(length);
  shorter.bytes.set(record.bytes.subarray(0, length));
  asker.send(shorter);
}

/** What has been answered since: kind, and the first two arguments. */
function answers(): number[][] {
  const list: number[][] = [];
  while (asker.receive() === CONTROL_RECORD_BYTES) {
    const { view } = asker.received;
    list.push([controlKind(view), controlArgument(view, 0), controlArgument(view, 1)]);
  }
  return list;
}

/** The events so far: kind, index, first. */
function pushed(): number[][] {
  return Array.from({ length: events.count }, (_, slot) => [
    events.kind[slot],
    events.index[slot],
    events.first[slot],
  ]);
}

test("drain and resume are obeyed and answered, and the supervisor hears of both", () => {
  for (const kind of [CONTROL_DRAIN, CONTROL_RESUME]) {
    ask(kind);
    requests.receive();
    expect(answers()).toEqual([[CONTROL_DONE, kind, 0]]);
  }
  expect(pushed()).toEqual([
    [EVENT_COMMAND, 0, CONTROL_DRAIN],
    [EVENT_COMMAND, 0, CONTROL_RESUME],
  ]);
  expect(told).toEqual([CONTROL_DRAIN, CONTROL_RESUME]);
});

test("capacity and hold go to the supervisor, which decides the value; values out of range are refused", () => {
  const asked = [
    [CONTROL_CAPACITY, 0, CONTROL_DONE],
    [CONTROL_CAPACITY, 100, CONTROL_DONE],
    [CONTROL_CAPACITY, 101, CONTROL_REFUSED],
    [CONTROL_CAPACITY, -1, CONTROL_REFUSED],
    [CONTROL_HOLD, 0, CONTROL_DONE],
    [CONTROL_HOLD, 1, CONTROL_DONE],
    [CONTROL_HOLD, 2, CONTROL_REFUSED],
  ] as const;
  for (const [kind, argument, answer] of asked) {
    ask(kind, NO_INDEX, argument);
    requests.receive();
    expect(answers()).toEqual([[answer, kind, 0]]);
  }
  expect(told).toEqual([CONTROL_CAPACITY, CONTROL_CAPACITY, CONTROL_HOLD, CONTROL_HOLD]);
  expect(pushed()).toEqual([]);
});

test("a supervisor that cannot be reached: nothing is done", () => {
  hasRoom = false;
  for (const kind of [CONTROL_DRAIN, CONTROL_RESUME, CONTROL_CAPACITY, CONTROL_HOLD]) {
    ask(kind);
    requests.receive();
    expect(answers()).toEqual([[CONTROL_REFUSED, kind, 0]]);
  }
  expect(pushed()).toEqual([]);
});

test("records reserved for the supervisor, and those that are no request, are refused", () => {
  for (const kind of [CONTROL_LEAVE, CONTROL_PROCESS_FAILED, 0]) ask(kind);
  ask(CONTROL_DRAIN, 0, 0, CONTROL_RECORD_BYTES - 1);
  ask(CONTROL_DRAIN, 0, 0, CONTROL_RECORD_BYTES + 1);
  requests.receive();
  expect(answers()).toEqual([
    [CONTROL_REFUSED, CONTROL_LEAVE, 0],
    [CONTROL_REFUSED, CONTROL_PROCESS_FAILED, 0],
    [CONTROL_REFUSED, 0, 0],
    [CONTROL_REFUSED, 0, 0],
    [CONTROL_REFUSED, 0, 0],
  ]);
  expect(pushed()).toEqual([]);
});

describe("moves", () => {
  test("of a function to a server: begun, or refused with the reason", () => {
    ask(CONTROL_MOVE, 7, 2);
    requests.receive();
    expect(askedAbout).toEqual([7, 2]);
    expect(answers()).toEqual([[CONTROL_DONE, CONTROL_MOVE, 0]]);
    refusal = MOVE_REFUSED_ROOM;
    ask(CONTROL_MOVE, 8, 1);
    requests.receive();
    expect(answers()).toEqual([[CONTROL_REFUSED, CONTROL_MOVE, MOVE_REFUSED_ROOM]]);
    expect(pushed()).toEqual([[EVENT_MOVE, 7, 2]]);
  });

  test("and commands that find no room among the events are refused", () => {
    while (events.push(EVENT_RECORD, 0, 0));
    ask(CONTROL_MOVE, 7, 2);
    ask(CONTROL_DRAIN);
    requests.receive();
    expect(answers()).toEqual([
      [CONTROL_REFUSED, CONTROL_MOVE, MOVE_REFUSED_BUSY],
      [CONTROL_REFUSED, CONTROL_DRAIN, 0],
    ]);
    expect(events.count).toBe(EVENTS_MAX);
  });
});

test("a bounded number of requests a turn", () => {
  let answered = 0;
  const flood = {
    received: server.received,
    receive: () => CONTROL_RECORD_BYTES,
    reply: () => ++answered,
  };
  requests = requestsOf(flood as unknown as RecordSocket);
  requests.receive();
  expect(answered).toBe(REPORTS_PER_TURN_MAX);
});

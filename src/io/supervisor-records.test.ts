import { afterEach, beforeEach, expect, test } from "bun:test";
import { LOG_QUEUE_FULL } from "../boundary/maintenance-code.ts";
import {
  CONTROL_LOG,
  CONTROL_PHASE,
  CONTROL_RECORD_BYTES,
  CONTROL_START_PROCESS,
  controlArgument,
  controlFunction,
  controlKind,
  NO_INDEX,
} from "../wire/control.ts";
import { RecordSocket, socketPair } from "./control-socket.ts";
import { SupervisorRecords } from "./supervisor-records.ts";

let engine: RecordSocket;
let supervisor: RecordSocket;
let records: SupervisorRecords;
beforeEach(() => {
  [engine, supervisor] = socketPair().map(RecordSocket.inherited);
  records = new SupervisorRecords(engine);
});
afterEach(() => {
  engine.close();
  supervisor.close();
});

/** What the supervisor has heard since: kind, function and arguments of each. */
function heard(): number[][] {
  const list: number[][] = [];
  while (supervisor.receive() === CONTROL_RECORD_BYTES) {
    const { view } = supervisor.received;
    const values = [0, 1, 2].map((place) => controlArgument(view, place));
    list.push([controlKind(view), controlFunction(view), ...values]);
  }
  return list;
}

/** Until there is no room any more: one record is lost by it. */
function fill(): void {
  while (records.tell(CONTROL_PHASE, NO_INDEX, 0, 0, 0));
}

test("records without room are counted and reported once, before the next one", () => {
  fill();
  for (let lost = 0; lost < 4; lost++) {
    expect(records.tell(CONTROL_LOG, NO_INDEX, lost, 0, 0)).toBe(false);
  }
  heard();
  for (const value of [7, 8]) expect(records.tell(CONTROL_LOG, 3, value, 1, 2)).toBe(true);
  expect(heard()).toEqual([
    [CONTROL_LOG, NO_INDEX, LOG_QUEUE_FULL, 5, 0],
    [CONTROL_LOG, 3, 7, 1, 2],
    [CONTROL_LOG, 3, 8, 1, 2],
  ]);
  fill();
  heard();
  records.tell(CONTROL_LOG, 3, 9, 1, 2);
  expect(heard()[0]).toEqual([CONTROL_LOG, NO_INDEX, LOG_QUEUE_FULL, 1, 0]);
});

test("a request that cannot be sent ends the engine: the process would not be started or stopped", () => {
  records.request(CONTROL_START_PROCESS, 3, 1);
  expect(heard()).toEqual([[CONTROL_START_PROCESS, 3, 1, 0, 0]]);
  fill();
  expect(() => records.request(CONTROL_START_PROCESS, 3, 1)).toThrow("reads its requests");
});

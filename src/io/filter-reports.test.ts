import { afterEach, beforeEach, expect, test } from "bun:test";
import { EVENT_RECORD, EventQueue } from "../boundary/event-queue.ts";
import { socketPair } from "./control-socket.ts";
import { FilterReports } from "./filter-reports.ts";
import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const report = new NativeMemory(8);
const events = new EventQueue();
let child: Bun.Subprocess;
let reports: FilterReports;
let other: number;

beforeEach(() => {
  const [ours, theirs] = socketPair();
  child = Bun.spawn(["sleep", "1000"]);
  reports = new FilterReports(ours, child.pid);
  other = theirs;
  events.clear();
});
afterEach(() => {
  child.kill("SIGKILL");
  libc.close(other);
});

function says(code: number, value: number): void {
  report.view.setUint32(0, code, true);
  report.view.setUint32(4, value, true);
  libc.send(other, report.address, 8, 0);
}

function taken(): number[][] {
  events.clear();
  reports.take(events);
  return Array.from({ length: events.count }, (_, at) => [
    ...[events.kind[at], events.index[at], events.first[at], events.second[at]],
  ]) as number[][];
}

test("reports become records, a bounded number a period", () => {
  expect(taken()).toEqual([]);
  for (let value = 1; value <= 6; value++) says(310, value);
  expect(taken()).toEqual([1, 2, 3, 4].map((value) => [EVENT_RECORD, 310, 0, value]));
  expect(taken()).toEqual([5, 6].map((value) => [EVENT_RECORD, 310, 0, value]));
  expect(taken()).toEqual([]);
});

test("a process that has ended reports nothing more", () => {
  says(310, 1);
  libc.close(other);
  expect(taken()).toEqual([[EVENT_RECORD, 310, 0, 1]]);
  expect(taken()).toEqual([]);
  other = socketPair()[0];
});

test("it is ended, and has ended when that returns", async () => {
  reports.end();
  says(310, 1);
  expect(taken()).toEqual([]);
  expect(await child.exited).toBe(137);
  reports.end(); // of one that was collected already
});

import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { FunctionTable } from "../allocation/function-table.ts";
import { PREEMPT } from "../allocation/preempt.ts";
import { EVENT_RECORD, EventQueue } from "../boundary/event-queue.ts";
import { LOG_WATCHDOG_REFUSED } from "../boundary/maintenance-code.ts";
import { timingOf } from "../boundary/timing.ts";
import { Engine } from "../core/engine.ts";
import { ServiceReport } from "../reporting/service-report.ts";
import { FeedingRhythm } from "../reporting/watchdog.ts";
import { RecordSocket } from "./control-socket.ts";
import { EPIPE } from "./errno.ts";
import { HardwareWatchdog } from "./hardware-watchdog.ts";
import { LifeSigns } from "./life-signs.ts";
import { ServiceSocket } from "./service-socket.ts";

const INTERVAL_US = 1_000_000;

let directory: string;
let engine: Engine;
let events: EventQueue;
const table = new FunctionTable([1, 1], []);
beforeEach(() => {
  events = new EventQueue();
  directory = scratchDirectory("signs");
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 };
  engine = new Engine(table, PREEMPT, identity, timingOf(10, 5, 10, 0), 1_000_000, 0);
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Records asked for so far: code and first value. */
function recorded(): [code: number, value: number][] {
  const list: [number, number][] = [];
  for (let slot = 0; slot < events.count; slot++) {
    if (events.kind[slot] === EVENT_RECORD) list.push([events.index[slot], events.first[slot]]);
  }
  events.clear();
  return list;
}

test("a message that a service manager could not take is repeated as soon as it can", () => {
  const path = join(directory, "notify.sock");
  const report = new ServiceReport(engine, table, new FeedingRhythm(3 * INTERVAL_US, 3));
  const signs = new LifeSigns({ socket: new ServiceSocket(path), report, serverCount: 2 }, null);
  signs.give(0, events);
  signs.give(1, events);
  const manager = RecordSocket.bound(path);
  signs.give(2, events);
  signs.give(3, events);
  const heard = (): string => {
    const length = manager.receive();
    return length < 0 ? "" : new TextDecoder().decode(manager.received.bytes.slice(0, length));
  };
  expect(heard()).toBe("WATCHDOG=1\nSTATUS=listening; functions up here: 0; servers alive: 1 of 2");
  expect(heard()).toBe("");
  signs.give(2 + INTERVAL_US, events);
  expect(heard()).toBe("WATCHDOG=1");
  manager.close();
});

test("a device is fed in its rhythm; one that refuses is tried with every period, and logged once", () => {
  const path = join(directory, "watchdog");
  if (Bun.spawnSync(["mkfifo", path]).exitCode !== 0) throw new Error("mkfifo");
  const open = (): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const read = (fd: number): number => readSync(fd, Buffer.alloc(16));
  let reader = open();
  const device = new HardwareWatchdog(path, 10);
  const signs = new LifeSigns(null, {
    device,
    rhythm: new FeedingRhythm(4 * INTERVAL_US, 4),
  });
  for (const nowUs of [0, 1, INTERVAL_US - 1]) signs.give(nowUs, events);
  expect(read(reader)).toBe(1);
  closeSync(reader);
  for (const nowUs of [INTERVAL_US, INTERVAL_US + 1, INTERVAL_US + 2]) signs.give(nowUs, events);
  expect(recorded()).toEqual([[LOG_WATCHDOG_REFUSED, EPIPE]]);
  reader = open();
  signs.give(INTERVAL_US + 3, events);
  expect(read(reader)).toBe(1);
  closeSync(reader);
  signs.give(3 * INTERVAL_US, events);
  expect(recorded()).toEqual([[LOG_WATCHDOG_REFUSED, EPIPE]]); // it has begun again
});

test("an orderly end stops the device, and needs none", () => {
  const path = join(directory, "watchdog");
  if (Bun.spawnSync(["mkfifo", path]).exitCode !== 0) throw new Error("mkfifo");
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const device = new HardwareWatchdog(path, 10);
  new LifeSigns(null, { device, rhythm: new FeedingRhythm(4 * INTERVAL_US, 4) }).disarm();
  const bytes = Buffer.alloc(16);
  expect(bytes.subarray(0, readSync(reader, bytes)).toString()).toBe("V");
  expect(readSync(reader, bytes)).toBe(0); // closed
  closeSync(reader);
  new LifeSigns(null, null).disarm();
});

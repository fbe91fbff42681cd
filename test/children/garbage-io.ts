/**
 * Runs the flight loop's calls of src/io many times to prove that they make no garbage; with
 * canaries that do.
 */

import { FunctionTable, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { timingOf } from "../../src/boundary/timing.ts";
import { Engine } from "../../src/core/engine.ts";
import { RecordSocket, socketPair } from "../../src/io/control-socket.ts";
import { errno } from "../../src/io/errno.ts";
import { HardwareWatchdog } from "../../src/io/hardware-watchdog.ts";
import { libc, O_NONBLOCK } from "../../src/io/libc.ts";
import { LifeSigns } from "../../src/io/life-signs.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { MulticastSocket } from "../../src/io/multicast-socket.ts";
import { NativeMemory, nativeString } from "../../src/io/native-memory.ts";
import { Poller } from "../../src/io/poller.ts";
import { ServiceSocket } from "../../src/io/service-socket.ts";
import { ServiceReport } from "../../src/reporting/service-report.ts";
import { FeedingRhythm } from "../../src/reporting/watchdog.ts";
import { measureGarbage } from "../harness/garbage.ts";

const O_RDONLY = 0;
const SYSTEM_CALLS = 200_000;
const record = new NativeMemory(16);

/** The result of a round: kept, so that no compiler drops it. */
let sum = 0;
let kept: unknown;

const cases: Record<string, () => void> = {
  "canary-object": () => measureGarbage(SYSTEM_CALLS, (number) => (kept = { number })),
  "canary-bigint": () => measureGarbage(SYSTEM_CALLS, (number) => (kept = BigInt(number) << 40n)),
  "now-us": () => measureGarbage(1_000_000, () => (sum = nowUs())),
  errno: () =>
    measureGarbage(SYSTEM_CALLS, () => {
      libc.close(-1);
      if (errno() !== 9) process.exit(1);
    }),

  poller() {
    const [ours, theirs] = socketPair();
    RecordSocket.inherited(theirs).send(record);
    const poller = new Poller();
    const slot = poller.add(ours);
    const silent = poller.add(theirs);
    measureGarbage(SYSTEM_CALLS, () => {
      if (poller.wait(nowUs() + 5_000_000_000_000) !== 1) process.exit(1);
      if (!poller.isReadable(slot) || poller.isReadable(silent)) process.exit(1);
    });
  },

  "poller-time"() {
    const poller = new Poller();
    measureGarbage(20_000, () => (sum += poller.wait(nowUs() + 1)));
  },

  "record-socket"() {
    const [one, two] = socketPair().map(RecordSocket.inherited);
    measureGarbage(SYSTEM_CALLS, (number) => {
      record.view.setUint32(0, number, true);
      if (one.send(record) !== 0 || two.receive() !== 16 || two.receive() !== -1) process.exit(1);
      if (two.received.view.getUint32(0, true) !== number) process.exit(1);
    });
  },

  "record-socket-reply"() {
    const path = `${process.argv[3]}/garbage.sock`;
    const server = RecordSocket.bound(path);
    const client = RecordSocket.connected(path);
    measureGarbage(SYSTEM_CALLS, (number) => {
      record.view.setUint32(0, number, true);
      if (client.send(record) !== 0 || server.receive() !== 16) process.exit(1);
      if (server.reply(record) !== 0 || client.receive() !== 16) process.exit(1);
      if (client.received.view.getUint32(0, true) !== number) process.exit(1);
    });
  },

  "multicast-socket"() {
    const options = { interfaceName: "lo", group: "239.192.44.77", port: 44177, loop: true };
    const socket = new MulticastSocket(options);
    measureGarbage(SYSTEM_CALLS, (number) => {
      record.view.setUint32(0, number, true);
      if (socket.send(record, 0, 16) !== 0 || socket.receive() !== 16 || socket.receive() !== -1)
        process.exit(1);
      if (socket.received.view.getUint32(0, true) !== number) process.exit(1);
    });
  },

  /**
   * A datagram with every line and a byte to the device in each round; both are read again by this
   * process.
   */
  "life-signs"() {
    const path = `${process.argv[3]}/notify.sock`;
    const fifo = `${process.argv[3]}/watchdog-${process.pid}`;
    if (Bun.spawnSync(["mkfifo", fifo]).exitCode !== 0) process.exit(1);
    const manager = RecordSocket.bound(path);
    const device = libc.open(nativeString(fifo).address, O_RDONLY | O_NONBLOCK, 0);
    const row = { required: 1, priority: 5, servers: 3, process: PROCESS_NONE, stopGraceMs: 0 };
    const table = new FunctionTable([9, 9], [row, row]);
    const identity = {
      self: 0,
      systemId: 1,
      digestHigh: 1,
      digestLow: 1,
      incarnation: 1,
      nonce: 1,
    };
    const engine = new Engine(table, PREEMPT, identity, timingOf(10, 5, 10, 0), 1_000_000, 0);
    const report = new ServiceReport(engine, table, new FeedingRhythm(3, 3));
    const hardware = { device: new HardwareWatchdog(fifo, 10), rhythm: new FeedingRhythm(4, 4) };
    const signs = new LifeSigns(
      { socket: new ServiceSocket(path), report, serverCount: 2 },
      hardware,
    );
    measureGarbage(SYSTEM_CALLS, (number) => {
      engine.phases.phase = number & 3;
      signs.give(nowUs(), engine.events);
      if (manager.receive() < "WATCHDOG=1\nSTATUS=".length) process.exit(1);
      if (libc.read(device, record.address, 16) !== 1) process.exit(1);
    });
  },

  "multicast-rejoin"() {
    const socket = new MulticastSocket({
      interfaceName: "lo",
      group: "239.192.44.77",
      port: 44177,
    });
    measureGarbage(SYSTEM_CALLS, () => {
      if (socket.rejoin() !== 0) process.exit(1);
    });
  },
};

cases[process.argv[2]]();
if (kept === sum) process.exit(2);

/**
 * A separate process in the switch's namespace: `wire-watch.ts ORDER` (a {@link WatchOrder} as
 * JSON) prints `ready`, asks every server for every VIP until its standard input ends, and prints a
 * {@link WatchReport}. Makes little garbage and runs before everything that is watched; a late
 * question is a late look, never a wrong time: times come from the kernel.
 */

import { parseAddress } from "../../../src/config/address.ts";
import { libc } from "../../../src/io/libc.ts";
import { nowUs } from "../../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../../src/io/native-memory.ts";
import { Poller } from "../../../src/io/poller.ts";
import { becomeRealtime, lockMemory, setTimerSlack } from "../../../src/io/realtime.ts";
import { MEASURING_PRIORITY } from "../measuring-priority.ts";
import type { WatchOrder, WatchReport } from "./answer-watch.ts";
import { TenureRecorder } from "./one-answer.ts";
import { PortCapture } from "./port-capture.ts";
import { questionsFor } from "./question-frames.ts";
import { NO_VIP, spokenFor } from "./speaker.ts";

const STDIN = 0;
/** Every tick each server is asked for one VIP. */
const TICK_US = 1000;
const CLOCK_REALTIME = 0;

const order = JSON.parse(process.argv[2] ?? "") as WatchOrder;
const vips = order.vips.map((text) => bytesOf(text));
const asker = {
  hardware: order.seat.hardware,
  ipv4: [...bytesOf(order.seat.ipv4)],
  ipv6: [...bytesOf(order.seat.ipv6)],
};
const recorder = new TenureRecorder(order.servers.length, vips.length);
// Question 2 v: for the hardware address of VIP v; 2 v + 1: an echo.
const ports = order.servers.map(({ port, hardware }) => {
  const capture = new PortCapture(port);
  for (const vip of vips)
    for (const question of questionsFor(asker, hardware, [...vip])) capture.addQuestion(question);
  return capture;
});
const poller = new Poller();
const input = poller.add(STDIN);
for (const { fd } of ports) poller.add(fd);
const wallClock = new NativeMemory(16); // struct timespec

let isRunning = true;
let asked = 0;
let spoken = 0;
let worstGapUs = 0;

setTimerSlack(1);
lockMemory();
const refused = becomeRealtime(MEASURING_PRIORITY);
await Bun.write(Bun.stdout, "ready\n");

let dueUs = nowUs();
let tickUs = dueUs;
for (let tick = 0; isRunning; tick++) {
  const vip = tick % vips.length;
  const kind = Math.floor(tick / vips.length) % 2;
  listen();
  for (let server = 0; server < ports.length; server++) {
    recorder.asked(server, vip);
    (ports[server] as PortCapture).ask(2 * vip + kind);
  }
  asked++;
  const beganUs = nowUs();
  worstGapUs = Math.max(worstGapUs, beganUs - tickUs);
  tickUs = beganUs;
  dueUs += TICK_US;
  if (beganUs > dueUs) dueUs = beganUs + TICK_US; // the machine stood still: no burst to catch up
  while (isRunning && nowUs() < dueUs) {
    if (poller.wait(dueUs) === 0) continue;
    if (poller.isReadable(input)) isRunning = false;
    listen();
  }
}
listen();
const lost = ports.reduce((sum, port) => sum + port.takeLost(), 0);
const report: WatchReport = {
  tenures: recorder.tenures,
  asked,
  spoken,
  lost,
  worstGapMs: worstGapUs / 1000,
  isRealtime: refused === null,
};
await Bun.write(Bun.stdout, JSON.stringify(report));

function listen(): void {
  const aheadUs = wallClockUs() - nowUs();
  for (let server = 0; server < ports.length; server++) {
    const port = ports[server] as PortCapture;
    for (let length = port.receive(); length >= 0; length = port.receive()) {
      const vip = spokenFor(port.frame, length, vips);
      if (vip === NO_VIP) continue;
      spoken++;
      recorder.spoke(server, vip, port.stampUs - aheadUs);
    }
  }
}

function wallClockUs(): number {
  libc.clock_gettime(CLOCK_REALTIME, wallClock.address);
  const { view } = wallClock;
  return view.getUint32(0, true) * 1_000_000 + Math.floor(view.getUint32(8, true) / 1000);
}

function bytesOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === null) throw new Error(`found ${JSON.stringify(text)}, expected an IP address`);
  return address.bytes;
}

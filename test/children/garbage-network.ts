/**
 * Runs the calls that move VIPs many times in this process's own network namespace, to prove that
 * they make no garbage; with a canary that does. Every round checks its results: a call that fails
 * early would prove nothing.
 */
import { dlopen, FFIType } from "bun:ffi";
import { FunctionTable } from "../../src/allocation/function-table.ts";
import { policyNamed } from "../../src/allocation/policies.ts";
import { EVENT_STRANGER, EVENT_WITNESS, EventQueue } from "../../src/boundary/event-queue.ts";
import { timingOf } from "../../src/boundary/timing.ts";
import { Engine } from "../../src/core/engine.ts";
import { Announcer } from "../../src/io/announcer.ts";
import { EEXIST } from "../../src/io/errno.ts";
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import { KeepAliveSocket, WRONG_PORT } from "../../src/io/keep-alive-socket.ts";
import { LinkMonitor } from "../../src/io/link-monitor.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { NeighbourWatch } from "../../src/io/neighbour-watch.ts";
import { NetworkObserver } from "../../src/io/network-observer.ts";
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import { SourceAddress } from "../../src/io/source-address.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { IPV6_COST, RENEWAL_ROUND_MS } from "../../src/limits.ts";
import { AddressRenewal } from "../../src/upkeep/address-renewal.ts";
import { encodeArpAnnouncement } from "../../src/wire/arp.ts";
import { NOTICE_BYTES, prepareNotice, sealNotice } from "../../src/wire/client-notice.ts";
import {
  KEEP_ALIVE_BYTES,
  KEEP_ALIVE_MAGIC,
  KEEP_ALIVE_VERSION,
} from "../../src/wire/keep-alive.ts";
import { encodeNeighbourAdvertisement } from "../../src/wire/neighbour.ts";
import { run } from "../harness/command.ts";
import { measureGarbage } from "../harness/garbage.ts";
import { vip } from "../harness/virtual-network.ts";

const CLONE_NEWNET = 0x40000000;
const NETLINK_ROUNDS = 10_000;
const GROUP = "239.192.44.77";

if (
  dlopen("libc.so.6", { unshare: { args: [FFIType.i32], returns: FFIType.i32 } }).symbols.unshare(
    CLONE_NEWNET,
  ) !== 0
) {
  throw new Error("unshare: needs root");
}
run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0");
run("ip", "link", "set", "eth0", "up");
run("ip", "link", "set", "peer0", "up");
run("ip", "addr", "add", "10.44.9.9/32", "dev", "eth0");

const vips = [["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"], ["10.44.1.2/16"], ["10.44.9.9/16"]].map(
  (texts) => texts.map(vip),
);

function check(condition: boolean): void {
  if (!condition) process.exit(1);
}

function addAndRemove(switcher: VipSwitcher): void {
  switcher.add(0);
  switcher.add(1);
  check(switcher.commit() === 0);
  switcher.remove(0);
  switcher.remove(1);
  check(switcher.commit() === 0);
}

let kept: unknown;

const cases: Record<string, () => void> = {
  canary() {
    const switcher = new VipSwitcher("eth0", vips);
    measureGarbage(NETLINK_ROUNDS, (number) => {
      addAndRemove(switcher);
      kept = { number };
    });
  },

  "vip-switcher"() {
    const switcher = new VipSwitcher("eth0", vips);
    measureGarbage(NETLINK_ROUNDS, () => addAndRemove(switcher));
  },

  "vip-switcher-refused"() {
    const switcher = new VipSwitcher("eth0", vips);
    measureGarbage(NETLINK_ROUNDS, () => {
      switcher.add(1);
      switcher.add(2); // somebody else's: the errors are read and the interface is dumped
      check(switcher.commit() === 1 && switcher.result[2] === EEXIST && switcher.foreign[3] === 1);
      switcher.remove(1);
      switcher.remove(2);
      check(switcher.commit() === 0 && switcher.restoreRoutes() === 0);
    });
  },

  "vip-renewal"() {
    const switcher = new VipSwitcher("eth0", vips, 600);
    const monitor = new LinkMonitor(["eth0"], vips);
    const renewal = new AddressRenewal(1);
    switcher.add(0);
    switcher.add(1);
    check(switcher.commit() === 0 && switcher.upCost === 2 + IPV6_COST);
    let atUs = 0;
    renewal.begin(atUs, switcher.upCost);
    measureGarbage(NETLINK_ROUNDS, () => {
      atUs += RENEWAL_ROUND_MS * 1000;
      renewal.begin(atUs, switcher.upCost);
      let count = 0;
      for (let vip = renewal.next(switcher.up, switcher.cost); vip >= 0; count++) {
        switcher.renew(vip);
        vip = renewal.next(switcher.up, switcher.cost);
      }
      switcher.commitRenewals();
      monitor.poll();
      check(count === 3 && renewal.wakeUs > atUs);
    });
    monitor.poll();
    check(monitor.present(0) && monitor.present(1) && monitor.removed[0] === 0);
  },

  /**
   * A keep-alive in each round, one for another port, a forged one, and all that is noted of them.
   */
  "keep-alives"() {
    const [out, back] = ["eth0", "peer0"].map((name) => new KeepAliveSocket(name, GROUP, 44_177));
    const wrong = new KeepAliveSocket("eth0", GROUP, 44_178);
    check(out !== undefined && back !== undefined);
    const seal = new KeepAliveSeal(new Uint8Array(32).fill(1), new Uint8Array(32).fill(2));
    const datagram = new NativeMemory(KEEP_ALIVE_BYTES);
    const events = new EventQueue();
    const table = new FunctionTable([9, 9], []);
    const identity = {
      ...{ self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 },
    };
    const timing = timingOf(10, 10, 5, 0, 0);
    const engine = new Engine(table, policyNamed("reset"), identity, timing, 1, 0);
    engine.membership.incarnation[1] = 7;
    const networks = [back as KeepAliveSocket];
    const observer = new NetworkObserver(engine, networks, identity, 2, timing);
    let atUs = 0;
    measureGarbage(NETLINK_ROUNDS, (number) => {
      atUs += 10_000;
      observer.beginPeriod(atUs, 1, events);
      datagram.view.setUint32(0, KEEP_ALIVE_MAGIC);
      datagram.view.setUint32(4, (KEEP_ALIVE_VERSION << 24) | (1 << 16));
      datagram.view.setUint32(8, 1);
      datagram.view.setUint32(12, 7);
      datagram.view.setUint32(24, number);
      seal.seal(datagram.bytes);
      for (let copy = 0; copy < 2; copy++) {
        check(out?.send(datagram) === 0 && back?.receive() === KEEP_ALIVE_BYTES);
        const isSealed = seal.verify(back?.received.bytes as Uint8Array);
        check(isSealed === (copy === 0));
        observer.noteDatagram(0, isSealed);
        datagram.view.setUint32(24, number + 1); // the second one is forged
      }
      check(observer.heardMask(0) === 0b10);
      check(wrong.send(datagram) === 0 && back?.receive() === WRONG_PORT);
      observer.noteWrongPort(0);
      check(back?.receive() === -1 && out?.reportGroup() === 0 && back?.dropped() === 0);
      if (number % 100 === 0) check(out?.rejoin() === 0);
      events.clear();
    });
    check(observer.isRefused(back?.senderHigh ?? 0, back?.senderLow ?? 0));
  },

  "link-monitor"() {
    const switcher = new VipSwitcher("eth0", vips);
    const monitor = new LinkMonitor(["eth0", "peer0"], vips);
    const drain = (): number => {
      let changes = 0;
      for (let turn = 0; turn < 10; turn++) changes += monitor.poll();
      return changes;
    };
    measureGarbage(NETLINK_ROUNDS, () => {
      switcher.add(1);
      check(switcher.commit() === 0 && drain() > 0 && monitor.present(1));
      switcher.remove(1);
      check(switcher.commit() === 0 && drain() > 0 && !monitor.present(1));
      check(monitor.removed[1] === 1 && monitor.lookAtCarriers() === 0 && monitor.carrier(0));
      monitor.removed[1] = 0;
    });
  },

  "link-monitor-resynchronise"() {
    const switcher = new VipSwitcher("eth0", vips);
    const monitor = new LinkMonitor(["eth0", "peer0"], vips);
    switcher.add(1);
    check(switcher.commit() === 0);
    measureGarbage(NETLINK_ROUNDS, () => {
      check(
        monitor.resynchronise() === 0 &&
          monitor.present(1) &&
          monitor.present(2) &&
          !monitor.present(0),
      );
    });
  },

  announcer() {
    const announcer = new Announcer("eth0", vips);
    measureGarbage(50_000, () => {
      announcer.announce(0);
      announcer.announce(1);
      check(announcer.queued === 5 && announcer.flush() === 0);
    });
  },

  "packet-socket"() {
    const announcer = new Announcer("eth0", vips.slice(1));
    const capture = new PacketSocket("peer0", ETHER_TYPE_ALL);
    while (capture.receive() >= 0);
    measureGarbage(50_000, () => {
      announcer.announce(0);
      check(announcer.flush() === 0 && capture.receive() > 0 && capture.receive() > 0);
    });
  },

  "neighbour-watch"() {
    const watch = new NeighbourWatch("eth0", vips, [Uint8Array.of(10, 44, 0, 254)]);
    const others = new PacketSocket("peer0", 0);
    const events = new EventQueue();
    // A witness's reply to this host, somebody's announcement of a VIP, and somebody's
    // advertisement of another.
    const frames = new NativeMemory(3 * 96);
    const own = new PacketSocket("eth0", 0).hardwareAddress;
    for (const at of [0, 96]) {
      const address = at === 0 ? Uint8Array.of(10, 44, 0, 254) : Uint8Array.of(10, 44, 1, 1);
      encodeArpAnnouncement(frames.bytes, at, others.hardwareAddress, address, 0);
    }
    frames.bytes[21] = 2;
    frames.bytes.set(own, 32);
    const vip6 = vips[0][1].address;
    encodeNeighbourAdvertisement(frames.bytes, 192, others.hardwareAddress, vip6, 0);
    measureGarbage(20_000, () => {
      check(watch.ask(0) === 0 && watch.refresh() === 0);
      check(
        others.send(frames, 0, 42) === 0 &&
          others.send(frames, 96, 42) === 0 &&
          others.send(frames, 192, 86) === 0,
      );
      watch.receive(events);
      check(
        events.count === 3 && events.kind[0] === EVENT_WITNESS && events.kind[2] === EVENT_STRANGER,
      );
      events.clear();
    });
    const silent = new NeighbourWatch("eth0", vips, [Uint8Array.of(10, 99, 0, 1)]);
    check(silent.ask(0) === 0); // without a route towards it
  },

  "source-address"() {
    const source = new SourceAddress("eth0");
    const witness = Uint8Array.of(10, 44, 9, 9, 10, 44, 0, 254);
    run("ip", "route", "add", "10.44.0.0/24", "dev", "eth0");
    measureGarbage(50_000, () => check(source.towards(witness, 4) === 0 && source.bytes[2] === 9));
  },

  "client-notice"() {
    const bytes = new Uint8Array(new ArrayBuffer(NOTICE_BYTES));
    const view = new DataView(bytes.buffer);
    prepareNotice(bytes, {
      systemId: 1,
      tableDigest: new Uint8Array(32),
      server: 0,
      incarnation: 1,
      functionIndex: 0,
      functionId: "pa-relay",
      priority: 10,
    });
    measureGarbage(1_000_000, (number) => {
      sealNotice(bytes, view, 1, 1, number, number * 10);
      check(view.getUint32(24) === number);
    });
  },
};

cases[process.argv[2] ?? ""]?.();
if (kept === cases) process.exit(2);

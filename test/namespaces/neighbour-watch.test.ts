/**
 * The watch on the client network against real hosts: witnesses that their kernels answer for,
 * seats and strangers frame by frame.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { EVENT_STRANGER, EVENT_WITNESS, EventQueue } from "../../src/boundary/event-queue.ts";
import { Announcer } from "../../src/io/announcer.ts";
import { NeighbourWatch } from "../../src/io/neighbour-watch.ts";
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import { VipLease } from "../../src/io/vip-lease.ts";
import { WITNESS_BROADCAST_MS } from "../../src/limits.ts";
import {
  encodeNeighbourAdvertisement,
  NEIGHBOUR_ADVERTISEMENT_BYTES,
} from "../../src/wire/neighbour.ts";
import { neighbourFilter } from "../../src/wire/neighbour-filter.ts";
import { SeatProbe } from "../harness/seat-probe.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";

const VIPS = [
  [vip("10.44.1.1/16"), vip("fd44:0:0:0:0:0:1:1/64")],
  [vip("10.44.1.3/16"), vip("fd44:0:0:0:0:0:1:3/64")],
];
const VIP4 = [10, 44, 1, 1];
const WITNESS = Uint8Array.of(10, 44, 0, 254);
const ETHER_TYPE_ARP = 0x0806;

let network: VirtualNetwork;
let server: Host;
let seat: Host;
let probe: SeatProbe;
const events = new EventQueue();
const closing: { close(): void }[] = [];

beforeEach(async () => {
  network = new VirtualNetwork();
  server = network.addHost("10.44.0.1/16", "fd44:0:0:0:0:0:0:1/64");
  seat = network.addHost("10.44.0.9/16", "fd44:0:0:0:0:0:0:9/64");
  probe = kept(
    new SeatProbe(
      seat,
      server,
      [10, 44, 0, 9],
      [0xfd, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
    ),
  );
  // The kernel may take a while to open a port of its bridge, and frames are sent once.
  await until("the switch forwards", () => {
    probe.ask(Uint8Array.of(10, 44, 0, 1));
    Bun.sleepSync(2);
    return probe.answers().has("arp 0a2c0001");
  });
});

afterEach(() => {
  for (const socket of closing.splice(0)) socket.close();
  network.close();
});

function kept<T extends { close(): void }>(socket: T): T {
  closing.push(socket);
  return socket;
}

const watchOn = (host: Host, ...witnesses: Uint8Array[]): NeighbourWatch =>
  kept(host.inside(() => new NeighbourWatch("eth0", VIPS, witnesses)));

const hex = (bytes: Iterable<number>): string => Buffer.from([...bytes]).toString("hex");
/** Current reports of the watch: `witness 0`, `0 is 02…`. */
function heard(watch: NeighbourWatch): string[] {
  watch.receive(events);
  const lines: string[] = [];
  for (let slot = 0; slot < events.count; slot++) {
    const { index, first, second } = {
      index: events.index[slot],
      first: events.first[slot],
      second: events.second[slot],
    };
    const mac =
      (first as number).toString(16).padStart(4, "0") +
      (second >>> 0).toString(16).padStart(8, "0");
    if (events.kind[slot] === EVENT_WITNESS) lines.push(`witness ${index}`);
    else if (events.kind[slot] === EVENT_STRANGER) lines.push(`${index} is ${mac}`);
    else throw new Error(`event ${events.kind[slot]}`);
  }
  events.clear();
  return lines;
}

function advertisement(host: Host, address: Uint8Array): number[] {
  const frame = new Uint8Array(NEIGHBOUR_ADVERTISEMENT_BYTES);
  encodeNeighbourAdvertisement(frame, 0, Uint8Array.from(host.hardwareAddress()), address, 0);
  return [...frame];
}

describe("witnesses", () => {
  /** The requests that a host has received: Ethernet destination and sender. */
  function questions(capture: PacketSocket): { to: string; sender: string }[] {
    const seen: { to: string; sender: string }[] = [];
    for (let length = capture.receive(); length >= 0; length = capture.receive()) {
      const text = hex(capture.received.bytes.slice(0, length));
      if (
        text.slice(24, 28) !== "0806" ||
        text.slice(40, 44) !== "0001" ||
        text.slice(76, 84) !== hex(WITNESS)
      )
        continue;
      if (text.slice(12, 24) === server.mac)
        seen.push({ to: text.slice(0, 12), sender: text.slice(56, 64) });
    }
    return seen;
  }

  const captureOn = (host: Host): PacketSocket =>
    kept(host.inside(() => new PacketSocket("eth0", ETHER_TYPE_ALL)));

  async function answered(watch: NeighbourWatch, witness = 0): Promise<void> {
    await until(`witness ${witness} answers`, () => {
      expect(watch.ask(witness)).toBe(0);
      Bun.sleepSync(2);
      return heard(watch).includes(`witness ${witness}`);
    });
  }

  test("asked by broadcast with the server's own address, then alone; a VIP is never who asks", async () => {
    const witness = network.addHost("10.44.0.254/16");
    server.ip("addr", "add", "10.44.1.1/32", "dev", "eth0", "scope", "host"); // as VipSwitcher does
    const watch = watchOn(server, WITNESS);
    const capture = captureOn(witness);
    const onlookers = captureOn(seat);
    await answered(watch);
    const first = questions(capture);
    expect(first.length).toBeGreaterThan(0);
    for (const question of first)
      expect(question).toEqual({ to: "ffffffffffff", sender: "0a2c0001" });
    questions(onlookers);
    for (let round = 0; round < 10; round++) await answered(watch);
    expect(questions(capture).filter(({ to }) => to === witness.mac).length).toBeGreaterThanOrEqual(
      10,
    );
    expect(questions(onlookers).filter(({ to }) => to === witness.mac)).toEqual([]);
  });

  test("another device with the witness's address is found by broadcast", async () => {
    const witness = network.addHost("10.44.0.254/16");
    const watch = watchOn(server, WITNESS);
    await answered(watch);
    witness.plug(false);
    network.addHost("10.44.0.254/16");
    heard(watch);
    await answered(watch);
  });

  test("a server whose address changed asks with the new one; without one towards the witness with 0.0.0.0, and is answered", async () => {
    const witness = network.addHost("10.44.0.254/16");
    const watch = watchOn(server, WITNESS);
    const capture = captureOn(witness);
    for (const [change, sender] of [
      [["addr", "add", "10.44.0.2/16", "dev", "eth0"], "0a2c0001"],
      [["addr", "del", "10.44.0.1/16", "dev", "eth0"], "0a2c0002"],
      [["addr", "flush", "dev", "eth0"], "00000000"],
    ] as const) {
      if (sender === "0a2c0002") server.sysctl("net/ipv4/conf/all/promote_secondaries", "1");
      server.ip(...change);
      witness.plug(false);
      await Bun.sleep(WITNESS_BROADCAST_MS + 50);
      // in vain: the next question is looked up again
      for (let round = 0; round < 3; round++) watch.ask(0);
      witness.plug(true);
      await Bun.sleep(WITNESS_BROADCAST_MS + 50);
      heard(watch);
      questions(capture);
      await answered(watch);
      expect(questions(capture).at(-1)?.sender).toBe(sender);
    }
  });

  test("a server whose Ethernet address has just changed asks with the new one", async () => {
    const witness = network.addHost("10.44.0.254/16");
    const capture = captureOn(witness);
    const watch = watchOn(server, WITNESS);
    server.ip("link", "set", "eth0", "address", "02:00:00:00:00:77");
    await answered(watch);
    expect(questions(capture).length).toBeGreaterThan(0);
  });

  test("no answer: no host has the address; a request, an announcement or a reply to another host does not count", async () => {
    const watch = watchOn(server, WITNESS);
    const witnessProbe = probe;
    const announcement = witnessProbe.announcement([...WITNESS]);
    witnessProbe.sendFrame(announcement);
    witnessProbe.sendFrame(witnessProbe.arpRequest([10, 44, 0, 1], [...WITNESS]));
    const reply = (target: number[]): number[] => {
      const frame = [...announcement];
      frame[21] = 2;
      frame.splice(32, 6, ...target);
      return frame;
    };
    witnessProbe.sendFrame(reply([2, 0, 0, 0, 0, 99]));
    for (let round = 0; round < 5; round++) {
      watch.ask(0);
      await Bun.sleep(10);
      expect(heard(watch)).toEqual([]);
    }
    witnessProbe.sendFrame(reply(server.hardwareAddress())); // the canary
    await until("a reply to this server counts", () => heard(watch).includes("witness 0"));
  });

  test("of several each is reported by its number, and one that is silent is not", async () => {
    network.addHost("10.44.0.254/16");
    const watch = watchOn(server, Uint8Array.of(10, 44, 0, 253), WITNESS);
    await answered(watch, 1);
    watch.ask(0);
    await Bun.sleep(50);
    expect(heard(watch)).not.toContain("witness 0");
  });

  test("with an expired lease they are still asked and answer", async () => {
    network.addHost("10.44.0.254/16");
    const lease = kept(server.inside(() => new VipLease("eth0", VIPS, 600_000)));
    server.inside(() => lease.install()); // and never begun: silent
    await answered(watchOn(server, WITNESS));
  });

  test("an interface without a link, and a recreated one: errors at most, and the witness is found again", async () => {
    network.addHost("10.44.0.254/16");
    const watch = watchOn(server, WITNESS);
    await answered(watch);
    server.ip("link", "set", "eth0", "down");
    watch.ask(0);
    expect(heard(watch)).toEqual([]);
    server.ip("link", "set", "eth0", "up");
    await until("answers again", () => {
      watch.ask(0);
      Bun.sleepSync(2);
      return heard(watch).includes("witness 0");
    });
    server.ip("link", "set", "eth0", "address", "02:00:00:00:00:77");
    expect(watch.refresh()).toBe(1);
    expect([watch.macHigh, watch.macLow]).toEqual([0x0200, 0x77]);
    await answered(watch);
  });
});

describe("hosts that answer for VIPs", () => {
  test("announcements, questions and replies in ARP, and neighbour advertisements, each with function and MAC", async () => {
    const watch = watchOn(server);
    const reply = probe.announcement([10, 44, 1, 3]);
    reply[21] = 2;
    const told = [
      probe.announcement(VIP4),
      probe.arpRequest([10, 44, 0, 77], VIP4),
      reply,
      advertisement(seat, vip("fd44:0:0:0:0:0:1:3/64").address),
    ];
    for (const frame of told) probe.sendFrame(frame);
    const mac = seat.mac;
    const lines: string[] = [];
    await until("four reports", () => lines.push(...heard(watch)) >= 4);
    expect(lines).toEqual([`0 is ${mac}`, `0 is ${mac}`, `1 is ${mac}`, `1 is ${mac}`]);
  });

  test("not this server itself, and no addresses that are no VIPs", async () => {
    const watch = watchOn(server);
    const announcer = kept(server.inside(() => new Announcer("eth0", VIPS)));
    announcer.announce(0);
    expect(announcer.flush()).toBe(0);
    const cameBack = probe.announcement(VIP4); // from a joined network or a reflector
    cameBack.splice(22, 6, ...server.hardwareAddress());
    for (const frame of [
      cameBack,
      probe.announcement([10, 44, 1, 2]), // between the VIPs
      probe.announcement([10, 44, 0, 9]),
      probe.arpRequest(VIP4), // a seat asks for one
      probe.arpRequest(VIP4, [0, 0, 0, 0]), // a probe of RFC 5227 answers for nothing yet
      advertisement(seat, vip("fd44:0:0:0:0:0:0:9/64").address),
    ]) {
      probe.sendFrame(frame);
    }
    // sent last, taken last
    probe.sendFrame(advertisement(seat, vip("fd44:0:0:0:0:0:1:3/64").address));
    const lines: string[] = [];
    await until("the last one", () => lines.push(...heard(watch)) >= 1);
    expect(lines).toEqual([`1 is ${seat.mac}`]);
  });

  test("a flood is read at 64 frames a period, and its losses affect nothing else", async () => {
    const watch = watchOn(server);
    for (let frame = 0; frame < 1000; frame++) probe.sendFrame(probe.announcement(VIP4));
    await until("read to its end", () => {
      const { length } = heard(watch);
      expect(length).toBeLessThanOrEqual(64);
      return length === 0;
    });
    probe.sendFrame(probe.announcement([10, 44, 1, 3]));
    await until("the next one is heard", () => heard(watch).includes(`1 is ${seat.mac}`));
  });
});

describe("what the socket takes", () => {
  const filter = neighbourFilter(Uint8Array.of(10, 44, 1, 3, 10, 44, 1, 1, 200, 0, 0, 1));

  /**
   * Frames that arrive at a socket with that filter, of those that the seat sends, by their number.
   */
  async function taken(frames: readonly number[][], program: Uint8Array): Promise<number[]> {
    const capture = kept(server.inside(() => new PacketSocket("eth0", ETHER_TYPE_ALL, program)));
    const last = [...probe.announcement([10, 44, 1, 1])];
    last[21] = 2; // a reply: taken by every program
    const numbers: number[] = [];
    for (const frame of [...frames, last]) probe.sendFrame(frame);
    await until("the last frame", () => {
      for (let length = capture.receive(); length >= 0; length = capture.receive()) {
        const text = hex(capture.received.bytes.slice(0, length));
        if (text === hex(last)) return true;
        numbers.push(frames.findIndex((frame) => hex(frame) === text));
      }
      return false;
    });
    return numbers;
  }

  test("ARP of senders in the VIPs' range and replies, neighbour advertisements, and nothing else", async () => {
    const announce = (...address: number[]): number[] => probe.announcement(address);
    const toAnother = announce(10, 44, 1, 1);
    toAnother.splice(0, 6, 2, 0, 0, 0, 0, 99);
    const solicitation = advertisement(seat, vip("fd44:0:0:0:0:0:1:3/64").address);
    solicitation[54] = 135;
    const tcp = advertisement(seat, vip("fd44:0:0:0:0:0:1:3/64").address);
    tcp[20] = 6;
    const experimental = announce(10, 44, 1, 1);
    experimental.splice(12, 2, 0x88, 0xb5);
    const tagged = announce(10, 44, 1, 1);
    tagged.splice(12, 0, 0x81, 0, 0, 7);
    const frames = [
      announce(10, 44, 1, 0),
      announce(10, 44, 1, 1), // 1
      announce(10, 44, 1, 2), // 2: in the range
      announce(200, 0, 0, 1), // 3: above 127 as well
      announce(200, 0, 0, 2),
      advertisement(seat, vip("fd44:0:0:0:0:0:1:3/64").address), // 5
      solicitation,
      tcp,
      experimental,
      tagged,
      toAnother,
    ];
    server.ip("link", "set", "eth0", "promisc", "on"); // a capture beside us
    expect(await taken(frames, filter)).toEqual([1, 2, 3, 5]);
  });

  test("without IPv4 VIPs no requests", async () => {
    const none = neighbourFilter(new Uint8Array());
    expect(
      await taken([probe.announcement([10, 44, 1, 1]), probe.announcement([0, 0, 0, 0])], none),
    ).toEqual([]);
  });

  test("a tap for every protocol sees a frame before the lease's filter, one for ARP alone after it", async () => {
    const lease = kept(server.inside(() => new VipLease("eth0", VIPS, 600_000)));
    server.inside(() => lease.install()); // drops questions of seats for VIPs
    const tapOf = (etherType: number): PacketSocket =>
      kept(server.inside(() => new PacketSocket("eth0", etherType)));
    const [before, after] = [tapOf(ETHER_TYPE_ALL), tapOf(ETHER_TYPE_ARP)];
    const question = probe.arpRequest(VIP4);
    const passes = probe.announcement([10, 44, 0, 9]);
    probe.sendFrame(question);
    probe.sendFrame(passes);
    const seen = async (tap: PacketSocket): Promise<string[]> => {
      const texts: string[] = [];
      await until("the frame that passes", () => {
        for (let length = tap.receive(); length >= 0; length = tap.receive()) {
          texts.push(hex(tap.received.bytes.slice(0, length)));
        }
        return texts.includes(hex(passes));
      });
      return texts.filter((text) => text === hex(question));
    };
    expect(await seen(before)).toHaveLength(1);
    expect(await seen(after)).toHaveLength(0);
  });
});

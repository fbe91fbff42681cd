import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { Announcer } from "../../src/io/announcer.ts";
import { ENOBUFS } from "../../src/io/errno.ts";
import { libc, SO_SNDBUF, SOL_SOCKET } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import { VipLease } from "../../src/io/vip-lease.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";

let network: VirtualNetwork;
const open: { close(): void }[] = [];
beforeEach(() => {
  network = new VirtualNetwork();
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
  network.close();
});

function kept<T extends { close(): void }>(socket: T): T {
  open.push(socket);
  return socket;
}

const announcerOn = (host: Host, ...vipsOfFunction: string[][]): Announcer =>
  kept(
    host.inside(
      () =>
        new Announcer(
          "eth0",
          vipsOfFunction.map((vips) => vips.map(vip)),
        ),
    ),
  );

const captureOn = (host: Host): PacketSocket =>
  kept(host.inside(() => new PacketSocket("eth0", ETHER_TYPE_ALL)));

/**
 * Reads captured frames, as hexadecimal text, until `count` of those that `wanted` selects are
 * there.
 */
async function captured(
  capture: PacketSocket,
  count: number,
  wanted: (frame: string) => boolean,
): Promise<string[]> {
  const frames: string[] = [];
  await until(`${count} frames`, () => {
    for (let length = capture.receive(); length >= 0; length = capture.receive()) {
      const frame = Buffer.from(capture.received.bytes.slice(0, length)).toString("hex");
      if (wanted(frame)) frames.push(frame);
    }
    return frames.length >= count;
  });
  return frames;
}

/** Of the two forms of an announcement, the request. */
const isArp = (frame: string): boolean =>
  frame.slice(24, 28) === "0806" && frame.slice(40, 44) === "0001";
const isAdvertisement = (frame: string): boolean =>
  frame.slice(24, 28) === "86dd" && frame.slice(108, 110) === "88";

describe("what another host sees on the wire", () => {
  test("gratuitous ARP in both forms, every byte, RFC 5227, section 2.3", async () => {
    const server = network.addHost();
    const capture = captureOn(network.addHost());
    const announcer = announcerOn(server, ["10.44.1.1/16"]);
    announcer.announce(0);
    expect(announcer.queued).toBe(2);
    expect(announcer.flush()).toBe(0);
    expect(announcer.queued).toBe(0);
    const mac = server.mac;
    const [request, reply] = await captured(capture, 2, (frame) => frame.slice(24, 28) === "0806");
    const [head, address] = [`ffffffffffff${mac}0806000108000604`, "0a2c0101"];
    expect(request).toBe(`${head}0001${mac}${address}000000000000${address}`);
    expect(reply).toBe(`${head}0002${mac}${address}${mac}${address}`);
  });

  test("unsolicited neighbour advertisement, every byte, RFC 4861, sections 4.4 and 7.2.6", async () => {
    const server = network.addHost();
    const capture = captureOn(network.addHost());
    const announcer = announcerOn(server, ["fd44:0:0:0:0:0:1:1/64"]);
    announcer.announce(0);
    expect(announcer.flush()).toBe(0);
    const mac = server.mac;
    const address = "fd440000000000000000000000010001";
    const [frame = ""] = await captured(
      capture,
      1,
      (text) => isAdvertisement(text) && text.slice(44, 76) === address,
    );
    // a receiver's sum is verified below, and the kernel refuses a wrong one
    const checksum = frame.slice(112, 116);
    expect(frame).toBe(
      `333300000001${mac}86dd6000000000203aff${address}ff020000000000000000000000000001` +
        `8800${checksum}20000000${address}0201${mac}`,
    );
    const words = `${frame.slice(44, 108)}000000200000003a${frame.slice(108)}`.match(/.{4}/g) ?? [];
    let sum = words.reduce((total, word) => total + Number.parseInt(word, 16), 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    expect(sum).toBe(0xffff);
  });

  test("a burst of 1,500 VIPs of 500 functions arrives complete, each once although announced twice", async () => {
    const server = network.addHost();
    const host = network.addHost();
    const capture = captureOn(host);
    const functions = Array.from({ length: 500 }, (_, f) =>
      [1, 2, 3].map((i) => `10.44.${f % 250}.${i + 3 * Math.floor(f / 250)}/16`),
    );
    const announcer = announcerOn(server, ...functions);
    const seen: string[] = [];
    for (let first = 0; first < 500; first += 25) {
      // in parts, because the capturing socket holds no 1,500 frames
      for (let index = first; index < first + 25; index++) announcer.announce(index);
      announcer.announce(first);
      expect(announcer.queued).toBe(150);
      expect(announcer.flush()).toBe(0);
      seen.push(...(await captured(capture, 75, isArp)));
    }
    const addresses = seen.map((frame) =>
      [28, 29, 30, 31].map((at) => Number.parseInt(frame.slice(2 * at, 2 * at + 2), 16)).join("."),
    );
    expect(addresses).toEqual(functions.flat().map((text) => text.replace("/16", "")));
  });

  test("while more VIPs are to be moved the replies wait, and all of them go before the next", async () => {
    const server = network.addHost();
    const capture = captureOn(network.addHost());
    const announcer = announcerOn(server, ["10.44.1.1/16"], ["10.44.1.2/16"]);
    const waiting = [0, 1].map((index) => {
      announcer.announce(index);
      expect(announcer.flush(true)).toBe(0);
      return announcer.queued;
    });
    expect(waiting).toEqual([1, 2]);
    const calls = announcer.systemCalls;
    expect(announcer.flush(true)).toBe(0);
    expect([announcer.systemCalls, announcer.queued]).toEqual([calls, 2]);
    expect(announcer.flush()).toBe(0);
    const frames = await captured(capture, 4, (frame) => frame.slice(24, 28) === "0806");
    const formAndVip = frames.map((frame) => [frame.slice(40, 44), frame.slice(62, 64)]);
    expect(formAndVip).toEqual([
      ["0001", "01"],
      ["0001", "02"],
      ["0002", "01"],
      ["0002", "02"],
    ]);
  });

  test("a VIP released meanwhile is not announced; one that comes back is, in its new place", async () => {
    const server = network.addHost();
    const capture = captureOn(network.addHost());
    const vips = [["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"], ["10.44.1.2/16"], ["10.44.1.3/16"]];
    const announcer = announcerOn(server, ...vips);
    for (const index of [0, 1, 2]) announcer.announce(index);
    announcer.withdraw(0);
    expect(announcer.queued).toBe(4);
    announcer.withdraw(0);
    announcer.withdraw(1);
    announcer.announce(1);
    expect(announcer.flush(true)).toBe(0);
    announcer.withdraw(2);
    expect(announcer.queued).toBe(1);
    expect(announcer.flush()).toBe(0);
    announcer.announce(0);
    expect(announcer.flush()).toBe(0);
    const frames = await captured(capture, 5, (frame) => frame.slice(24, 28) === "0806");
    expect(frames.map((frame) => frame.slice(43, 44) + frame.slice(62, 64))).toEqual([
      "103",
      "102",
      "202",
      "101",
      "201",
    ]);
  });

  test("1,500 VIPs in one flush: four system calls, requests first", () => {
    const server = network.addHost();
    const functions = Array.from({ length: 500 }, (_, f) =>
      [1, 2, 3].map((i) => `10.44.${f % 250}.${i + 3 * Math.floor(f / 250)}/16`),
    );
    const announcer = announcerOn(server, ...functions);
    for (let index = 0; index < 500; index++) announcer.announce(index);
    const calls = announcer.systemCalls;
    expect(announcer.flush()).toBe(0);
    expect(announcer.queued).toBe(0);
    expect(announcer.systemCalls - calls).toBe(4);
  });

  test("the interface's address changes, and the interface is recreated: the frames follow", async () => {
    const server = network.addHost();
    const announcer = announcerOn(server, ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"]);
    server.ip("link", "set", "eth0", "address", "02:00:00:00:00:77");
    const capture = captureOn(network.addHost());
    announcer.announce(0);
    expect(announcer.flush()).toBe(0);
    const [arp] = await captured(capture, 1, isArp);
    expect(arp?.slice(12, 24)).toBe("020000000077");
    expect(arp?.slice(44, 56)).toBe("020000000077");

    server.ip("link", "del", "eth0");
    announcer.announce(0);
    expect(announcer.flush()).not.toBe(0);
    expect(announcer.queued).toBe(0); // nobody can be reached: dropped
    server.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0");
    server.ip("link", "set", "peer0", "up");
    server.ip("link", "set", "eth0", "address", "02:00:00:00:00:78", "up");
    const peer = kept(server.inside(() => new PacketSocket("peer0", ETHER_TYPE_ALL)));
    announcer.announce(0);
    expect(announcer.flush()).toBe(0);
    const advertisements = await captured(
      peer,
      1,
      (frame) => isAdvertisement(frame) && frame.slice(44, 48) === "fd44",
    );
    expect(advertisements[0]?.slice(160, 172)).toBe("020000000078");
  });

  test("an interface recreated between two announcements, with the same index: the frames follow", async () => {
    const server = network.addHost();
    const capture = captureOn(network.addHost());
    const announcer = announcerOn(server, ["10.44.1.1/16"]);
    for (let round = 0; round < 2; round++) {
      announcer.announce(0);
      expect(announcer.flush()).toBe(0);
      const [arp] = await captured(capture, 1, isArp);
      expect(arp?.slice(44, 56)).toBe(server.mac);
      network.takeOut(server);
      network.putIn(server);
    }
  });

  test("an interface that is down: an error, and nothing is kept for later", () => {
    const server = network.addHost();
    const announcer = announcerOn(server, ["10.44.1.1/16"]);
    server.ip("link", "set", "eth0", "down");
    announcer.announce(0);
    expect(announcer.flush()).not.toBe(0);
    expect(announcer.queued).toBe(0);
    server.ip("link", "set", "eth0", "up");
    announcer.announce(0);
    expect(announcer.flush()).toBe(0);
  });

  test("a queue that is full: what waits is kept for sixteen flushes in a row, and no longer", () => {
    const announcer = announcerOn(network.addHost(), ["10.44.1.1/16"]);
    const socket: unknown = Reflect.get(announcer, "socket");
    if (!(socket instanceof PacketSocket)) throw new Error("an announcer has a socket");
    const full = spyOn(socket, "sendMany").mockReturnValue(-ENOBUFS);
    const fruitless = (count: number): void => {
      for (let flush = 0; flush < count; flush++) {
        expect(announcer.queued).toBe(2);
        expect(announcer.flush()).toBe(ENOBUFS);
      }
    };
    announcer.announce(0);
    fruitless(15);
    full.mockReturnValueOnce(1).mockReturnValueOnce(1); // one flush finds room: they are counted anew
    expect(announcer.flush()).toBe(0);
    announcer.announce(0);
    fruitless(16);
    expect(announcer.queued).toBe(0);
    announcer.announce(0);
    fruitless(16);
    expect(announcer.queued).toBe(0);
  });
});

describe("an interface that takes no frames", () => {
  const vips = ["10.44.1.1/16", "10.44.1.2/16", "10.44.1.3/16"];
  let announcer: Announcer;
  let lease: VipLease;
  let capture: PacketSocket;
  beforeEach(() => {
    const server = network.addHost();
    capture = captureOn(network.addHost());
    announcer = announcerOn(server, ...vips.map((text) => [text]));
    // The lease's filter, which knows the last two, refuses as a full queue does: with ENOBUFS.
    const silenced = vips.slice(1).map((text) => [vip(text)]);
    lease = kept(server.inside(() => new VipLease("eth0", silenced, 600_000)));
    server.inside(() => lease.install());
  });

  /** VIPs that were announced, in their order, up to an announcement of the first one. */
  async function announced(): Promise<number[]> {
    const seen: number[] = [];
    announcer.announce(0);
    expect(announcer.flush()).toBe(0);
    await until("the last one", () => {
      for (let length = capture.receive(); length >= 0; length = capture.receive()) {
        const frame = capture.received.bytes.slice(0, length);
        if (frame[12] === 8 && frame[13] === 6 && frame[21] === 1)
          seen.push((frame[31] as number) - 1);
      }
      return seen.at(-1) === 0;
    });
    return seen.slice(0, -1);
  }

  test("refused frames wait, behind accepted ones, and are sent once", async () => {
    for (const index of [0, 1, 2]) announcer.announce(index);
    expect(announcer.flush()).toBe(ENOBUFS);
    expect(announcer.queued).toBe(5);
    announcer.announce(2); // waits already
    expect(announcer.flush()).toBe(ENOBUFS);
    expect(announcer.queued).toBe(5);
    expect(lease.begin()).toBe(0);
    expect(announcer.flush()).toBe(0);
    expect(announcer.queued).toBe(0);
    expect(await announced()).toEqual([0, 1, 2]);
    for (const index of [2, 1]) announcer.announce(index);
    expect(announcer.flush()).toBe(0);
    expect(await announced()).toEqual([2, 1]);
  });

  test("dropped after too many failed attempts; a success in between restarts the count", async () => {
    const inVain = (times: number): void => {
      expect(lease.lapse()).toBe(0);
      announcer.announce(1);
      for (let flush = 0; flush < times; flush++) expect(announcer.flush()).toBe(ENOBUFS);
    };
    inVain(15);
    expect(announcer.queued).toBe(2);
    expect(lease.begin()).toBe(0);
    expect(announcer.flush()).toBe(0);
    inVain(15);
    expect(announcer.queued).toBe(2);
    expect(announcer.flush()).toBe(ENOBUFS);
    expect(announcer.queued).toBe(0);
    expect(lease.begin()).toBe(0);
    expect(await announced()).toEqual([1]);
    announcer.announce(1);
    expect(announcer.flush()).toBe(0);
    expect(await announced()).toEqual([1]);
  });

  test("a rehearsal sends nothing and leaves nothing", async () => {
    expect(lease.begin()).toBe(0);
    announcer.rehearse();
    expect([announcer.queued, announcer.systemCalls]).toEqual([0, 0]);
    expect(await announced()).toEqual([]);
  });

  test("a burst has room in the socket, whatever the system allows by default", () => {
    const memory = new NativeMemory(8);
    memory.view.setUint32(4, 4, true);
    const { address } = memory;
    expect(libc.getsockopt(capture.fd, SOL_SOCKET, SO_SNDBUF, address, address + 4)).toBe(0);
    expect(memory.view.getInt32(0, true)).toBeGreaterThanOrEqual(4 << 20);
  });
});

describe("a client's neighbour cache changes to the new server at once", () => {
  test("ARP and neighbour discovery, two servers, from the first to the second and back", async () => {
    const addresses = ["10.44.1.1", "fd44::1:1"];
    const vips = [["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"]];
    const seat = network.addHost("10.44.200.7/16", "fd44:0:0:0:0:0:200:7/64");
    const servers = ["1", "2"].map((number) => {
      const host = network.addHost(`10.44.0.${number}/16`, `fd44:0:0:0:0:0:0:${number}/64`);
      const switcher = kept(
        host.inside(
          () =>
            new VipSwitcher(
              "eth0",
              vips.map((texts) => texts.map(vip)),
            ),
        ),
      );
      return { host, switcher, announcer: announcerOn(host, ...vips) };
    });
    const cached = (address: string): string =>
      (/lladdr (\S+)/.exec(seat.ip("neigh", "show", address, "dev", "eth0"))?.[1] ?? "").replaceAll(
        ":",
        "",
      );

    const order = [servers[0], servers[1], servers[0]];
    for (const [turn, server] of order.entries()) {
      if (server === undefined) throw new Error("no server");
      const before = turn === 0 ? undefined : order[turn - 1];
      before?.switcher.remove(0);
      before?.host.inside(() => before.switcher.commit());
      server.switcher.add(0);
      expect(server.host.inside(() => server.switcher.commit())).toBe(0);
      if (before === undefined) {
        // The seat learns the first server by asking: announcements make no entries, they only
        // change them.
        for (const address of addresses) {
          await until(`${address} resolved`, () => {
            seat.inside(() => ask(address));
            return cached(address) !== "";
          });
        }
      } else {
        // the canary
        for (const address of addresses) expect(cached(address)).toBe(before.host.mac);
        server.announcer.announce(0);
        expect(server.announcer.flush()).toBe(0);
      }
      for (const address of addresses) {
        await until(`${address} at server ${turn}`, () => cached(address) === server.host.mac);
      }
    }
  }, 60_000);
});

/** Makes the kernel resolve `address`: one datagram to a port without a listener. */
function ask(address: string): void {
  Bun.spawnSync(["bash", "-c", `exec 3<>/dev/udp/${address}/9 && echo x >&3`]);
}

/**
 * The lease against the real kernel: a seat on the same network asks the server for its VIPs and
 * its own addresses, by ARP, neighbour discovery and echo requests. Leases are long where somebody
 * must renew them in time, and no assertion compares times: answers come, cease, and stay away,
 * however busy the machine is.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Announcer } from "../../src/io/announcer.ts";
import { ENOBUFS, ENODEV, ENOENT, EPERM, ETIME, SystemError } from "../../src/io/errno.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { PacketSocket } from "../../src/io/packet-socket.ts";
import { VipLease } from "../../src/io/vip-lease.ts";
import { LEASE_LATENESS_MS, LEASE_MS_MIN } from "../../src/limits.ts";
import {
  encodeNeighbourAdvertisement,
  NEIGHBOUR_ADVERTISEMENT_BYTES,
} from "../../src/wire/neighbour.ts";
import { NETLINK_NETFILTER } from "../../src/wire/nftables.ts";
import { SeatProbe } from "../harness/seat-probe.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";
import { disturb, fillReceiveBuffer, Losses, netlinkOf } from "./lossy-netlink.ts";
import { deleteTable, tablesOf } from "./packet-filters.ts";

const CHILDREN = join(import.meta.dir, "../children");

const VIPS = [
  [vip("10.44.1.1/16"), vip("fd44:0:0:0:0:0:1:1/64")],
  [vip("10.44.1.2/16"), vip("fd44:0:0:0:0:0:1:9/64")],
];
const VIP_TEXTS = VIPS.flat().map(({ text }) => text);
const OWN = [vip("10.44.0.1/16"), vip("fd44:0:0:0:0:0:0:1/64")];
const LONG_MS = 600_000;
/** Longer than any lateness that a lease forgives. */
const STALL_MS = 20 * LEASE_LATENESS_MS;

const hex = (address: Uint8Array): string => Buffer.from(address).toString("hex");
/** Everything that a server answers which has these addresses. */
const answersOf = (vips: readonly { address: Uint8Array; family: number }[]): string[] =>
  vips
    .flatMap(({ address, family }) => [
      `${family === 4 ? "arp" : "na"} ${hex(address)}`,
      `echo ${hex(address)}`,
    ])
    .sort();

const ALL_VIPS = VIPS.flat().slice(0, 2); // the others are not up on this server
const EVERYTHING = answersOf([...OWN, ...ALL_VIPS]);
const ONLY_OWN = answersOf(OWN);

let network: VirtualNetwork;
let server: Host;
let seat: Host;
let probe: SeatProbe;
const closing: (() => void)[] = [];

beforeEach(() => {
  network = new VirtualNetwork();
  server = network.addHost(...OWN.map(({ text }) => text));
  seat = network.addHost("10.44.0.9/16", "fd44:0:0:0:0:0:0:9/64");
  putVipsUp();
  probe = new SeatProbe(
    seat,
    server,
    [10, 44, 0, 9],
    [0xfd, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
  );
  closing.push(() => probe.close());
});

afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
  network.close();
});

/**
 * Addresses as VipSwitcher sets them, by another tool: they stay up whatever happens to Wingman's
 * processes.
 */
function putVipsUp(): void {
  server.ip("addr", "add", "10.44.1.1/32", "dev", "eth0", "scope", "host");
  server.ip("addr", "add", "fd44::1:1/64", "dev", "eth0", "nodad");
  // The server knows the seat: only answers are looked at, not its own questions.
  const seatHardware = seat
    .hardwareAddress()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(":");
  for (const address of ["10.44.0.9", "fd44::9"]) {
    server.ip(
      "neigh",
      "replace",
      address,
      "lladdr",
      seatHardware,
      "dev",
      "eth0",
      "nud",
      "permanent",
    );
  }
}

function leaseOn(host: Host, leaseMs: number, vips = VIPS, asOlderKernel = false): VipLease {
  const lease = host.inside(() => new VipLease("eth0", vips, leaseMs, asOlderKernel));
  closing.push(() => lease.close());
  host.inside(() => lease.install());
  return lease;
}

/** Asks for every address once and gives what is answered within a while. */
async function answersNow(): Promise<string[]> {
  probe.answers();
  for (const { address } of [...OWN, ...ALL_VIPS]) probe.ask(address);
  await Bun.sleep(50);
  return [...probe.answers()].sort();
}

/** Waits until the server answers exactly so. */
async function untilAnswers(what: string, answers: string[], before?: () => void): Promise<void> {
  let now: string[] = [];
  await until(
    () => `${what}: ${now.join(", ")} instead of ${answers.join(", ")}`,
    async () => {
      before?.();
      now = await answersNow();
      return now.join() === answers.join();
    },
  );
}

/** The VIPs are silent, and stay so. */
async function expectSilence(): Promise<void> {
  await untilAnswers("silence of the VIPs", ONLY_OWN);
  for (let round = 0; round < 5; round++) {
    for (const answer of await answersNow()) expect(ONLY_OWN).toContain(answer);
  }
}

for (const asOlderKernel of [false, true]) {
  describe(asOlderKernel ? "as on an older kernel" : "on this kernel", () => {
    test("silent when installed, answering when begun, silent when lapsed, answering again", async () => {
      await untilAnswers("no filter", EVERYTHING);
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      if (asOlderKernel) expect([lease.canRenewInPlace, lease.isProtected]).toEqual([false, false]);
      await expectSilence();
      expect(lease.renew()).toBe(ENOENT); // nothing to extend
      await expectSilence();
      expect(lease.begin()).toBe(0);
      await untilAnswers("begun", EVERYTHING);
      expect(lease.renew()).toBe(0);
      await untilAnswers("renewed", EVERYTHING);
      expect(lease.lapse()).toBe(0);
      await expectSilence();
      expect(lease.lapse()).toBe(0);
      expect(lease.begin()).toBe(0);
      await untilAnswers("begun again", EVERYTHING);
    });

    test("answers as long as it is renewed, and no longer; what ran out cannot be renewed", async () => {
      const leaseMs = 2000;
      const lease = leaseOn(server, leaseMs, VIPS, asOlderKernel);
      expect(lease.begin()).toBe(0);
      const beganUs = nowUs();
      while (nowUs() - beganUs < 3 * leaseMs * 1000) {
        await untilAnswers("renewed", EVERYTHING, () => {
          const refused = lease.renew();
          // A machine that stood still in the call ends the lease; it begins anew.
          expect(refused === ETIME ? lease.begin() : refused).toBe(0);
        });
      }
      await expectSilence();
      expect(lease.renew()).toBe(ENOENT);
      await expectSilence();
      expect(lease.begin()).toBe(0);
      await untilAnswers("begun again", EVERYTHING, () => lease.begin());
    });

    test("a renewal that took longer than the lease is taken back", async () => {
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      expect(lease.begin()).toBe(0);
      expect(lease.renew()).toBe(0);
      expect(Reflect.set(lease, "renewedUs", nowUs() - LONG_MS * 1000 - 1)).toBe(true);
      expect(lease.renew()).toBe(ETIME);
      await expectSilence();
      expect(lease.renew()).toBe(ENOENT);
    });

    test("a lease is counted from before the kernel had its renewal, never from after it", () => {
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      const losses = new Losses(netlinkOf(lease));
      for (const renew of [() => lease.begin(), () => lease.renew()]) {
        let sentUs = 0;
        losses.whileSending(() => {
          sentUs = nowUs();
          while (nowUs() === sentUs); // from here on it is later
        });
        expect(renew()).toBe(0);
        expect(Reflect.get(lease, "renewedUs")).toBeLessThanOrEqual(sentUs);
      }
    });

    for (const [when, beforeMs, afterMs] of [
      ["before the kernel has renewed", STALL_MS, 0],
      ["when the kernel has renewed", 0, STALL_MS],
    ] as const) {
      test(`a renewal that stands still inside its call, ${when}, is taken back`, async () => {
        const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
        const losses = new Losses(netlinkOf(lease));
        expect(lease.begin()).toBe(0);
        expect(lease.renew()).toBe(0);
        await untilAnswers("renewed", EVERYTHING);
        losses.whileSending(
          () => Bun.sleepSync(beforeMs),
          () => Bun.sleepSync(afterMs),
        );
        expect(lease.renew()).toBe(ETIME);
        await expectSilence();
        expect(lease.renew()).toBe(ENOENT);
        expect(lease.begin()).toBe(0);
        expect(lease.renew()).toBe(0);
        await untilAnswers("begun again", EVERYTHING);
      });
    }

    test("a beginning that stands still inside its call for longer than the lease is not renewed", async () => {
      const leaseMs = 300;
      const lease = leaseOn(server, leaseMs, VIPS, asOlderKernel);
      const losses = new Losses(netlinkOf(lease));
      // the kernel's lease begins only then
      losses.whileSending(() => Bun.sleepSync(leaseMs + STALL_MS));
      expect(lease.begin()).toBe(0);
      // ENOENT: this machine was held up once more
      expect([ETIME, ENOENT]).toContain(lease.renew());
      await expectSilence();
    });

    test("a short renewal is short, in both of its parts", async () => {
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      expect(lease.begin()).toBe(0);
      await untilAnswers("begun", EVERYTHING);
      expect(lease.renew(LEASE_MS_MIN)).toBe(0);
      await expectSilence();
      expect(lease.renew()).toBe(ENOENT);
      await expectSilence();
    });

    test("how short the last renewal was says nothing of a lease that begins anew", async () => {
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      expect(lease.begin()).toBe(0);
      expect(lease.renew(LEASE_MS_MIN)).toBe(0);
      expect(lease.begin()).toBe(0);
      await Bun.sleep(2 * LEASE_MS_MIN);
      expect(lease.renew()).toBe(0);
      await untilAnswers("renewed", EVERYTHING);
    });

    test("a refusal for which the kernel has no room is a refusal", async () => {
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      expect(lease.begin()).toBe(0);
      expect(lease.lapse()).toBe(0);
      const netlink = netlinkOf(lease);
      const end = server.inside(() => fillReceiveBuffer(netlink, NETLINK_NETFILTER));
      expect(lease.renew()).toBe(ENOBUFS);
      end();
      expect(lease.renew()).toBe(ENOENT);
      await expectSilence();
      expect(lease.begin()).toBe(0);
      expect(lease.renew()).toBe(0);
      await untilAnswers("begun again", EVERYTHING);
    });

    test("a refusal behind what another process sent is a refusal, and nothing stays for the next answer", () => {
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      const disturbBy = (count: number): void =>
        server.inside(() => disturb(netlinkOf(lease), NETLINK_NETFILTER, count));
      for (const count of [1, 15, 16, 17, 100]) {
        expect(lease.begin()).toBe(0);
        disturbBy(count);
        expect([count, lease.renew()]).toEqual([count, 0]);
        expect(lease.lapse()).toBe(0);
        disturbBy(count);
        expect([count, lease.renew()]).toEqual([count, ENOENT]);
      }
      expect(lease.begin()).toBe(0);
      expect(lease.renew()).toBe(0);
    });

    test("a lease that lasts as short as it may", async () => {
      const lease = leaseOn(server, LEASE_MS_MIN, VIPS, asOlderKernel);
      expect(lease.begin()).toBe(0);
      await expectSilence();
    });

    test("neither the announcer nor anybody else speaks for a VIP without a lease", async () => {
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      const announcer = server.inside(() => new Announcer("eth0", VIPS));
      closing.push(() => announcer.close());
      const other = server.inside(() => new PacketSocket("eth0", 0));
      closing.push(() => other.close());
      const frame = new NativeMemory(NEIGHBOUR_ADVERTISEMENT_BYTES);
      // a VIP that the announcer does not speak for here
      const target = vip("fd44:0:0:0:0:0:1:9/64");
      encodeNeighbourAdvertisement(frame.bytes, 0, other.hardwareAddress, target.address, 0);
      frame.bytes.set((OWN[1] as (typeof OWN)[0]).address, 22); // the source
      const announce = async (refused: number): Promise<string[]> => {
        probe.answers();
        announcer.announce(0);
        expect(announcer.flush()).toBe(refused);
        // An advertisement for a VIP that comes from another address.
        expect(other.send(frame, 0, NEIGHBOUR_ADVERTISEMENT_BYTES)).toBe(refused);
        await Bun.sleep(50);
        return [...probe.answers()].sort();
      };
      const all = [...ALL_VIPS, target]
        .map(({ family, address }) => `${family === 4 ? "arp" : "na"} ${hex(address)}`)
        .sort();
      for (let round = 0; round < 5; round++) expect(await announce(ENOBUFS)).toEqual([]);
      expect(lease.begin()).toBe(0);
      let heard: string[] = [];
      for (let round = 0; round < 100 && heard.join() !== all.join(); round++)
        heard = await announce(0);
      expect(heard).toEqual(all);
    });

    test("a filter that is gone is noticed, and made anew", async () => {
      const lease = leaseOn(server, LONG_MS, VIPS, asOlderKernel);
      expect(lease.begin()).toBe(0);
      if (lease.isProtected) {
        expect(deleteTable(server)).toBe(EPERM);
        expect(lease.renew()).toBe(0);
        return;
      }
      expect(deleteTable(server)).toBe(0);
      expect(lease.renew()).toBe(ENOENT);
      expect(lease.begin()).toBe(0);
      expect(lease.renew()).toBe(0);
      expect(lease.lapse()).toBe(0);
      await expectSilence();
    });
  });
}

describe("an owner that does not go on", () => {
  async function holder(): Promise<{ pid: number; line(): Promise<string> }> {
    const command = [
      process.execPath,
      join(CHILDREN, "lease-holder.ts"),
      "eth0",
      "3000",
      "50",
      ...VIP_TEXTS,
    ];
    const child = Bun.spawn([...server.enter, ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    closing.push(() => child.kill("SIGKILL"));
    const lines = child.stdout.getReader();
    const line = async (): Promise<string> => {
      const { value } = await lines.read();
      return value === undefined ? "" : new TextDecoder().decode(value).trim();
    };
    expect(await line()).toBe("up");
    await untilAnswers("the owner answers", EVERYTHING);
    return { pid: child.pid, line };
  }

  test("SIGKILL silences its VIPs, with the addresses still up", async () => {
    const { pid } = await holder();
    signal(pid, "SIGKILL");
    await expectSilence();
    expect(server.addresses()).toEqual([
      "10.44.0.1/16",
      "10.44.1.1/32",
      "fd44::1/64",
      "fd44::1:1/64",
    ]);
    expect(tablesOf(server)).toEqual(["wingman"]);
  });

  test("SIGSTOP silences its VIPs, and SIGCONT does not bring them back", async () => {
    const { pid, line } = await holder();
    signal(pid, "SIGSTOP");
    await expectSilence();
    signal(pid, "SIGCONT");
    // stopped before, or in the call itself
    expect([`errno ${ENOENT}`, `errno ${ETIME}`]).toContain(await line());
    await expectSilence();
    expect(server.addresses()).toContain("10.44.1.1/32");
  });
});

describe("the filter", () => {
  test("replaces what an earlier run left, and its VIPs with it", async () => {
    const earlier = leaseOn(server, LONG_MS, [[vip("10.44.0.1/16"), vip("10.44.1.1/16")]]);
    await untilAnswers(
      "filter of the earlier run",
      answersOf([OWN[1] as (typeof OWN)[0], ALL_VIPS[1] as (typeof OWN)[0]]),
    );
    if (earlier.isProtected) {
      expect(() => leaseOn(server, LONG_MS)).toThrow(/belongs to another process/);
    }
    earlier.close();
    closing.splice(1); // closed
    leaseOn(server, LONG_MS);
    await expectSilence();
    expect(tablesOf(server)).toEqual(["wingman"]);
  });

  test("is gone after remove(), with or without a lease, and twice", async () => {
    const lease = leaseOn(server, LONG_MS);
    await expectSilence();
    lease.remove();
    expect(tablesOf(server)).toEqual([]);
    await untilAnswers("no filter", EVERYTHING);
    lease.remove();
    expect(lease.begin()).toBe(0);
    lease.remove();
    expect(tablesOf(server)).toEqual([]);
  });

  test("that cannot be taken away is told: VIPs would stay silent", () => {
    const lease = leaseOn(server, LONG_MS, VIPS);
    const netlink = netlinkOf(lease);
    netlink.send = () => ENOBUFS;
    expect(() => lease.remove()).toThrow(/ENOBUFS.*table wingman is not removed/);
    Reflect.deleteProperty(netlink, "send");
    lease.remove();
    expect(tablesOf(server)).toEqual([]);
  });

  test("keeps requests to a VIP from the services: they do not act on what they could not answer", async () => {
    const received = (file: string, counter: RegExp): number =>
      Number(counter.exec(server.run("cat", `/proc/net/${file}`))?.[1]);
    const counters = (): number[] => [
      received("snmp", /^Icmp: \d+ \d+ \d+ \d+ \d+ \d+ \d+ \d+ (\d+)/m), // InEchos
      received("snmp6", /Icmp6InEchos\s+(\d+)/),
      received("snmp6", /Icmp6InNeighborSolicits\s+(\d+)/),
      // Linux makes an entry for who asks for an address that it answers for.
      server.ip("neigh", "show", "10.44.0.77").length > 0 ? 1 : 0,
    ];
    const ask = async (): Promise<number[]> => {
      const before = counters();
      for (const { address } of ALL_VIPS) probe.ask(address);
      probe.sendFrame(probe.arpRequest([10, 44, 1, 1], [10, 44, 0, 77]));
      await Bun.sleep(50);
      return counters().map((count, index) => count - (before[index] as number));
    };
    const lease = leaseOn(server, LONG_MS);
    for (let round = 0; round < 5; round++) expect(await ask()).toEqual([0, 0, 0, 0]);
    expect(lease.begin()).toBe(0);
    expect(await ask()).toEqual([1, 1, 1, 1]);
  });

  test("lets the announcements and answers of the next owner in", async () => {
    leaseOn(server, LONG_MS);
    server.ip(
      "neigh",
      "replace",
      "10.44.1.2",
      "lladdr",
      "02:00:00:00:00:57",
      "dev",
      "eth0",
      "nud",
      "stale",
    );
    const seatHardware = seat
      .hardwareAddress()
      .map((byte) => byte.toString(16).padStart(2, "0"))
      .join(":");
    await until("the neighbour table follows the announcement", () => {
      probe.sendFrame(probe.announcement([10, 44, 1, 2]));
      return server.ip("neigh", "show", "10.44.1.2").includes(seatHardware);
    });
    seat.ip("addr", "add", "10.44.1.2/32", "dev", "eth0");
    const service = Bun.spawn([...seat.enter, process.execPath, join(CHILDREN, "echo-server.ts")], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    closing.push(() => service.kill("SIGKILL"));
    await until("this server is a client of the next owner", () => {
      const client = [process.execPath, join(CHILDREN, "echo-client.ts"), "10.44.1.2"];
      return Bun.spawnSync([...server.enter, ...client]).exitCode === 0;
    });
  });

  test("follows an interface that went away and came back, when begun anew", async () => {
    const lease = leaseOn(server, LONG_MS);
    expect(lease.begin()).toBe(0);
    server.ip("link", "set", "eth0", "name", "old0");
    expect(lease.renew()).toBe(ENODEV);
    expect(lease.begin()).toBe(ENODEV);
    server.ip("link", "set", "old0", "name", "eth0");
    server.ip("link", "del", "eth0");
    expect(lease.begin()).toBe(ENODEV);
    server.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0");
    expect(lease.renew()).toBe(ENODEV);
    expect(lease.begin()).toBe(0);
    expect(lease.renew()).toBe(0);
    expect(lease.lapse()).toBe(0);
    // The new interface leads nowhere but to its own other end, which stands for the seat.
    for (const name of ["eth0", "peer0"]) server.ip("link", "set", name, "up");
    server.ip("link", "set", "peer0", "netns", seat.namespace);
    seat.ip("link", "del", "eth0");
    seat.ip("link", "set", "peer0", "name", "eth0");
    seat.ip("link", "set", "eth0", "up");
    for (const { text } of OWN)
      server.ip("addr", "add", text, "dev", "eth0", ...(text.includes(":") ? ["nodad"] : []));
    putVipsUp();
    probe.close();
    closing.splice(0, 1);
    probe = new SeatProbe(
      seat,
      server,
      [10, 44, 0, 9],
      [0xfd, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
    );
    closing.push(() => probe.close());
    await expectSilence();
    expect(lease.begin()).toBe(0);
    await untilAnswers("begun on the new interface", EVERYTHING);
  });

  test("holds all VIPs of the largest aircraft", async () => {
    const largest = Array.from({ length: 1024 }, (_, index) => [
      ...Array.from({ length: 4 }, (_, i) =>
        vip(`10.${44 + (index >> 8)}.${index & 255}.${i + 1}/16`),
      ),
      ...Array.from({ length: 4 }, (_, i) =>
        vip(`fd44:0:0:0:0:0:${(index + 1).toString(16)}:${i + 1}/64`),
      ),
    ]);
    // among them 10.44.0.1, 10.44.1.1 and fd44::1:1
    const lease = leaseOn(server, LONG_MS, largest);
    await untilAnswers("silent", answersOf([OWN[1] as (typeof OWN)[0]]));
    expect(lease.begin()).toBe(0);
    await untilAnswers("begun", EVERYTHING);
  });

  test("no such interface: an error that names those there are", () => {
    const lease = server.inside(() => new VipLease("eth7", VIPS, LONG_MS));
    closing.push(() => lease.close());
    expect(() => server.inside(() => lease.install())).toThrow(
      /no interface "eth7"; there are: lo, eth0/,
    );
  });

  test("without the right to change the network: an error that says so", () => {
    const script = `
      const { VipLease } = await import(${JSON.stringify(join(import.meta.dir, "../../src/io/vip-lease.ts"))});
      try { new VipLease("eth0", [[]], 1000).install(); } catch (error) { console.log(error.message); }`;
    const drop = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];
    const said = server.run(...drop, process.execPath, "-e", script);
    expect(said).toBe("VIP lease: Operation not permitted (EPERM): needs CAP_NET_ADMIN\n");
    expect(new SystemError("VIP lease", EPERM).message).toContain("EPERM");
  });
});

/**
 * The lease against the real kernel: a seat on the same network asks the server for its VIPs and
 * its own addresses, by ARP, neighbour discovery and echo requests. Leases are long where somebody
 * must renew them in time, and no assertion compares times: answers come, cease, and stay away,
 * however busy the machine is.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Announcer } from "../../src/io/announcer.ts";
import { ENOBUFS, ENOENT, EPERM, ETIME } from "../../src/io/errno.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { PacketSocket } from "../../src/io/packet-socket.ts";
import { LEASE_MS_MIN } from "../../src/limits.ts";
import {
  encodeNeighbourAdvertisement,
  NEIGHBOUR_ADVERTISEMENT_BYTES,
} from "../../src/wire/neighbour.ts";
import { NETLINK_NETFILTER } from "../../src/wire/nftables.ts";
import { signal } from "../harness/signals.ts";
import { vip } from "../harness/virtual-network.ts";
import {
  ALL_VIPS,
  CHILDREN,
  closing,
  EVERYTHING,
  expectSilence,
  hex,
  LONG_MS,
  leaseOn,
  OWN,
  probe,
  STALL_MS,
  server,
  untilAnswers,
  useLeaseBench,
  VIP_TEXTS,
  VIPS,
} from "./lease-bench.ts";
import { disturb, fillReceiveBuffer, Losses, netlinkOf } from "./lossy-netlink.ts";
import { deleteTable, tablesOf } from "./packet-filters.ts";

useLeaseBench();

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
          // A machine that stalled in the call ends the lease; it starts again.
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
      test(`a renewal that stalls inside its call, ${when}, is revoked`, async () => {
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

    test("a first lease that stalls inside its call for longer than the lease is not renewed", async () => {
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

    test("a short last renewal does not affect a new lease", async () => {
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

    test("a missing filter is noticed, and set again", async () => {
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

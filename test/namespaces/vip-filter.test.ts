/**
 * The packet filter behind the lease against the real kernel: what it passes, leftovers of an
 * earlier run, interfaces that come and go, and missing permissions.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ENOBUFS, ENODEV, EPERM, SystemError } from "../../src/io/errno.ts";
import { VipLease } from "../../src/io/vip-lease.ts";
import { until } from "../harness/until.ts";
import { vip } from "../harness/virtual-network.ts";
import {
  ALL_VIPS,
  answersOf,
  CHILDREN,
  closing,
  EVERYTHING,
  expectSilence,
  LONG_MS,
  leaseOn,
  OWN,
  openProbe,
  probe,
  putVipsUp,
  seat,
  server,
  untilAnswers,
  useLeaseBench,
  VIPS,
} from "./lease-bench.ts";
import { netlinkOf } from "./lossy-netlink.ts";
import { tablesOf } from "./packet-filters.ts";

useLeaseBench();

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

  test("that cannot be removed is reported: VIPs would stay silent", () => {
    const lease = leaseOn(server, LONG_MS, VIPS);
    const netlink = netlinkOf(lease);
    netlink.send = () => ENOBUFS;
    expect(() => lease.remove()).toThrow(/ENOBUFS.*table wingman cannot be removed/);
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
      // Linux makes an entry for a host that asks for an address that it answers for.
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

  test("follows an interface that went away and came back, when started again", async () => {
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
    openProbe();
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

  test("without the right to change the network: a clear error", () => {
    const script = `
      const { VipLease } = await import(${JSON.stringify(join(import.meta.dir, "../../src/io/vip-lease.ts"))});
      try { new VipLease("eth0", [[]], 1000).install(); } catch (error) { console.log(error.message); }`;
    const drop = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];
    const said = server.run(...drop, process.execPath, "-e", script);
    expect(said).toBe("VIP lease: Operation not permitted (EPERM): needs CAP_NET_ADMIN\n");
    expect(new SystemError("VIP lease", EPERM).message).toContain("EPERM");
  });
});

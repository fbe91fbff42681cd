import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ETIMEDOUT } from "../../src/io/errno.ts";
import { LinkMonitor } from "../../src/io/link-monitor.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { RECEIVES_PER_TURN_MAX } from "../../src/limits.ts";
import { NETLINK_ROUTE } from "../../src/wire/rtnetlink.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";
import { fillReceiveBuffer, Losses, netlinkOf } from "./lossy-netlink.ts";

const VIPS = [
  ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"],
  ["10.44.1.2/16"],
  ["fd44:0:0:0:0:0:1:3/64"],
].map((texts) => texts.map(vip));

let network: VirtualNetwork;
const open: { close(): void }[] = [];
beforeEach(() => {
  network = new VirtualNetwork();
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
  network.close();
});

function monitorOn(host: Host, names: string[] = ["eth0"], vips = VIPS): LinkMonitor {
  const monitor = host.inside(() => new LinkMonitor(names, vips));
  open.push(monitor);
  return monitor;
}

function switcherOn(host: Host, vips = VIPS): VipSwitcher {
  const switcher = host.inside(() => new VipSwitcher("eth0", vips));
  open.push(switcher);
  return switcher;
}

/** The kernel reports an IPv6 address some time after it acknowledged the request. */
async function presentBecomes(monitor: LinkMonitor, expected: boolean[]): Promise<void> {
  await until(`present ${expected}`, () => {
    monitor.poll();
    return presentOf(monitor).every((present, index) => present === expected[index]);
  });
}

function add(host: Host, switcher: VipSwitcher, ...indexes: number[]): void {
  for (const index of indexes) switcher.add(index);
  expect(host.inside(() => switcher.commit())).toBe(0);
}

/** Functions that were reported as removed, taken back. */
function takeRemoved(monitor: LinkMonitor): number[] {
  const indexes = [...monitor.removed.entries()]
    .filter(([, value]) => value === 1)
    .map(([index]) => index);
  monitor.removed.fill(0);
  return indexes;
}

const presentOf = (monitor: LinkMonitor): boolean[] =>
  VIPS.map((_, index) => monitor.present(index));

async function carrierBecomes(monitor: LinkMonitor, place: number, value: boolean): Promise<void> {
  await until(`carrier ${value}`, () => {
    monitor.poll();
    return monitor.carrier(place) === value;
  });
}

describe("carrier", () => {
  test("is known from the start and follows the cable, the switch-off at either end, and each interface by itself", async () => {
    const host = network.addHost();
    host.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth1-peer");
    const first = monitorOn(host, ["eth0", "eth1"]);
    await carrierBecomes(first, 0, true);
    expect(first.carrier(1)).toBe(false);
    host.plug(false); // the peer in the switch's namespace
    await carrierBecomes(first, 0, false);
    expect(monitorOn(host, ["eth0"]).carrier(0)).toBe(false);
    host.plug(true);
    await carrierBecomes(first, 0, true);
    expect(monitorOn(host, ["eth0"]).carrier(0)).toBe(true);
    host.ip("link", "set", "eth1", "up");
    host.ip("link", "set", "eth1-peer", "up");
    await carrierBecomes(first, 1, true);
    host.ip("link", "set", "eth0", "down");
    await carrierBecomes(first, 0, false);
    expect(first.carrier(1)).toBe(true);
  }, 60_000);

  test("an interface that joins and leaves a bridge of this machine has not gone away", async () => {
    const host = network.addHost();
    const monitor = monitorOn(host);
    await carrierBecomes(monitor, 0, true);
    add(host, switcherOn(host), 0);
    await presentBecomes(monitor, [true, false, false]);
    host.ip("link", "add", "br1", "type", "bridge");
    host.ip("link", "set", "br1", "up");
    for (const change of [["master", "br1"], ["nomaster"]]) {
      host.ip("link", "set", "eth0", ...change);
      // all messages are complete when the command has returned
      while (monitor.poll() > 0);
      await carrierBecomes(monitor, 0, true);
      expect(takeRemoved(monitor)).toEqual([]);
      expect(monitor.present(0)).toBe(true);
    }
  });

  test("that is gone is seen although the kernel has not reported it, and so is one that came back", async () => {
    const [host, other] = [network.addHost(), network.addHost()];
    const monitor = monitorOn(host);
    await carrierBecomes(monitor, 0, true);
    other.plug(false); // the kernel now gathers what happens to links for a second
    other.plug(true);
    host.plug(false);
    expect([monitor.lookAtCarriers(), monitor.carrier(0)]).toEqual([1, false]);
    host.plug(true);
    await until("the carrier is back", () => {
      monitor.poll();
      monitor.lookAtCarriers();
      return monitor.carrier(0);
    });
    expect([monitor.lookAtCarriers(), monitor.carrier(0)]).toEqual([0, true]);
  });

  test("that is gone is also seen on an interface that was removed and added again", async () => {
    const [host, other] = [network.addHost(), network.addHost()];
    const monitor = monitorOn(host);
    await carrierBecomes(monitor, 0, true);
    network.takeOut(host);
    await carrierBecomes(monitor, 0, false);
    host.inside(() => network.putIn(host));
    await until("the carrier of the new one", () => {
      host.inside(() => monitor.poll());
      return monitor.carrier(0);
    });
    other.plug(false); // the kernel now gathers what happens to links for a second
    other.plug(true);
    host.plug(false);
    expect([monitor.lookAtCarriers(), monitor.carrier(0)]).toEqual([1, false]);
  });

  test("an unknown interface is refused with the names of those there are", () => {
    expect(() => monitorOn(network.addHost(), ["eth9", "eth0"])).toThrow(
      /no interface "eth9"; there are: .*eth0/,
    );
  });
});

describe("VIPs on the client interface", () => {
  test("added and removed by hand: reported for the right function, and only for its interface", async () => {
    const host = network.addHost("10.44.0.1/16");
    const monitor = monitorOn(host);
    const switcher = switcherOn(host);
    expect(presentOf(monitor)).toEqual([false, false, false]);
    add(host, switcher, 0, 1, 2);
    await presentBecomes(monitor, [true, true, true]);
    expect(takeRemoved(monitor)).toEqual([]);

    host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0");
    expect(monitor.poll()).toBeGreaterThan(0);
    expect(takeRemoved(monitor)).toEqual([1]);
    expect(presentOf(monitor)).toEqual([true, false, true]);
    add(host, switcher, 1);
    monitor.poll();
    expect(presentOf(monitor)).toEqual([true, true, true]);

    host.ip("addr", "del", "fd44::1:1/64", "dev", "eth0");
    monitor.poll();
    expect(takeRemoved(monitor)).toEqual([0]);
    expect(presentOf(monitor)).toEqual([false, true, true]);

    // a VIP's address on another interface, an address that is no VIP, and a VIP's address with
    // another prefix length
    for (const [address, name] of [
      ["10.44.1.2/32", "lo"],
      ["10.44.0.1/16", "eth0"],
    ] as const) {
      if (name === "lo") host.ip("addr", "add", address, "dev", name);
      host.ip("addr", "del", address, "dev", name);
    }
    host.ip("addr", "add", "10.44.1.2/24", "dev", "eth0");
    host.ip("addr", "del", "10.44.1.2/24", "dev", "eth0");
    monitor.poll();
    expect(takeRemoved(monitor)).toEqual([]);
    expect(presentOf(monitor)).toEqual([false, true, true]);
    expect(monitor.poll()).toBe(0);
  });

  test("the interface is switched off: the kernel drops the IPv6 VIPs, which is reported", async () => {
    const host = network.addHost();
    const monitor = monitorOn(host);
    const switcher = switcherOn(host);
    add(host, switcher, 0, 1, 2);
    await presentBecomes(monitor, [true, true, true]);
    host.ip("link", "set", "eth0", "down");
    await until("IPv6 VIPs gone", () => {
      monitor.poll();
      return !monitor.present(0) && !monitor.present(2);
    });
    expect(takeRemoved(monitor)).toEqual([0, 2]);
    expect(monitor.present(1)).toBe(true);
    host.ip("link", "set", "eth0", "up");
    add(host, switcher, 0, 2);
    await presentBecomes(monitor, [true, true, true]);
  });

  test("existing addresses are known to a monitor that starts later, ours and others'", () => {
    const host = network.addHost("10.44.1.2/32", "10.44.1.1/24");
    add(host, switcherOn(host), 2);
    expect(presentOf(monitorOn(host))).toEqual([false, true, true]);
  });
});

describe("the client interface goes away", () => {
  test("every VIP on it is reported; recreated, it is followed again, with its addresses", async () => {
    const host = network.addHost();
    const monitor = monitorOn(host);
    add(host, switcherOn(host), 0, 1, 2);
    await presentBecomes(monitor, [true, true, true]);
    host.ip("link", "del", "eth0");
    await until("interface gone", () => {
      monitor.poll();
      return !monitor.carrier(0) && presentOf(monitor).every((present) => !present);
    });
    expect(takeRemoved(monitor)).toEqual([0, 1, 2]);

    // It appears under another name first and has a VIP's address before it gets its own: no
    // notification reports that.
    host.ip("link", "add", "new0", "type", "veth", "peer", "name", "peer0");
    host.ip("link", "set", "peer0", "up");
    host.ip("link", "set", "new0", "up");
    host.ip("addr", "add", "fd44::1:3/64", "dev", "new0", "nodad");
    expect(monitor.carrier(0)).toBe(false);
    await until("address up", () =>
      host.ip("-6", "route", "show", "table", "local").includes("fd44::1:3"),
    );
    while (monitor.poll() > 0);
    expect(monitor.present(2)).toBe(false);
    host.ip("link", "set", "new0", "name", "eth0"); // Linux allows it while the interface is up
    await carrierBecomes(monitor, 0, true);
    expect(presentOf(monitor)).toEqual([false, false, true]);
    host.ip("addr", "del", "fd44::1:3/64", "dev", "eth0");
    monitor.poll();
    expect(takeRemoved(monitor)).toEqual([2]);
  });

  test("renamed, it is another interface", async () => {
    const host = network.addHost();
    const monitor = monitorOn(host);
    add(host, switcherOn(host), 0);
    await presentBecomes(monitor, [true, false, false]);
    await carrierBecomes(monitor, 0, true);
    host.ip("link", "set", "eth0", "down");
    host.ip("link", "set", "eth0", "name", "moved0");
    host.ip("link", "set", "moved0", "up");
    await carrierBecomes(monitor, 0, false);
    expect(takeRemoved(monitor)).toEqual([0]);
    host.ip("addr", "add", "10.44.1.2/32", "dev", "moved0");
    monitor.poll();
    expect(monitor.present(1)).toBe(false);
  });
});

describe("more notifications than the buffer holds", () => {
  test("are reported as an overflow; afterwards the state is right, and missing addresses are reported", async () => {
    const host = network.addHost();
    const vips = [...VIPS, ...Array.from({ length: 61 }, (_, i) => [vip(`10.44.3.${i}/16`)])];
    const monitor = monitorOn(host, ["eth0"], vips);
    const switcher = switcherOn(host, vips);
    add(host, switcher, 0, 1, 2);
    await presentBecomes(monitor, [true, true, true]);
    await carrierBecomes(monitor, 0, true);
    expect(monitor.overflowed).toBe(false);
    const many = Array.from({ length: 61 }, (_, i) => i + 3);
    for (let round = 0; round < 500 && !monitor.overflowed; round++) {
      add(host, switcher, ...many);
      for (const index of many) switcher.remove(index);
      host.inside(() => switcher.commit());
      if (round % 50 === 49) monitor.poll(); // far too seldom
    }
    expect(monitor.overflowed).toBe(true);
    host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0");
    add(host, switcher, 3);
    expect(monitor.resynchronise()).toBe(0);
    expect(monitor.overflowed).toBe(false);
    expect(presentOf(monitor)).toEqual([true, false, true]);
    expect(monitor.present(3)).toBe(true);
    expect(monitor.present(4)).toBe(false);
    expect(takeRemoved(monitor)).toContain(1);
    expect(monitor.poll()).toBe(0);
  });

  test("one poll takes a bounded number of them", () => {
    const host = network.addHost();
    const vips = Array.from({ length: 200 }, (_, i) => [vip(`10.44.3.${i}/16`)]);
    const monitor = monitorOn(host, ["eth0"], vips);
    while (monitor.poll() > 0); // what the new interface still had to say
    const switcher = switcherOn(host, vips);
    for (let first = 0; first < 200; first += 50) {
      add(host, switcher, ...Array.from({ length: 50 }, (_, i) => first + i));
    }
    const changes = [monitor.poll(), monitor.poll(), monitor.poll(), monitor.poll()];
    expect(Math.max(...changes)).toBeLessThanOrEqual(RECEIVES_PER_TURN_MAX);
    expect(changes.reduce((sum, count) => sum + count)).toBe(200);
  });
});

describe("what changes while the kernel drops its notifications", () => {
  /** `change` happens in an overflow; then the state is read again. */
  function unseen(host: Host, monitor: LinkMonitor, change: () => void): void {
    while (monitor.poll() > 0);
    const netlink = netlinkOf(monitor, "notifications");
    const end = host.inside(() => fillReceiveBuffer(netlink, NETLINK_ROUTE));
    change();
    expect(monitor.poll()).toBe(0);
    end();
    expect(monitor.overflowed).toBe(true);
    expect(host.inside(() => monitor.resynchronise())).toBe(0);
    expect(monitor.overflowed).toBe(false);
  }

  test("somebody's address beside a VIP is no VIP, neither when it comes nor when it goes", async () => {
    const host = network.addHost("10.44.0.1/16");
    const monitor = monitorOn(host);
    const switcher = switcherOn(host);
    add(host, switcher, 0, 1);
    await presentBecomes(monitor, [true, true, false]);
    const beside = (action: "add" | "del", address: string): string =>
      host.ip("addr", action, address, "dev", "eth0", "scope", "host");

    unseen(host, monitor, () => {
      beside("add", "10.44.1.1/24"); // beside ours, which stays
      beside("add", "10.44.1.2/24"); // ours goes
      host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0");
    });
    expect(presentOf(monitor)).toEqual([true, false, false]);
    expect(takeRemoved(monitor)).toEqual([1]);

    unseen(host, monitor, () => beside("del", "10.44.1.2/24"));
    expect(presentOf(monitor)).toEqual([true, false, false]);
    expect(takeRemoved(monitor)).toEqual([]);

    unseen(host, monitor, () => {
      beside("del", "10.44.1.1/24");
      beside("add", "10.44.1.2/24"); // before ours
      add(host, switcher, 1);
    });
    expect(presentOf(monitor)).toEqual([true, true, false]);
    expect(takeRemoved(monitor)).toEqual([]);

    // and the kernel is heard again
    beside("del", "10.44.1.2/24");
    monitor.poll();
    expect(presentOf(monitor)).toEqual([true, true, false]);
    expect(takeRemoved(monitor)).toEqual([]);
    host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0");
    monitor.poll();
    expect(presentOf(monitor)).toEqual([true, false, false]);
    expect(takeRemoved(monitor)).toEqual([1]);
  });

  test("somebody's address in the place of ours answers for it: no VIP is missing", async () => {
    const host = network.addHost();
    const monitor = monitorOn(host);
    add(host, switcherOn(host), 0, 1, 2);
    await presentBecomes(monitor, [true, true, true]);
    unseen(host, monitor, () => {
      host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0");
      host.ip("addr", "add", "10.44.1.2/32", "dev", "eth0");
      host.ip("addr", "del", "fd44::1:3/64", "dev", "eth0");
      host.ip("addr", "add", "fd44::1:3/48", "dev", "eth0", "nodad");
    });
    expect(presentOf(monitor)).toEqual([true, true, true]);
    expect(takeRemoved(monitor)).toEqual([]);
    unseen(host, monitor, () => host.ip("addr", "del", "fd44::1:3/48", "dev", "eth0"));
    expect(presentOf(monitor)).toEqual([true, true, false]);
    expect(takeRemoved(monitor)).toEqual([2]);
  });

  test("an interface that goes, and one that is recreated: every VIP that was on it is reported", async () => {
    const host = network.addHost();
    host.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth1-peer");
    for (const name of ["eth1", "eth1-peer"]) host.ip("link", "set", name, "up");
    const monitor = monitorOn(host, ["eth0", "eth1"]);
    const switcher = switcherOn(host);
    add(host, switcher, 0, 1);
    await presentBecomes(monitor, [true, true, false]);
    await carrierBecomes(monitor, 0, true);
    await carrierBecomes(monitor, 1, true);
    unseen(host, monitor, () => host.ip("link", "del", "eth1"));
    expect([monitor.carrier(0), monitor.carrier(1)]).toEqual([true, false]);
    expect(takeRemoved(monitor)).toEqual([]);
    unseen(host, monitor, () => host.ip("link", "del", "eth0"));
    expect([monitor.carrier(0), monitor.carrier(1)]).toEqual([false, false]);
    expect(presentOf(monitor)).toEqual([false, false, false]);
    expect(takeRemoved(monitor)).toEqual([0, 1]);

    const make = (): void => {
      host.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0");
      for (const name of ["eth0", "peer0"]) host.ip("link", "set", name, "up");
    };
    unseen(host, monitor, make);
    add(host, switcher, 0, 1);
    await presentBecomes(monitor, [true, true, false]);
    unseen(host, monitor, () => {
      host.ip("link", "del", "eth0");
      make();
    });
    expect(presentOf(monitor)).toEqual([false, false, false]);
    expect(takeRemoved(monitor)).toEqual([0, 1]);
    add(host, switcher, 1);
    await presentBecomes(monitor, [false, true, false]);
  });

  test("an answer lost while the state is read again: nothing is trusted, and the next read gives everything", async () => {
    const host = network.addHost();
    const monitor = monitorOn(host);
    add(host, switcherOn(host), 0, 1, 2);
    await presentBecomes(monitor, [true, true, true]);
    const netlink = netlinkOf(monitor, "notifications");
    const losses = new Losses(netlinkOf(monitor, "questions"));
    const end = host.inside(() => fillReceiveBuffer(netlink, NETLINK_ROUTE));
    host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0");
    monitor.poll();
    end();
    // of the links, then of the addresses
    for (const after of [0, 1]) {
      losses.lose(1, after);
      expect(monitor.resynchronise()).toBe(ETIMEDOUT);
      expect(monitor.overflowed).toBe(true);
      expect(presentOf(monitor)).toEqual([true, true, true]);
      expect(takeRemoved(monitor)).toEqual([]);
    }
    expect(monitor.resynchronise()).toBe(0);
    expect(monitor.overflowed).toBe(false);
    expect(presentOf(monitor)).toEqual([true, false, true]);
    expect(takeRemoved(monitor)).toEqual([1]);
  });

  test("a recreated interface whose addresses cannot be read: reported as an overflow, and read later", async () => {
    const host = network.addHost();
    const monitor = monitorOn(host);
    add(host, switcherOn(host), 0);
    await presentBecomes(monitor, [true, false, false]);
    host.ip("link", "del", "eth0");
    await presentBecomes(monitor, [false, false, false]);
    expect(takeRemoved(monitor)).toEqual([0]);
    host.ip("link", "add", "new0", "type", "veth", "peer", "name", "peer0");
    for (const name of ["new0", "peer0"]) host.ip("link", "set", name, "up");
    // of IPv6 no notification tells when the interface gets another name
    host.ip("addr", "add", "fd44::1:3/64", "dev", "new0", "nodad");
    await until("address up", () =>
      host.ip("-6", "route", "show", "table", "local").includes("fd44::1:3"),
    );
    while (monitor.poll() > 0);
    const losses = new Losses(netlinkOf(monitor, "questions"));
    losses.lose(1);
    host.ip("link", "set", "new0", "name", "eth0");
    await until("it is told", () => {
      monitor.poll();
      return monitor.overflowed;
    });
    expect(presentOf(monitor)).toEqual([false, false, false]);
    expect(monitor.resynchronise()).toBe(0);
    expect(presentOf(monitor)).toEqual([false, false, true]);
    expect(monitor.overflowed).toBe(false);
    expect(takeRemoved(monitor)).toEqual([]);
  });
});

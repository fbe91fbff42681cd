import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { EACCES, EEXIST } from "../../src/io/errno.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { until } from "../harness/until.ts";
import type { Host } from "../harness/virtual-network.ts";
import { Losses, netlinkOf } from "./lossy-netlink.ts";
import { add, network, remove, switcherOn, useSwitcherBench } from "./switcher-bench.ts";

useSwitcherBench();

describe("adding and deleting", () => {
  test("a function's VIPs of both families come and go together, in one batch with others", () => {
    const host = network.addHost("10.44.0.1/16");
    const switcher = switcherOn(
      host,
      ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"],
      ["10.44.1.2/16"],
      ["10.44.1.3/16"],
    );
    expect(add(host, switcher, 0, 1)).toBe(0);
    expect(host.addresses()).toEqual([
      "10.44.0.1/16",
      "10.44.1.1/32",
      "10.44.1.2/32",
      "fd44::1:1/64",
    ]);
    expect(remove(host, switcher, 0)).toBe(0);
    expect(add(host, switcher, 2)).toBe(0);
    expect(host.addresses()).toEqual(["10.44.0.1/16", "10.44.1.2/32", "10.44.1.3/32"]);
    switcher.remove(1);
    switcher.remove(2);
    switcher.add(0);
    expect(switcher.queued).toBe(4);
    expect(host.inside(() => switcher.commit())).toBe(0);
    expect(switcher.queued).toBe(0);
    expect(host.addresses()).toEqual(["10.44.0.1/16", "10.44.1.1/32", "fd44::1:1/64"]);
    expect([...switcher.result]).toEqual([0, 0, 0]);
  });

  test("added and deleted in one batch: it is not there", () => {
    const host = network.addHost();
    const switcher = switcherOn(host, ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"]);
    switcher.add(0);
    switcher.remove(0);
    expect(host.inside(() => switcher.commit())).toBe(0);
    expect(host.addresses()).toEqual([]);
    expect(host.ip("route", "show", "proto", "0x57")).toBe("");
  });

  test("an IPv6 VIP answers at once: no duplicate address detection, no tentative time", () => {
    const host = network.addHost();
    const switcher = switcherOn(host, ["fd44:0:0:0:0:0:1:1/64"]);
    expect(add(host, switcher, 0)).toBe(0);
    expect(host.ip("addr", "show", "dev", "eth0", "tentative", "scope", "global")).toBe("");
    expect(host.addresses()).toEqual(["fd44::1:1/64"]);
  });

  test("adding an existing address and deleting a missing one is no error", () => {
    const host = network.addHost("10.44.0.1/16");
    const switcher = switcherOn(host, ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"]);
    expect(add(host, switcher, 0)).toBe(0);
    expect(add(host, switcher, 0)).toBe(0);
    host.ip("addr", "flush", "dev", "eth0", "scope", "global");
    host.ip("addr", "del", "10.44.1.1/32", "dev", "eth0");
    expect(host.addresses()).toEqual([]);
    expect(remove(host, switcher, 0)).toBe(0);
    expect(add(host, switcher, 0)).toBe(0);
    expect(host.addresses()).toEqual(["10.44.1.1/32", "fd44::1:1/64"]);
  });

  test("64 messages in one batch, all of which fail: every function has its own error, and the next batch works", () => {
    const host = network.addHost();
    const vips = Array.from({ length: 64 }, (_, i) => [`10.44.2.${i + 1}/16`]);
    const switcher = switcherOn(host, ...vips);
    for (const [text] of vips)
      host.ip("addr", "add", (text as string).replace("/16", "/32"), "dev", "eth0");
    const indexes = vips.map((_, index) => index);
    expect(add(host, switcher, ...indexes)).toBe(64);
    expect([...switcher.result]).toEqual(indexes.map(() => EEXIST));
    host.ip("addr", "flush", "dev", "eth0");
    expect(add(host, switcher, ...indexes)).toBe(0);
    expect([...switcher.result]).toEqual(indexes.map(() => 0));
    expect(host.addresses()).toHaveLength(64);
    expect(remove(host, switcher, ...indexes)).toBe(0);
    expect(host.addresses()).toEqual([]);
  });

  test("64 IPv6 VIPs, the longest messages, in one batch", () => {
    const host = network.addHost();
    const vips = Array.from({ length: 8 }, (_, f) =>
      Array.from({ length: 8 }, (_, i) => `fd44:0:0:0:0:0:${f + 1}:${i}/64`),
    );
    const switcher = switcherOn(host, ...vips);
    const indexes = vips.map((_, index) => index);
    expect(add(host, switcher, ...indexes)).toBe(0);
    expect(host.addresses()).toHaveLength(64);
    expect(remove(host, switcher, ...indexes)).toBe(0);
    expect(host.addresses()).toEqual([]);
  });

  test("errors are reported by function: the first, a middle and the last of a batch", () => {
    for (const refused of [0, 1, 2]) {
      const host = network.addHost();
      const switcher = switcherOn(host, ["10.44.1.1/16"], ["10.44.1.2/16"], ["10.44.1.3/16"]);
      host.ip("addr", "add", `10.44.1.${refused + 1}/32`, "dev", "eth0");
      expect(add(host, switcher, 0, 1, 2)).toBe(1);
      expect([...switcher.result]).toEqual(
        [0, 1, 2].map((index) => (index === refused ? EEXIST : 0)),
      );
    }
  });

  test("an address of somebody else hides no error of the function's other VIPs, whichever comes first", () => {
    const host = network.addHost("10.44.1.1/32");
    host.sysctl("net/ipv6/conf/eth0/disable_ipv6", "1");
    const [foreign, refused] = ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"];
    const switcher = switcherOn(host, [foreign, refused]);
    const other = switcherOn(host, [refused, foreign]);
    for (const either of [switcher, other]) {
      expect(add(host, either, 0)).toBe(1);
      expect([...either.result]).toEqual([EACCES]);
    }
  });

  test("the batch is limited, and fits() predicts it", () => {
    const host = network.addHost();
    const vips = Array.from({ length: 17 }, (_, f) =>
      [1, 2, 3, 4].map((i) => `10.44.${f}.${i}/16`),
    );
    const switcher = switcherOn(host, ...vips);
    for (let index = 0; index < 16; index++) {
      expect(switcher.fits(index)).toBe(true);
      switcher.add(index);
    }
    expect(switcher.fits(16)).toBe(false);
    expect(() => switcher.add(16)).toThrow("batch is full");
    expect(host.inside(() => switcher.commit())).toBe(0);
    expect(switcher.fits(16)).toBe(true);
  });

  test("an IPv6 address, which takes the kernel longer, counts eight times", () => {
    const host = network.addHost();
    const vips = Array.from({ length: 9 }, (_, f) => [`fd44:0:0:0:0:0:1:${f}/64`]);
    const switcher = switcherOn(host, ...vips);
    for (let index = 0; index < 8; index++) {
      expect(switcher.fits(index)).toBe(true);
      switcher.add(index);
    }
    expect(switcher.fits(8)).toBe(false);
    expect(host.inside(() => switcher.commit())).toBe(0);
    expect(switcher.fits(8)).toBe(true);
  });

  test("an unknown interface is refused with the names of those there are", () => {
    const host = network.addHost();
    expect(() => host.inside(() => new VipSwitcher("eth7", []))).toThrow(
      /no interface "eth7"; there are: .*eth0/,
    );
  });
});

describe("deleting one VIP never removes another address", () => {
  const vips = [
    ["10.44.1.1/16"],
    ["10.44.1.2/16"],
    ["fd44:0:0:0:0:0:1:1/64"],
    ["fd44:0:0:0:0:0:1:2/64"],
  ];
  const installed = ["10.44.1.1/32", "10.44.1.2/32", "fd44::1:1/64", "fd44::1:2/64"];
  for (const own of [[], ["10.44.0.1/16", "fd44:0:0:0:0:0:0:9/64"]]) {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
    ]) {
      test(`${own.length === 0 ? "without" : "with"} own addresses of the subnet, order ${order}`, () => {
        const host = network.addHost(...own);
        host.sysctl("net/ipv4/conf/all/promote_secondaries", "0");
        const switcher = switcherOn(host, ...vips);
        expect(add(host, switcher, 0, 1, 2, 3)).toBe(0);
        const ownShown = host.addresses().filter((address) => !installed.includes(address));
        expect(ownShown).toHaveLength(own.length);
        let left = [...installed];
        for (const index of order) {
          expect(remove(host, switcher, index)).toBe(0);
          left = left.filter((address) => address !== installed[index]);
          expect(host.addresses()).toEqual([...ownShown, ...left].sort());
        }
      });
    }
  }

  test("an own address that comes and goes beside VIPs leaves them, and they leave it", () => {
    const host = network.addHost();
    const switcher = switcherOn(host, ["10.44.1.1/16"], ["10.44.1.2/16"]);
    add(host, switcher, 0, 1);
    host.ip("addr", "add", "10.44.0.1/16", "dev", "eth0");
    host.ip("addr", "del", "10.44.0.1/16", "dev", "eth0");
    expect(host.addresses()).toEqual(["10.44.1.1/32", "10.44.1.2/32"]);
  });
});

describe("a VIP is never the source of the server's own traffic", () => {
  const sourceTo = (host: Host, destination: string): string =>
    /src (\S+)/.exec(host.ip("route", "get", destination))?.[1] ?? "none";

  test("whether own addresses were there before the VIPs or came after them", async () => {
    const vips = ["10.44.1.1/16", "10.45.1.1/16", "fd44:0:0:0:0:0:1:1/64"];
    const before = network.addHost("10.44.200.1/16", "fd44:0:0:0:0:0:0:9/64");
    add(before, switcherOn(before, vips), 0);
    const after = network.addHost();
    add(after, switcherOn(after, vips), 0);
    after.ip("addr", "add", "10.44.200.1/16", "dev", "eth0");
    after.ip("addr", "add", "fd44::9/64", "dev", "eth0", "nodad");
    for (const host of [before, after]) {
      host.ip("route", "add", "default", "via", "10.44.200.254");
      expect(host.addresses()).toContain("10.44.1.1/32");
      expect(sourceTo(host, "10.44.200.2")).toBe("10.44.200.1");
      // the subnet route of the second VIP
      expect(sourceTo(host, "10.45.200.2")).toBe("10.44.200.1");
      expect(sourceTo(host, "192.0.2.1")).toBe("10.44.200.1");
      expect(host.ip("route", "get", "239.192.44.1", "oif", "eth0")).toContain("src 10.44.200.1 ");
      expect(sourceTo(host, "fd44::2")).toBe("fd44::9");
      await until("IPv6 source", () => sourceTo(host, "fd44::2") === "fd44::9");
    }
  });
});

describe("addresses that somebody else added", () => {
  test("are left alone although they equal a VIP, whatever their prefix length allows", () => {
    const host = network.addHost(
      "10.44.1.1/32",
      "fd44:0:0:0:0:0:1:2/64",
      "fd44:0:0:0:0:0:1:3/48",
      "10.44.1.4/16",
    );
    const before = host.addresses();
    const vips = [
      ["10.44.1.1/16"],
      ["fd44:0:0:0:0:0:1:2/64"],
      ["fd44:0:0:0:0:0:1:3/64"],
      ["10.44.1.4/16"],
      ["10.44.1.5/16"],
    ];
    const switcher = switcherOn(host, ...vips);
    expect(host.inside(() => switcher.removeLeftovers())).toBe(0);
    expect([...switcher.foreign]).toEqual([1, 1, 1, 1, 0]);
    expect(add(host, switcher, 0, 1, 2, 3, 4)).toBe(3);
    expect([...switcher.result]).toEqual([EEXIST, EEXIST, EEXIST, 0, 0]);
    // the kernel lets an IPv4 address stand twice, with two prefix lengths
    expect(host.addresses()).toEqual([...before, "10.44.1.4/32", "10.44.1.5/32"].sort());
    expect(remove(host, switcher, 0, 1, 2, 3, 4)).toBe(0);
    expect(host.addresses()).toEqual(before);
  });

  test("are recognised although the function's own VIP was in the same batch, and once gone the VIP can be added", () => {
    const host = network.addHost("10.44.1.2/32");
    const switcher = switcherOn(host, ["10.44.1.1/16", "10.44.1.2/16"]);
    expect(add(host, switcher, 0)).toBe(1);
    expect([...switcher.foreign]).toEqual([0, 1]);
    host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0");
    expect(add(host, switcher, 0)).toBe(0);
    expect([...switcher.foreign]).toEqual([0, 0]);
    expect(remove(host, switcher, 0)).toBe(0);
    expect(host.addresses()).toEqual([]);
  });
});

describe("after a crash", () => {
  test("addresses and routes of a killed process are removed by their mark, of whatever value, on whatever interface", async () => {
    const host = network.addHost("10.44.0.1/16", "fd44:0:0:0:0:0:0:9/64");
    host.ip("link", "add", "other", "type", "veth", "peer", "name", "other-peer");
    host.ip("addr", "add", "10.44.9.9/32", "dev", "eth0");
    const before = host.addresses();
    const script = join(import.meta.dir, "../children/vip-holder.ts");
    for (const [name, vips] of [
      ["eth0", ["10.44.1.1/16", "10.44.1.2/24", "fd44:0:0:0:0:0:1:1/64"]],
      ["other", ["10.99.1.1/16", "fd99:0:0:0:0:0:1:1/64"]],
    ] as const) {
      const command = [...host.enter, process.execPath, script, name, ...vips];
      const holder = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
      const { value } = await holder.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toBe("up\n");
      holder.kill("SIGKILL");
      await holder.exited;
    }
    expect(host.addresses("other")).toEqual(["10.99.1.1/32", "fd99::1:1/64"]);
    expect(host.addresses()).toHaveLength(before.length + 3);
    expect(host.ip("route", "show", "proto", "0x57")).toContain("10.44.1.0/24");

    // the table has changed since
    const switcher = switcherOn(host, ["10.44.1.1/16"], ["10.44.9.9/16"]);
    expect(host.inside(() => switcher.removeLeftovers())).toBe(5);
    expect(host.addresses()).toEqual(before);
    expect(host.addresses("other")).toEqual([]);
    expect(host.ip("route", "show", "proto", "0x57")).toBe("");
    expect([...switcher.foreign]).toEqual([0, 1]);
    expect(host.inside(() => switcher.removeLeftovers())).toBe(0);
  });

  test("an address that disappears while it is removed is no error", () => {
    const host = network.addHost("10.44.200.1/16");
    const killed = switcherOn(host, ["10.45.1.1/16"]);
    expect(add(host, killed, 0)).toBe(0);
    const switcher = switcherOn(host);
    const losses = new Losses(netlinkOf(switcher));
    // When it was given the existing ones: the route first, then the address.
    const routeGoes = (): string => host.ip("route", "del", "10.45.0.0/16", "proto", "0x57");
    losses.whileSending(
      () => {},
      () => {
        host.ip("addr", "del", "10.45.1.1/32", "dev", "eth0");
        losses.whileSending(
          () => {},
          () => losses.whileSending(() => {}, routeGoes),
        );
      },
    );
    expect(host.inside(() => switcher.removeLeftovers())).toBe(1);
    expect(host.ip("route", "show", "proto", "0x57")).toBe("");
    expect(host.addresses()).toEqual(["10.44.200.1/16"]);
  });

  test("this kernel keeps the mark, which is verified with the first address", () => {
    const host = network.addHost();
    const switcher = switcherOn(host, ["10.44.1.1/16"]);
    add(host, switcher, 0);
    expect(switcher.marksKept).toBe(true);
    // one that somebody removed again at once says nothing of marks
    const other = switcherOn(host, ["10.44.1.2/16"]);
    new Losses(netlinkOf(other)).whileSending(
      () => {},
      () => host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0"),
    );
    expect(add(host, other, 0)).toBe(0);
    expect(other.marksKept).toBe(true);
    // an address of an earlier run that was not removed: ours by its mark
    const next = switcherOn(host, ["10.44.1.1/16"]);
    expect(add(host, next, 0)).toBe(0);
    expect(remove(host, next, 0)).toBe(0);
    expect(host.addresses()).toEqual([]);
  });
});

/**
 * The lease by eBPF programs against the real kernel, by each way of attaching them: a seat on the
 * same network asks the server for its VIPs and its own addresses. What is attached, replaced and
 * taken away, and that no gap opens meanwhile. (Verdicts frame by frame: vip-program.test.ts.)
 */
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  LEASE_CLSACT,
  LEASE_NFTABLES,
  LEASE_NONE,
  LEASE_TCX,
} from "../../src/boundary/lease-kind.ts";
import {
  LOG_FILTER_BYPASSED,
  LOG_FILTER_FIRST,
  LOG_FILTER_PUT_BACK,
  LOG_LEASE_UNFIT,
} from "../../src/boundary/maintenance-code.ts";
import { parseConfig } from "../../src/config/load.ts";
import type { AircraftConfig } from "../../src/config/model.ts";
import { attach, attachedPrograms, detachAt, loadProgram } from "../../src/io/bpf.ts";
import { ENODEV, ETIME } from "../../src/io/errno.ts";
import { FilterInterfaces } from "../../src/io/filter-interfaces.ts";
import { FilterWatch } from "../../src/io/filter-watch.ts";
import { libc } from "../../src/io/libc.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { NetlinkSocket } from "../../src/io/netlink-socket.ts";
import { Clsact, Tcx } from "../../src/io/program-attachment.ts";
import type { ProgramLease } from "../../src/io/program-lease.ts";
import { chooseGuard, type VipGuard } from "../../src/io/vip-guard.ts";
import { ATTACH_BEFORE, TCX_EGRESS, TCX_INGRESS } from "../../src/wire/bpf-attributes.ts";
import { assemble, exit, R0, set } from "../../src/wire/bpf-instruction.ts";
import { NETLINK_ROUTE, NLM_F_CREATE } from "../../src/wire/rtnetlink.ts";
import {
  CLSACT_INGRESS,
  CONTROL_MESSAGE_BYTES,
  encodeFilter,
  encodeFilterRemoval,
} from "../../src/wire/traffic-control.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import {
  closing,
  EVERYTHING,
  expectSilence,
  server,
  untilAnswers,
  useLeaseBench,
  VIPS,
} from "./lease-bench.ts";
import { tablesOf } from "./packet-filters.ts";

useLeaseBench();

const LONG_US = 8_900_000;
/** Of a filter, in its message: its number. */
const HANDLE_AT = 24;

/** Of the bench's VIPs; `change`: what clients and keepAlive have beside the defaults. */
function configOf(change: object = {}): AircraftConfig {
  const file = {
    system: "bench",
    keepAlive: { periodMs: 1000, lostAfterPeriods: 10, interfaces: ["eth0"] },
    servers: [
      { id: "a", resource: 9 },
      { id: "b", resource: 9 },
    ],
    functions: VIPS.map((vips, index) => ({
      ...{ id: `f${index}`, required: 1, priority: 5, vips: vips.map(({ text }) => text) },
    })),
    ...change,
  };
  const loaded = parseConfig(JSON.stringify(file), "bench", "/");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

function record(): string {
  const directory = scratchDirectory("programs");
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "ids");
}

const guardOn = (file: string, without: number[] = [], config = configOf()): VipGuard =>
  server.inside(() => chooseGuard(config, VIPS, file, without));

const ownershipOf = (guard: VipGuard): ProgramLease => {
  if (guard.ownership === null) throw new Error("no programs here");
  return guard.ownership;
};

const interfaceIndex = (name = "eth0"): number =>
  Number.parseInt(server.ip("link", "show", "dev", name), 10);

/** Programs of both ways by tcx, and filters of both by clsact. */
function attached(name = "eth0"): number[] {
  return server.inside(() => {
    const index = interfaceIndex(name);
    const counts = [TCX_INGRESS, TCX_EGRESS].map((type) => {
      const list = attachedPrograms(index, type);
      return typeof list === "number" ? -1 : list.ids.length;
    });
    return [
      ...counts,
      server.run("tc", "filter", "show", "dev", name, "ingress").split("handle 0x57").length - 1,
    ];
  });
}

for (const [name, kind, without] of [
  ["tcx", LEASE_TCX, []],
  ["clsact", LEASE_CLSACT, [LEASE_TCX]],
] as const) {
  describe(`by ${name}`, () => {
    const guarded = (file = record()) => guardOn(file, [...without]);

    test("silent when installed, answering when begun and owned, silent when lapsed or not owned", async () => {
      await untilAnswers("no filter", EVERYTHING);
      const guard = guarded();
      expect([guard.kind, guard.ticksMs, guard.leaseMs]).toEqual([kind, 0, 8995]);
      const lease = ownershipOf(guard);
      await expectSilence();
      expect(lease.renew(nowUs(), nowUs() + LONG_US)).toBe(ETIME); // nothing to extend
      await expectSilence();
      expect(server.inside(() => lease.begin())).toBe(0);
      await expectSilence();
      lease.setOwned(0, true);
      await untilAnswers("begun and owned", EVERYTHING);
      expect(lease.renew(nowUs(), nowUs() + LONG_US)).toBe(0);
      await untilAnswers("renewed", EVERYTHING);
      lease.setOwned(0, false);
      await expectSilence();
      lease.setOwned(0, true);
      await untilAnswers("owned again", EVERYTHING);
      expect(lease.lapse()).toBe(0);
      await expectSilence();
      expect(server.inside(() => lease.begin())).toBe(0);
      await untilAnswers("begun again", EVERYTHING);
      server.inside(() => lease.remove());
      await untilAnswers("no filter", EVERYTHING);
      expect(attached()).toEqual([0, 0, 0]);
    });

    test("a renewal that comes when the lease is over is refused, and one that ends in the past", async () => {
      const lease = ownershipOf(guarded());
      lease.setOwned(0, true);
      expect(server.inside(() => lease.begin())).toBe(0);
      expect(lease.renew(nowUs(), nowUs() + 200_000)).toBe(0);
      await Bun.sleep(210);
      await expectSilence();
      expect(lease.renew(nowUs(), nowUs() + LONG_US)).toBe(ETIME);
      await expectSilence();
      expect(server.inside(() => lease.begin())).toBe(0);
      expect(lease.renew(nowUs() - 10, nowUs() - 1)).toBe(ETIME);
      await expectSilence();
    });

    test("what an earlier run left is replaced, and there is no gap in the silence meanwhile", async () => {
      const file = record();
      guarded(file);
      await expectSilence();
      let stop = false;
      const watching = (async () => {
        while (!stop) await expectSilence();
      })();
      for (let run = 0; run < 20; run++) {
        guarded(file);
        await Bun.sleep(1);
      }
      stop = true;
      await watching;
      expect(attached()).toEqual(kind === LEASE_TCX ? [1, 1, 0] : [0, 0, 1]);
    });

    test("another interface of this host has the others' programs, a bridge's port has none", async () => {
      server.ip("link", "add", "eth5", "type", "veth", "peer", "name", "eth6");
      server.ip("link", "add", "br5", "type", "bridge");
      server.ip("link", "set", "eth6", "master", "br5");
      const guard = guarded();
      const one = kind === LEASE_TCX ? [1, 1, 0] : [0, 0, 1];
      expect([attached("eth5"), attached("br5"), attached("eth6"), attached("lo")]).toEqual([
        ...[one, one, [0, 0, 0], [0, 0, 0]],
      ]);
      server.ip("link", "set", "eth5", "master", "br5"); // and one that becomes a port
      server.inside(() => ownershipOf(guard).remove());
      expect([attached("eth5"), attached("br5"), attached()]).toEqual([
        ...[
          [0, 0, 0],
          [0, 0, 0],
          [0, 0, 0],
        ],
      ]);
    });

    test("the client interface's lower device has none: its packets pass there", () => {
      server.ip("link", "set", "eth0", "name", "nic0");
      for (const name of ["eth0", "eth5"])
        server.ip("link", "add", name, "link", "nic0", "type", "macvlan");
      const guard = guarded();
      const one = kind === LEASE_TCX ? [1, 1, 0] : [0, 0, 1];
      const counts = ["eth0", "nic0", "eth5"].map((name) => attached(name));
      expect(counts).toEqual([one, [0, 0, 0], one]);
      server.inside(() => ownershipOf(guard).remove());
    });

    test("the interface is another one: the lease is lost, once that is looked at", async () => {
      const lease = ownershipOf(guarded());
      expect(server.inside(() => lease.begin())).toBe(0);
      server.ip("link", "set", "eth0", "name", "old0");
      lease.look();
      expect(lease.renew(nowUs(), nowUs() + LONG_US)).toBe(ENODEV);
      expect(server.inside(() => lease.begin())).toBe(ENODEV);
    });

    test("a run that has less than the one before takes away what that left", async () => {
      const file = record();
      guarded(file);
      const guard = guardOn(file, [LEASE_TCX, LEASE_CLSACT]);
      expect([guard.kind, guard.ownership]).toEqual([LEASE_NFTABLES, null]);
      expect(attached()).toEqual([0, 0, 0]);
      await expectSilence();
      expect(guard.lease?.begin()).toBe(0);
      await untilAnswers("by nftables", EVERYTHING);
      guard.lease?.remove();
    });

    test("a run that has more takes away what nftables left", async () => {
      const file = record();
      const earlier = guardOn(file, [LEASE_TCX, LEASE_CLSACT]);
      expect(tablesOf(server)).toEqual(["wingman"]);
      (Reflect.get(earlier.lease as object, "lease") as { close(): void }).close(); // it ended
      const lease = ownershipOf(guarded(file));
      expect(tablesOf(server)).toEqual([]);
      await expectSilence();
      lease.setOwned(0, true);
      expect(server.inside(() => lease.begin())).toBe(0);
      await untilAnswers("by eBPF", EVERYTHING);
    });
  });
}

test("from clsact to tcx and back: each takes away what the other left", () => {
  const file = record();
  guardOn(file, [LEASE_TCX]);
  expect(attached()).toEqual([0, 0, 1]);
  guardOn(file);
  expect(attached()).toEqual([1, 1, 0]);
  guardOn(file, [LEASE_TCX]);
  expect(attached()).toEqual([0, 0, 1]);
});

test("the lease off, or too long for the detection time: silence only for VIPs that are not owned", async () => {
  for (const [change, code] of [
    [{ clients: { lease: "off" } }, 0],
    [{ keepAlive: { periodMs: 10, lostAfterPeriods: 2 } }, LOG_LEASE_UNFIT],
  ] as const) {
    const guard = guardOn(record(), [], configOf(change));
    expect([guard.kind, guard.lease, guard.leaseMs, guard.code]).toEqual([
      LEASE_NONE,
      null,
      0,
      code,
    ]);
    const ownership = ownershipOf(guard);
    await expectSilence();
    ownership.setOwned(0, true);
    await untilAnswers("owned", EVERYTHING);
    ownership.setOwned(0, false);
    await expectSilence();
    server.inside(() => ownership.remove());
  }
});

test("where only nftables is to be had, a detection time that eBPF alone fits is refused or named", () => {
  const keepAlive = { periodMs: 10, lostAfterPeriods: 3 };
  const config = (lease: string) => configOf({ keepAlive, clients: { lease } });
  expect(guardOn(record(), [], config("required")).leaseMs).toBe(15);
  const without = [LEASE_TCX, LEASE_CLSACT];
  expect(() => guardOn(record(), without, config("required"))).toThrow(
    /no eBPF here, and nftables needs a detection time of \d+ ms/,
  );
  const guard = guardOn(record(), without, config("preferred"));
  expect([guard.kind, guard.code, guard.first]).toEqual([LEASE_NONE, LOG_LEASE_UNFIT, 30]);
  expect(guard.second).toBeGreaterThan(30);
});

describe("the watch", () => {
  /** A program that lets everything pass for good. */
  const foreign = (): number => loadProgram("stranger", assemble([set(R0, 0), exit()]));

  function watchOver(guard: VipGuard, kind: "tcx" | "clsact") {
    const reports: [number, number][] = [];
    const programs = guard.programs;
    if (programs === null) throw new Error("no programs");
    const ids = programs.all.map(({ id }) => id);
    const interfaces = server.inside(
      () =>
        new FilterInterfaces(
          ...([kind === "tcx" ? new Tcx() : new Clsact(), programs.clients] as const),
          ...([programs.others, "eth0", (id: number) => ids.includes(id)] as const),
        ),
    );
    const watch = new FilterWatch(interfaces, (code, value) => reports.push([code, value]));
    return () => {
      reports.length = 0;
      server.inside(() => watch.look());
      return reports.map(([code]) => code);
    };
  }

  test("by tcx: a program before ours is reported until it is gone", async () => {
    const look = watchOver(guardOn(record()), "tcx");
    expect(look()).toEqual([]);
    const fd = foreign();
    expect(server.inside(() => attach(interfaceIndex(), TCX_INGRESS, fd, ATTACH_BEFORE))).toBe(0);
    expect(look()).toEqual([LOG_FILTER_BYPASSED]);
    expect(look()).toEqual([]);
    const list = server.inside(() => attachedPrograms(interfaceIndex(), TCX_INGRESS));
    if (typeof list === "number") throw new Error(`errno ${list}`);
    expect(server.inside(() => detachAt(interfaceIndex(), TCX_INGRESS, list, 0))).toBe(0);
    expect(look()).toEqual([LOG_FILTER_FIRST]);
    libc.close(fd);
  });

  test("by clsact: a filter before ours is reported until it is gone", () => {
    const look = watchOver(guardOn(record(), [LEASE_TCX]), "clsact");
    expect(look()).toEqual([]);
    const fd = foreign();
    const netlink = server.inside(() => new NetlinkSocket(NETLINK_ROUTE, 0, 65_536));
    const message = new NativeMemory(CONTROL_MESSAGE_BYTES);
    // Of the same priority: the kernel puts it first.
    const other = (length: number, flags: number): void => {
      message.view.setUint32(HANDLE_AT, 0x99, true);
      expect(netlink.ask(message, length, flags)).toBe(0);
    };
    const index = interfaceIndex();
    const { view } = message;
    other(encodeFilter(view, index, CLSACT_INGRESS, fd, "stranger"), NLM_F_CREATE);
    expect(look()).toEqual([LOG_FILTER_BYPASSED]);
    expect(look()).toEqual([]);
    other(encodeFilterRemoval(view, index, CLSACT_INGRESS), 0);
    expect(look()).toEqual([LOG_FILTER_FIRST]);
    netlink.close();
    libc.close(fd);
  });

  test("behind ours it does not matter", () => {
    const fd = foreign();
    expect(server.inside(() => attach(interfaceIndex(), TCX_EGRESS, fd, 0))).toBe(0);
    const look = watchOver(guardOn(record()), "tcx");
    expect(look()).toEqual([]);
    expect(attached()).toEqual([1, 2, 0]);
    libc.close(fd);
  });

  for (const [kind, without] of [
    ["tcx", []],
    ["clsact", [LEASE_TCX]],
  ] as const) {
    test(`by ${kind}: what others took away is put back, and comes to interfaces that are new`, async () => {
      const guard = guardOn(record(), [...without]);
      const look = watchOver(guard, kind);
      const before = attached();
      server.inside(() => ownershipOf(guard).remove());
      expect(attached()).toEqual([0, 0, 0]);
      expect(look()).toEqual([LOG_FILTER_PUT_BACK]);
      expect(attached()).toEqual(before);
      await expectSilence();
      server.ip("link", "add", "eth5", "type", "veth", "peer", "name", "eth6");
      expect(look()).toEqual([]);
      expect(attached("eth5")).toEqual(before);
      server.ip("link", "set", "eth0", "name", "old0");
      expect(look()).toEqual([]); // there is none
      server.ip("link", "set", "eth5", "name", "eth0"); // and another one
      expect(look()).toEqual([LOG_FILTER_PUT_BACK]);
      expect(attached()).toEqual(before);
    });
  }
});

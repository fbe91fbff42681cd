/**
 * The VIPs' eBPF programs against the real kernel, frame by frame (BPF_PROG_TEST_RUN): what passes
 * and what is dropped, by frame, interface, way, owner and lease.
 */
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { testRun } from "../../src/io/bpf.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import type { Program } from "../../src/io/program-attachment.ts";
import { VipPrograms } from "../../src/io/vip-programs.ts";
import { VERDICT_DROP, VERDICT_PASS } from "../../src/wire/vip-program.ts";
import { vip } from "../harness/virtual-network.ts";

const LEASE_US = 60_000_000;
const VIPS = [
  [vip("10.44.1.1/16"), vip("fd44:0:0:0:0:0:1:1/64")],
  [vip("10.44.1.2/16"), vip("fd44:0:0:0:0:0:1:9/64")],
];
const [VIP4, VIP6, OTHER_VIP4, OTHER_VIP6] = VIPS.flat().map(({ address }) => [...address]) as [
  number[],
  number[],
  number[],
  number[],
];
const SEAT4 = [10, 44, 9, 1];
const SEAT6 = [0xfd, 0x44, ...Array(13).fill(0), 9];

const programs = new VipPrograms(VIPS, LEASE_US);
const unleased = new VipPrograms(VIPS, 0);
afterAll(() => {
  programs.close();
  unleased.close();
});

const frameMemory = new NativeMemory(1024);

const ETHERNET = [...Array(6).fill(0xff), 2, 0, 0, 0, 0, 1];
const TAGS: Readonly<Record<string, number[]>> = {
  untagged: [],
  "802.1Q": [0x81, 0x00, 0, 5],
  "802.1ad": [0x88, 0xa8, 0, 5],
};

const arp = (operation: number, sender: number[], target: number[]): number[] => [
  ...[8, 6, 0, 1, 8, 0, 6, 4, 0, operation],
  ...[2, 0, 0, 0, 0, 1, ...sender, 0, 0, 0, 0, 0, 0, ...target],
];
const ipv4 = (source: number[], destination: number[]): number[] => [
  ...[8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, ...source, ...destination],
  ...[0, 7, 0, 7, 0, 8, 0, 0],
];
const ipv6 = (next: number, source: number[], destination: number[], rest: number[]): number[] => [
  ...[0x86, 0xdd, 0x60, 0, 0, 0, 0, rest.length, next, 255, ...source, ...destination, ...rest],
];
const udp6 = (source: number[], destination: number[]) =>
  ipv6(17, source, destination, [0, 7, 0, 7, 0, 8, 0, 0]);
const discovery = (type: number, source: number[], target: number[]) =>
  ipv6(58, source, [0xff, 2, ...Array(13).fill(0), 1], [type, 0, 0, 0, 0, 0, 0, 0, ...target]);

/** A frame is about no VIP, about one that is judged, or against the rules. */
type Fate = "pass" | "judged" | "drop";

interface Case {
  readonly name: string;
  readonly frame: number[];
  readonly clientsIn: Fate;
  readonly clientsOut: Fate;
  readonly othersIn: Fate;
  readonly othersOut: Fate;
}

const fates = (clientsIn: Fate, clientsOut: Fate, othersIn: Fate, othersOut: Fate) => ({
  ...{ clientsIn, clientsOut, othersIn, othersOut },
});

const CASES: readonly Case[] = [
  ["a seat asks for a VIP", arp(1, SEAT4, VIP4), fates("judged", "pass", "drop", "pass")],
  ["a seat asks for a seat", arp(1, SEAT4, SEAT4), fates("pass", "pass", "pass", "pass")],
  ["nobody asks for a VIP", arp(1, [0, 0, 0, 0], VIP4), fates("judged", "pass", "drop", "pass")],
  ["a VIP announces itself", arp(1, VIP4, VIP4), fates("pass", "judged", "pass", "judged")],
  ["a VIP asks for another", arp(1, OTHER_VIP4, VIP4), fates("pass", "drop", "pass", "drop")],
  ["a VIP asks for a seat", arp(1, VIP4, SEAT4), fates("pass", "judged", "pass", "judged")],
  ["a VIP answers", arp(2, VIP4, SEAT4), fates("pass", "judged", "pass", "judged")],
  ["an answer to a VIP", arp(2, SEAT4, VIP4), fates("pass", "pass", "pass", "pass")],
  ["IPv4 to a VIP", ipv4(SEAT4, VIP4), fates("judged", "pass", "pass", "pass")],
  ["IPv4 from a VIP", ipv4(VIP4, SEAT4), fates("pass", "judged", "pass", "judged")],
  ["IPv4 of others", ipv4(SEAT4, SEAT4), fates("pass", "pass", "pass", "pass")],
  ["IPv6 to a VIP", udp6(SEAT6, VIP6), fates("judged", "pass", "pass", "pass")],
  ["IPv6 from a VIP", udp6(VIP6, SEAT6), fates("pass", "judged", "pass", "judged")],
  ["IPv6 of others", udp6(SEAT6, SEAT6), fates("pass", "pass", "pass", "pass")],
  ["a solicitation", discovery(135, SEAT6, VIP6), fates("judged", "pass", "drop", "pass")],
  ["one for a seat", discovery(135, SEAT6, SEAT6), fates("pass", "pass", "pass", "pass")],
  ["an advertisement", discovery(136, SEAT6, VIP6), fates("pass", "judged", "pass", "drop")],
  ["one of a VIP", discovery(136, VIP6, VIP6), fates("pass", "judged", "pass", "drop")],
  ["one of a seat", discovery(136, SEAT6, SEAT6), fates("pass", "pass", "pass", "pass")],
  [
    "a VIP asks for a router",
    discovery(133, VIP6, VIP6),
    fates("pass", "judged", "pass", "judged"),
  ],
  ["ICMPv6 that ends early", ipv6(58, VIP6, SEAT6, []), fates("pass", "judged", "pass", "judged")],
  [
    "UDP that looks like discovery",
    ipv6(17, SEAT6, SEAT6, [135, 0, 0, 0, 0, 0, 0, 0, ...VIP6]),
    fates("pass", "pass", "pass", "pass"),
  ],
  ["LLDP", [0x88, 0xcc, ...VIP4, ...VIP4, ...VIP6, ...VIP6], fates("pass", "pass", "pass", "pass")],
].map(([name, frame, ways]) => ({ name, frame, ...(ways as object) }) as Case);

function verdict({ fd }: Program, frame: readonly number[]): number {
  frameMemory.bytes.set(frame);
  return testRun(fd, frameMemory, frame.length);
}

/** Ways on which the frame passes, of those on which it is judged as the VIP's state says. */
function expectFates(isOpen: boolean, of = programs): void {
  for (const [tag, bytes] of Object.entries(TAGS)) {
    for (const { name, frame, ...ways } of CASES) {
      for (const [way, fate] of Object.entries(ways)) {
        const pair = way.startsWith("clients") ? of.clients : of.others;
        const program = way.endsWith("In") ? pair.ingress : pair.egress;
        const expected = fate === "judged" ? isOpen : fate === "pass";
        const found = verdict(program, [...ETHERNET, ...bytes, ...frame]);
        expect([tag, name, way, found]).toEqual([
          ...[tag, name, way],
          ...[expected ? VERDICT_PASS : VERDICT_DROP],
        ]);
      }
    }
  }
}

beforeEach(() => {
  for (const index of VIPS.keys()) programs.setOwned(index, false);
  programs.setEnd(0);
});

test("without a lease matching packets are dropped", () => {
  programs.setOwned(0, true);
  expectFates(false);
});

test("while a lease runs, packets of owned VIPs pass", () => {
  programs.setOwned(0, true);
  programs.setEnd(nowUs() + LEASE_US);
  expectFates(true);
});

test("while a lease runs, packets of other VIPs are dropped", () => {
  programs.setOwned(1, true);
  programs.setEnd(nowUs() + LEASE_US);
  const judge = (frame: number[]) => verdict(programs.clients.ingress, [...ETHERNET, ...frame]);
  expect(judge(ipv4(SEAT4, VIP4))).toBe(VERDICT_DROP);
  expect(judge(ipv4(SEAT4, OTHER_VIP4))).toBe(VERDICT_PASS);
  expect(judge(udp6(SEAT6, VIP6))).toBe(VERDICT_DROP);
  expect(judge(udp6(SEAT6, OTHER_VIP6))).toBe(VERDICT_PASS);
  programs.setOwned(1, false);
  expect(judge(ipv4(SEAT4, OTHER_VIP4))).toBe(VERDICT_DROP);
});

test("without a lease only ownership decides", () => {
  expectFates(false, unleased);
  unleased.setOwned(0, true);
  expectFates(true, unleased);
  unleased.setOwned(0, false);
  expectFates(false, unleased);
});

describe("the end of a lease", () => {
  const end = (word: number): number => {
    programs.setOwned(0, true);
    (Reflect.get(programs, "ends") as Float64Array)[0] = word;
    return verdict(programs.clients.ingress, [...ETHERNET, ...ipv4(SEAT4, VIP4)]);
  };

  test("one that runs, to the longest", () => {
    expect(end(2 ** 52 + nowUs() + 5_000_000)).toBe(VERDICT_PASS);
    expect(end(2 ** 52 + nowUs() + LEASE_US)).toBe(VERDICT_PASS);
  });

  test("an invalid lease is silence: NaN, 0, infinities, other numbers, a far future", () => {
    for (const word of [
      ...[Number.NaN, 0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      ...[1, nowUs(), nowUs() + 5_000_000, -(2 ** 52) - nowUs() - 5_000_000],
      ...[2 ** 53 + 2 * (nowUs() + 5_000_000), Number.MAX_VALUE, Number.MIN_VALUE],
      ...[2 ** 52 + nowUs() + 2 * LEASE_US, 2 ** 53 - 1, 2 ** 52],
    ])
      expect([word, end(word)]).toEqual([word, VERDICT_DROP]);
  });

  test("one that is over, by a µs or by a day", () => {
    for (const agoUs of [0, 1, 1000, 86_400_000_000]) {
      const word = 2 ** 52 + nowUs() - agoUs;
      while (nowUs() - word + 2 ** 52 < agoUs); // the clock goes on in whole µs
      expect([agoUs, end(word)]).toEqual([agoUs, VERDICT_DROP]);
    }
  });

  test("it comes by itself", () => {
    const endUs = nowUs() + 20_000;
    programs.setOwned(0, true);
    programs.setEnd(endUs);
    const frame = [...ETHERNET, ...ipv4(SEAT4, VIP4)];
    for (;;) {
      const beforeUs = nowUs();
      const passes = verdict(programs.clients.ingress, frame) === VERDICT_PASS;
      if (passes) expect(beforeUs).toBeLessThan(endUs);
      else {
        expect(nowUs()).toBeGreaterThanOrEqual(endUs);
        return;
      }
    }
  });
});

test("frames that end anywhere do no harm", () => {
  programs.setOwned(0, true);
  // With a tag: the kernel itself refuses the others to run on.
  const tag = TAGS["802.1Q"] as number[];
  const whole = [...ETHERNET, ...tag, ...discovery(135, SEAT6, VIP6)];
  for (let length = 14; length < whole.length; length++)
    for (const program of [programs.clients, programs.others].flatMap((pair) =>
      Object.values(pair),
    ))
      expect([VERDICT_PASS, VERDICT_DROP]).toContain(verdict(program, whole.slice(0, length)));
});

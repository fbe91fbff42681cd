import { expect, test } from "bun:test";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import type { InterfaceFacts, MachineFacts } from "./machine-facts.ts";
import { type Finding, findingsOf, latenessAllowedMs } from "./machine-findings.ts";

const ETH0: InterfaceFacts = {
  name: "eth0",
  state: "up",
  addresses: ["10.44.0.1/16"],
  arpIgnore: 0,
  isIpv6Off: false,
};

/** A machine of which nothing is to be said. */
const SOUND: MachineFacts = {
  kernel: "6.1.0-18-amd64",
  preemption: "voluntary",
  processors: 4,
  capabilities: (1n << 41n) - 1n,
  interfaces: [ETH0],
  nonlocalBind: { ipv4: false, ipv6: false },
  neighboursIpv4: { used: 12, limit: 1024 },
  neighboursIpv6: { used: 3, limit: 1024 },
  connections: null,
  lateness: { wakes: 600, medianUs: 20, maxUs: 300, refusal: null },
  lease: { programs: "tcx", refusal: "", nftablesTicksMs: 8 },
};

function aircraft(changes: { clients?: object; keepAlive?: object } = {}): AircraftConfig {
  const loaded = parseConfig(
    JSON.stringify({
      system: "test",
      servers: [{ id: "a", resource: 10 }],
      functions: [
        { id: "f", required: 1, priority: 9, vips: ["10.44.1.1/16", "fd44::1:1/64"] },
        { id: "g", required: 1, priority: 1, vips: ["10.44.1.2/16"] },
      ],
      ...changes,
    }),
    "test",
    "/",
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** What is not good, as `grade subject: found; action`. */
function complaints(changes: Partial<MachineFacts>, config = aircraft()): string[] {
  const text = ({ grade, subject, found, action }: Finding): string =>
    `${grade} ${subject}: ${found}; ${action}`;
  return findingsOf({ ...SOUND, ...changes }, config)
    .filter(({ grade }) => grade !== "good")
    .map(text);
}

const onEth0 = (changes: Partial<InterfaceFacts>) => ({ interfaces: [{ ...ETH0, ...changes }] });

test("a good machine has no advice, and everything examined is listed", () => {
  expect(complaints({})).toEqual([]);
  expect(findingsOf(SOUND, aircraft()).map(({ subject }) => subject)).toEqual([
    "kernel",
    "privileges",
    "VIP filter",
    "wakes",
    "interface eth0",
    "IPv4 neighbours",
    "IPv6 neighbours",
  ]);
});

test("a kernel that does not preempt; one that does, or says nothing, is no line", () => {
  expect(complaints({ preemption: "none" })).toEqual([
    expect.stringMatching(/^advice preemption: .* does not preempt.*; boot with preempt=full/),
  ]);
  for (const preemption of ["voluntary", "lazy", "full", "real-time", null] as const)
    expect(complaints({ preemption })).toEqual([]);
});

test("an old kernel, and privileges that are missing", () => {
  expect(complaints({ kernel: "5.18.0" })).toEqual([]);
  expect(complaints({ kernel: "5.17.9" })).toEqual([
    expect.stringContaining("advice kernel: Linux 5.17.9, 4 processors; use Linux 5.18 or later"),
  ]);
  const [network, unit] = [(1n << 12n) | (1n << 13n), (1n << 12n) | (1n << 13n) | (1n << 39n)];
  expect(complaints({ capabilities: 0n })).toEqual([
    expect.stringMatching(/^stops privileges: without CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF;/),
  ]);
  expect(complaints({ capabilities: network })).toEqual([
    expect.stringMatching(/^advice privileges: without CAP_BPF;/),
  ]);
  // The unit's limit is as good as CAP_SYS_NICE, where the kernel takes it.
  expect(complaints({ capabilities: unit })).toEqual([]);
  const lateness = { ...SOUND.lateness, refusal: "EPERM" };
  expect(complaints({ capabilities: unit, lateness })).toContainEqual(
    expect.stringMatching(/^advice privileges: without CAP_SYS_NICE;/),
  );
});

test("no eBPF: nftables is named with its requirements; a required lease that does not fit stops the server", () => {
  const lease = { programs: null, refusal: "bpf(MAP_CREATE): EPERM", nftablesTicksMs: 8 };
  expect(complaints({ lease: { ...lease, programs: "clsact" } })).toEqual([]);
  const said = "VIP filter: no eBPF (bpf(MAP_CREATE): EPERM); allow eBPF";
  expect(complaints({ lease })).toEqual([expect.stringContaining(`advice ${said}`)]);
  for (const [wanted, grade] of [
    ["preferred", "advice"],
    ["required", "stops"],
  ] as const) {
    const keepAlive = { periodMs: 10, lostAfterPeriods: 3 };
    const short = aircraft({ keepAlive, clients: { lease: wanted } });
    expect(complaints({ lease }, short)).toContainEqual(
      expect.stringMatching(new RegExp(`^${grade} VIP filter.* or detect failures after 38 ms`)),
    );
  }
});

test("an interface that is missing, down, without carrier or without an IPv4 address", () => {
  expect(complaints(onEth0({ name: "enp3s0" }))).toEqual([
    "stops interface eth0: there is none; configure one of this machine's interfaces: enp3s0",
  ]);
  expect(complaints(onEth0({ state: "down" }))).toEqual([
    "stops interface eth0: down, 10.44.0.1/16; bring it up",
  ]);
  expect(complaints(onEth0({ state: "no carrier" }))[0]).toContain("check cable");
  expect(complaints(onEth0({ addresses: ["fd44::2:1/64"] }))[0]).toContain("no IPv4 address; give");
});

test("every interface of the keep-alives is looked at, and each once", () => {
  const config = aircraft({ keepAlive: { interfaces: ["eth0", "eth1"] } });
  expect(complaints({}, config)).toEqual([expect.stringContaining("stops interface eth1:")]);
});

test("another interface in the client network answers beside the client interface", () => {
  const eth1 = { ...ETH0, name: "eth1", addresses: ["10.44.7.7/24"] };
  expect(complaints({ interfaces: [ETH0, eth1] })).toEqual([
    expect.stringMatching(
      /^advice interface eth1: in the network of eth0, arp_ignore 0; .*arp_ignore=1/,
    ),
  ]);
  expect(complaints({ interfaces: [ETH0, { ...eth1, arpIgnore: 1 }] })).toEqual([]);
  expect(complaints({ interfaces: [ETH0, { ...eth1, addresses: ["10.45.7.7/16"] }] })).toEqual([]);
});

test("a VIP set by hand, on any interface and with any prefix", () => {
  const eth1 = { ...ETH0, name: "eth1", addresses: ["10.45.0.1/16", "fd44:0:0:0:0:0:1:1/64"] };
  expect(complaints({ interfaces: [ETH0, eth1] })).toEqual([
    expect.stringContaining("stops VIP fd44::1:1/64: fd44:0:0:0:0:0:1:1/64 is set on eth1; remove"),
  ]);
  expect(complaints(onEth0({ addresses: ["10.44.0.1/16", "10.44.1.2/24"] }))).toHaveLength(1);
  // What Wingman sets itself.
  expect(complaints(onEth0({ addresses: ["10.44.0.1/16", "10.44.1.2/32"] }))).toEqual([]);
});

test("IPv6 that is off counts where the table has IPv6 VIPs", () => {
  expect(complaints(onEth0({ isIpv6Off: true }))).toEqual([
    expect.stringContaining("stops IPv6: switched off on eth0;"),
  ]);
  const config = aircraft();
  for (const entry of config.functions)
    entry.vips = entry.vips.filter(({ family }) => family === 4);
  expect(complaints(onEth0({ isIpv6Off: true }), config)).toEqual([]);
});

test("programs that are kept running, and cannot bind missing addresses", () => {
  const config = aircraft();
  const [first] = config.functions;
  if (first === undefined) throw new Error("there is a function");
  first.start = "always";
  expect(complaints({}, config)).toEqual([]); // it has no program
  first.command = ["/bin/f"];
  expect(complaints({}, config)).toEqual([
    expect.stringMatching(
      /^advice IPv4 standbys: always started: f; .*net\.ipv4\.ip_nonlocal_bind=1$/,
    ),
    expect.stringMatching(
      /^advice IPv6 standbys: always started: f; .*net\.ipv6\.ip_nonlocal_bind=1$/,
    ),
  ]);
  expect(complaints({ nonlocalBind: { ipv4: true, ipv6: true } }, config)).toEqual([]);
});

test("the table of neighbours against the seats that there are", () => {
  const narrow = { neighboursIpv4: { used: 12, limit: 1024 } };
  expect(complaints(narrow, aircraft({ clients: { seats: 500 } }))).toEqual([]);
  expect(complaints(narrow, aircraft({ clients: { seats: 600 } }))).toEqual([
    expect.stringContaining("set net.ipv4.neigh.default.gc_thresh3=2048:"),
    expect.stringContaining("set net.ipv6.neigh.default.gc_thresh3=2048:"),
  ]);
  expect(complaints({ neighboursIpv4: { used: 900, limit: 1024 } })).toHaveLength(1);
  // In a network namespace the kernel does not tell.
  expect(complaints({ neighboursIpv4: { used: 900, limit: null } })).toEqual([]);
});

test("a table of connections that is nearly full", () => {
  expect(complaints({ connections: { used: 100, limit: 1000 } })).toEqual([]);
  expect(complaints({ connections: { used: 900, limit: 1000 } })[0]).toContain("nf_conntrack_max");
});

test("how late the loop may be: with a lease, without, and the periods that are recommended", () => {
  const lease = aircraft({ keepAlive: { periodMs: 10, lostAfterPeriods: 5 } });
  expect(latenessAllowedMs(lease)).toBe(25);
  const none = aircraft({
    keepAlive: { periodMs: 10, lostAfterPeriods: 5 },
    clients: { lease: "off" },
  });
  expect(latenessAllowedMs(none)).toBe(30);
  const late = (maxUs: number) => ({ lateness: { ...SOUND.lateness, maxUs } });
  expect(complaints(late(12_000), lease)).toEqual([]);
  // 2 × 13 ms: one period more.
  expect(complaints(late(12_001), lease)).toEqual([
    expect.stringContaining("take keepAlive.lostAfterPeriods 6 (detection after 60 ms)"),
  ]);
  const refused = { lateness: { ...SOUND.lateness, refusal: "EPERM" } };
  expect(complaints(refused)).toEqual([expect.stringContaining("without real-time scheduling")]);
});

/**
 * What the facts of a machine mean for an aircraft: one finding per subject, with an action where
 * something is wrong. Numbers in, words out.
 */

import { leaseDetectionMsMin, leaseFits, leaseMsOf } from "../boundary/timing.ts";
import { addressKey, parseVip } from "../config/address.ts";
import type { AircraftConfig, Vip } from "../config/model.ts";
import type { InterfaceFacts, MachineFacts, NeighbourFacts } from "./machine-facts.ts";

/** `stops`: Wingman cannot serve. `advice`: it serves, with a disadvantage. */
export type Grade = "good" | "advice" | "stops";

export interface Finding {
  readonly grade: Grade;
  /** The subject that was checked. */
  readonly subject: string;
  readonly found: string;
  /** Meaning and action; "" when all is well. */
  readonly action: string;
}

const REALTIME = "CAP_SYS_NICE";
/** Capabilities by the names of capabilities(7): their bits and their uses. */
const CAPABILITIES: readonly (readonly [bit: bigint, name: string, use: string])[] = [
  [12n, "CAP_NET_ADMIN", "to set addresses and the lease"],
  [13n, "CAP_NET_RAW", "to announce VIPs and to ask witnesses"],
  [23n, REALTIME, "to be scheduled before everything else"],
  [39n, "CAP_BPF", "to end a lease to the microsecond, and for silence where a VIP is not owned"],
];

/** With the nftables egress hook, and addresses that carry a mark of their origin. */
const KERNEL_MIN = [5, 18] as const;

/** A device that is only asked for takes as much room in the kernel's table as one that answers. */
const NEIGHBOURS_MARGIN = 2;
/** A table this full will overflow. */
const FULL = 0.8;

export function findingsOf(facts: MachineFacts, config: AircraftConfig): Finding[] {
  return [
    kernelFinding(facts),
    ...preemptionFindings(facts),
    privilegeFinding(facts),
    leaseFinding(facts, config),
    latenessFinding(facts, config),
    ...interfaceFindings(facts, config),
    ...segmentFindings(facts, config),
    ...foreignVipFindings(facts, config),
    ...ipv6Findings(facts, config),
    ...standbyFindings(facts, config),
    neighbourFinding("IPv4", facts.neighboursIpv4, "net.ipv4", config),
    ...(vipsOf(config).some(({ family }) => family === 6)
      ? [neighbourFinding("IPv6", facts.neighboursIpv6, "net.ipv6", config)]
      : []),
    ...connectionFindings(facts),
  ];
}

const good = (subject: string, found: string): Finding => ({
  grade: "good",
  subject,
  found,
  action: "",
});

const vipsOf = ({ functions }: AircraftConfig): Vip[] => functions.flatMap(({ vips }) => vips);

function kernelFinding({ kernel, processors }: MachineFacts): Finding {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  const isOld = major < KERNEL_MIN[0] || (major === KERNEL_MIN[0] && minor < KERNEL_MIN[1]);
  const found = `Linux ${kernel}, ${processors} processor${processors === 1 ? "" : "s"}`;
  if (!isOld) return good("kernel", found);
  const action = `use Linux ${KERNEL_MIN.join(".")} or later: older kernels cannot mark our addresses, so leftovers of a crash are not recognised`;
  return { grade: "advice", subject: "kernel", found, action };
}

/** Only a kernel that is known not to preempt is worth a line. */
function preemptionFindings({ preemption }: MachineFacts): Finding[] {
  if (preemption !== "none") return [];
  const found =
    "the kernel does not preempt: a long system call of any program keeps its processor";
  const action =
    "boot with preempt=full: 200,000 nftables elements loaded at once, for instance, hold the flight loop up for 0.4 s";
  return [{ grade: "advice", subject: "preemption", found, action }];
}

function privilegeFinding({ capabilities, lateness }: MachineFacts): Finding {
  // The unit has a limit (LimitRTPRIO) in place of CAP_SYS_NICE.
  const isRealtime = lateness.refusal === null;
  const missing = CAPABILITIES.filter(
    ([bit, name]) => ((capabilities >> bit) & 1n) === 0n && !(isRealtime && name === REALTIME),
  );
  if (missing.length === 0) return good("privileges", "all that is needed");
  const found = `without ${missing.map(([, name]) => name).join(", ")}`;
  const uses = missing
    .map(([, name, use]) => `${name === REALTIME ? `${name} or LimitRTPRIO` : name} ${use}`)
    .join(", ");
  return {
    grade: missing.some(([bit]) => bit === 12n || bit === 13n) ? "stops" : "advice",
    subject: "privileges",
    found,
    action: `run it as root, or with the unit in firmware-config: it needs ${uses}`,
  };
}

function leaseFinding({ lease }: MachineFacts, { keepAlive, clients }: AircraftConfig): Finding {
  const subject = "VIP filter";
  if (lease.programs !== null) return good(subject, `eBPF by ${lease.programs}`);
  const found = `no eBPF (${lease.refusal})`;
  const { periodMs, lostAfterPeriods } = keepAlive;
  const ticksMs = lease.nftablesTicksMs;
  const why =
    "without it there is at most a lease by nftables, and nothing silences a VIP that is not owned";
  const action = `allow eBPF (CAP_BPF, and Linux 6.6 or clsact): ${why}`;
  if (clients.lease === "off" || leaseFits(periodMs, lostAfterPeriods, ticksMs))
    return { grade: "advice", subject, found, action };
  if (!leaseFits(periodMs, lostAfterPeriods)) return { grade: "advice", subject, found, action };
  const leastMs = leaseDetectionMsMin(periodMs, ticksMs);
  return {
    ...{ grade: clients.lease === "required" ? "stops" : "advice", subject, found },
    action: `allow eBPF (CAP_BPF, and Linux 6.6 or clsact), or detect failures after ${leastMs} ms: no lease by nftables fits`,
  };
}

/** Lateness of the loop in ms, for a keep-alive, up to which it does not let go of everything. */
export function latenessAllowedMs(
  { keepAlive, clients }: AircraftConfig,
  lostAfterPeriods = keepAlive.lostAfterPeriods,
): number {
  const { periodMs } = keepAlive;
  const hasLease = clients.lease !== "off" && leaseFits(periodMs, lostAfterPeriods);
  const silenceMs = hasLease
    ? leaseMsOf(periodMs, lostAfterPeriods)
    : periodMs * (lostAfterPeriods - 1);
  return silenceMs - periodMs;
}

function latenessFinding({ lateness }: MachineFacts, config: AircraftConfig): Finding {
  const { keepAlive } = config;
  const maxMs = Math.ceil(lateness.maxUs / 1000);
  const allowedMs = latenessAllowedMs(config);
  const found =
    `median lateness ${lateness.medianUs} µs, at most ${lateness.maxUs} µs, in ${lateness.wakes} wakes` +
    (lateness.refusal === null ? "" : `, without real-time scheduling (${lateness.refusal})`);
  const subject = "wakes";
  if (2 * maxMs > allowedMs) {
    let periods = keepAlive.lostAfterPeriods + 1;
    while (2 * maxMs > latenessAllowedMs(config, periods)) periods++;
    const action =
      `a loop that is ${allowedMs} ms late lets go of its functions: find out what delays this machine, ` +
      `or take keepAlive.lostAfterPeriods ${periods} (detection after ${periods * keepAlive.periodMs} ms)`;
    return { grade: "advice", subject, found, action };
  }
  if (lateness.refusal === null) return good(subject, `${found}; ${allowedMs} ms are allowed`);
  const action = "allow real-time scheduling: under load the engine will be late without it";
  return { grade: "advice", subject, found, action };
}

function interfaceFindings({ interfaces }: MachineFacts, config: AircraftConfig): Finding[] {
  const names = new Set([config.clients.interface, ...config.keepAlive.interfaces]);
  return [...names].map((name): Finding => {
    const subject = `interface ${name}`;
    const facts = interfaces.find((one) => one.name === name);
    if (facts === undefined) {
      const known = interfaces.map((one) => one.name).join(", ") || "none";
      const action = `configure one of this machine's interfaces: ${known}`;
      return { grade: "stops", subject, found: "there is none", action };
    }
    const found = [facts.state, ...facts.addresses].join(", ");
    if (facts.state !== "up") {
      const action = facts.state === "down" ? "bring it up" : "check cable, adapter and switch";
      return { grade: "stops", subject, found, action };
    }
    if (ipv4Of(facts).length > 0) return good(subject, found);
    const action = "give it an IPv4 address: keep-alives and announcements come from it";
    return { grade: "stops", subject, found: `${found}, no IPv4 address`, action };
  });
}

/**
 * Other interfaces with an address of the client network: the kernel answers there for VIPs, too.
 */
function segmentFindings({ interfaces }: MachineFacts, config: AircraftConfig): Finding[] {
  const clients = interfaces.find(({ name }) => name === config.clients.interface);
  if (clients === undefined) return [];
  const own = ipv4Of(clients);
  const beside = interfaces.filter(
    (one) =>
      one !== clients &&
      one.arpIgnore === 0 &&
      ipv4Of(one).some((address) => own.some((other) => isOneNetwork(address, other))),
  );
  return beside.map(({ name }) => ({
    grade: "advice",
    subject: `interface ${name}`,
    found: `in the network of ${clients.name}, arp_ignore 0`,
    action:
      `seats that ask there for a VIP also get the Ethernet address of ${name}: ` +
      `put it into another network, or set net.ipv4.conf.${name}.arp_ignore=1`,
  }));
}

/** Wingman sets a VIP with its full length (/32, /128); anything else was set by somebody else. */
function foreignVipFindings({ interfaces }: MachineFacts, config: AircraftConfig): Finding[] {
  const vips = new Map(vipsOf(config).map((vip) => [addressKey(vip.address), vip]));
  return interfaces.flatMap(({ name, addresses }) =>
    addresses.flatMap((text): Finding[] => {
      const set = parseVip(text);
      const vip = set === null ? undefined : vips.get(addressKey(set.address));
      if (set === null || vip === undefined || set.prefixLength === 8 * set.address.length)
        return [];
      const found = `${text} is set on ${name}`;
      const action = `remove it (ip addr del ${text} dev ${name}): this machine answers for it, whoever owns it`;
      return [{ grade: "stops", subject: `VIP ${vip.text}`, found, action }];
    }),
  );
}

function ipv6Findings({ interfaces }: MachineFacts, config: AircraftConfig): Finding[] {
  const { interface: name } = config.clients;
  const hasIpv6 = vipsOf(config).some(({ family }) => family === 6);
  if (!hasIpv6 || interfaces.find((one) => one.name === name)?.isIpv6Off !== true) return [];
  const action = `set net.ipv6.conf.${name}.disable_ipv6=0, or remove the IPv6 VIPs from the configuration`;
  return [{ grade: "stops", subject: "IPv6", found: `switched off on ${name}`, action }];
}

/** Programs that should be kept ready, but cannot bind their VIPs before these arrive. */
function standbyFindings({ nonlocalBind }: MachineFacts, { functions }: AircraftConfig): Finding[] {
  return ([4, 6] as const).flatMap((family) => {
    const ids = functions
      .filter(({ command, start }) => command !== null && start === "always")
      .filter(({ vips }) => vips.some((vip) => vip.family === family))
      .map(({ id }) => id);
    if (ids.length === 0 || nonlocalBind[`ipv${family}`]) return [];
    const action =
      `a program that binds its VIPs cannot start before they arrive, and a failover waits for it: ` +
      `set net.ipv${family}.ip_nonlocal_bind=1`;
    const found = `always started: ${ids.join(", ")}; ip_nonlocal_bind 0`;
    return [{ grade: "advice", subject: `IPv${family} standbys`, found, action }];
  });
}

function neighbourFinding(
  family: string,
  { used, limit }: NeighbourFacts,
  key: string,
  { clients, servers }: AircraftConfig,
): Finding {
  const subject = `${family} neighbours`;
  const held =
    limit === null ? "its limit is not visible in this network namespace" : `limit ${limit}`;
  const found = `${used} in the kernel's table, ${held}`;
  const wanted = NEIGHBOURS_MARGIN * (clients.seats + servers.length + clients.witnesses.length);
  const isNarrow = limit !== null && (limit < wanted || used > FULL * limit);
  if (!isNarrow) {
    const unknown =
      clients.seats === 0 ? "; clients.seats does not give the number of devices" : "";
    return good(subject, `${found}${unknown}`);
  }
  const enough = powerOfTwo(Math.max(wanted, NEIGHBOURS_MARGIN * used));
  const action = `set ${key}.neigh.default.gc_thresh3=${enough}: when it is full, the kernel sends nothing to new devices`;
  return { grade: "advice", subject, found, action };
}

function connectionFindings({ connections }: MachineFacts): Finding[] {
  if (connections === null) return [];
  const { used, limit } = connections;
  const found = `${used} tracked, limit ${limit}`;
  if (used <= FULL * limit) return [good("connections", found)];
  const action =
    "raise net.netfilter.nf_conntrack_max, or exclude the ports of Wingman from tracking: a full table drops keep-alives";
  return [{ grade: "advice", subject: "connections", found, action }];
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

function ipv4Of({ addresses }: InterfaceFacts): Vip[] {
  return addresses.flatMap((text) => {
    const address = parseVip(text);
    return address?.family === 4 ? [address] : [];
  });
}

/** Whether the two addresses are in one network, by the wider of their prefixes. */
function isOneNetwork(one: Vip, other: Vip): boolean {
  const bits = Math.min(one.prefixLength, other.prefixLength);
  return networkOf(one, bits) === networkOf(other, bits);
}

function networkOf({ address }: Vip, bits: number): number {
  const [first = 0, second = 0, third = 0, fourth = 0] = address;
  const number = ((first * 256 + second) * 256 + third) * 256 + fourth;
  return Math.floor(number / 2 ** (32 - bits));
}

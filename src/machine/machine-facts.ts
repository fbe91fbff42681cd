/**
 * Properties of a machine that matter to Wingman: read from the kernel, judged elsewhere
 * (machine-findings). Nothing is changed.
 */
import { readFileSync } from "node:fs";
import { cpus, networkInterfaces, release, version } from "node:os";
import { gunzipSync } from "node:zlib";
import { interfaceNames, type LinkState, linkState } from "../io/network-interface.ts";
import { type Preemption, preemptionOf } from "./kernel-preemption.ts";
import { type LeaseFacts, readLease } from "./lease-facts.ts";
import type { WakeLateness } from "./wake-lateness.ts";

export interface InterfaceFacts {
  readonly name: string;
  readonly state: LinkState;
  /** Like `10.44.0.1/16`; without link-local IPv6 addresses. */
  readonly addresses: readonly string[];
  /** The kernel's effective setting: the interface's own or that of all, whichever counts. */
  readonly arpIgnore: number;
  readonly isIpv6Off: boolean;
}

/** The kernel's table of known devices, for one family. */
export interface NeighbourFacts {
  readonly used: number;
  /**
   * Null: the limit applies to the whole machine, and is only visible in its first network
   * namespace.
   */
  readonly limit: number | null;
}

export interface MachineFacts {
  readonly kernel: string;
  /** Null: nothing on the machine says so. */
  readonly preemption: Preemption | null;
  readonly processors: number;
  /** Effective capabilities of this process: the mask of /proc/self/status. */
  readonly capabilities: bigint;
  /** Every interface of the network namespace except the loopback. */
  readonly interfaces: readonly InterfaceFacts[];
  /**
   * Families in which a program may bind an address that does not exist here (ip_nonlocal_bind).
   */
  readonly nonlocalBind: { readonly ipv4: boolean; readonly ipv6: boolean };
  readonly neighboursIpv4: NeighbourFacts;
  readonly neighboursIpv6: NeighbourFacts;
  /** Null when connections are not tracked. */
  readonly connections: { readonly used: number; readonly limit: number } | null;
  readonly lateness: WakeLateness;
  readonly lease: LeaseFacts;
}

export function readMachine(lateness: WakeLateness): MachineFacts {
  const used = numberIn("/proc/sys/net/netfilter/nf_conntrack_count");
  const limit = numberIn("/proc/sys/net/netfilter/nf_conntrack_max");
  return {
    kernel: release(),
    preemption: readPreemption(),
    processors: cpus().length,
    capabilities: readCapabilities(),
    interfaces: interfaceNames()
      .filter((name) => name !== "lo")
      .map(readInterface),
    nonlocalBind: {
      ipv4: numberIn("/proc/sys/net/ipv4/ip_nonlocal_bind") === 1,
      ipv6: numberIn("/proc/sys/net/ipv6/ip_nonlocal_bind") === 1,
    },
    neighboursIpv4: { used: knownByArp(), limit: neighboursMax("ipv4") },
    neighboursIpv6: { used: knownByDiscovery(), limit: neighboursMax("ipv6") },
    connections: used === null || limit === null ? null : { used, limit },
    lateness,
    lease: readLease(),
  };
}

function readPreemption(): Preemption | null {
  return preemptionOf(
    version(),
    textOf("/proc/cmdline") ?? "",
    kernelConfiguration(),
    textOf("/sys/kernel/debug/sched/preempt") ?? "",
  );
}

/** "" when the kernel does not carry it and the machine does not keep it. */
function kernelConfiguration(): string {
  try {
    return gunzipSync(readFileSync("/proc/config.gz")).toString("latin1");
  } catch {
    return textOf(`/boot/config-${release()}`) ?? "";
  }
}

function readInterface(name: string): InterfaceFacts {
  const setting = (family: string, of: string, key: string): number =>
    numberIn(`/proc/sys/net/${family}/conf/${of}/${key}`) ?? 0;
  const addresses = networkInterfaces()[name] ?? [];
  return {
    name,
    state: linkState(name),
    addresses: addresses.flatMap(({ cidr }) =>
      cidr === null || cidr.startsWith("fe80") ? [] : [cidr],
    ),
    arpIgnore: Math.max(setting("ipv4", "all", "arp_ignore"), setting("ipv4", name, "arp_ignore")),
    isIpv6Off: numberIn(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`) !== 0,
  };
}

function readCapabilities(): bigint {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  return BigInt(`0x${mask ?? "0"}`);
}

/** proc_net(5): a heading, then one line per device. */
function knownByArp(): number {
  return (textOf("/proc/net/arp") ?? "").trimEnd().split("\n").length - 1;
}

/** The first number of the second line, in hexadecimal, is the same for every processor. */
function knownByDiscovery(): number {
  const [, line = ""] = textOf("/proc/net/stat/ndisc_cache")?.split("\n") ?? [];
  return Number.parseInt(line, 16) || 0;
}

function neighboursMax(family: string): number | null {
  return numberIn(`/proc/sys/net/${family}/neigh/default/gc_thresh3`);
}

function numberIn(file: string): number | null {
  const text = textOf(file);
  return text === null ? null : Number(text);
}

/** Null where the kernel has no such file, or denies access. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return null;
  }
}

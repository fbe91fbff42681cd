import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Vip } from "../config/model.ts";
import { encodeArpFilter, encodeArpFilterRemoval } from "../wire/arp-filter.ts";
import { filterBytesMax } from "../wire/vip-filter.ts";
import { SystemError } from "./errno.ts";
import { addressesOf, Batch, NftablesExchange, netfilterSocket } from "./nftables-exchange.ts";

/** More than the number of messages in the filter. */
const SEQUENCES = 64;

/**
 * Start-up: from now on only the client interface speaks ARP for VIPs (wire/arp-filter), until
 * {@link removeArpGuard}. This includes interfaces that appear later. Returns 0 or errno: the
 * kernel has no nftables for ARP (CONFIG_NF_TABLES_ARP).
 */
export function installArpGuard(
  interfaceName: string,
  vipsOfFunction: readonly (readonly Vip[])[],
): number {
  const ipv4 = addressesOf(vipsOfFunction, 4);
  return carryOut((batch) => encodeArpFilter(batch.content, interfaceName, ipv4), ipv4.length / 4);
}

/** Removes the filter, if it exists. 0 or errno. */
export function removeArpGuard(): number {
  return carryOut((batch) => encodeArpFilterRemoval(batch.content), 0);
}

function carryOut(write: (batch: Batch) => void, vipCount: number): number {
  try {
    const netlink = netfilterSocket("ARP filter");
    const batch = new Batch(filterBytesMax(vipCount), netlink.takeSequence(SEQUENCES));
    batch.content.begin();
    write(batch);
    batch.content.end();
    const errno = new NftablesExchange(netlink).carryOut(batch);
    netlink.close();
    return errno;
  } catch (error) {
    if (error instanceof SystemError) return error.errno;
    throw error;
  }
}

/**
 * Start-up: whether another interface of this host would answer ARP for an address of the client
 * interface. It would if its arp_ignore is 0 (the greater of its own value and that of "all"
 * counts).
 */
export function othersAnswerArp(interfaceName: string, proc = "/proc/sys/net/ipv4/conf"): boolean {
  const arpIgnore = (name: string): number =>
    Number(readFileSync(join(proc, name, "arp_ignore"), "utf8"));
  const others = readdirSync(proc).filter(
    (name) => !["all", "default", "lo", interfaceName].includes(name),
  );
  return others.some((name) => Math.max(arpIgnore("all"), arpIgnore(name)) === 0);
}

/** The address at which loaders find this server: as configured, or that of an interface. */
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { parseAddress } from "../config/address.ts";

export interface ListenAddress {
  readonly address: string;
  /** Broadcast address of its network; null when it has none. */
  readonly broadcast: string | null;
  /** Whether an address is in its network. */
  includes(address: string): boolean;
}

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/**
 * @param listen an IPv4 address, or the name of an interface
 * @param vips addresses that move between servers, on which no loader may rely
 * @throws Error in words for people: this machine has no such address
 */
export function listenAddress(
  listen: string,
  vips: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
): ListenAddress {
  const isAddress = parseAddress(listen) !== null;
  const entries = isAddress
    ? Object.values(interfaces).flatMap((list) => list ?? [])
    : (interfaces[listen] ?? []);
  const found = entries.find(
    ({ family, address }) =>
      family === "IPv4" && (isAddress ? address === listen : !vips.includes(address)),
  );
  if (found === undefined)
    throw new Error(
      isAddress
        ? `found no address ${listen} on this machine, expected one of its own`
        : `found no IPv4 address on ${listen}, expected one that is no VIP`,
    );
  const own = numberOf(found.address);
  const mask = numberOf(found.netmask);
  const hasBroadcast = mask >>> 0 < 0xffff_fffe;
  return {
    address: found.address,
    broadcast: hasBroadcast ? textOf(own | ~mask) : null,
    includes: (address) =>
      parseAddress(address)?.family === 4 && ((numberOf(address) ^ own) & mask) === 0,
  };
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => (sum << 8) | Number(part), 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join(".");
}

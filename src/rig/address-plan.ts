/**
 * Addresses of the virtual aircraft's machines: one in every network of a VIP, so that seats and
 * servers reach each other without a router, as in the cabin. Pure; nothing here runs often, so big
 * integers are good enough.
 */
import type { AircraftConfig, Vip } from "../config/model.ts";

/** A network that contains VIPs, or one that the rig adds. */
interface Network {
  family: 4 | 6;
  prefixLength: number;
  /** The network's first address. */
  first: bigint;
}

/** Addresses and routes of one machine on one interface, in the form of `ip`. */
export interface InterfaceAddresses {
  name: string;
  /** With prefix length. */
  addresses: string[];
}

export interface AddressPlan {
  /** Interfaces of every server, the client interface first. */
  interfaces: string[];
  /** `servers[x]` has one entry per interface. */
  servers: InterfaceAddresses[][];
  /** Seats only have the client interface. */
  seats: InterfaceAddresses[];
  /** VIPs outside the networks above: seats need a host route to each. */
  hostRoutes: string[];
}

/** The rig's own networks are in the benchmark range of RFC 2544, which no aircraft uses. */
const OWN_NETWORKS = "198.18.0.0";
const OWN_PREFIX_LENGTH = 24;

export function planAddresses(config: AircraftConfig, seatCount: number): AddressPlan {
  const machines = config.servers.length + seatCount;
  const client = config.clients.interface;
  const others = config.keepAlive.interfaces.filter((name) => name !== client);
  const vips = config.functions.flatMap((entry) => entry.vips);

  const networks = clientNetworks(vips, machines);
  if (!networks.some((network) => network.family === 4)) networks.push(ownNetwork(0));

  const taken = new Set([...vips.map(keyOf), ...config.clients.witnesses]);
  const clientAddresses = Array.from({ length: machines }, (): string[] => []);
  for (const network of networks) {
    let candidate = lastHost(network);
    for (const addresses of clientAddresses) {
      while (taken.has(formatAddress(network.family, candidate))) candidate--;
      addresses.push(`${formatAddress(network.family, candidate)}/${network.prefixLength}`);
      candidate--;
    }
  }

  const servers = config.servers.map((_, server) => [
    { name: client, addresses: clientAddresses[server] ?? [] },
    ...others.map((name, number) => ({
      name,
      addresses: [
        `${formatAddress(4, ownNetwork(number + 1).first + BigInt(server + 1))}/${OWN_PREFIX_LENGTH}`,
      ],
    })),
  ]);
  const seats = Array.from({ length: seatCount }, (_, seat) => ({
    name: client,
    addresses: clientAddresses[config.servers.length + seat] ?? [],
  }));
  const hostRoutes = vips
    .filter((vip) => !networks.some((network) => contains(network, vip)))
    .map((vip) => `${keyOf(vip)}/${vip.family === 4 ? 32 : 128}`);
  return { interfaces: [client, ...others], servers, seats, hostRoutes };
}

/** The distinct networks of the VIPs with room for `machines` more addresses. */
function clientNetworks(vips: readonly Vip[], machines: number): Network[] {
  const networks: Network[] = [];
  for (const vip of vips) {
    const network = networkOf(vip);
    const isKnown = networks.some(
      (known) =>
        known.family === network.family &&
        known.prefixLength === network.prefixLength &&
        known.first === network.first,
    );
    if (isKnown) continue;
    const used = vips.filter((other) => contains(network, other)).length;
    // Without the network's own address and, in IPv4, its broadcast address.
    const room = (1n << BigInt(bitsOf(network.family) - network.prefixLength)) - 2n - BigInt(used);
    if (room >= BigInt(machines)) networks.push(network);
  }
  return networks;
}

function networkOf(vip: Vip): Network {
  const size = 1n << BigInt(bitsOf(vip.family) - vip.prefixLength);
  const address = addressValue(vip.address);
  return { family: vip.family, prefixLength: vip.prefixLength, first: address - (address % size) };
}

function ownNetwork(number: number): Network {
  const base = addressValue(Uint8Array.from(OWN_NETWORKS.split(".").map(Number)));
  return { family: 4, prefixLength: OWN_PREFIX_LENGTH, first: base + BigInt(number) * 256n };
}

function contains(network: Network, vip: Vip): boolean {
  if (network.family !== vip.family) return false;
  const offset = addressValue(vip.address) - network.first;
  return offset >= 0n && offset < 1n << BigInt(bitsOf(network.family) - network.prefixLength);
}

/** The highest address available to a machine. */
function lastHost(network: Network): bigint {
  const size = 1n << BigInt(bitsOf(network.family) - network.prefixLength);
  return network.first + size - (network.family === 4 ? 2n : 1n);
}

const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/** A VIP's address in the form of {@link formatAddress}: equal addresses give equal texts. */
const keyOf = (vip: Vip): string => formatAddress(vip.family, addressValue(vip.address));

function addressValue(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** IPv4 in dotted form; IPv6 as eight uncompressed groups, which `ip` accepts as well. */
export function formatAddress(family: 4 | 6, value: bigint): string {
  const groups = family === 4 ? 4 : 8;
  const bits = family === 4 ? 8 : 16;
  const parts: string[] = [];
  for (let group = groups - 1; group >= 0; group--) {
    const part = (value >> BigInt(group * bits)) & ((1n << BigInt(bits)) - 1n);
    parts.push(part.toString(family === 4 ? 10 : 16));
  }
  return parts.join(family === 4 ? "." : ":");
}

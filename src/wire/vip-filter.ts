/**
 * The packet filter that makes VIPs answer only while a lease runs: nf_tables of family netdev, on
 * ingress and egress of the client interface. `nft list table netdev wingman` shows (the last rules
 * in the syntax of later versions):
 *
 *     set lease    { type ifname; flags timeout; elements = { "eth0" timeout 50ms expires 34ms } }
 *     set unbroken { type ifname; flags timeout; elements = { "eth0" timeout 50ms expires 34ms } }
 *     set vip4     { type ipv4_addr; elements = { 10.44.1.1 } }
 *     set vip6     { type ipv6_addr; elements = { fd44::1:1 } }
 *     chain ingress {
 *       type filter hook ingress device "eth0" priority 0; policy accept;
 *       iifname @lease accept
 *       ip daddr @vip4 drop
 *       arp operation request arp daddr ip @vip4 arp saddr ip != @vip4 drop
 *       ip6 daddr @vip6 drop
 *       icmpv6 type nd-neighbor-solicit icmpv6 taddr @vip6 drop
 *     }
 *     chain egress {
 *       type filter hook egress device "eth0" priority 0; policy accept;
 *       oifname @lease accept
 *       ip saddr @vip4 drop
 *       arp saddr ip @vip4 drop
 *       ip6 saddr @vip6 drop
 *       icmpv6 type nd-neighbor-advert icmpv6 taddr @vip6 drop
 *     }
 *
 * - While the lease runs, one look-up decides for every packet. Without it a packet of another kind
 *   passes at most five rules.
 * - Seats see egress: nothing leaves in a VIP's name, neither answers nor announcements. Ingress is
 *   closed, too, so that a service does not act on a request whose answer would never arrive: the
 *   client repeats it to the next owner.
 * - Messages of the next owner are let in: its announcements, and answers to this server as its
 *   client. So the server's own neighbour table follows the VIP.
 */
import type { Bytes } from "./bytes.ts";
import {
  HOOK_EGRESS,
  HOOK_INGRESS,
  INTERFACE_KEY_BYTES,
  KEY_INTERFACE,
  KEY_IPV4,
  KEY_IPV6,
  META_ETHER_TYPE,
  META_INPUT_NAME,
  META_OUTPUT_NAME,
  META_PROTOCOL,
  NETWORK_HEADER,
  type NftablesBatch,
  SET_EXPIRES,
  TRANSPORT_HEADER,
  VERDICT_ACCEPT,
  VERDICT_DROP,
} from "./nftables.ts";

export const TABLE = "wingman";
/** Packets pass while this set contains the interface's name. */
export const SET_LEASE = "lease";
/** Contains the interface's name as long as no lease ran out: see VipLease. */
export const SET_UNBROKEN = "unbroken";
export const SET_IPV4 = "vip4";
const SET_IPV6 = "vip6";
const CHAIN_INGRESS = "ingress";
const CHAIN_EGRESS = "egress";
const COMMENT = "Wingman: the VIPs answer only while the lease is renewed";

const ETHER_TYPE_IPV4 = Uint8Array.of(0x08, 0x00);
const ETHER_TYPE_ARP = Uint8Array.of(0x08, 0x06);
const ETHER_TYPE_IPV6 = Uint8Array.of(0x86, 0xdd);
export const ARP_REQUEST = Uint8Array.of(0, 1);
const ICMPV6 = Uint8Array.of(58);
const NEIGHBOUR_SOLICITATION = Uint8Array.of(135);
const NEIGHBOUR_ADVERTISEMENT = Uint8Array.of(136);

// Offsets of addresses. ARP on Ethernet: RFC 826. Neighbour discovery from the ICMPv6 header on:
// RFC 4861, sections 4.3 and 4.4.
const IPV4_SOURCE_AT = 12;
const IPV4_DESTINATION_AT = 16;
const IPV6_SOURCE_AT = 8;
const IPV6_DESTINATION_AT = 24;
export const ARP_OPERATION_AT = 6;
export const ARP_SENDER_AT = 14;
export const ARP_TARGET_AT = 24;
const DISCOVERY_TARGET_AT = 8;

/** Generous size of all messages of {@link encodeVipFilter} without the addresses. */
const RULES_BYTES = 8192;
/** Size of a VIP: an IPv6 element, and its share of the message. */
const VIP_BYTES = 32;

/** Buffer size of the filter for this many VIPs. */
export const filterBytesMax = (vipCount: number): number => RULES_BYTES + vipCount * VIP_BYTES;

/** Messages of the batch for which the kernel may lack something. */
export interface FilterPlaces {
  /** Messages up to here delete an old table; this one makes ours. */
  newTable: number;
  ingress: number;
  egress: number;
}

/** Key of an interface in the sets. */
export function interfaceKey(interfaceName: string): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(new ArrayBuffer(INTERFACE_KEY_BYTES));
  for (let i = 0; i < interfaceName.length; i++) key[i] = interfaceName.charCodeAt(i);
  return key;
}

/**
 * Writes the filter, without a lease, replacing an existing one. `ipv4` and `ipv6`: concatenated
 * addresses of 4 and 16 bytes. `tableFlags`: TABLE_*. Returns the places of messages that show what
 * the kernel lacks.
 */
export function encodeVipFilter(
  batch: NftablesBatch,
  tableFlags: number,
  interfaceName: string,
  ipv4: Bytes,
  ipv6: Bytes,
): FilterPlaces {
  batch.newTable(TABLE, -1, ""); // deleting a missing one would be an error
  batch.deleteTable(TABLE);
  const newTable = batch.count;
  batch.newTable(TABLE, tableFlags, COMMENT);
  batch.newSet(TABLE, SET_LEASE, KEY_INTERFACE, INTERFACE_KEY_BYTES, SET_EXPIRES);
  batch.newSet(TABLE, SET_UNBROKEN, KEY_INTERFACE, INTERFACE_KEY_BYTES, SET_EXPIRES);
  batch.newSet(TABLE, SET_IPV4, KEY_IPV4, 4, 0);
  batch.newSet(TABLE, SET_IPV6, KEY_IPV6, 16, 0);
  batch.newElements(TABLE, SET_IPV4, ipv4, 4);
  batch.newElements(TABLE, SET_IPV6, ipv6, 16);
  const ingress = batch.count;
  batch.newChain(TABLE, CHAIN_INGRESS, HOOK_INGRESS, interfaceName);
  encodeIngressRules(batch);
  const egress = batch.count;
  batch.newChain(TABLE, CHAIN_EGRESS, HOOK_EGRESS, interfaceName);
  encodeEgressRules(batch);
  return { newTable, ingress, egress };
}

function encodeIngressRules(batch: NftablesBatch): void {
  encodeLeaseRule(batch, CHAIN_INGRESS, META_INPUT_NAME);

  beginRuleFor(batch, CHAIN_INGRESS, ETHER_TYPE_IPV4);
  batch.loadPayload(NETWORK_HEADER, IPV4_DESTINATION_AT, 4);
  batch.requireInSet(SET_IPV4);
  drop(batch);

  // A request from a VIP for a VIP is its new owner's announcement (RFC 5227, section 2.3).
  beginRuleFor(batch, CHAIN_INGRESS, ETHER_TYPE_ARP);
  batch.loadPayload(NETWORK_HEADER, ARP_OPERATION_AT, 2);
  batch.requireValue(ARP_REQUEST);
  batch.loadPayload(NETWORK_HEADER, ARP_TARGET_AT, 4);
  batch.requireInSet(SET_IPV4);
  batch.loadPayload(NETWORK_HEADER, ARP_SENDER_AT, 4);
  batch.requireNotInSet(SET_IPV4);
  drop(batch);

  beginRuleFor(batch, CHAIN_INGRESS, ETHER_TYPE_IPV6);
  batch.loadPayload(NETWORK_HEADER, IPV6_DESTINATION_AT, 16);
  batch.requireInSet(SET_IPV6);
  drop(batch);

  // Solicitations are sent to a multicast address of their own.
  encodeDiscoveryRule(batch, CHAIN_INGRESS, NEIGHBOUR_SOLICITATION);
}

function encodeEgressRules(batch: NftablesBatch): void {
  encodeLeaseRule(batch, CHAIN_EGRESS, META_OUTPUT_NAME);

  beginRuleFor(batch, CHAIN_EGRESS, ETHER_TYPE_IPV4);
  batch.loadPayload(NETWORK_HEADER, IPV4_SOURCE_AT, 4);
  batch.requireInSet(SET_IPV4);
  drop(batch);

  beginRuleFor(batch, CHAIN_EGRESS, ETHER_TYPE_ARP);
  batch.loadPayload(NETWORK_HEADER, ARP_SENDER_AT, 4);
  batch.requireInSet(SET_IPV4);
  drop(batch);

  beginRuleFor(batch, CHAIN_EGRESS, ETHER_TYPE_IPV6);
  batch.loadPayload(NETWORK_HEADER, IPV6_SOURCE_AT, 16);
  batch.requireInSet(SET_IPV6);
  drop(batch);

  // The source address of an advertisement may differ from the announced one.
  encodeDiscoveryRule(batch, CHAIN_EGRESS, NEIGHBOUR_ADVERTISEMENT);
}

function encodeLeaseRule(batch: NftablesBatch, chain: string, interfaceNameOf: number): void {
  batch.beginRule(TABLE, chain);
  batch.loadMeta(interfaceNameOf);
  batch.requireInSet(SET_LEASE);
  batch.verdict(VERDICT_ACCEPT);
  batch.endRule();
}

function encodeDiscoveryRule(batch: NftablesBatch, chain: string, type: Bytes): void {
  beginRuleFor(batch, chain, ETHER_TYPE_IPV6);
  batch.loadMeta(META_PROTOCOL);
  batch.requireValue(ICMPV6);
  batch.loadPayload(TRANSPORT_HEADER, 0, 1);
  batch.requireValue(type);
  batch.loadPayload(TRANSPORT_HEADER, DISCOVERY_TARGET_AT, 16);
  batch.requireInSet(SET_IPV6);
  drop(batch);
}

function beginRuleFor(batch: NftablesBatch, chain: string, etherType: Bytes): void {
  batch.beginRule(TABLE, chain);
  batch.loadMeta(META_ETHER_TYPE);
  batch.requireValue(etherType);
}

function drop(batch: NftablesBatch): void {
  batch.verdict(VERDICT_DROP);
  batch.endRule();
}

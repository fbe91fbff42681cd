/**
 * The packet filter that keeps every interface but the client interface out of the VIPs' ARP.
 * Linux answers on any interface for an address on any other (arp_ignore 0, the default), and asks
 * in the name of a VIP on the interface of the route to the seat (arp_announce 0). If two
 * interfaces of a server are in one segment, seats would learn the MAC of the other one, which no
 * lease silences. The filter in `nft list table arp wingman`:
 *
 *     set vip4 { type ipv4_addr; elements = { 10.44.1.1 } }
 *     chain input {
 *       type filter hook input priority 0; policy accept;
 *       iifname != "eth0" arp operation request arp daddr ip @vip4 arp saddr ip != @vip4 drop
 *     }
 *     chain output {
 *       type filter hook output priority 0; policy accept;
 *       oifname != "eth0" arp saddr ip @vip4 arp saddr ip set 0.0.0.0
 *     }
 *
 * A question without a sender is answered like any other (RFC 5227, section 2.1.1), and nobody
 * learns from it. IPv6 needs none of this: it answers for an address on its own interface alone.
 */
import type { Bytes } from "./bytes.ts";
import {
  FAMILY_ARP,
  HOOK_ARP_INPUT,
  HOOK_ARP_OUTPUT,
  KEY_IPV4,
  META_INPUT_NAME,
  META_OUTPUT_NAME,
  NETWORK_HEADER,
  type NftablesBatch,
  VERDICT_DROP,
} from "./nftables.ts";
import {
  ARP_OPERATION_AT,
  ARP_REQUEST,
  ARP_SENDER_AT,
  ARP_TARGET_AT,
  interfaceKey,
  SET_IPV4,
  TABLE,
} from "./vip-filter.ts";

const CHAIN_INPUT = "input";
const CHAIN_OUTPUT = "output";
const COMMENT = "Wingman: no interface but the clients' speaks for VIPs";
const NOBODY = Uint8Array.of(0, 0, 0, 0);

/** Writes the filter, replacing an existing one. `ipv4`: concatenated addresses of 4 bytes. */
export function encodeArpFilter(batch: NftablesBatch, interfaceName: string, ipv4: Bytes): void {
  const client = interfaceKey(interfaceName);
  encodeArpFilterRemoval(batch);
  batch.newTable(TABLE, 0, COMMENT);
  batch.newSet(TABLE, SET_IPV4, KEY_IPV4, 4, 0);
  batch.newElements(TABLE, SET_IPV4, ipv4, 4);

  batch.newChain(TABLE, CHAIN_INPUT, HOOK_ARP_INPUT, "");
  batch.beginRule(TABLE, CHAIN_INPUT);
  batch.loadMeta(META_INPUT_NAME);
  batch.requireOtherValue(client);
  batch.loadPayload(NETWORK_HEADER, ARP_OPERATION_AT, 2);
  batch.requireValue(ARP_REQUEST);
  batch.loadPayload(NETWORK_HEADER, ARP_TARGET_AT, 4);
  batch.requireInSet(SET_IPV4);
  batch.loadPayload(NETWORK_HEADER, ARP_SENDER_AT, 4);
  batch.requireNotInSet(SET_IPV4);
  batch.verdict(VERDICT_DROP);
  batch.endRule();

  batch.newChain(TABLE, CHAIN_OUTPUT, HOOK_ARP_OUTPUT, "");
  batch.beginRule(TABLE, CHAIN_OUTPUT);
  batch.loadMeta(META_OUTPUT_NAME);
  batch.requireOtherValue(client);
  batch.loadPayload(NETWORK_HEADER, ARP_SENDER_AT, 4);
  batch.requireInSet(SET_IPV4);
  batch.writePayload(NETWORK_HEADER, ARP_SENDER_AT, NOBODY);
  batch.endRule();
}

/** Writes the removal of the filter, whether or not it exists. */
export function encodeArpFilterRemoval(batch: NftablesBatch): void {
  batch.family = FAMILY_ARP;
  batch.newTable(TABLE, -1, ""); // deleting a missing one would be an error
  batch.deleteTable(TABLE);
}

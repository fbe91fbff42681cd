/**
 * VRRP version 3 advertisements (RFC 5798, section 5), as an attacker of the yardstick sends them.
 */

export const VRRP_PROTOCOL = 112;
export const VRRP_GROUP = "224.0.0.18";
export const VRRP_ADVERTISEMENT_BYTES = 12;

/** Priority 255: the owner of the address, to which all others yield. */
const PRIORITY_OWNER = 255;
const VERSION_AND_TYPE = 0x31;

/** An advertisement of the highest priority for one address, sent every 10 ms. */
export function advertisement(router: number, source: string, vip: string): Uint8Array {
  const view = new DataView(new ArrayBuffer(VRRP_ADVERTISEMENT_BYTES));
  view.setUint8(0, VERSION_AND_TYPE);
  view.setUint8(1, router);
  view.setUint8(2, PRIORITY_OWNER);
  view.setUint8(3, 1); // addresses
  view.setUint16(4, 1); // interval in centiseconds
  const bytes = new Uint8Array(view.buffer);
  bytes.set(vip.split(".").map(Number), 8);
  view.setUint16(6, checksum(bytes, source));
  return bytes;
}

/**
 * The Internet checksum over the pseudo-header of IPv4 (section 5.2.8) and the advertisement, whose
 * own field is 0.
 */
function checksum(bytes: Uint8Array, source: string): number {
  const pseudoHeader = [
    ...source.split("."),
    ...VRRP_GROUP.split("."),
    0,
    VRRP_PROTOCOL,
    0,
    bytes.length,
  ].map(Number);
  const all = [...pseudoHeader, ...bytes];
  let sum = 0;
  for (let at = 0; at < all.length; at += 2)
    sum += ((all[at] as number) << 8) | (all[at + 1] as number);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

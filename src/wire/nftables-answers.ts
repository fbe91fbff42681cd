/** Answers of nf_tables to questions (see nftables.ts). */
import { GENERIC_HEADER_BYTES, LIST_ENTRY, NEW_ELEMENT } from "./nftables.ts";
import { MESSAGE_HEADER_BYTES, messageType } from "./rtnetlink.ts";

/**
 * ms until the first element in the answer to NftablesBatch.dumpElements expires; −1 when none
 * does.
 */
export function elementExpirationMs(view: DataView, at: number, length: number): number {
  if (messageType(view, at) !== NEW_ELEMENT) return -1;
  const list = findIn(view, at + MESSAGE_HEADER_BYTES + GENERIC_HEADER_BYTES, at + length, 3);
  const element = list < 0 ? -1 : findIn(view, list + 4, attributeEnd(view, list), LIST_ENTRY);
  const expiration = element < 0 ? -1 : findIn(view, element + 4, attributeEnd(view, element), 5);
  if (expiration < 0 || attributeEnd(view, expiration) - expiration < 12) return -1;
  return (
    view.getUint32(expiration + 4, false) * 0x1_0000_0000 + view.getUint32(expiration + 8, false)
  );
}

const attributeEnd = (view: DataView, at: number): number => at + view.getUint16(at, true);

/**
 * Offset of the attribute `type` among those from `at` to `end`, −1 when it is missing or
 * incomplete.
 */
function findIn(view: DataView, at: number, end: number, type: number): number {
  while (at + 4 <= end) {
    const size = view.getUint16(at, true);
    if (size < 4 || at + size > end) return -1;
    if ((view.getUint16(at + 2, true) & 0x3fff) === type) return at;
    at += (size + 3) & ~3;
  }
  return -1;
}

import { assert } from "../assert.ts";
import type { Vip } from "../config/model.ts";
import { FUNCTIONS_MAX, VIPS_PER_FUNCTION_MAX } from "../limits.ts";
import { copyBytes, sameBytes } from "../wire/bytes.ts";
import { addressBytes, installedPrefixLength } from "../wire/rtnetlink.ts";
import { AF_INET, AF_INET6 } from "./libc.ts";

/** Bytes per row of `address`; IPv4 uses the first four. */
export const ADDRESS_ROW_BYTES = 16;
const EMPTY = -1;

/**
 * All VIPs of the aircraft in columns, numbered in the order of the functions, and a lookup from an
 * address to its VIP. Made at start-up; reading makes no garbage.
 */
export class VipTable {
  readonly count: number;
  readonly functionCount: number;
  /** The VIPs of function f are firstOf[f] … firstOf[f + 1] − 1. */
  readonly firstOf: Int32Array;
  readonly functionOf: Int32Array;
  /** AF_INET or AF_INET6. */
  readonly family: Uint8Array;
  /** As configured: the VIP's subnet. */
  readonly configuredPrefixLength: Uint8Array;
  /** As in the kernel. */
  readonly prefixLength: Uint8Array;
  /** Row v, from byte 16 × v, holds the address of VIP v. */
  readonly address: Uint8Array;
  /** Open addressing: VIP or EMPTY. At most half full. */
  private readonly places: Int32Array;

  constructor(vipsOfFunction: readonly (readonly Vip[])[]) {
    assert(vipsOfFunction.length <= FUNCTIONS_MAX, "number of functions");
    this.functionCount = vipsOfFunction.length;
    this.count = vipsOfFunction.reduce((sum, vips) => sum + vips.length, 0);
    this.firstOf = new Int32Array(this.functionCount + 1);
    this.functionOf = new Int32Array(this.count);
    this.family = new Uint8Array(this.count);
    this.configuredPrefixLength = new Uint8Array(this.count);
    this.prefixLength = new Uint8Array(this.count);
    this.address = new Uint8Array(this.count * ADDRESS_ROW_BYTES);
    let placeCount = 16;
    while (placeCount < 2 * this.count) placeCount *= 2;
    this.places = new Int32Array(placeCount).fill(EMPTY);
    let row = 0;
    vipsOfFunction.forEach((vips, index) => {
      assert(vips.length <= VIPS_PER_FUNCTION_MAX, "VIPs of a function");
      this.firstOf[index] = row;
      for (const vip of vips) this.addRow(row++, index, vip);
    });
    this.firstOf[this.functionCount] = row;
  }

  private addRow(row: number, index: number, vip: Vip): void {
    const family = vip.family === 4 ? AF_INET : AF_INET6;
    assert(vip.address.length === addressBytes(family), "bytes of a VIP");
    assert(this.find(vip.address, 0, family) === EMPTY, "a VIP belongs to one function, once");
    this.functionOf[row] = index;
    this.family[row] = family;
    this.configuredPrefixLength[row] = vip.prefixLength;
    this.prefixLength[row] = installedPrefixLength(family, vip.prefixLength);
    copyBytes(this.address, row * ADDRESS_ROW_BYTES, vip.address, 0, vip.address.length);
    let place = this.firstPlace(vip.address, 0, family);
    while (this.places[place] !== EMPTY) place = (place + 1) & (this.places.length - 1);
    this.places[place] = row;
  }

  /** Offset of the VIP's address in `address`. */
  addressAt(vip: number): number {
    return vip * ADDRESS_ROW_BYTES;
  }

  /** Number of VIPs of a function. */
  countOf(index: number): number {
    return (this.firstOf[index + 1] as number) - (this.firstOf[index] as number);
  }

  /** The VIP with the address at `bytes[at]`, or −1. `family` is AF_INET or AF_INET6. */
  find(bytes: Uint8Array, at: number, family: number): number {
    let place = this.firstPlace(bytes, at, family);
    for (;;) {
      const vip = this.places[place] as number;
      if (vip === EMPTY) return EMPTY;
      if (
        this.family[vip] === family &&
        sameBytes(this.address, vip * ADDRESS_ROW_BYTES, bytes, at, addressBytes(family))
      ) {
        return vip;
      }
      place = (place + 1) & (this.places.length - 1);
    }
  }

  /** FNV-1a over the address: spreads neighbouring addresses of a subnet. */
  private firstPlace(bytes: Uint8Array, at: number, family: number): number {
    let hash = 0x811c9dc5;
    const size = addressBytes(family);
    for (let i = 0; i < size; i++) hash = Math.imul(hash ^ (bytes[at + i] as number), 0x01000193);
    return (hash ^ (hash >>> 15)) & (this.places.length - 1);
  }
}

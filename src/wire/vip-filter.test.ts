import { expect, test } from "bun:test";
import { FUNCTIONS_MAX, VIPS_PER_FUNCTION_MAX } from "../limits.ts";
import { NftablesBatch } from "./nftables.ts";
import { encodeVipFilter, filterBytesMax, interfaceKey } from "./vip-filter.ts";

const VIPS_MAX = FUNCTIONS_MAX * VIPS_PER_FUNCTION_MAX;

/** Types of the messages, low byte. */
function typesOf(bytes: Uint8Array, end: number): number[] {
  const view = new DataView(bytes.buffer);
  const types: number[] = [];
  for (let at = 0; at < end; at += view.getUint32(at, true)) types.push(view.getUint8(at + 4));
  return types;
}

test("the filter of the largest aircraft fits its room, whatever the family of its VIPs", () => {
  for (const [ipv4, ipv6] of [
    [VIPS_MAX, 0],
    [0, VIPS_MAX],
    [VIPS_MAX / 2, VIPS_MAX / 2],
    [0, 0],
  ] as const) {
    const bytes = new Uint8Array(filterBytesMax(ipv4 + ipv6));
    const batch = new NftablesBatch(new DataView(bytes.buffer), bytes, 1);
    encodeVipFilter(
      batch,
      0,
      "a-long-name-123",
      new Uint8Array(4 * ipv4),
      new Uint8Array(16 * ipv6),
    );
    // the lease, and both ends of the batch
    expect(filterBytesMax(ipv4 + ipv6) - batch.length).toBeGreaterThan(1024);
    expect(typesOf(bytes, batch.length)).toHaveLength(batch.count);
  }
});

test("the places name the messages that make the table and the two chains", () => {
  const bytes = new Uint8Array(filterBytesMax(2));
  const batch = new NftablesBatch(new DataView(bytes.buffer), bytes, 1);
  batch.begin();
  const places = encodeVipFilter(batch, 0, "eth0", new Uint8Array(4), new Uint8Array(16));
  const types = typesOf(bytes, batch.length);
  expect(types.slice(1, places.newTable + 1)).toEqual([0, 2, 0]);
  expect(types[places.ingress]).toBe(3);
  expect(types[places.egress]).toBe(3);
  expect(types.filter((type) => type === 3)).toHaveLength(2);
  expect(places.ingress).toBeLessThan(places.egress);
});

test("an interface's key is its name and zeros", () => {
  expect(Buffer.from(interfaceKey("eth0")).toString("hex")).toBe(
    "65746830000000000000000000000000",
  );
});

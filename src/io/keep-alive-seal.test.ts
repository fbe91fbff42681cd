import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { KEEP_ALIVE_BYTES, KEEP_ALIVE_MAC_AT } from "../wire/keep-alive.ts";
import { KeepAliveSeal } from "./keep-alive-seal.ts";

function datagram(): Uint8Array {
  return Uint8Array.from({ length: KEEP_ALIVE_BYTES }, (_, i) => (i * 7) & 255);
}

describe("the seal of a keep-alive", () => {
  for (const length of [16, 64, 65, 200]) {
    test(`is HMAC-SHA256 truncated to 16 bytes, with a key of ${length} bytes`, () => {
      const key = Uint8Array.from({ length }, (_, i) => i + 1);
      const bytes = datagram();
      new KeepAliveSeal(key).seal(bytes);
      const expected = createHmac("sha256", key)
        .update(bytes.subarray(0, KEEP_ALIVE_MAC_AT))
        .digest()
        .subarray(0, 16);
      expect(Buffer.from(bytes.subarray(KEEP_ALIVE_MAC_AT))).toEqual(expected);
    });
  }

  test("refuses every datagram in which one bit differs", () => {
    const seal = new KeepAliveSeal(new Uint8Array(32).fill(9));
    const bytes = datagram();
    seal.seal(bytes);
    expect(seal.verify(bytes)).toBe(true);
    for (let i = 0; i < KEEP_ALIVE_BYTES; i++) {
      bytes[i] ^= 1 << (i & 7);
      expect(seal.verify(bytes)).toBe(false);
      bytes[i] ^= 1 << (i & 7);
    }
  });

  test("refuses another key, and a sealed datagram where no key is configured", () => {
    const bytes = datagram();
    new KeepAliveSeal(new Uint8Array(32).fill(1)).seal(bytes);
    expect(new KeepAliveSeal(new Uint8Array(32).fill(2)).verify(bytes)).toBe(false);
    expect(new KeepAliveSeal(null).verify(bytes)).toBe(false);
  });

  test("accepts a second key and never seals with it", () => {
    const [one, two, three] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
    const both = new KeepAliveSeal(one, two);
    const bytes = datagram();
    new KeepAliveSeal(two).seal(bytes);
    expect(both.verify(bytes)).toBe(true);
    bytes[5] ^= 1;
    expect(both.verify(bytes)).toBe(false);
    new KeepAliveSeal(three).seal(bytes);
    expect(both.verify(bytes)).toBe(false);
    bytes.fill(0, KEEP_ALIVE_MAC_AT);
    expect(both.verify(bytes)).toBe(false);
    both.seal(bytes);
    expect(new KeepAliveSeal(one).verify(bytes)).toBe(true);
    expect(new KeepAliveSeal(two).verify(bytes)).toBe(false);
  });

  test("reads a datagram at the start of a longer buffer", () => {
    const seal = new KeepAliveSeal(new Uint8Array(32).fill(9));
    const buffer = new Uint8Array(2048).fill(77);
    buffer.set(datagram());
    seal.seal(buffer);
    expect(seal.verify(buffer)).toBe(true);
    expect(seal.verify(buffer.slice(0, KEEP_ALIVE_BYTES))).toBe(true);
    buffer.fill(78, KEEP_ALIVE_BYTES);
    expect(seal.verify(buffer)).toBe(true);
  });

  test("is zeros without a key", () => {
    const bytes = datagram();
    const seal = new KeepAliveSeal(null);
    seal.seal(bytes);
    expect(bytes.subarray(KEEP_ALIVE_MAC_AT).every((byte) => byte === 0)).toBe(true);
    expect(seal.verify(bytes)).toBe(true);
  });
});

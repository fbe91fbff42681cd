import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assemble, BPF_INSTRUCTION_BYTES, listingOf } from "./bpf-instruction.ts";
import {
  EGRESS,
  encodeVipKey,
  INGRESS,
  LEASE_WORD_BASE,
  VIP_KEY_BYTES,
  vipProgram,
} from "./vip-program.ts";

const MAPS = { vips: 3, words: 4 };
const LISTING = join(import.meta.dir, "vip-program.listing.txt");

test("the program of the other interfaces' way out reads as listed: it has every part", () => {
  const shape = { direction: EGRESS, isClientInterface: false, leaseUs: 15_000 } as const;
  expect(listingOf(vipProgram(shape, MAPS))).toBe(readFileSync(LISTING, "utf8"));
});

test("the encoding equals the listing: jumps lead to their labels", () => {
  for (const direction of [INGRESS, EGRESS] as const) {
    for (const isClientInterface of [true, false]) {
      for (const leaseUs of [0, 15_000]) {
        const program = vipProgram({ direction, isClientInterface, leaseUs }, MAPS);
        const code = new DataView(assemble(program).buffer);
        const lines = listingOf(program).trimEnd().split("\n");
        const placeOf = (name: string): number =>
          Number.parseInt(lines[lines.indexOf(`${name}:`) + 1] as string, 10);
        for (const line of lines) {
          const [, place = "", target = ""] = /^ *(\d+) .*goto (\w+)$/.exec(line) ?? [];
          if (target === "") continue;
          const offset = code.getInt16(Number(place) * BPF_INSTRUCTION_BYTES + 2, true);
          expect([line, Number(place) + 1 + offset]).toEqual([line, placeOf(target)]);
        }
        const last = lines.at(-1) as string;
        expect(Number.parseInt(last, 10) + 1).toBe(code.byteLength / BPF_INSTRUCTION_BYTES);
      }
    }
  }
});

test("without a lease the clock is not asked", () => {
  const shape = { direction: INGRESS, isClientInterface: true, leaseUs: 0 } as const;
  expect(listingOf(vipProgram(shape, MAPS))).not.toContain("ktime");
});

test("a key is the address, of IPv4 as one of IPv6", () => {
  const keys = new Uint8Array(2 * VIP_KEY_BYTES).fill(0x55);
  encodeVipKey(keys, 0, Uint8Array.of(10, 44, 1, 1), 4);
  const address = Uint8Array.from({ length: 16 }, (_, at) => at);
  encodeVipKey(keys, VIP_KEY_BYTES, address, 6);
  expect(Buffer.from(keys).toString("hex")).toBe(
    "00000000000000000000ffff0a2c0101000102030405060708090a0b0c0d0e0f",
  );
});

test("the word of a lease has its end as an integer", () => {
  const word = new DataView(new ArrayBuffer(8));
  word.setFloat64(0, LEASE_WORD_BASE + 123_456_789_012, true);
  expect(word.getBigUint64(0, true)).toBe((0x433n << 52n) | 123_456_789_012n);
});

import { describe, expect, test } from "bun:test";
import type { Vip } from "../config/model.ts";
import { AF_INET, AF_INET6 } from "./libc.ts";
import { VipTable } from "./vip-table.ts";

const vip4 = (...address: number[]): Vip => ({
  text: "",
  family: 4,
  address: Uint8Array.from(address),
  prefixLength: 16,
});
const vip6 = (last: number): Vip => {
  const address = new Uint8Array(16);
  address.set([0xfd, 0x44], 0);
  address[15] = last;
  return { text: "", family: 6, address, prefixLength: 64 };
};

test("columns follow the functions", () => {
  const table = new VipTable([[vip4(10, 44, 1, 1), vip6(1)], [], [vip4(10, 44, 1, 2)]]);
  expect(table.count).toBe(3);
  expect([...table.firstOf]).toEqual([0, 2, 2, 3]);
  expect([0, 1, 2].map((index) => table.countOf(index))).toEqual([2, 0, 1]);
  expect([...table.functionOf]).toEqual([0, 0, 2]);
  expect([...table.family]).toEqual([AF_INET, AF_INET6, AF_INET]);
  expect([...table.prefixLength]).toEqual([32, 64, 32]);
  expect([...table.configuredPrefixLength]).toEqual([16, 64, 16]);
  expect([...table.address.slice(table.addressAt(2), table.addressAt(2) + 4)]).toEqual([
    10, 44, 1, 2,
  ]);
});

describe("finding", () => {
  test("each of the largest aircraft's 8,192 VIPs, and no other address", () => {
    const functions = Array.from({ length: 1024 }, (_, f) =>
      Array.from({ length: 8 }, (_, i) => vip4(10, 44 + i, f >> 8, f & 0xff)),
    );
    const table = new VipTable(functions);
    for (let row = 0; row < 8192; row++)
      expect(table.find(table.address, table.addressAt(row), AF_INET)).toBe(row);
    expect(table.find(Uint8Array.of(10, 44, 4, 0), 0, AF_INET)).toBe(-1);
    expect(table.find(Uint8Array.of(9, 10, 52, 0, 0), 1, AF_INET)).toBe(-1);
  });

  test("families are apart though the first bytes are equal", () => {
    const table = new VipTable([[vip6(1)], [vip4(0xfd, 0x44, 0, 0)]]);
    const address = Uint8Array.of(0xfd, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
    expect(table.find(address, 0, AF_INET6)).toBe(0);
    expect(table.find(address, 0, AF_INET)).toBe(1);
  });

  test("nothing in an empty table", () => {
    expect(new VipTable([]).find(Uint8Array.of(1, 2, 3, 4), 0, AF_INET)).toBe(-1);
  });
});

test("a VIP twice is a programmer's error: the configuration was checked", () => {
  expect(() => new VipTable([[vip4(1, 2, 3, 4)], [vip4(1, 2, 3, 4)]])).toThrow(
    "belongs to one function",
  );
});
